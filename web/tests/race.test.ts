import { describe, expect, it } from "vitest";
import { draftOf, namesOf, parseWidths, PRESETS, racePlanOf, raceProblem } from "../src/state/raceplan";
import { accuraciesAt, bandsOf, column, quantiles, winsOf, type TrialsView } from "../src/state/raceviews";
import { filled } from "../src/state/race.svelte";
import type { RaceTrials } from "../src/protocol/messages";

describe("the plan of a race", () => {
  it("reads widths as people type them", () => {
    expect(parseWidths("16, 16")).toEqual([16, 16]);
    expect(parseWidths(" 8 4-2 ")).toEqual([8, 4, 2]);
    expect(parseWidths("")).toEqual([]);
    for (const wrong of ["0", "1025", "a", "1.5", "1 1 1 1 1 1 1 1 1"]) expect(parseWidths(wrong)).toBeNull();
  });

  it("names contestants by what tells them apart, each differently", () => {
    const names = PRESETS.map(([, { contestants }]) => namesOf(contestants));
    expect(names[0]).toEqual(["sigmoid", "ReLU"]);
    expect(names[3]).toEqual(["SGD 0.1", "momentum 0.02", "Adam 0.003"]);
    expect(names[4]).toEqual(["4-4", "16-16", "64-64"]);
    const one = PRESETS[0][1].contestants[0];
    expect(namesOf([one, one])).toEqual(["sigmoid (1)", "sigmoid (2)"]);
  });

  it("becomes the server's plan and comes back", () => {
    for (const [, draft] of PRESETS) {
      expect(raceProblem(draft)).toBeNull();
      const plan = racePlanOf(draft, 7);
      expect(plan.contestants.every(({ layers }) => layers.at(-1)?.size === 7)).toBe(true);
      expect(draftOf(plan)).toEqual(draft);
    }
  });

  it("tells what is wrong", () => {
    const draft = PRESETS[0][1];
    expect(raceProblem({ ...draft, epochs: 0 })).toContain("epochs");
    expect(raceProblem({ ...draft, batchSize: NaN })).toContain("mini-batch");
    expect(raceProblem({ ...draft, seed: -1 })).toContain("seed");
    expect(raceProblem({ ...draft, contestants: [{ ...draft.contestants[0], rate: 0 }] })).toContain("learning rate");
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
