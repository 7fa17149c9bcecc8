import { describe, expect, it } from "vitest";
import { Budget, cutoff } from "../src/marks/budget";
import { activationCurve, BOTTOM, LEFT, RIGHT, TOP } from "../src/marks/curve";
import { hit, layout, nearestWire, neuronY, wireEnds } from "../src/marks/geometry";
import { diverging, sequential, luminance, parseRgb, readableOn, type Palette } from "../src/marks/palette";
import { largest, overlaidShade } from "../src/marks/pixels";
import { strongestFirst } from "../src/marks/flatwires";
import { csvText } from "../src/parts/save";
import { tileColumns } from "../src/parts/tiles";

const PALETTE: Palette = {
  background: [255, 255, 255], surface: [250, 250, 250], line: [200, 200, 200], ink: [10, 10, 10], soft: [90, 90, 90],
  faint: [140, 140, 140], positive: [0, 0, 250], negative: [250, 100, 0], accent: [100, 0, 200],
};
const SIZES = [784, 16, 16, 10];

describe("the layout", () => {
  for (const [width, height] of [[358, 560], [640, 640], [900, 700], [1400, 860]]) {
    it(`keeps everything inside ${width} x ${height}, columns apart`, () => {
      const geometry = layout(SIZES, width, height);
      for (let column = 0; column < SIZES.length; column++) {
        expect(neuronY(geometry, column, 0) - geometry.radius[column]).toBeGreaterThanOrEqual(0);
        expect(neuronY(geometry, column, SIZES[column] - 1) + geometry.radius[column]).toBeLessThanOrEqual(height);
        if (column > 0) {
          expect(geometry.x[column] - geometry.radius[column]).toBeGreaterThan(geometry.x[column - 1] + geometry.radius[column - 1] + 20);
          expect(2 * geometry.radius[column]).toBeLessThan(neuronY(geometry, column, 1) - neuronY(geometry, column, 0));
        }
      }
      expect(geometry.bars[0]).toBeGreaterThan(geometry.x[3] + geometry.radius[3]);
      expect(geometry.bars[1]).toBeLessThanOrEqual(width);
    });
  }

  it("finds what lies under a point", () => {
    const geometry = layout(SIZES, 900, 700);
    for (const [column, index] of [[0, 0], [0, 783], [1, 7], [2, 15], [3, 9]]) {
      expect(hit(geometry, geometry.x[column], neuronY(geometry, column, index))).toEqual({ column, index });
    }
    expect(hit(geometry, (geometry.x[1] + geometry.x[2]) / 2, 300)).toBeNull();
    expect(hit(geometry, geometry.bars[1] - 1, neuronY(geometry, 3, 4))).toEqual({ column: 3, index: 4 });
  });
});

describe("wires", () => {
  const geometry = layout(SIZES, 900, 700);
  const ends = wireEnds(geometry);

  it("are 12,960, each from its input to its neuron", () => {
    expect(ends.length).toBe(4 * 12960);
    const wire = 120 * 16 + 3;
    expect(ends[4 * wire + 1]).toBeCloseTo(neuronY(geometry, 0, 120), 3);
    expect(ends[4 * wire + 3]).toBeCloseTo(neuronY(geometry, 1, 3), 3);
  });

  it("are found near a point, the strong before the weak", () => {
    const strengths = new Float32Array(12960);
    const wire = 784 * 16 + 5 * 16 + 9;
    strengths[wire] = -0.5;
    const [x, y] = [(ends[4 * wire] + ends[4 * wire + 2]) / 2, (ends[4 * wire + 1] + ends[4 * wire + 3]) / 2];
    expect(nearestWire(ends, strengths, x, y + 3)).toBe(wire);
    expect(nearestWire(ends, strengths, x, y + 40)).toBe(-1);
    expect(nearestWire(ends, strengths, x, y, 5, 0.6)).toBe(-1);
  });

  it("are drawn weakest first, the weakest left out", () => {
    expect(Array.from(strongestFirst(Float32Array.from([0.1, -0.9, 0, 0.5, 1, NaN]), 0.05))).toEqual([4, 1, 3, 0]);
    expect(strongestFirst(Float32Array.from([0.1, -0.2]), 0.3)).toHaveLength(0);
  });
});

