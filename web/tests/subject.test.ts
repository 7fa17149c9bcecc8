import { describe, expect, it } from "vitest";
import { knobIndex } from "../src/state/network";
import { dimWires, isOfSubject, type Subject } from "../src/state/terms";
import { doubtOf, type Trace } from "../src/state/trace";
import { network } from "./network";

const NET = network(3, 2, 4, 2);

/** The wires that keep their strength, as [layer, input, neuron]. */
function kept(subject: Subject): number[][] {
  const strengths = new Float32Array(3 * 2 + 2 * 4 + 4 * 2).fill(1);
  dimWires(strengths, NET, subject, 0.1);
  const found: number[][] = [];
  let wire = 0;
  for (const { index, inputs, outputs } of NET.layers) {
    for (let input = 0; input < inputs; input++) {
      for (let neuron = 0; neuron < outputs; neuron++) if (strengths[wire++] === 1) found.push([index, input, neuron]);
    }
  }
  return found;
}

function neurons(subject: Subject): string[] {
  return NET.layers.flatMap(({ index, outputs }) =>
    Array.from({ length: outputs }, (_, neuron) => ({ layer: index, neuron }))
      .filter((place) => isOfSubject(NET, subject, place))
      .map(({ layer, neuron }) => `${layer}/${neuron}`),
  );
}

describe("the subject of the network picture", () => {
  it("is a neuron with its incoming and outgoing wires and their ends", () => {
    const subject = { neuron: { layer: 1, neuron: 2 } };
    expect(kept(subject)).toEqual([[1, 0, 2], [1, 1, 2], [2, 2, 0], [2, 2, 1]]);
    expect(neurons(subject)).toEqual(["0/0", "0/1", "1/2", "2/0", "2/1"]);
  });

  it("is a wire with its two ends", () => {
    const subject = { knob: knobIndex(NET, { layer: 1, neuron: 3, input: 0 }) };
    expect(kept(subject)).toEqual([[1, 0, 3]]);
    expect(neurons(subject)).toEqual(["0/0", "1/3"]);
  });

  it("is the neuron of a bias", () => {
    const subject = { knob: knobIndex(NET, { layer: 2, neuron: 1, input: -1 }) };
    expect(kept(subject)).toEqual([[2, 0, 1], [2, 1, 1], [2, 2, 1], [2, 3, 1]]);
    expect(neurons(subject)).toEqual(["1/0", "1/1", "1/2", "1/3", "2/1"]);
  });

  it("is an input with its wires", () => {
    expect(kept({ input: 1 })).toEqual([[0, 1, 0], [0, 1, 1]]);
    expect(neurons({ input: 1 })).toEqual(["0/0", "0/1"]);
  });
});

describe("doubts about a reading", () => {
  const trace = (digits: number | null, distance: number): Trace => ({
    version: 0, columns: [], sums: [], words: "7 at 0.90", digits, likeness: { distance, limit: 4.8 },
  });

  it("are several digits, then a picture unlike digits, each with its numbers", () => {
    expect(doubtOf(trace(1, 4.8))).toBeNull();
    expect(doubtOf(trace(null, 2))).toBeNull();
    expect(doubtOf(trace(3, 9))).toMatchObject({ kind: "several", text: "This picture seems to hold 3 digits: only one can be read here." });
    expect(doubtOf(trace(1, 7.26))?.reason).toContain("7.3; 99 % of real digits are within 4.8");
    expect(doubtOf({ ...trace(1, 9), likeness: null })).toBeNull();
  });
});
