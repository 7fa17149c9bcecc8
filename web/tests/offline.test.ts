/** The shared page's own parts: the history of changes, and the link that answers in the page. */

import { describe, expect, it } from "vitest";
import { Edits } from "../src/offline/edits";
import { localLink } from "../src/offline/link";
import { parametersOf, type Shared } from "../src/offline/shared";

function edits(): Edits {
  return new Edits(Float32Array.of(1, 2, 3), (knob) => `knob ${knob}`);
}

describe("edits", () => {
  it("of one gesture are undone together, whichever knobs they turn", () => {
    const made = edits();
    made.turn([0], [5], 1);
    made.turn([1], [6], 1);
    made.turn([0], [7], 1);
    made.turn([2], [8], 2);
    expect(Array.from(made.knobs)).toEqual([7, 6, 8]);
    expect(made.changes.map(({ text }) => text)).toEqual(["2 knobs", "knob 2: 3.000 to 8.000"]);
    made.goTo(1);
    expect(Array.from(made.knobs)).toEqual([7, 6, 3]);
    expect(new Set(made.goTo(0))).toEqual(new Set([0, 1]));
    expect(Array.from(made.knobs)).toEqual([1, 2, 3]);
    made.goTo(2);
    expect(Array.from(made.knobs)).toEqual([7, 6, 8]);
  });

  it("are forgotten once undone when another follows, and a reset can be undone", () => {
    const made = edits();
    made.turn([0], [5], 1);
    made.goTo(0);
    made.turn([1], [6], 1);
    expect(made.changes).toHaveLength(1);
    expect(made.reset()).toEqual([1]);
    expect(Array.from(made.knobs)).toEqual([1, 2, 3]);
    expect(made.reset()).toEqual([]);
    made.goTo(1);
    expect(Array.from(made.knobs)).toEqual([1, 6, 3]);
  });
});

describe("switched neurons and training", () => {
  const factor = (value: number) => ({ layer: 0, neuron: 1, factor: value });

  it("of one gesture are undone together, and a neuron that is on again is no longer listed", () => {
    const made = edits();
    made.scale(factor(0.5), "neuron 1", 1);
    made.scale(factor(0), "neuron 1", 1);
    expect(made.factors).toEqual([factor(0)]);
    expect(made.changes.map(({ text }) => text)).toEqual(["neuron 1 switched off"]);
    made.goTo(0);
    expect(made.factors).toEqual([]);
    made.goTo(1);
    made.scale(factor(1), "neuron 1", 2);
    expect(made.factors).toEqual([]);
    expect(made.position).toBe(2);
    made.scale(factor(0), "neuron 1", 3);
    made.reset();
    expect(made.factors).toEqual([]);
  });

  it("replace what reset returns to, until the shared network is restored", () => {
    const made = edits();
    made.turn([0], [5], 1);
    made.scale(factor(0), "neuron 1", 2);
    made.adopt(Float32Array.of(7, 8, 9));
    expect([made.isTrainedHere, made.position, made.changes, made.factors]).toEqual([true, 0, [], []]);
    made.turn([1], [0], 3);
    made.reset();
    expect(Array.from(made.knobs)).toEqual([7, 8, 9]);
    made.restore();
    expect([made.isTrainedHere, Array.from(made.knobs), Array.from(made.trained)]).toEqual([false, [1, 2, 3], [1, 2, 3]]);
  });
});

describe("the link", () => {
  it("answers in order, and never before the sender knows the number", async () => {
    const answered: number[] = [];
    const link = localLink({ answer: (_, id) => answered.push(id) });
    const sent = [link.send({ type: "undoStroke" }), link.send({ type: "redoStroke" }), link.send({ type: "clearDrawing" })];
    expect(answered).toEqual([]);
    await expect.poll(() => answered).toEqual(sent);
  });
});

describe("parameters", () => {
  const shared = (parameters: string, parameterCount: number) => ({ parameters, packing: "none", network: { parameterCount } }) as unknown as Shared;

  it("are float32 in little-endian order", async () => {
    expect(await parametersOf(shared("AACAPwAAAMA=", 2))).toEqual(Float32Array.of(1, -2));
  });

  it("of another number are a damaged file", async () => {
    await expect(parametersOf(shared("AACAPw==", 2))).rejects.toThrow("the file is damaged");
  });
});
