/** Losses of classes, and their gradients by the weighted sums of the outputs: twins of `pellucid.engine.kernels.losses`. */

import type { LayerInfo, NetworkInfo } from "../../protocol/messages";

export type ClassLoss = "cross_entropy" | "squared";
type Activation = LayerInfo["activation"];
type Values = Float32Array<ArrayBufferLike> | Float64Array<ArrayBufferLike>;

/** The loss of a network that can learn here; null for one that compares outputs with target values. */
export function classLoss({ loss }: NetworkInfo): ClassLoss | null {
  return loss === "cross_entropy" || loss === "squared" ? loss : null;
}

/** The loss of one example, whose class is `label`. */
export function lossOf(loss: ClassLoss, activation: Activation, sums: Values, outputs: Values, label: number): number {
  let total = 0;
  if (loss === "squared") {
    for (let at = 0; at < outputs.length; at++) total += (outputs[at] - Number(at === label)) ** 2;
    return total;
  }
  if (activation === "softmax") {
    let largest = -Infinity;
    for (let at = 0; at < sums.length; at++) largest = Math.max(largest, sums[at]);
    for (let at = 0; at < sums.length; at++) total += Math.exp(sums[at] - largest);
    return Math.log(total) + largest - sums[label];
  }
  for (let at = 0; at < sums.length; at++) {
    const value = at === label ? -sums[at] : sums[at];
    total += Math.max(value, 0) + Math.log1p(Math.exp(-Math.abs(value)));
  }
  return total;
}

/** Write the gradient by the sums into `delta`. */
export function lossBackward(delta: Float64Array, loss: ClassLoss, activation: Activation, outputs: Values, label: number): void {
  for (let at = 0; at < outputs.length; at++) delta[at] = outputs[at] - Number(at === label);
  if (loss === "cross_entropy") return;
  for (let at = 0; at < outputs.length; at++) delta[at] *= 2;
  activateBackward(delta, activation, outputs);
}

/** Turn the gradient by the activations into that by the sums, in place. */
export function activateBackward(delta: Float64Array, activation: Activation, outputs: Values): void {
  switch (activation) {
    case "identity":
      return;
    case "relu":
      for (let at = 0; at < delta.length; at++) if (!(outputs[at] > 0)) delta[at] = 0;
      return;
    case "sigmoid":
      for (let at = 0; at < delta.length; at++) delta[at] *= outputs[at] * (1 - outputs[at]);
      return;
    case "tanh":
      for (let at = 0; at < delta.length; at++) delta[at] *= 1 - outputs[at] ** 2;
      return;
    case "softmax": {
      let mean = 0;
      for (let at = 0; at < delta.length; at++) mean += delta[at] * outputs[at];
      for (let at = 0; at < delta.length; at++) delta[at] = outputs[at] * (delta[at] - mean);
    }
  }
}
