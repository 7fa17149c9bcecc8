/** The gradients that backpropagation found, and what was asked about them: the events with their arrays at hand. */

import type * as wire from "../protocol/messages";
import { floats } from "../transport/frames";

export type Check = Pick<wire.CheckNudge, "kind"> & Partial<Pick<wire.CheckNudge, "knob" | "layer" | "neuron">>;

export interface NudgeLayerView {
  readonly inputs: Float32Array;
  readonly weights: Float32Array;
  readonly sums: Float32Array;
  readonly activations: Float32Array;
  readonly byActivations: Float32Array;
  readonly slopes: Float32Array;
  readonly bySums: Float32Array;
  readonly byWeights: Float32Array;
  readonly byBiases: Float32Array;
  readonly byInputs: Float32Array;
}

export interface NudgesView {
  readonly version: number;
  readonly label: number;
  readonly loss: wire.Nudges["loss"];
  readonly cost: number;
  readonly targets: Float32Array;
  readonly costs: Float32Array;
  readonly wishes: Float32Array;
  readonly layers: readonly NudgeLayerView[];
  readonly stages: readonly wire.NudgeStage[];
  readonly gradientNorm: number;
}

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

export function nudgesView(event: wire.Nudges, payload: Float32Array): NudgesView {
  const read = (place: wire.Floats) => floats(payload, place);
  return {
    version: event.version, label: event.label, loss: event.loss, cost: event.cost,
    targets: read(event.targets), costs: read(event.costs), wishes: read(event.wishes),
    layers: event.layers.map((layer) => ({
      inputs: read(layer.inputs), weights: read(layer.weights), sums: read(layer.sums), activations: read(layer.activations),
      byActivations: read(layer.byActivations), slopes: read(layer.slopes), bySums: read(layer.bySums),
      byWeights: read(layer.byWeights), byBiases: read(layer.byBiases), byInputs: read(layer.byInputs),
    })),
    stages: event.stages, gradientNorm: event.gradientNorm,
  };
}
