/** The current network: its parameters, its reading of the drawing, and the changes made to it. */

import type * as wire from "../protocol/messages";
import { floats } from "../transport/frames";
import type { Outgoing } from "../transport/link";
import { makePacer, type Pacer } from "../transport/pacer";
import type { Session } from "../transport/session";
import { networkOf, type Network } from "./network";
import { largestAt, readingText, valuesText, type Trace } from "./trace";

interface Turns {
  readonly knobs: readonly number[];
  readonly values: readonly number[];
  readonly gesture: number;
}

type Edit = Extract<Outgoing, { type: "scaleNeuron" | "scaleLayer" | "addNoise" | "setGreyLevels" }>;

export class EditedNetwork {
  network: Network | null = $state.raw(null);
  info: wire.NetworkInfo | null = $state.raw(null);
  data: wire.DataInfo | null = $state.raw(null);
  /** Value of every knob, including turns that the server has not confirmed yet. */
  knobs: Float32Array<ArrayBufferLike> | null = $state.raw(null);
  /** The parameters used for computing: the knobs with the factors of neurons and layers applied. */
  parameters: Float32Array<ArrayBufferLike> | null = $state.raw(null);
  /** Every knob as loaded or last trained. */
  trained: Float32Array<ArrayBufferLike> | null = $state.raw(null);
  /** Every knob as the network came here: as loaded, or as its seed drew it. */
  opened: Float32Array<ArrayBufferLike> | null = $state.raw(null);
  trace: Trace | null = $state.raw(null);
  evaluation: wire.Judged | null = $state.raw(null);
  turned: wire.Turned | null = $state.raw(null);
  swept: { readonly version: number; readonly knob: number; readonly values: Float32Array; readonly accuracies: Float32Array } | null = $state.raw(null);

  /** Counts refused changes of neurons, layers, noise and grey levels: their controls go back to what is true. */
  refusals = $state(0);

  /** The class with the largest output, or -1 for an empty drawing, and for values. */
  readonly best: number = $derived(this.trace && this.trace.words && this.network?.task !== "values" ? largestAt(this.trace.columns[this.trace.columns.length - 1]) : -1);
  readonly factors: ReadonlyMap<string, number> = $derived(
    new Map(this.turned?.factors.map(({ layer, neuron, factor }) => [`${layer}/${neuron}`, factor])),
  );
  /** The grey levels to which every pixel is rounded before the network reads it; null for pixels as they are. */
  readonly greyLevels: number | null = $derived(this.turned?.greyLevels ?? null);
  /** Whether the evaluation of the current network is outstanding. */
  readonly unevaluated: boolean = $derived((this.evaluation?.version ?? 0) < (this.turned?.version ?? 0));

  /** Value of every knob on the server, as last told. */
  #confirmed: Float32Array<ArrayBufferLike> | null = null;
  #effective = false;
  #gesture = Date.now() % 1e9;
  readonly #turns: Pacer<Turns>;
  readonly #edits: Pacer<Edit>;

