/** What the page keeps of training: curves that fork, plans, contours, and the state that events make. */

import { describe, expect, it } from "vitest";
import { contourPath, levelsOf } from "../src/marks/contours";
import { axisEnd, stretches, trendDomain } from "../src/marks/trend";
import { History } from "../src/state/history";
import { Points } from "../src/state/points";
import { lossPlaneOf } from "../src/state/learnviews";
import {
  fromScale, knobCount, planDifferences, problem, sameLayers, samePlan, shapeText, toScale, usualLayer, isSpeech, withActivation, withData, withKind, withLayer, withLoss, withoutLayer,
  withOptimizer, withRateOf, withSize, type Activation, type LayerPlan,
} from "../src/state/plan";
import type { DataChoice, LearnPlan, LossPlane } from "../src/protocol/messages";

function dense(size: number, activation: Activation): LayerPlan {
  return { ...usualLayer("dense", size), activation };
}

const PLAN: LearnPlan = {
  layers: [dense(16, "sigmoid"), dense(16, "sigmoid"), dense(10, "softmax")],
  loss: "cross_entropy",
  optimizer: { kind: "sgd", learningRate: 0.5, momentum: 0.9, nesterov: false, beta1: 0.9, beta2: 0.999, decay: 0 },
  batchSize: 32, data: "digits", seed: 0, augment: false,
  centring: { thicken: true, scale: true, smooth: true, mass: true }, darkInk: false, standardize: false, clip: null,
};

const DIGITS: DataChoice = {
  name: "digits", classes: Array.from("0123456789"), here: true, note: "", raw: false, centring: PLAN.centring, darkInk: false,
  inputs: 784, shape: [28, 28], table: false, task: "classes", plan: PLAN, ready: [], speech: false,
};

const lstm = (size: number, bidirectional = false): LayerPlan => ({ ...dense(size, "identity"), kind: "lstm", bidirectional });

const SOUNDS: LearnPlan = { ...PLAN, layers: [lstm(48), dense(21, "softmax")], loss: "ctc", data: "spoken", clip: 5 };
const LAST: LearnPlan = { ...SOUNDS, layers: [lstm(32), dense(10, "softmax")], loss: "cross_entropy" };

const SPOKEN: DataChoice = {
  ...DIGITS, name: "spoken", classes: Array.from({ length: 21 }, String), inputs: 40, shape: [40], plan: SOUNDS, speech: true,
  ready: [{ name: "sounds", plan: SOUNDS }, { name: "digits", plan: LAST }],
};

const thrice = (values: readonly number[]) => values.flatMap((value) => [value, value, value]);

function filled(count: number, max = 1 << 16): Points {
  const points = new Points(max);
  const steps = Array.from({ length: count }, (_, index) => index + 1);
  points.add(steps, thrice(steps.map((step) => 1 / step)), thrice(steps.map((step) => step / count)));
  return points;
}

