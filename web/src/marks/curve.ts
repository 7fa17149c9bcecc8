/** An activation function as a curve around a weighted sum. */

import { line } from "d3-shape";

const FUNCTIONS: Record<string, (z: number) => number> = {
  identity: (z) => z,
  sigmoid: (z) => 1 / (1 + Math.exp(-z)),
  relu: (z) => (z > 0 ? z : 0),
  tanh: Math.tanh,
};

export interface Curve {
  readonly path: string;
  readonly x: (z: number) => number;
  readonly y: (a: number) => number;
  readonly zero: { readonly x: number; readonly y: number };
}

/** A path in a box `width` x `height` whose domain includes `z`; null for functions of all sums at once, such as softmax. */
export function activationCurve(activation: string, z: number, width: number, height: number): Curve | null {
  const activate = FUNCTIONS[activation];
  if (!activate) return null;
  const span = Math.max(6, Math.ceil(Math.abs(z) * 1.1));
  const low = activation === "tanh" ? -1 : activation === "identity" ? -span : 0;
  const high = activation === "relu" || activation === "identity" ? span : 1;
  const pad = 6;
  const x = (value: number) => pad + ((value + span) / (2 * span)) * (width - 2 * pad);
  const y = (value: number) => height - pad - ((value - low) / (high - low)) * (height - 2 * pad);
  const points = Array.from({ length: 97 }, (_, at): [number, number] => {
    const value = -span + (2 * span * at) / 96;
    return [x(value), y(activate(value))];
  });
  return { path: line()(points) ?? "", x, y, zero: { x: x(0), y: y(0) } };
}
