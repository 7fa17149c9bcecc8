/** What is hovered over and selected: a neuron, a knob, an input; and which wires are drawn. */

import { knobAt, type Network, type NeuronPlace } from "./network";
import type { Subject, WireMeasure } from "./terms";

export class Selection {
  /** The selected neuron, and the one under the pointer. */
  pinned: NeuronPlace | null = $state.raw(null);
  hovered: NeuronPlace | null = $state.raw(null);
  /** The weight or bias, and the input, under the pointer. */
  pointed: number | null = $state(null);
  pointedInput: number | null = $state(null);
  /** The knob that is being turned. */
  knob: number | null = $state(null);
  wires: { shown: boolean; measure: WireMeasure; threshold: number } = $state({ shown: true, measure: "contribution", threshold: 0.02 });

  readonly shown: NeuronPlace = $derived(this.hovered ?? this.pinned ?? { layer: 0, neuron: 0 });

  /** What is under the pointer or has the focus: the network picture dims everything else. */
  readonly subject: Subject | null = $derived.by(() => {
    if (this.hovered) return { neuron: this.hovered };
    if (this.pointed !== null) return { knob: this.pointed };
    return this.pointedInput === null ? null : { input: this.pointedInput };
  });

  readonly #edited: { readonly network: Network | null };

  constructor(edited: { readonly network: Network | null }) {
    this.#edited = edited;
  }

  /** Select nothing, as after a change of the network. */
  clear(): void {
    this.pinned = this.hovered = null;
    this.pointed = this.pointedInput = this.knob = null;
  }

  hover(place: NeuronPlace | null): void {
    this.hovered = place;
    if (place) this.pointed = this.pointedInput = null;
  }

  pin(place: NeuronPlace): void {
    const same = this.pinned?.layer === place.layer && this.pinned.neuron === place.neuron;
    this.pinned = same ? null : place;
  }

  unpin(): void {
    this.pinned = null;
  }

  pointAtKnob(knob: number | null): void {
    this.pointed = knob;
    this.pointedInput = null;
    this.hovered = null;
  }

  pointAtInput(input: number | null): void {
    this.pointedInput = input;
    this.pointed = null;
  }

  /** Select the knob to turn, and its neuron. */
  chooseKnob(knob: number): void {
    this.knob = knob;
    const { network } = this.#edited;
    if (!network) return;
    const { layer, neuron } = knobAt(network, knob);
    this.pinned = { layer, neuron };
  }
}