describe("the points of a curve", () => {
  it("are kept one a mini-batch, and found again", () => {
    const points = filled(3000);
    expect(points.last).toBe(3000);
    expect(points.point("loss", points.at(1234)).mean).toBeCloseTo(1 / 1234, 8);
    expect(points.at(3001)).toBe(-1);
    expect(filled(0).at(1)).toBe(-1);
  });

  it("are forgotten where a step is taken again", () => {
    const history = new History();
    const steps = Array.from({ length: 100 }, (_, index) => index + 1);
    history.batches.add(steps, thrice(steps), thrice(steps));
    history.addEpoch(50, 1, 0.5);
    history.addEpoch(100, 0.5, 0.7);
    history.batches.add([61, 62], thrice([7, 8]), thrice([0, 0]));
    expect(history.batches.last).toBe(62);
    expect(history.batches.point("loss", history.batches.at(61)).mean).toBe(7);
    history.cut(55);
    expect(history.batches.last).toBe(55);
    expect([history.epochs.count, history.epochs.last]).toEqual([1, 50]);
  });

  it("are thinned out without moving means, bounds or the end", () => {
    const [whole, thin] = [filled(1000), filled(1000, 128)];
    expect(thin.count).toBeLessThanOrEqual(128);
    expect(thin.last).toBe(1000);
    for (const measure of ["loss", "accuracy"] as const) {
      const [[one], [other]] = [thin.bins(measure, 1), whole.bins(measure, 1)];
      expect(one.mean).toBeCloseTo(other.mean, 5);
      expect([one.low, one.high]).toEqual([other.low, other.high]);
    }
  });

  it("keep the bounds of what they stand for, however they arrive", () => {
    const points = new Points(64);
    points.add([10, 20], [2, 1, 9, 3, 0.5, 4], [0.5, 0.2, 0.8, 0.6, 0.6, 0.6]);
    expect(points.bins("loss", 1)).toEqual([{ step: 20, mean: 2.5, low: 0.5, high: 9 }]);
    expect(points.range(1)).toEqual([11, 20]);
  });

  it("give bins whose bounds hold every point", () => {
    const bins = filled(977).bins("loss", 40);
    expect(bins.length).toBeGreaterThanOrEqual(39);
    expect(bins.length).toBeLessThanOrEqual(41);
    expect(bins[bins.length - 1].step).toBe(977);
    expect(bins[0].high).toBe(1);
    for (const { low, mean, high } of bins) expect(low <= mean && mean <= high).toBe(true);
  });

  it("tell which mini-batches they stand for, and which came last", () => {
    const thin = filled(1000, 128);
    expect(filled(100).range(60)).toEqual([61, 61]);
    expect(thin.range(0)[0]).toBe(1);
    for (let at = 1; at < thin.count; at++) expect(thin.range(at)[0]).toBe(thin.range(at - 1)[1] + 1);
    const epochs = new Points(8);
    epochs.add([250, 500], thrice([1, 2]), thrice([0, 0]));
    expect([249, 250, 499, 500, 9999].map((step) => epochs.before(step))).toEqual([-1, 0, 0, 1, 1]);
    expect(new Points(8).before(3)).toBe(-1);
  });

  it("leave the curve open where they are not known", () => {
    const points = new Points(8);
    points.add([1, 2, 3, 4], thrice([1, NaN, 3, 4]), thrice([0, NaN, 0, 0]));
    expect(stretches(points.bins("loss", 4)).map((stretch) => stretch.map(({ step }) => step))).toEqual([[1], [3, 4]]);
  });

  it("give no bins of nothing", () => {
    expect(filled(0).bins("loss", 10)).toEqual([]);
  });
});

