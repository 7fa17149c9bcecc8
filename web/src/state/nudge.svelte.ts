/** What the page knows of backpropagation, and what it asks of it; the room Nudge shows it. */

import type * as wire from "../protocol/messages";
import { floats } from "../transport/frames";
import { makePacer, type Pacer } from "../transport/pacer";
import type { NudgesView } from "./stages";
import type { Studio } from "./studio.svelte";

export type NudgeEvent = wire.Nudges | wire.BatchNudges | wire.Checked | wire.Stepped;
export type Check = Pick<wire.CheckNudge, "kind"> & Partial<Pick<wire.CheckNudge, "knob" | "layer" | "neuron">>;

export interface BatchView {
  readonly version: number;
  readonly cost: number;
  readonly costs: Float32Array;
  readonly labels: readonly number[];
  readonly gradient: Float32Array;
  /** What each image wishes for the knob that was asked about. */
  readonly wishes: Float32Array | null;
  readonly knob: number | null;
  readonly norms: Float32Array;
  readonly gradientNorm: number;
}

export interface BatchImages {
  readonly begin: number;
  readonly indices: readonly number[];
  readonly labels: readonly number[];
  /** (n, 784). */
  readonly pixels: Float32Array;
}

interface Ask {
  readonly label?: number;
  readonly loss?: wire.Nudges["loss"];
}

export class NudgeState {
  readonly studio: Studio;
  told: NudgesView | null = $state.raw(null);
  /** Which stage of the story is shown. */
  stage = $state(0);
  /** The neuron that the stage is looked at for: of its layer, or of the layer before. */
  focus = $state(0);
  /** The class wanted and the loss, where they are chosen by hand. */
  wanted: number | null = $state(null);
  loss: wire.Nudges["loss"] | null = $state(null);
  checked: wire.Checked | null = $state.raw(null);
  /** What the last check was asked for. */
  check: Check | null = $state.raw(null);
  images: BatchImages | null = $state.raw(null);
  batch: BatchView | null = $state.raw(null);
  stepped: { readonly of: "example" | "batch"; readonly event: wire.Stepped } | null = $state.raw(null);
  /** The knob that the images of the mini-batch are asked about. */
  knob: number | null = $state(null);

  /** The class that the picture shall be, if anybody knows. */
  readonly label: number | null = $derived.by(() => this.wanted ?? this.studio.source.label);

  readonly #asks: Pacer<Ask>;
  readonly #batches: Pacer<{ readonly indices: readonly number[]; readonly knob: number | null }>;
  #browse = 0;
  #asked: number | null = null;
  #step: "example" | "batch" = "example";

  constructor(studio: Studio) {
    this.studio = studio;
    this.#asks = makePacer((ask) => studio.send({ type: "askNudges", ...ask }), (_, added) => added);
    this.#batches = makePacer(
      ({ indices, knob }) => {
        this.#asked = knob;
        return studio.send({ type: "askBatchNudges", part: "train", indices, ...(knob !== null && { knob }), ...(this.loss && { loss: this.loss }) });
      },
      (_, added) => added,
    );
    studio.listen((event, payload) => {
      if (event.type === "welcome") this.#begin();
      if (event.type === "network") this.#forget();
      if (event.type === "drawing") this.wanted = null;
      if (event.type === "examples" && event.request === this.#browse) this.#takeImages(event, payload);
      this.#asks.settle(event.request);
      this.#batches.settle(event.request);
    });
  }

  apply(event: NudgeEvent, payload: Float32Array): void {
    switch (event.type) {
      case "nudges":
        return this.#takeNudges(event, payload);
      case "batchNudges":
        return this.#takeBatch(event, payload);
      case "checked":
        this.checked = event;
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
    this.told = this.batch = this.checked = this.check = this.stepped = null;
    this.knob = this.loss = null;
    this.stage = this.focus = 0;
  }

  #takeNudges(event: wire.Nudges, payload: Float32Array): void {
    const read = (place: wire.Floats) => floats(payload, place);
    this.told = {
      version: event.version, label: event.label, loss: event.loss, cost: event.cost,
      targets: read(event.targets), costs: read(event.costs), wishes: read(event.wishes),
      layers: event.layers.map((layer) => ({
        inputs: read(layer.inputs), weights: read(layer.weights), sums: read(layer.sums), activations: read(layer.activations),
        byActivations: read(layer.byActivations), slopes: read(layer.slopes), bySums: read(layer.bySums),
        byWeights: read(layer.byWeights), byBiases: read(layer.byBiases), byInputs: read(layer.byInputs),
      })),
      stages: event.stages, gradientNorm: event.gradientNorm,
    };
    this.stage = Math.min(this.stage, event.stages.length - 1);
  }

  #takeBatch(event: wire.BatchNudges, payload: Float32Array): void {
    this.batch = {
      version: event.version, cost: event.cost, costs: floats(payload, event.costs), labels: event.labels,
      gradient: floats(payload, event.gradient), wishes: event.wishes && floats(payload, event.wishes), knob: this.#asked,
      norms: floats(payload, event.norms), gradientNorm: event.gradientNorm,
    };
  }

  #takeImages(event: wire.Examples, payload: Float32Array): void {
    this.images = { begin: event.begin, indices: event.indices, labels: event.labels, pixels: floats(payload, event.pixels) };
    this.askBatch();
  }

  // What one does.

  /** Ask anew, of the network and the picture as they are; nothing where nobody knows the label. */
  ask(): void {
    const label = this.label;
    if (label === null) this.told = null;
    else this.#asks.push({ label, ...(this.loss && { loss: this.loss }) });
  }

  /** Another stage, counted from here; gives back whether there is one. */
  move(by: number): boolean {
    const to = Math.max(0, Math.min((this.told?.stages.length ?? 1) - 1, this.stage + by));
    if (to === this.stage) return false;
    this.show(to);
    return true;
  }

  show(stage: number): void {
    this.stage = stage;
    this.focus = -1;
  }

  checkNumber(check: Check): void {
    this.check = check;
    this.checked = null;
    this.studio.send({ type: "checkNudge", ...check });
  }

  /** Look at `count` training images from `begin` on as one mini-batch. */
  chooseBatch(begin: number, count: number): void {
    this.#browse = this.studio.send({ type: "browseExamples", part: "train", begin, count });
  }

  askBatch(): void {
    if (this.images) this.#batches.push({ indices: this.images.indices, knob: this.knob });
  }

  chooseKnob(knob: number): void {
    this.knob = knob;
    this.askBatch();
  }

  takeStep(of: "example" | "batch", learningRate: number): void {
    this.#step = of;
    this.studio.send({ type: "takeStep", of, learningRate });
  }
}
