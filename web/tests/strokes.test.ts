import { describe, expect, it } from "vitest";
import { begin, decodeStrokes, encodeStrokes, extend, GRID, type Stroke } from "../src/state/strokes";

function random(seed: number): () => number {
  let state = seed;
  return () => ((state = (state * 1103515245 + 12345) % 2147483648) / 2147483648);
}

describe("strokes", () => {
  it("grow by points that are far enough apart, and stay on the pad", () => {
    const stroke = begin(70, false, 0.5, 0.5);
    expect(extend(stroke, [0.501, 0.5])).toBe(stroke);
    expect(extend(stroke, [0.6, 0.5, 1.7, -2]).points).toEqual([500, 500, 600, 500, GRID, 0]);
    expect(stroke.points).toEqual([500, 500]);
  });

  it("come back from text exactly", () => {
    const next = random(7);
    for (let round = 0; round < 200; round++) {
      const strokes: Stroke[] = Array.from({ length: Math.floor(next() * 4) }, () => ({
        erase: next() < 0.3,
        width: 1 + Math.floor(next() * 500),
        points: Array.from({ length: 2 + 2 * Math.floor(next() * 90) }, () => Math.floor(next() * (GRID + 1))),
      }));
      expect(decodeStrokes(encodeStrokes(strokes))).toEqual(strokes);
    }
  });

  it("take about two bytes a point", () => {
    const points = Array.from({ length: 200 }, (_, at) => [300 + at, Math.round(500 + 100 * Math.sin(at / 20))]).flat();
    expect(encodeStrokes([{ erase: false, width: 70, points }]).length).toBeLessThan(200 * 2 * 1.4);
  });

  it("are refused when the text is not theirs", () => {
    for (const text of ["!", "AA", "_____________", "jAEC", "jAEB_____w8", "A".repeat(101)]) expect(decodeStrokes(text), text).toBeNull();
  });
});
