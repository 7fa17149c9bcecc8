/** Gradients from backpropagation: the events with their arrays resolved. */

import type * as wire from "../protocol/messages";
import { floats } from "../transport/frames";

export type Check = Pick<wire.CheckNudge, "kind"> & Partial<Pick<wire.CheckNudge, "knob" | "layer" | "neuron">>;

export interface LayerGradients {
  readonly inputs: Float32Array;
  readonly weights: Float32Array;
  readonly sums: Float32Array;
  readonly activations: Float32Array;
  readonly dActivations: Float32Array;
  readonly derivatives: Float32Array;
  readonly dSums: Float32Array;
  readonly dWeights: Float32Array;
  readonly dBiases: Float32Array;
  readonly dInputs: Float32Array;
}

export interface Gradients {
  readonly version: number;
  /** The target class; null for values. */
  readonly label: number | null;
  readonly loss: wire.Nudges["loss"];
  readonly cost: number;
  readonly targets: Float32Array;
  readonly costs: Float32Array;
  readonly nudges: Float32Array;
  readonly layers: readonly LayerGradients[];
  readonly stages: readonly wire.NudgeStage[];
  readonly gradientNorm: number;
}

export interface BatchGradients {
  readonly version: number;
  readonly cost: number;
  readonly costs: Float32Array;
  readonly labels: readonly number[];
  readonly gradient: Float32Array;
  /** Each image's nudge for `knob`. */
  readonly nudges: Float32Array | null;
  readonly knob: number | null;
  readonly norms: Float32Array;
  readonly gradientNorm: number;
}

export interface BatchImages {
  readonly begin: number;
  readonly indices: readonly number[];
  readonly labels: readonly number[];
  /** Target values, (n, K); null for classes. */
  readonly targets: Float32Array | null;
  /** (n, inputs). */
  readonly pixels: Float32Array;
}

export function gradientsOf(event: wire.Nudges, payload: Float32Array): Gradients {
  const read = (place: wire.Floats) => floats(payload, place);
  return {
    version: event.version, label: event.label, loss: event.loss, cost: event.cost,
    targets: read(event.targets), costs: read(event.costs), nudges: read(event.wishes),
    layers: event.layers.map((layer) => ({
      inputs: read(layer.inputs), weights: read(layer.weights), sums: read(layer.sums), activations: read(layer.activations),
      dActivations: read(layer.byActivations), derivatives: read(layer.slopes), dSums: read(layer.bySums),
      dWeights: read(layer.byWeights), dBiases: read(layer.byBiases), dInputs: read(layer.byInputs),
    })),
    stages: event.stages, gradientNorm: event.gradientNorm,
  };
}