describe("plans", () => {
  it("counts 13,002 knobs", () => {
    expect(knobCount(PLAN.layers, [28, 28])).toBe(13002);
    expect(shapeText(PLAN, [28, 28])).toBe("784-16-16-10");
  });

  it("counts the knobs of LeNet-5, and tells layers that do not fit", () => {
    const filters = (size: number, padding: number): LayerPlan => ({ ...usualLayer("conv2d"), size, kernel: [5, 5], padding: [padding, padding] });
    const layers = [filters(6, 2), usualLayer("max_pool2d"), filters(16, 0), usualLayer("max_pool2d"), dense(120, "relu"), dense(84, "relu"), dense(10, "softmax")];
    const lenet = { ...PLAN, layers };
    expect(knobCount(lenet.layers, [28, 28])).toBe(61706);
    expect(shapeText(lenet, [28, 28])).toBe("784-6c-16c-120-84-10");
    expect(knobCount(lenet.layers, [9, 9])).toBeNaN();
    expect(problem(lenet)).toBeNull();
    expect(problem({ ...lenet, layers: [layers[4], layers[0], layers[6]] })).toContain("before the first dense layer");
    expect(problem({ ...lenet, layers: layers.slice(0, 2) })).toContain("must be dense");
    expect(withKind(PLAN, "conv2d").layers.map(({ kind }) => kind)).toEqual(["conv2d", "dense", "dense", "dense"]);
    expect(withKind(PLAN, "dropout").layers.map(({ kind }) => kind)).toEqual(["dense", "dense", "dropout", "dense"]);
    expect(planDifferences(PLAN, lenet)[0]).toContain("6 relu filters of 5×5, padding 2×2, largest of 2×2");
  });

  it("gains and loses hidden layers, never the outputs", () => {
    const longer = withLayer(PLAN);
    expect(longer.layers.map(({ size }) => size)).toEqual([16, 16, 16, 10]);
    expect(withoutLayer(withoutLayer(PLAN, 0), 0).layers).toEqual([PLAN.layers[2]]);
    expect(withLayer(withoutLayer(withoutLayer(PLAN, 0), 0)).layers[0]).toEqual(dense(16, "sigmoid"));
    expect(sameLayers(longer, PLAN)).toBe(false);
    expect(samePlan(PLAN, structuredClone(PLAN))).toBe(true);
  });

  it("of speech count their knobs, grow by a recurrent layer and get the outputs of their loss", () => {
    expect(knobCount(SOUNDS.layers, [40])).toBe(4 * 48 * (40 + 48 + 1) + 49 * 21);
    expect(knobCount([lstm(8, true), dense(21, "softmax")], [40])).toBe(2 * 4 * 8 * (40 + 8 + 1) + 17 * 21);
    const gated = { ...lstm(8), kind: "gru" as const };
    expect(knobCount([gated, dense(21, "softmax")], [40])).toBe(3 * 8 * (40 + 8) + 4 * 8 + 9 * 21);
    expect(shapeText({ ...SOUNDS, layers: [lstm(8, true), dense(21, "softmax")] }, [40])).toBe("40-2×8-21");
    expect(withLayer(SOUNDS).layers.map(({ kind }) => kind)).toEqual(["lstm", "lstm", "dense"]);
    expect(withLoss(SOUNDS, "cross_entropy", SPOKEN).layers.at(-1)?.size).toBe(10);
    expect(withLoss(PLAN, "squared", DIGITS).layers).toEqual(PLAN.layers);
    expect([isSpeech(SOUNDS), isSpeech(PLAN)]).toEqual([true, false]);
    expect([problem(SOUNDS), problem(LAST)]).toEqual([null, null]);
    expect(problem({ ...SOUNDS, clip: 0 })).toMatch(/clip/);
    expect(problem({ ...PLAN, loss: "ctc" })).toMatch(/loss/);
    expect(withData(PLAN, SPOKEN, DIGITS)).toEqual({ ...SOUNDS, seed: PLAN.seed });
    expect(withData(LAST, { ...SPOKEN, name: "fsdd" }, SPOKEN)).toEqual({ ...LAST, data: "fsdd" });
    expect(planDifferences(SOUNDS, { ...SOUNDS, layers: withLayer(SOUNDS).layers, clip: null })).toEqual(["layers LSTM 48, 21 softmax → LSTM 48, LSTM 48, 21 softmax", "clip 5 → none"]);
  });

  it("says what is wrong in a sentence", () => {
    expect(problem(PLAN)).toBeNull();
    expect(problem(withSize(PLAN, 0, 0))).toMatch(/1 to 1024/);
    expect(problem(withSize(PLAN, 0, NaN))).toMatch(/1 to 1024/);
    expect(problem({ ...PLAN, batchSize: 2.5 })).toMatch(/mini-batch/);
    expect(problem({ ...PLAN, seed: -1 })).toMatch(/seed/);
    expect(problem({ ...PLAN, optimizer: { ...PLAN.optimizer, learningRate: 0 } })).toMatch(/rate/);
    expect(problem(withActivation(PLAN, 2, "relu"))).toMatch(/Cross-entropy/);
    expect(problem({ ...withActivation(PLAN, 2, "relu"), loss: "squared" })).toBeNull();
  });

  it("takes the usual rate of another optimiser", () => {
    expect(withOptimizer(PLAN, "adam").optimizer).toMatchObject({ kind: "adam", learningRate: 0.003 });
  });

  it("runs its sliders by multiplication, there and back", () => {
    for (const rate of [1e-5, 0.003, 0.5, 10]) expect(fromScale(toScale(rate, 1e-5, 10), 1e-5, 10)).toBeCloseTo(rate, 8);
    expect(toScale(99, 1e-5, 10)).toBe(1);
  });
});

describe("the loss plane", () => {
  it("has its path in the order of training, with no step twice", () => {
    const payload = Float32Array.from([0, 8, 16, 8, 0, 0, 1, 1, 2, 0, 1, 1, 3, 2, 1, 2, 0, 0.1, 0.2, 0.1]);
    const at = (offset: number, ...shape: number[]) => ({ offset, shape });
    const event = {
      type: "lossPlane", request: 1, xs: at(0, 1), ys: at(0, 1), losses: at(0, 1, 1), pathSteps: at(0, 4), path: at(4, 4, 2),
      pathLosses: at(12, 4), distances: at(16, 4), explained: [1, 0], images: 10, step: 8,
    } satisfies LossPlane;
    const { path } = lossPlaneOf(event, payload);
    expect(path.map(({ step, x, y, loss }) => [step, x, y, loss])).toEqual([[0, 0, 0, 3], [8, 1, 1, 2], [16, 2, 0, 1]]);
  });
});

