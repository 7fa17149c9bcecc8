/** A neuron's formulas with their numbers. */

import { figure, inSum } from "./words";

/** A piece of a formula; an exponent is set above the line. */
export interface Piece {
  readonly text: string;
  readonly exponent?: boolean;
}

/** The activation function with its numbers: σ(1.31) = 1 / (1 + e^−1.31) = 0.788. */
export function activationFormula(activation: string, z: number, a: number, others: number): Piece[] {
  const value = figure(z);
  switch (activation) {
    case "sigmoid":
      return [{ text: `a = σ(${value}) = 1 / (1 + e` }, { text: z > 0 ? `−${value}` : figure(-z), exponent: true }, { text: `) = ${figure(a)}` }];
    case "relu":
      return [{ text: `a = max(0, ${value}) = ${figure(a)}` }];
    case "tanh":
      return [{ text: `a = tanh(${value}) = ${figure(a)}` }];
    case "identity":
      return [{ text: `a = z = ${figure(a)}` }];
    case "softmax":
      return [
        { text: "a = e" }, { text: value, exponent: true }, { text: " / (e" }, { text: value, exponent: true }, { text: ` + ${others} others) = ${figure(a)}` },
      ];
    default:
      return [{ text: `a = ${activation}(${value}) = ${figure(a)}` }];
  }
}

/** z = Σ w·a + b with its numbers; the sum of the terms is computed as z − b. */
export function sumFormula(z: number, bias: number): string {
  return `z = Σ w·a + b = ${figure(z - bias)} + ${inSum(bias)} = ${figure(z)}`;
}
