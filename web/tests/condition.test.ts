import { describe, expect, it } from "vitest";
import { conditionOf, type Facts } from "../src/state/condition";

const OPENED: Facts = { name: "digits-sigmoid", running: false, epoch: 1, step: 0, differs: 0, turned: 0, scaled: 0, grey: null };

describe("the condition of a network", () => {
  const cases: readonly (readonly [Partial<Facts>, string, string])[] = [
    [{}, "as opened", "as opened"],
    [{ name: "untitled" }, "as opened", "not trained yet"],
    [{ running: true, epoch: 3 }, "training", "training: epoch 3"],
    [{ differs: 1, turned: 1 }, "changed", "1 knob changed by hand"],
    [{ scaled: 2 }, "changed", "2 neurons changed by hand"],
    [{ grey: 10 }, "changed", "read with 10 grey levels"],
    [{ scaled: 2, grey: 2 }, "changed", "2 neurons changed by hand, read with 2 grey levels"],
    [{ differs: 13002, step: 412 }, "changed", "trained further for 412 mini-batches"],
    [{ differs: 13002, step: 412, turned: 3, scaled: 1 }, "changed", "trained further for 412 mini-batches, then 3 knobs and 1 neuron changed by hand"],
    [{ name: "untitled", differs: 13002, step: 1 }, "changed", "trained for 1 mini-batch"],
    [{ differs: 13002 }, "changed", "trained further"],
  ];
  it.each(cases)("%o is %s: %s", (facts, kind, words) => {
    expect(conditionOf({ ...OPENED, ...facts })).toEqual({ kind, words });
  });
});
