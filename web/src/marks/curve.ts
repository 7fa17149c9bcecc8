/** An activation function as a curve around a weighted sum. */

import { line } from "d3-shape";

const FUNCTIONS: Record<string, (z: number) => number> = {
  identity: (z) => z,
  sigmoid: (z) => 1 / (1 + Math.exp(-z)),
  relu: (z) => (z > 0 ? z : 0),
  tanh: Math.tanh,
};

/** Margins, which hold the numbers of the axes. */
export const [LEFT, RIGHT, TOP, BOTTOM] = [26, 12, 8, 18];

export interface Curve {
  readonly path: string;
  readonly x: (z: number) => number;
  readonly y: (a: number) => number;
  readonly zero: { readonly x: number; readonly y: number };
  /** Ends of both axes. */
  readonly domain: readonly [number, number];
  readonly range: readonly [number, number];
}

/** A path in a box `width` x `height` whose domain includes `z`; null for functions of all sums at once, such as softmax. */
export function activationCurve(activation: string, z: number, width: number, height: number): Curve | null {
  const activate = FUNCTIONS[activation];
  if (!activate) return null;
  const span = Math.max(6, Math.ceil(Math.abs(z) * 1.1));
  const low = activation === "tanh" ? -1 : activation === "identity" ? -span : 0;
  const high = activation === "relu" || activation === "identity" ? span : 1;
  const x = (value: number) => LEFT + ((value + span) / (2 * span)) * (width - LEFT - RIGHT);
  const y = (value: number) => height - BOTTOM - ((value - low) / (high - low)) * (height - BOTTOM - TOP);
  const points = Array.from({ length: 97 }, (_, at): [number, number] => {
    const value = -span + (2 * span * at) / 96;
    return [x(value), y(activate(value))];
  });
  return { path: line()(points) ?? "", x, y, zero: { x: x(0), y: y(0) }, domain: [-span, span], range: [low, high] };
}
