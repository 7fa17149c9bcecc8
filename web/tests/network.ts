/** A network of any widths, for tests. */

import type { InputInfo } from "../src/protocol/messages";
import type { Network } from "../src/state/network";

/** Drawings of 28x28 pixels. */
export const PIXELS: InputInfo = { kind: "drawing", channels: 1, rows: 28, columns: 28, centred: true, features: [] };

/** Rows of named features. */
export function rowOf(...names: string[]): InputInfo {
  return { kind: "row", channels: 0, rows: 0, columns: 0, centred: false, features: names.map((name) => ({ name, mean: 0, scale: 1 })) };
}

export function network(...widths: number[]): Network {
  let at = 0;
  const layers = widths.slice(1).map((outputs, index) => {
    const inputs = widths[index];
    const weight = at;
    const bias = weight + inputs * outputs;
    at = bias + outputs;
    return { index, inputs, outputs, activation: "sigmoid", weight, bias };
  });
  const classes = Array.from({ length: widths[widths.length - 1] }, (_, index) => String(index));
  return { name: "test", input: PIXELS, task: "classes", layers, classes, knobs: at };
}
