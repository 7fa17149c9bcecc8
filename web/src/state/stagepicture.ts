/** What the network picture shows at a stage of backpropagation. */

import type * as wire from "../protocol/messages";
import type { LayerGradients, Gradients } from "./nudges";

/** Column by column, the inputs' first. */
export interface StagePicture {
  /** Nudges for the numbers of each column; null before backpropagation has reached it. */
  readonly nudges: readonly (Float32Array | null)[];
  /** Columns that the stage describes. */
  readonly lit: readonly number[];
}

export function pictureOf(gradients: Gradients, stage: wire.NudgeStage): StagePicture {
  const last = gradients.layers.length - 1;
  const nudges: (Float32Array | null)[] = [null, ...gradients.layers.map(() => null)];
  if (stage.kind === "forward") return { nudges, lit: nudges.map((_, column) => column) };
  if (stage.kind === "cost") return { nudges, lit: [last + 1] };
  for (let number = last; number >= Math.max(stage.layer, 0); number--) nudges[number + 1] = opposite(gradients.layers[number].dSums);
  const before = stage.kind === "inputs" || stage.kind === "pixels";
  if (before) nudges[stage.layer] = opposite(gradients.layers[stage.layer].dInputs);
  return { nudges, lit: before ? [stage.layer, stage.layer + 1] : stage.kind === "weights" ? [stage.layer, stage.layer + 1] : [stage.layer + 1] };
}

/** Strength of every wire at a stage, -1 to 1 relative to the strongest of its layer, in the order of the weights. */
export function stageStrengths(out: Float32Array, gradients: Gradients, stage: wire.NudgeStage): void {
  let first = 0;
  gradients.layers.forEach((layer, number) => {
    const count = layer.weights.length;
    fillStrengths(out.subarray(first, first + count), layer, wireValue(stage, number), fade(stage, number));
    first += count;
  });
}

type WireValue = "contribution" | "nudge" | "flow" | "none";

function wireValue(stage: wire.NudgeStage, number: number): WireValue {
  if (stage.kind === "forward") return "contribution";
  if (stage.kind === "cost" || stage.kind === "outputs" || number < stage.layer) return "none";
  if (number > stage.layer) return "nudge";
  if (stage.kind === "sums") return "none";
  return stage.kind === "inputs" || stage.kind === "pixels" ? "flow" : "nudge";
}

function fade(stage: wire.NudgeStage, number: number): number {
  return stage.kind === "forward" || (number === stage.layer && stage.kind !== "biases") ? 1 : 0.22;
}

/** `out` is ordered by input, then neuron; the engine's matrices by neuron, then input. */
function fillStrengths(out: Float32Array, layer: LayerGradients, value: WireValue, opacity: number): void {
  out.fill(0);
  if (value === "none") return;
  const [outputs, count] = [layer.sums.length, layer.inputs.length];
  let max = 1e-30;
  for (let neuron = 0; neuron < outputs; neuron++) {
    for (let input = 0; input < count; input++) {
      const place = neuron * count + input;
      const strength = value === "contribution" ? layer.weights[place] * layer.inputs[input] : value === "nudge" ? -layer.dWeights[place] : -layer.weights[place] * layer.dSums[neuron];
      out[input * outputs + neuron] = strength;
      max = Math.max(max, Math.abs(strength));
    }
  }
  for (let wire = 0; wire < out.length; wire++) out[wire] *= opacity / max;
}

function opposite(values: Float32Array): Float32Array {
  return values.map((value) => -value);
}
