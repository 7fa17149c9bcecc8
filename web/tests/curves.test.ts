import { describe, expect, it } from "vitest";
import { curveOf, drawnInto, meanDistance, type Drawn } from "../src/state/curves";

const EMPTY: Drawn = Array.from({ length: 8 }, () => null);

describe("curves", () => {
  it("are drawn straight between two spots, into one row", () => {
    const first = drawnInto(EMPTY, 1, 4, null, { point: 0, value: 10 });
    expect(first).toEqual([null, null, null, null, 10, null, null, null]);
    const whole = drawnInto(first, 1, 4, { point: 0, value: 10 }, { point: 3, value: 40 });
    expect(curveOf(whole, 1, 4)).toEqual([10, 20, 30, 40]);
    expect(curveOf(whole, 0, 4)).toEqual([null, null, null, null]);
    expect(curveOf(drawnInto(whole, 1, 4, { point: 3, value: 0 }, { point: 1, value: 8 }), 1, 4)).toEqual([10, 8, 4, 0]);
  });

  it("stay within the chart", () => {
    expect(curveOf(drawnInto(EMPTY, 0, 4, { point: -2, value: 5 }, { point: 9, value: 5 }), 0, 4)).toEqual([5, 5, 5, 5]);
  });

  it("have a mean distance once both are whole", () => {
    expect(meanDistance([0, 10], [10, 30])).toBe(15);
    expect(meanDistance([0, null], [10, 30])).toBeNull();
    expect(meanDistance([0, 1], [10])).toBeNull();
  });
});
