import { describe, expect, it } from "vitest";
import { draftOf, layersText, namesOf, parseLayers, PRESETS, racePlanOf, raceProblem, READY_LAYERS } from "../src/state/raceplan";
import { accuraciesAt, bandsOf, column, quantiles, winsOf, type TrialsView } from "../src/state/raceviews";
import { filled } from "../src/state/race.svelte";
import type { RaceTrials } from "../src/protocol/messages";

const SHAPE = [28, 28];

describe("the plan of a race", () => {
  it("reads layers as people type them", () => {
    const sizes = (text: string) => parseLayers(text, "relu")?.map(({ size }) => size);
    expect(sizes("16, 16")).toEqual([16, 16]);
    expect(sizes(" 8 4-2 ")).toEqual([8, 4, 2]);
    expect(sizes("")).toEqual([]);
    const [conv, pool, mean, drop] = parseLayers("6@5+2:3 /2 ~3 d0.3", "tanh") ?? [];
    expect(conv).toMatchObject({ kind: "conv2d", size: 6, activation: "tanh", kernel: [5, 5], padding: [2, 2], stride: [3, 3] });
    expect(pool).toMatchObject({ kind: "max_pool2d", kernel: [2, 2], stride: [2, 2] });
    expect(mean).toMatchObject({ kind: "avg_pool2d", kernel: [3, 3] });
    expect(drop).toMatchObject({ kind: "dropout", rate: 0.3 });
    for (const wrong of ["0", "1025", "a", "1.5", "6@0", "0@3", "6@5+", "/0", "d2", "1 ".repeat(16)]) expect(parseLayers(wrong, "relu")).toBeNull();
  });

  it("writes layers as they are typed", () => {
    for (const [text] of READY_LAYERS) expect(layersText(parseLayers(text, "relu") ?? [])).toBe(text);
    expect(layersText(parseLayers("6@5+2:3 ~3 d0.3 4", "relu") ?? [])).toBe("6@5+2:3, ~3, d0.3, 4");
  });

  it("names contestants by what tells them apart, each differently", () => {
    const names = PRESETS.map(([, { contestants }]) => namesOf(contestants));
    expect(names[0]).toEqual(["sigmoid", "ReLU"]);
    expect(names[3]).toEqual(["SGD 0.1", "momentum 0.02", "Adam 0.003"]);
    expect(names[4]).toEqual(["4-4", "16-16", "64-64"]);
    expect(names[6]).toEqual(["16-16", "8c-16c-32", "6c-16c-120-84"]);
    const one = PRESETS[0][1].contestants[0];
    expect(namesOf([one, one])).toEqual(["sigmoid (1)", "sigmoid (2)"]);
  });

  it("becomes the server's plan and comes back", () => {
    for (const [, draft] of PRESETS) {
      expect(raceProblem(draft, SHAPE)).toBeNull();
      const plan = racePlanOf(draft, 7);
      expect(plan.contestants.every(({ layers }) => layers.at(-1)?.size === 7)).toBe(true);
      expect(draftOf(plan)).toEqual(draft);
    }
  });

  it("tells what is wrong", () => {
    const draft = PRESETS[0][1];
    const first = draft.contestants[0];
    const of = (text: string, shape = SHAPE) => raceProblem({ ...draft, contestants: [{ ...first, hidden: parseLayers(text, "relu") ?? [] }] }, shape);
    expect(raceProblem({ ...draft, epochs: 0 }, SHAPE)).toContain("epochs");
    expect(raceProblem({ ...draft, batchSize: NaN }, SHAPE)).toContain("mini-batch");
    expect(raceProblem({ ...draft, seed: -1 }, SHAPE)).toContain("seed");
    expect(raceProblem({ ...draft, contestants: [{ ...first, rate: 0 }] }, SHAPE)).toContain("learning rate");
    expect(of("16 6@5")).toContain("before the first dense layer");
    expect(of("6@5 /30")).toContain("do not fit examples of 28×28");
    expect(of("6@5", [4])).toContain("do not fit");
    expect(of("16", [4])).toBeNull();
  });
});

describe("many trainings", () => {
  it("has only real values as quantiles", () => {
    expect(quantiles([4, 1, NaN, 3, 2], [0, 0.25, 0.5, 0.75, 1])).toEqual([1, 1, 2, 3, 4]);
    expect(quantiles([NaN], [0.5])[0]).toBeNaN();
  });

  it("takes columns apart", () => {
    expect(Array.from(column(Float32Array.of(1, 2, 3, 4, 5, 6), 3, 1))).toEqual([2, 5]);
    expect(column(new Float32Array(), 0, 0)).toHaveLength(0);
  });

  it("counts the starts that each has won", () => {
    const of = (accuracies: number[], diverged: number[]) => ({ rates: Float32Array.of(1), accuracies: Float32Array.from(accuracies), diverged: Float32Array.from(diverged) });
    const event = { starts: 4, epochs: 2 } as unknown as RaceTrials;
    // Start by start: the second wins; both alike; the second diverges; the first has not ended.
    const view: TrialsView = { event, contestants: [of([0.1, 0.5, 0.1, 0.5, 0.1, 0.2, 0.3, NaN], [0, 0, 0, 0]), of([0.1, 0.75, 0.1, 0.5, NaN, NaN, 0.3, 0.4], [0, 0, 1, 0])] };
    expect(winsOf(view)).toEqual({ wins: [1, 1], ties: 1, compared: 3 });
    expect(bandsOf(view, 0).map((values) => values[1])).toEqual([0.2, 0.2, 0.5, 0.5, 0.5].map(Math.fround));
    expect(accuraciesAt(view, 1, 0, 1).slice(0, 2)).toEqual([0.75, 0.5]);
  });
});

describe("a prediction", () => {
  it("is straight between what was drawn, and level beyond it", () => {
    const drawn = Float32Array.of(NaN, 0.25, NaN, 0.75, NaN);
    expect(filled(drawn)).toEqual([0.25, 0.25, 0.5, 0.75, 0.75]);
    expect(filled(new Float32Array(3).fill(NaN))).toEqual([]);
  });
});
