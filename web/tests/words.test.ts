import { spokenReading } from "../src/state/trace";
import { describe, expect, it } from "vitest";
import { activationFormula, sumFormula, type Piece } from "../src/state/formula";
import { readingText } from "../src/state/trace";
import { figure, inSum, parseDecimal, parseWhole, plural, roundedUp, short, signed, withMinusSigns } from "../src/state/words";

describe("figures", () => {
  it("have a true minus, and none before zero", () => {
    expect([figure(-1.5), figure(0), figure(-0.0000001), figure(2, 0)]).toEqual(["−1.500", "0.000", "−1.0·10⁻⁷", "2"]);
    expect([signed(0.25), signed(-0.25), signed(0)]).toEqual(["+0.250", "−0.250", "+0.000"]);
    expect([inSum(-0.5), inSum(0.5)]).toEqual(["(−0.500)", "0.500"]);
  });

  it("say what is no number", () => {
    expect([figure(NaN), figure(Infinity), figure(-Infinity)]).toEqual(["not a number", "∞", "−∞"]);
  });

  it("count one and many", () => {
    expect([0, 1, 2, 1234].map((value) => plural(value, "mini-batch"))).toEqual(["0 mini-batches", "1 mini-batch", "2 mini-batches", "1,234 mini-batches"]);
    expect(plural(2, "image")).toBe("2 images");
  });

  it("fit a small place", () => {
    expect([short(0.0001), short(-0.001), short(12.345), short(-123.4), short(5e6)]).toEqual(["0.00", "0.00", "12.3", "−123", "5.0·10⁶"]);
  });
});

describe("a reading", () => {
  const classes = Array.from("0123456789");
  it("names the best, then the runner-up", () => {
    expect(readingText([0, 0, 0, 0.6, 0, 0, 0, 0, 0.4, 0], classes)).toBe("3 at 0.60, then 8 at 0.40");
  });
  it("leaves out a runner-up of nothing", () => {
    expect(readingText([0, 0.998, 0.001], classes)).toBe("1 at 1.00");
  });
});

function plain(pieces: readonly Piece[]): string {
  return pieces.map(({ text, exponent }) => (exponent ? `^${text}` : text)).join("");
}

describe("typed numbers", () => {
  it("may have a decimal comma or point, a sign, an exponent", () => {
    const typed = ["1.5", "1,5", " -0.25 ", "−0,25", ".5", "1e-3", "1,234.5", "+2", "0,125"];
    expect(typed.map(parseDecimal)).toEqual([1.5, 1.5, -0.25, -0.25, 0.5, 0.001, 1234.5, 2, 0.125]);
  });

  it("that are none are not a number", () => {
    for (const text of ["", "-", ",", "1,2,3", "1.2.3", "abc", "1 5", "0x10", "Infinity"]) expect(parseDecimal(text), text).toBeNaN();
    for (const text of ["", "1.5", "1,5", "-1", "1,23", "x"]) expect(parseWhole(text), text).toBeNaN();
  });

  it("may be whole, with or without commas", () => {
    expect(["0", "1024", "1,024", " 12 "].map(parseWhole)).toEqual([0, 1024, 1024, 12]);
  });
});

describe("formulas", () => {
  it("hold the numbers", () => {
    expect(sumFormula(1.83, -0.48)).toBe("z = Σ w·a + b = 2.310 + (−0.480) = 1.830");
    expect(plain(activationFormula("sigmoid", 1.83, 0.862, 2))).toBe("a = σ(1.830) = 1 / (1 + e^−1.830) = 0.862");
    expect(plain(activationFormula("sigmoid", -1.83, 0.138, 2))).toBe("a = σ(−1.830) = 1 / (1 + e^1.830) = 0.138");
    expect(plain(activationFormula("relu", -2, 0, 2))).toBe("a = max(0, −2.000) = 0.000");
    expect(plain(activationFormula("softmax", 2, 0.9, 2))).toBe("a = e^2.000 / (e^2.000 + 2 others) = 0.900");
  });
});

describe("scales and sentences", () => {
  it("round up to two digits, and no further", () => {
    expect([0.0731, 5.55, 12, 0.1, 0.7, 999].map(roundedUp)).toEqual([0.074, 5.6, 12, 0.1, 0.7, 1000]);
    expect(roundedUp(0)).toBe(0);
  });

  it("have true minus signs before numbers only", () => {
    expect(withMinusSigns("for 3 -0.5 (-2), cross-entropy, 784-16")).toBe("for 3 −0.5 (−2), cross-entropy, 784-16");
  });
});

describe("a reading as people say it", () => {
  it("has per cents for shares, and leaves out what rounds to nothing", () => {
    expect(spokenReading([0.1, 0.301, 0.599], ["1", "8", "3"], true)).toBe("3: 60\u00a0%, then 8: 30\u00a0%");
    expect(spokenReading([0.004, 0.996], ["ring", "cross"], true)).toBe("cross: 100\u00a0%");
    expect(spokenReading([2.5, -1], ["a", "b"], false)).toBe("a: 2.50, then b: −1.00");
  });
});
