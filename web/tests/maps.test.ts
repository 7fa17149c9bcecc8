/** Feature maps: what a place sees, what it is seen by, and its sum added up again. */

import { describe, expect, it } from "vitest";
import { computationAt, fieldsOf, mosaicIndex, mosaicInput, mosaicOf, mosaics, windowAt } from "../src/state/maps";
import { findKnob, knobAt, knobIndex, knobLabel, knobName, networkOf, valueLabel } from "../src/state/network";
import type { LayerInfo, NetworkInfo } from "../src/protocol/messages";
import { PIXELS } from "./network";

function layer(info: Partial<LayerInfo>): LayerInfo {
  return { kind: "dense", inputs: 0, outputs: 0, activation: "identity", equation: "", weight: 0, bias: 0, inputShape: [], outputShape: [], kernel: [], stride: [], padding: [], ...info };
}

/** An image of 6x6, two filters of 3x3 with padding 1, the largest of each 2x2, one filter of 2x2 over both, one output. */
const INFO: LayerInfo[] = [
  layer({ kind: "conv2d", inputs: 36, outputs: 72, weight: 0, bias: 18, inputShape: [6, 6], outputShape: [2, 6, 6], kernel: [3, 3], stride: [1, 1], padding: [1, 1], activation: "relu" }),
  layer({ kind: "max_pool2d", inputs: 72, outputs: 18, weight: 20, bias: 20, inputShape: [2, 6, 6], outputShape: [2, 3, 3], kernel: [2, 2], stride: [2, 2], padding: [0, 0] }),
  layer({ kind: "conv2d", inputs: 18, outputs: 4, weight: 20, bias: 28, inputShape: [2, 3, 3], outputShape: [1, 2, 2], kernel: [2, 2], stride: [1, 1], padding: [0, 0] }),
  layer({ kind: "flatten", inputs: 4, outputs: 4, weight: 29, bias: 29, inputShape: [1, 2, 2], outputShape: [4] }),
  layer({ inputs: 4, outputs: 1, weight: 29, bias: 33, inputShape: [4], outputShape: [1], activation: "sigmoid" }),
];
const NETWORK = networkOf({ name: "small", input: { ...PIXELS, rows: 6, columns: 6 }, task: "classes", classes: ["0"], parameterCount: 34, layers: INFO } as unknown as NetworkInfo);
const PARAMETERS = Float32Array.from({ length: 34 }, (_, index) => index - 9);

describe("knobs of a convolution", () => {
  it("are numbered filter by filter, and found by every name", () => {
    for (let index = 0; index < 34; index++) {
      expect(knobIndex(NETWORK, knobAt(NETWORK, index))).toBe(index);
      expect(findKnob(NETWORK, knobName(NETWORK, index))).toBe(index);
      expect(findKnob(NETWORK, knobLabel(NETWORK, index))).toBe(index);
    }
    expect(knobName(NETWORK, 13)).toBe("layers[0].weight[1, 0, 1, 1]");
    expect(knobLabel(NETWORK, 13)).toBe("weight (1, 1) → layer 1, convolution, channel 1");
    expect(knobLabel(NETWORK, 25)).toBe("weight (0, 1) of input channel 1 → layer 3, convolution, channel 0");
    expect(findKnob(NETWORK, "layers[0].weight[1, 0, 3, 0]")).toBeNull();
    expect(findKnob(NETWORK, "layers[1].bias[0]")).toBeNull();
    expect(valueLabel(NETWORK, 3, 2)).toBe("layer 3, convolution, channel 0 at (1, 0)");
  });
});

describe("a place of a map", () => {
  it("sees a window of its input, beyond the edge too", () => {
    expect(windowAt(NETWORK.layers[0], 0, 5)).toEqual({ left: 4, top: -1, right: 7, bottom: 2 });
  });

  it("leads back to pixels and forward to all that depends on it", () => {
    const fields = fieldsOf(NETWORK, { layer: 1, channel: 0, row: 1, column: 1 });
    expect(fields[0]).toEqual({ left: 1, top: 1, right: 5, bottom: 5 });
    expect(fields[1]).toEqual({ left: 2, top: 2, right: 4, bottom: 4 });
    expect(fields[2]).toEqual({ left: 1, top: 1, right: 2, bottom: 2 });
    expect(fields[3]).toEqual({ left: 0, top: 0, right: 2, bottom: 2 });
    expect(fields.slice(4)).toEqual([null, null]);
  });

  it("is added up again from its products and its bias", () => {
    const image = Float32Array.from({ length: 36 }, (_, index) => index / 10);
    const found = computationAt(NETWORK.layers[0], PARAMETERS, image, { layer: 0, channel: 1, row: 0, column: 1 });
    // The upper row lies beyond the edge: weights 3..8 of the second filter over the first two rows.
    const expected = [3, 4, 5].reduce((sum, weight, column) => sum + weight * (column / 10), 0) + [6, 7, 8].reduce((sum, weight, column) => sum + weight * ((6 + column) / 10), 0) + 10;
    expect(found?.added).toBeCloseTo(expected, 5);
    expect(found?.products.slice(0, 3).map(({ input }) => input)).toEqual([0, 0, 0]);
  });

  it("of pooling is the largest of its window, and says which", () => {
    const maps = Float32Array.from({ length: 72 }, (_, index) => (index === 36 + 8 ? 5 : 1));
    const found = computationAt(NETWORK.layers[1], PARAMETERS, maps, { layer: 1, channel: 1, row: 0, column: 1 });
    expect(found?.added).toBe(5);
    expect(found?.winner?.at).toEqual([1, 2]);
    expect(computationAt(NETWORK.layers[3], PARAMETERS, maps, { layer: 3, channel: 0, row: 0, column: 0 })).toBeNull();
  });
});

describe("the picture of a filter", () => {
  it("has every weight once, input channels side by side", () => {
    const [, , filter] = NETWORK.layers;
    const mosaic = mosaicOf(filter);
    expect(mosaic).toEqual({ columns: 4, rows: 2, across: 2 });
    for (let input = 0; input < 8; input++) expect(mosaicInput(filter, mosaic, mosaicIndex(filter, mosaic, input))).toBe(input);
    expect(Array.from(mosaics(filter, Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8), 1))).toEqual([1, 2, 5, 6, 3, 4, 7, 8]);
  });
});
