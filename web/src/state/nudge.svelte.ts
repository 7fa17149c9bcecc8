/** State and requests of the room Nudge: backpropagation of one image, and of a mini-batch. */

import type * as wire from "../protocol/messages";
import { floats } from "../transport/frames";
import { makePacer, type Pacer } from "../transport/pacer";
import type { Session } from "../transport/session";
import type { Source } from "./drawing.svelte";
import { BIAS, knobAt, type Network } from "./network";
import { gradientsOf, type BatchImages, type BatchGradients, type Check, type Gradients } from "./nudges";

export type NudgeEvent = wire.Nudges | wire.BatchNudges | wire.Checked | wire.Stepped;

interface Ask {
  readonly label?: number;
  readonly values?: readonly number[];
  readonly loss?: wire.Nudges["loss"];
}

export class NudgeState {
  gradients: Gradients | null = $state.raw(null);
  /** Index of the stage shown. */
  stage = $state(0);
  /** The neuron in focus, of the stage's layer or of the previous one; -1 for the one with the largest nudge. */
  focus = $state(0);
  /** Target class and loss, if the user chose them. */
  chosen: number | null = $state(null);
  loss: wire.Nudges["loss"] | null = $state(null);
  /** Target values that the user typed. */
  typed: readonly number[] | null = $state.raw(null);
  checked: wire.Checked | null = $state.raw(null);
  /** Why there are no gradients of the present image, where the server refused them. */
  trouble: string | null = $state(null);
  /** The last check requested. */
  check: Check | null = $state.raw(null);
  images: BatchImages | null = $state.raw(null);
  batch: BatchGradients | null = $state.raw(null);
  stepped: { readonly of: "example" | "batch"; readonly event: wire.Stepped } | null = $state.raw(null);
  /** The knob whose nudge is shown for each image of the mini-batch. */
  knob: number | null = $state(null);

