/** Many small pictures at once: shades from a table, weights gathered neuron by neuron. */

import { describe, expect, it } from "vitest";
import type { Palette } from "../src/marks/palette";
import { sequentialShades, paintShades, divergingShades } from "../src/marks/sheet";
import { incoming } from "../src/state/network";
import { dense } from "./network";

const PALETTE = { surface: [255, 255, 255], ink: [0, 0, 0], positive: [0, 0, 255], negative: [255, 100, 0] } as unknown as Palette;
const bytes = (pixel: number) => [pixel & 255, (pixel >> 8) & 255, (pixel >> 16) & 255, pixel >>> 24];

describe("shades", () => {
  it("are full at the ends, the surface in the middle, and clipped beyond", () => {
    const into = new Uint32Array(5);
    paintShades(into, [-4, 0, 2, 100, -100], divergingShades(PALETTE), 2);
    expect(Array.from(into, bytes)).toEqual([[255, 100, 0, 255], [255, 255, 255, 255], [0, 0, 255, 255], [0, 0, 255, 255], [255, 100, 0, 255]]);
    paintShades(into, [0, 0.5, 1, -1, 2], sequentialShades(PALETTE), 1);
    expect(Array.from(into, (pixel) => bytes(pixel)[0])).toEqual([255, 127, 0, 255, 0]);
  });

  it("of nothing are the surface", () => {
    const into = new Uint32Array(1);
    paintShades(into, [0], divergingShades(PALETTE), 0);
    expect(bytes(into[0])).toEqual([255, 255, 255, 255]);
  });
});

describe("weights", () => {
  it("are gathered one neuron after the other", () => {
    const layer = dense(0, 3, 2, "relu", 1);
    const parameters = [99, 10, 20, 11, 21, 12, 22, 0, 0];
    expect(Array.from(incoming(parameters, layer, 2))).toEqual([10, 11, 12, 20, 21, 22]);
    expect(Array.from(incoming(parameters, layer, 2, 4))).toEqual([10, 11, 12, 0, 20, 21, 22, 0]);
  });
});