describe("contours", () => {
  it("cross a slope where it has the level", () => {
    const slope = [0, 1, 2, 0, 1, 2, 0, 1, 2];
    const places = [...contourPath(slope, 3, 1.25).matchAll(/([\d.]+),[\d.]+/g)].map((match) => Number(match[1]));
    expect(places.length).toBeGreaterThan(0);
    for (const x of places) expect(x).toBeCloseTo(1.25, 3);
  });

  it("close around a peak", () => {
    const path = contourPath([0, 0, 0, 0, 4, 0, 0, 0, 0], 3, 2);
    const ends = [...path.matchAll(/([\d.]+,[\d.]+)/g)].map((match) => match[1]);
    const counts = new Map<string, number>();
    for (const end of ends) counts.set(end, (counts.get(end) ?? 0) + 1);
    expect(counts.size).toBe(4);
    expect([...counts.values()].every((count) => count === 2)).toBe(true);
  });

  it("have levels between the least and the max, and none on a plain", () => {
    const levels = levelsOf([0.1, 1, 10, 3.4e38], 4);
    expect(levels).toHaveLength(4);
    expect(levels[0]).toBeGreaterThan(0.1);
    expect(levels[3]).toBeLessThan(10);
    expect(levelsOf([2, 2, 2], 4)).toEqual([]);
  });
});

describe("axes", () => {
  const bin = (mean: number) => ({ step: 1, mean, low: mean, high: mean });

  it("hold everything that is drawn", () => {
    expect(trendDomain([bin(0.5), { step: 2, mean: 2, low: 1, high: 2.5 }], "loss", false)).toEqual([0, 2.5 * 1.08]);
    const [low, high] = trendDomain([bin(0.5), bin(2)], "loss", true);
    expect(low).toBeLessThan(0.5);
    expect(high).toBeGreaterThan(2);
    expect(trendDomain([bin(0.1), bin(0.9)], "accuracy", false)).toEqual([0, 1]);
    expect(trendDomain([bin(0.93)], "accuracy", false)).toEqual([0.8, 1]);
    expect(trendDomain([bin(NaN)], "loss", true)).toEqual([0, 1]);
  });
});

describe("curves that grow", () => {
  it("have an axis that holds the end and moves seldom", () => {
    for (const last of [0, 9, 10, 99, 100, 1234, 57_000]) expect(axisEnd(last)).toBeGreaterThanOrEqual(last);
    expect(axisEnd(50_100)).toBe(axisEnd(50_800));
    expect(axisEnd(57_000) / 57_000).toBeLessThan(1.15);
  });

  it("name what differs from the run, and nothing else", () => {
    expect(planDifferences(PLAN, PLAN)).toEqual([]);
    const other = { ...PLAN, seed: 7, darkInk: true, centring: { ...PLAN.centring, mass: false }, optimizer: { ...PLAN.optimizer, learningRate: 0.1 } };
    expect(planDifferences(PLAN, other)).toEqual([
      `learning rate ${PLAN.optimizer.learningRate} → 0.1`, `seed ${PLAN.seed} → 7`,
      "preparation widen thin strokes, crop and scale, average pixels, centre by mass → widen thin strokes, crop and scale, average pixels",
      "ink light → dark",
    ]);
  });

  it("follow the rate of the run unless they have one of their own", () => {
    const at = (learningRate: number, seed = 1): LearnPlan => ({ ...PLAN, seed, optimizer: { ...PLAN.optimizer, learningRate } });
    expect(withRateOf(at(0.5, 9), at(0.5), at(0.2)).optimizer.learningRate).toBe(0.2);
    expect(withRateOf(at(0.4, 9), at(0.5), at(0.2)).optimizer.learningRate).toBe(0.4);
  });

  it("are planned for data of other classes", () => {
    const letters: DataChoice = { ...DIGITS, name: "letters", classes: Array.from("abcdefghijklmnopqrstuvwxyz"), raw: true, centring: { ...PLAN.centring, mass: false }, darkInk: true };
    const planned = withData(PLAN, letters, DIGITS);
    expect(planned.layers.map(({ size }) => size)).toEqual([16, 16, 26]);
    expect(planned).toMatchObject({ data: "letters", centring: { mass: false }, darkInk: true });
  });

  it("begin anew, but for the seed, for data of another kind", () => {
    const suited: LearnPlan = { ...PLAN, data: "houses", loss: "mean_squared", standardize: true, layers: [dense(8, "tanh"), dense(1, "identity")] };
    const houses: DataChoice = { ...DIGITS, name: "houses", classes: ["price"], inputs: 3, table: true, task: "values", plan: suited };
    expect(withData({ ...PLAN, seed: 7 }, houses, DIGITS)).toEqual({ ...suited, seed: 7 });
    expect(problem(suited, "values")).toBeNull();
    expect(problem(suited, "classes")).toContain("choose a loss for classes");
    expect(problem(PLAN, "values")).toContain("choose a loss for values");
    expect(planDifferences(PLAN, suited)).toContain("loss cross-entropy → mean squared");
    expect(planDifferences(PLAN, suited)).toContain("features as they are → standardised");
  });
});
