/** A neuron's formulas with their numbers. */

import { figure, inSum } from "./words";

/** The activation function with its numbers: σ(1.31) = 1 / (1 + e^−1.31) = 0.788. */
export function activationFormula(activation: string, z: number, a: number, sums: ArrayLike<number>, index: number): string {
  const value = figure(z);
  switch (activation) {
    case "sigmoid":
      return `a = σ(${value}) = 1 / (1 + e^${z > 0 ? `−${value}` : figure(-z)}) = ${figure(a)}`;
    case "relu":
      return `a = max(0, ${value}) = ${figure(a)}`;
    case "tanh":
      return `a = tanh(${value}) = ${figure(a)}`;
    case "identity":
      return `a = z = ${figure(a)}`;
    case "softmax":
      return `a = e^${value} / (${softmaxSum(sums, index)}) = ${figure(a)}`;
    default:
      return `a = ${activation}(${value}) = ${figure(a)}`;
  }
}

function softmaxSum(sums: ArrayLike<number>, index: number): string {
  const others = sums.length - 1;
  return `e^${figure(sums[index])} + ${others} others`;
}

/** z = Σ w·a + b with its numbers; the sum of the terms is computed as z − b. */
export function sumFormula(z: number, bias: number): string {
  return `z = Σ w·a + b = ${figure(z - bias)} + ${inSum(bias)} = ${figure(z)}`;
}