  constructor(session: Session) {
    this.#edits = makePacer((edit) => session.send(edit), (waiting, added) => (waiting.gesture === added.gesture ? added : null));
    this.#turns = makePacer((turns) => session.send({ type: "turnKnobs", ...turns }), mergeTurns);
    session.keepOrder(this.#edits.hasten);
    session.keepOrder(this.#turns.hasten);
    session.listen((event) => {
      const turns = this.#turns.settle(event.request);
      if (turns && event.type !== "failed") this.#confirm(turns.knobs, turns.values);
      if (turns) this.#showKnobs();
      const edit = this.#edits.settle(event.request);
      if (edit && event.type === "failed") this.refusals++;
    });
  }

  takeNetwork({ network, data }: wire.Network): void {
    this.info = network;
    this.data = data;
    this.network = networkOf(network);
    this.trace = null;
    this.parameters = this.knobs = this.trained = this.opened = this.#confirmed = null;
    this.swept = null;
  }

  takeParameters(event: wire.Parameters, payload: Float32Array): void {
    this.#confirmed = floats(payload, event.knobs);
    this.#effective = event.effective !== null;
    if (event.effective) this.parameters = floats(payload, event.effective);
    this.trained = floats(payload, event.trained);
    this.opened = event.opened ? floats(payload, event.opened) : this.trained;
    this.#showKnobs();
  }

  takeReading(event: wire.Reading, payload: Float32Array): void {
    this.trace = {
      version: event.version,
      columns: [floats(payload, event.pixels), ...event.layers.map((layer) => floats(payload, layer.activations))],
      sums: event.layers.map((layer) => floats(payload, layer.sums)),
      words: event.words,
      digits: event.digits,
      likeness: event.likeness,
    };
  }

  /** The network during training; the drawing's pixels do not change. */
  takePicture(event: wire.Picture, payload: Float32Array): void {
    this.#confirmed = floats(payload, event.knobs);
    this.#effective = false;
    this.#showKnobs();
    const pixels = this.trace?.columns[0];
    if (!pixels || !this.network) return;
    const activations = event.reading.map((layer) => floats(payload, layer.activations));
    const outputs = activations[activations.length - 1];
    const words = !this.trace?.words ? "" : this.network.task === "values" ? valuesText(outputs, this.network.classes) : readingText(outputs, this.network.classes);
    const sums = event.reading.map((layer) => floats(payload, layer.sums));
    this.trace = { version: event.version, columns: [pixels, ...activations], sums, words, digits: this.trace?.digits ?? null, likeness: this.trace?.likeness ?? null };
  }

  takeTurned(event: wire.Turned): void {
    this.turned = event;
    if (!event.knobs || !event.values) return;
    this.#confirm(event.knobs, event.values);
    this.#showKnobs();
  }

  takeSwept(event: wire.Swept, payload: Float32Array): void {
    this.swept = { version: event.version, knob: event.knob, values: floats(payload, event.values), accuracies: floats(payload, event.accuracies) };
  }

  /** The connection dropped: what was in flight is lost. */
  interrupt(): void {
    this.#turns.reset();
    this.#edits.reset();
    this.#showKnobs();
  }

  #confirm(knobs: readonly number[], values: readonly number[]): void {
    if (this.#confirmed) this.#confirmed = changed(this.#confirmed, knobs, values);
  }

  /** The page is ahead of the server by the turns that are not answered yet; a refused one is taken back. */
  #showKnobs(): void {
    if (!this.#confirmed) return;
    this.knobs = this.#turns.pending.reduce((knobs, turns) => changed(knobs, turns.knobs, turns.values), this.#confirmed);
    if (!this.#effective) this.parameters = this.knobs;
  }

  /** A number for a new gesture: turns with the same number are undone together. */
  newGesture(): number {
    return ++this.#gesture;
  }

  /** Turn knobs; shown at once, confirmed by the server's answer. */
  turn(knobs: readonly number[], values: readonly number[], gesture = this.newGesture()): void {
    this.#turns.push({ knobs, values, gesture });
    this.#showKnobs();
  }

  /** Scale a neuron or a layer, add noise, or round pixels; of a gesture's waiting edits only the latest is sent. */
  apply(edit: Edit): void {
    this.#edits.push(edit);
  }

  factorOf(layer: number, neuron: number): number {
    return this.factors.get(`${layer}/${neuron}`) ?? 1;
  }

  /** Number and value of each knob that differs from that in another vector: as the network came here, by default. */
  changedKnobs(from = this.opened): (readonly [number, number])[] {
    const { knobs } = this;
    const changed: (readonly [number, number])[] = [];
    if (!knobs || !from) return changed;
    for (let knob = 0; knob < knobs.length; knob++) if (knobs[knob] !== from[knob]) changed.push([knob, knobs[knob]]);
    return changed;
  }
}

function changed(vector: Float32Array<ArrayBufferLike>, knobs: readonly number[], values: readonly number[]): Float32Array<ArrayBufferLike> {
  const copy = vector.slice();
  knobs.forEach((knob, index) => (copy[knob] = values[index]));
  return copy;
}

function mergeTurns(waiting: Turns, added: Turns): Turns | null {
  if (waiting.gesture !== added.gesture) return null;
  const merged = new Map(waiting.knobs.map((knob, index) => [knob, waiting.values[index]]));
  added.knobs.forEach((knob, index) => merged.set(knob, added.values[index]));
  return { knobs: [...merged.keys()], values: [...merged.values()], gesture: added.gesture };
}
