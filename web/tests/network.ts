/** A network of any widths, for tests. */

import type { InputInfo } from "../src/protocol/messages";
import type { Layer, Network } from "../src/state/network";

/** Drawings of 28x28 pixels. */
export const PIXELS: InputInfo = { kind: "drawing", channels: 1, rows: 28, columns: 28, centred: true, features: [] };

/** Rows of named features. */
export function rowOf(...names: string[]): InputInfo {
  return { kind: "row", channels: 0, rows: 0, columns: 0, centred: false, features: names.map((name) => ({ name, mean: 0, scale: 1 })) };
}

/** A dense layer. */
export function dense(index: number, inputs: number, outputs: number, activation: Layer["activation"], weight: number): Layer {
  return {
    index, inputs, outputs, activation, weight, bias: weight + inputs * outputs, kind: "dense", equation: "a = f(W x + b)", inputShape: [inputs], outputShape: [outputs],
    kernel: [], stride: [], padding: [], units: outputs, fanIn: inputs, maps: null,
  };
}

export function network(...widths: number[]): Network {
  let at = 0;
  const layers = widths.slice(1).map((outputs, index) => {
    const inputs = widths[index];
    const weight = at;
    at = weight + (inputs + 1) * outputs;
    return dense(index, inputs, outputs, "sigmoid", weight);
  });
  const classes = Array.from({ length: widths[widths.length - 1] }, (_, index) => String(index));
  return { name: "test", input: PIXELS, task: "classes", layers, classes, knobs: at };
}