  /** The target class: chosen by the user, or the image's label; null if there is neither. */
  readonly target: number | null = $derived.by(() => this.chosen ?? this.#drawing.source.label);
  /** The target values: typed by the user, or those of the example; null if there are neither. */
  readonly values: readonly number[] | null = $derived.by(() => this.typed ?? this.#drawing.source.targets);

  readonly #session: Session;
  readonly #drawing: { readonly source: Source };
  readonly #asks: Pacer<Ask>;
  readonly #batches: Pacer<{ readonly indices: readonly number[]; readonly knob: number | null }>;
  #browse = 0;
  #checkRequest = 0;
  #asked: number | null = null;
  #step: "example" | "batch" = "example";
  /** The knob that is to be shown. */
  #sought: { readonly network: Network; readonly knob: number } | null = null;

  constructor(session: Session, drawing: { readonly source: Source }) {
    this.#session = session;
    this.#drawing = drawing;
    this.#asks = makePacer((ask) => session.send({ type: "askNudges", ...ask }), (_, added) => added);
    this.#batches = makePacer(
      ({ indices, knob }) => {
        this.#asked = knob;
        return session.send({ type: "askBatchNudges", part: "train", indices, ...(knob !== null && { knob }), ...(this.loss && { loss: this.loss }) });
      },
      (_, added) => added,
    );
    session.listen((event, payload) => {
      if (event.type === "welcome") this.#begin();
      if (event.type === "network") this.#forget();
      if (event.type === "drawing") this.chosen = this.typed = null;
      // A check holds for the image and the network it was made with.
      if (event.type === "drawing" || event.type === "turned") this.#forgetCheck();
      // Of another network, the step's numbers no longer tell anything.
      if (event.type === "turned" && this.stepped && event.version !== this.stepped.event.version) this.stepped = null;
      if (event.type === "examples" && event.request === this.#browse) this.#takeImages(event, payload);
      const [asked, batch] = [this.#asks.settle(event.request), this.#batches.settle(event.request)];
      if (event.type !== "failed") return;
      if (asked && this.#asks.idle) this.#refused(event.message);
      if (batch && this.#batches.idle) this.batch = this.images = null;
      if (event.request !== 0 && event.request === this.#checkRequest) this.#forgetCheck();
    });
  }

  apply(event: NudgeEvent, payload: Float32Array): void {
    switch (event.type) {
      case "nudges":
        return this.#takeNudges(event, payload);
      case "batchNudges":
        return this.#takeBatch(event, payload);
      case "checked":
        if (event.request === this.#checkRequest) this.checked = event;
        return;
      case "stepped":
        this.stepped = { of: this.#step, event };
        return;
    }
  }

  #begin(): void {
    this.#asks.reset();
    this.#batches.reset();
  }

  #forget(): void {
    this.gradients = this.batch = this.stepped = this.trouble = null;
    this.#forgetCheck();
    this.knob = this.loss = this.typed = this.#sought = null;
    this.stage = this.focus = 0;
  }

  #forgetCheck(): void {
    this.checked = this.check = null;
    this.#checkRequest = 0;
  }

  /** The gradients shown are not those of the choice: go back to the choice that they belong to. */
  #refused(message: string): void {
    const { gradients } = this;
    if (gradients && this.loss !== null && this.loss !== gradients.loss) this.loss = gradients.loss;
    else {
      this.gradients = null;
      this.trouble = message;
    }
  }

  #takeNudges(event: wire.Nudges, payload: Float32Array): void {
    const before = this.gradients;
    this.gradients = gradientsOf(event, payload);
    this.trouble = null;
    if (before?.label !== event.label || before.loss !== event.loss || before.version !== event.version) this.#forgetCheck();
    this.stage = Math.min(this.stage, event.stages.length - 1);
    this.#seek();
  }

  #takeBatch(event: wire.BatchNudges, payload: Float32Array): void {
    this.batch = {
      version: event.version, cost: event.cost, costs: floats(payload, event.costs), labels: event.labels,
      gradient: floats(payload, event.gradient), nudges: event.wishes && floats(payload, event.wishes), knob: this.#asked,
      norms: floats(payload, event.norms), gradientNorm: event.gradientNorm,
    };
  }

  #takeImages(event: wire.Examples, payload: Float32Array): void {
    this.images = {
      begin: event.begin, indices: event.indices, labels: event.labels, targets: event.targets && floats(payload, event.targets),
      pixels: floats(payload, event.pixels),
    };
    this.askBatch();
  }

  /** Request the gradients of the current network and image; without a target, clear them. */
  ask(): void {
    const { target: label, values } = this;
    const aim = label !== null ? { label } : values !== null ? { values } : null;
    if (aim === null) this.gradients = this.trouble = null;
    else this.#asks.push({ ...aim, ...(this.loss && { loss: this.loss }) });
  }

  /** Move by a number of stages; returns whether that changed the stage. */
  move(by: number): boolean {
    const to = Math.max(0, Math.min((this.gradients?.stages.length ?? 1) - 1, this.stage + by));
    if (to === this.stage) return false;
    this.show(to);
    return true;
  }

  show(stage: number): void {
    this.stage = stage;
    this.focus = -1;
  }

  checkNumber(check: Check): void {
    this.checked = null;
    this.#checkRequest = this.#session.send({ type: "checkNudge", ...check });
    this.check = this.#checkRequest === 0 ? null : check;
  }

  /** Use `count` training images from `begin` on as the mini-batch. */
  chooseBatch(begin: number, count: number): void {
    this.#browse = this.#session.send({ type: "browseExamples", part: "train", begin, count });
  }

  askBatch(): void {
    if (this.images) this.#batches.push({ indices: this.images.indices, knob: this.knob });
  }

  chooseKnob(knob: number): void {
    this.knob = knob;
    this.askBatch();
  }

  /** Show a knob in the stage that lists it, as soon as there are gradients. */
  findKnob(network: Network, knob: number): void {
    this.#sought = { network, knob };
    this.#seek();
  }

  #seek(): void {
    if (!this.#sought || !this.gradients) return;
    const { network, knob } = this.#sought;
    const { layer, neuron, input } = knobAt(network, knob);
    const kind = input === BIAS ? "biases" : "weights";
    const stage = this.gradients.stages.findIndex((each) => each.kind === kind && each.layer === layer);
    if (stage < 0) return;
    this.#sought = null;
    this.show(stage);
    this.focus = neuron;
    this.chooseKnob(knob);
  }

  takeStep(of: "example" | "batch", learningRate: number): void {
    this.#step = of;
    this.#session.send({ type: "takeStep", of, learningRate });
  }
}
