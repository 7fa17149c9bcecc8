/** Lines laid into memory: as much ink as they are long and thick, front to back, dashed where negative. */

import { describe, expect, it } from "vitest";
import { toPixels, drawLine, makeLineBuffer, type LineBuffer } from "../src/marks/flatwires";
import type { Palette } from "../src/marks/palette";

const PALETTE = { positive: [10, 20, 30], negative: [200, 100, 50] } as unknown as Palette;

function ink({ transmittance }: LineBuffer): number {
  return transmittance.reduce((sum, share) => sum + 1 - share, 0);
}

describe("a line", () => {
  it.each([[5, 5, 95, 5.5], [5, 10, 95, 60], [5, 5, 60, 95], [95, 60, 5, 10], [20, 5, 20, 95], [5, 90, 30, 4]])(
    "from %d, %d to %d, %d has the ink of its area", (x0, y0, x1, y1) => {
      const buffer = makeLineBuffer(100, 100);
      drawLine(buffer, x0, y0, x1, y1, 1.4, 0.5, false);
      const expected = 0.5 * 1.4 * Math.hypot(x1 - x0, y1 - y0);
      expect(Math.abs(ink(buffer) - expected) / expected).toBeLessThan(0.04);
      expect(buffer.positive.reduce((sum, each) => sum + each, 0)).toBeCloseTo(ink(buffer), 2);
    },
  );

  it("is dashed where it is negative: seven of ten pixels", () => {
    const [whole, dashed] = [makeLineBuffer(200, 20), makeLineBuffer(200, 20)];
    drawLine(whole, 0, 10, 200, 10, 1, 1, false);
    drawLine(dashed, 0, 10, 200, 10, 1, 1, true);
    expect(ink(dashed) / ink(whole)).toBeCloseTo(0.7, 1);
    expect(dashed.positive.every((each) => each === 0)).toBe(true);
  });

  it("stays inside, wherever its ends are, and may be a point", () => {
    const buffer = makeLineBuffer(30, 20);
    drawLine(buffer, -50, -70, 90, 120, 1.5, 1, false);
    drawLine(buffer, 3, -5, 3, 90, 1.5, 1, true);
    drawLine(buffer, 8, 8, 8, 8, 1, 1, false);
    expect(buffer.transmittance).toHaveLength(600);
    expect(buffer.transmittance.every((share) => share >= -1e-6 && share <= 1)).toBe(true);
  });

  it("lies beneath what was laid before", () => {
    const buffer = makeLineBuffer(10, 1);
    drawLine(buffer, 0, 0.5, 10, 0.5, 1, 1, false);
    drawLine(buffer, 0, 0.5, 10, 0.5, 1, 1, true);
    const pixels = new Uint32Array(10);
    toPixels(buffer, pixels, PALETTE, 0, 10);
    expect(Array.from(new Uint8Array(pixels.buffer).subarray(0, 4))).toEqual([10, 20, 30, 255]);
  });

  it("is developed in its colour, as opaque as it is, and only between the columns given", () => {
    const buffer = makeLineBuffer(10, 1);
    drawLine(buffer, 0, 0.5, 10, 0.5, 1, 0.5, true);
    const pixels = new Uint32Array(10).fill(7);
    toPixels(buffer, pixels, PALETTE, 2, 4);
    const bytes = Array.from(new Uint8Array(pixels.buffer));
    expect(bytes.slice(8, 12)).toEqual([200, 100, 50, 128]);
    expect([pixels[1], pixels[4]]).toEqual([7, 7]);
  });
});
