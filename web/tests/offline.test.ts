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
