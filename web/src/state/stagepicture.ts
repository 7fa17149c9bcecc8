/** What the network picture shows at a stage of backpropagation. */

import type * as wire from "../protocol/messages";
import type { NudgeLayerView, NudgesView } from "./nudges";

/** Column by column, the inputs' first. */
export interface StagePicture {
  /** Wishes of a column's numbers; null where only activations are known yet. */
  readonly wishes: readonly (Float32Array | null)[];
  /** Columns that the stage is about. */
  readonly lit: readonly number[];
}

export function pictureOf(told: NudgesView, stage: wire.NudgeStage): StagePicture {
  const last = told.layers.length - 1;
  const wishes: (Float32Array | null)[] = [null, ...told.layers.map(() => null)];
  if (stage.kind === "forward") return { wishes, lit: wishes.map((_, column) => column) };
  if (stage.kind === "cost") return { wishes, lit: [last + 1] };
  for (let number = last; number >= Math.max(stage.layer, 0); number--) wishes[number + 1] = opposite(told.layers[number].bySums);
  const before = stage.kind === "inputs" || stage.kind === "pixels";
  if (before) wishes[stage.layer] = opposite(told.layers[stage.layer].byInputs);
  return { wishes, lit: before ? [stage.layer, stage.layer + 1] : stage.kind === "weights" ? [stage.layer, stage.layer + 1] : [stage.layer + 1] };
}

/** Every wire's strength at a stage, -1 to 1 of the strongest of its layer, in the order of the weights. */
export function stageStrengths(out: Float32Array, told: NudgesView, stage: wire.NudgeStage): void {
  let first = 0;
  told.layers.forEach((layer, number) => {
    const count = layer.weights.length;
    fillStrengths(out.subarray(first, first + count), layer, wireValue(stage, number), fade(stage, number));
    first += count;
  });
}

type WireValue = "contribution" | "wish" | "flow" | "none";

function wireValue(stage: wire.NudgeStage, number: number): WireValue {
  if (stage.kind === "forward") return "contribution";
  if (stage.kind === "cost" || stage.kind === "outputs" || number < stage.layer) return "none";
  if (number > stage.layer) return "wish";
  if (stage.kind === "sums") return "none";
  return stage.kind === "inputs" || stage.kind === "pixels" ? "flow" : "wish";
}

function fade(stage: wire.NudgeStage, number: number): number {
  return stage.kind === "forward" || (number === stage.layer && stage.kind !== "biases") ? 1 : 0.22;
}

/** `out` runs input by input, neuron by neuron; the engine's matrices neuron by neuron. */
function fillStrengths(out: Float32Array, layer: NudgeLayerView, value: WireValue, opacity: number): void {
  out.fill(0);
  if (value === "none") return;
  const [outputs, count] = [layer.sums.length, layer.inputs.length];
  let most = 1e-30;
  for (let neuron = 0; neuron < outputs; neuron++) {
    for (let input = 0; input < count; input++) {
      const place = neuron * count + input;
      const strength = value === "contribution" ? layer.weights[place] * layer.inputs[input] : value === "wish" ? -layer.byWeights[place] : -layer.weights[place] * layer.bySums[neuron];
      out[input * outputs + neuron] = strength;
      most = Math.max(most, Math.abs(strength));
    }
  }
  for (let wire = 0; wire < out.length; wire++) out[wire] *= opacity / most;
}

function opposite(values: Float32Array): Float32Array {
  return values.map((value) => -value);
}
