import { describe, expect, it } from "vitest";
import { differing } from "../src/state/differing";

describe("outputs of two networks", () => {
  it("differ from a twentieth on, also where one is no number", () => {
    expect([...differing([0.1, 0.5, 0.3, Number.NaN], [0.1499, 0.44, 0.36, 0])]).toEqual([1, 2, 3]);
    expect(differing([1], [1, 2]).size).toBe(0);
    expect(differing(undefined, [1]).size).toBe(0);
  });
});