describe("the budget of a moving picture", () => {
  it("leaves the strongest wires", () => {
    const strengths = Float32Array.from({ length: 1000 }, (_, at) => (at % 2 ? -1 : 1) * (at / 1000));
    const least = cutoff(strengths, 100);
    const left = strengths.filter((strength) => Math.abs(strength) >= least).length;
    expect(left).toBeLessThanOrEqual(100);
    expect(left).toBeGreaterThan(95);
    expect(cutoff(strengths, 1000)).toBe(0);
    expect(cutoff(new Float32Array(5000), 100)).toBe(0);
  });

  it("shrinks where drawing is slow, grows where it is quick, and never ends", () => {
    const budget = new Budget();
    const start = budget.max;
    budget.took(80);
    expect(budget.max).toBeLessThan(start);
    for (let time = 0; time < 100; time++) budget.took(80);
    expect(budget.max).toBeGreaterThan(100);
    for (let time = 0; time < 100; time++) budget.took(16);
    expect(budget.max).toBeGreaterThan(12960);
  });
});

describe("colours", () => {
  it("are read as browsers write them", () => {
    expect(parseRgb("rgb(1, 2, 3)")).toEqual([1, 2, 3]);
    expect(parseRgb(" #1f66b3")).toEqual([31, 102, 179]);
    expect(() => parseRgb("blue")).toThrow(TypeError);
  });

  it("of nothing are the surface, of all the ends", () => {
    expect([sequential(PALETTE, 0), sequential(PALETTE, 1), sequential(PALETTE, 7)]).toEqual([PALETTE.surface, PALETTE.ink, PALETTE.ink]);
    expect([diverging(PALETTE, -1), diverging(PALETTE, 0), diverging(PALETTE, 1)]).toEqual([PALETTE.negative, PALETTE.surface, PALETTE.positive]);
  });

  it("of text contrast with whatever is behind it", () => {
    for (let grey = 0; grey < 256; grey++) {
      const [behind, text] = [luminance([grey, grey, grey]), luminance(readableOn([grey, grey, grey]))];
      expect((Math.max(behind, text) + 0.05) / (Math.min(behind, text) + 0.05)).toBeGreaterThan(4.5);
    }
  });

  it("stay full where the drawing has ink", () => {
    const shade = overlaidShade(PALETTE, 2, [1, 0]);
    expect(shade(2, 0)).toEqual(PALETTE.positive);
    expect(shade(2, 1)).not.toEqual(PALETTE.positive);
    expect(largest([1, -3, 2])).toBe(3);
  });
});

describe("an activation function", () => {
  it("is a curve through its value, for functions of one number", () => {
    const curve = activationCurve("sigmoid", 0, 150, 76);
    expect(curve?.path).toMatch(new RegExp(`^M${LEFT},`));
    expect(curve?.x(0)).toBe((LEFT + 150 - RIGHT) / 2);
    expect(curve?.y(0.5)).toBe((TOP + 76 - BOTTOM) / 2);
    expect([curve?.domain, curve?.range]).toEqual([[-6, 6], [0, 1]]);
    expect(activationCurve("softmax", 0, 150, 76)).toBeNull();
  });
});

describe("tiles", () => {
  it("fill their rows", () => {
    expect([tileColumns(16, 600, 54, 8), tileColumns(16, 480, 54, 8), tileColumns(16, 300, 54, 8), tileColumns(10, 360, 54, 8)]).toEqual([8, 4, 4, 5]);
  });
  it("are spread evenly where no number of columns fits", () => {
    expect([tileColumns(17, 600, 54, 8), tileColumns(7, 330, 54, 8), tileColumns(1, 30, 54, 8)]).toEqual([9, 4, 1]);
  });
});

describe("numbers as CSV", () => {
  it("are quoted where they must be", () => {
    expect(csvText(["a", "b"], [[1, 'say "3, 8"'], [-0.5, "x"]])).toBe('a,b\r\n1,"say ""3, 8"""\r\n-0.5,x\r\n');
  });
});
