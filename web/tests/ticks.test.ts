import { scaleLinear, scaleLog } from "d3-scale";
import { describe, expect, it } from "vitest";
import { logLabels, percentLabels, tickLabels } from "../src/state/ticks";

/** What a label says. */
function read(label: string): number {
  const plain = label.replace("−", "-").replace(/[⁰¹²³⁴⁵⁶⁷⁸⁹⁻]/g, (sign) => (sign === "⁻" ? "-" : String("⁰¹²³⁴⁵⁶⁷⁸⁹".indexOf(sign))));
  const [digits, power] = plain.replace("\u00a0%", "").split("·10");
  return Number(digits) * 10 ** Number(power ?? 0);
}

const RANGES = Array.from({ length: 37 }, (_, at) => at - 18).flatMap((power) =>
  [1, 1.08, 1.3, 2.2, 3.7, 5, 7.9, 9.99].map((factor) => factor * 10 ** power),
);

/** The labels that are not alone, or do not say their value. */
function mistaken(labels: readonly string[], values: readonly number[]): string[] {
  const largest = Math.max(...values.map(Math.abs));
  return labels.filter((label, at) => labels.indexOf(label) !== at || !(Math.abs(read(label) - values[at]) <= 1e-9 * largest));
}

describe("labels of an axis", () => {
  it("are distinct and in full at every range", () => {
    const found: string[] = [];
    for (const end of RANGES) {
      for (const begin of [0, -end, end / 2, end * 0.9, -end / 7]) {
        for (const count of [2, 4, 5, 10]) {
          const values = scaleLinear([begin, end], [0, 1]).ticks(count);
          found.push(...mistaken(tickLabels(values), values));
        }
      }
    }
    expect(found).toEqual([]);
  });

  it("are distinct and in full on logarithmic axes", () => {
    const found: string[] = [];
    for (const begin of RANGES) {
      for (const factor of [1.2, 2, 9, 100, 1e6]) {
        const values = scaleLog([begin, begin * factor], [0, 1]).ticks(4);
        found.push(...mistaken(logLabels(values), values));
      }
    }
    expect(found).toEqual([]);
  });

  it("are distinct in per cent", () => {
    for (const [begin, end] of [[0, 1], [0.5, 1], [0.9, 1], [0.93, 0.95], [0.9421, 0.9433], [0.1, 0.1001]]) {
      const values = scaleLinear([begin, end], [0, 1]).ticks(4);
      expect(new Set(percentLabels(values)).size).toBe(values.length);
    }
  });

  it("say as much as they need and no more", () => {
    expect(tickLabels([0, 0.05, 0.1, 0.15])).toEqual(["0", "0.05", "0.10", "0.15"]);
    expect(tickLabels([0, 1, 2])).toEqual(["0", "1", "2"]);
    expect(tickLabels([-0.2, 0, 0.2])).toEqual(["−0.2", "0", "0.2"]);
    expect(tickLabels([0, 200000])).toEqual(["0", "2·10⁵"]);
    expect(logLabels([0.02, 0.1, 1, 20])).toEqual(["0.02", "0.1", "1", "20"]);
    expect(percentLabels([0.8, 0.9, 1])).toEqual(["80\u00a0%", "90\u00a0%", "100\u00a0%"]);
  });
});
