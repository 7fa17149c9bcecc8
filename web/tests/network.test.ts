import { describe, expect, it } from "vitest";
import { findKnob, knobAt, knobIndex, knobLabel, knobName, knobWire, sizes, wireCount, wireKnob } from "../src/state/network";
import { rankedTerms, wireStrengths } from "../src/state/terms";
import { network } from "./network";

const NET = network(784, 16, 16, 10);

describe("knobs", () => {
  it("are 13,002, of which 12,960 are wires", () => {
    expect([NET.knobs, wireCount(NET), sizes(NET)]).toEqual([13002, 12960, [784, 16, 16, 10]]);
  });

  it("have a place and a name each, and are found by it", () => {
    for (let index = 0; index < NET.knobs; index++) {
      expect(knobIndex(NET, knobAt(NET, index))).toBe(index);
      expect(findKnob(NET, knobName(NET, index))).toBe(index);
    }
  });

  it("are wires in the order of the weights, biases are none", () => {
    const seen = new Set<number>();
    for (let wire = 0; wire < wireCount(NET); wire++) {
      const knob = wireKnob(NET, wire);
      expect(knobWire(NET, knob)).toBe(wire);
      seen.add(knob);
    }
    expect(seen.size).toBe(12960);
    expect(knobWire(NET, knobIndex(NET, { layer: 1, neuron: 3, input: -1 }))).toBe(-1);
  });

  it("are found by loose names, a pixel's row and column, or a number", () => {
    const wanted = knobIndex(NET, { layer: 0, neuron: 3, input: 120 });
    for (const text of ["layers[0].weight[3, 120]", "layers[0].weight[3,120]", "0 w 3 120", "layer 0 weight 3 120", "0 w 3 4 8", String(wanted)]) {
      expect(findKnob(NET, text), text).toBe(wanted);
    }
    expect(findKnob(NET, "2 bias 7")).toBe(knobIndex(NET, { layer: 2, neuron: 7, input: -1 }));
    expect(findKnob(NET, "13,001")).toBe(13001);
  });

  it("are found by the names that the page shows", () => {
    for (const knob of [0, 406 * 16 + 3, NET.layers[1].weight + 37, NET.layers[1].bias + 5, NET.knobs - 1]) {
      expect(findKnob(NET, knobLabel(NET, knob))).toBe(knob);
    }
    expect(findKnob(NET, " Pixel 14 14 -> hidden layer 1 neuron 3")).toBe(406 * 16 + 3);
    expect(findKnob(NET, "pixel (28, 0) → hidden layer 1, neuron 3")).toBeNull();
  });

  it("that are not there are not found", () => {
    for (const text of ["", "weight", "3 w 0 0", "0 w 16 0", "0 w 0 784", "2 b 10", "13002", "-1", "0 w 3 4 28", "1 w 3 4 8", ","]) {
      expect(findKnob(NET, text), text).toBeNull();
    }
    expect(() => knobAt(NET, 13002)).toThrow(RangeError);
    expect(() => wireKnob(NET, 12960)).toThrow(RangeError);
  });

  it("are told in words", () => {
    expect(knobLabel(NET, knobIndex(NET, { layer: 0, neuron: 3, input: 120 }))).toBe("pixel (4, 8) → hidden layer 1, neuron 3");
    expect(knobLabel(NET, knobIndex(NET, { layer: 2, neuron: 7, input: -1 }))).toBe("bias of output 7");
  });
});

describe("terms", () => {
  const net = network(3, 2, 2);
  // Layer 0: weight from input i to neuron j is number i * 2 + j.
  const parameters = Float32Array.from([0.5, -1, 2, 0.25, -3, 1, 0.1, 0.2, 1, -2, 3, 4, 0, 0]);

  it("are ranked by size, whatever their sign; ties by input", () => {
    const terms = rankedTerms(net, parameters, Float32Array.from([1, 0.5, 0.5]), { layer: 0, neuron: 0 });
    expect(terms.map(({ input, product }) => [input, product])).toEqual([[2, -1.5], [1, 1], [0, 0.5]]);
  });

  it("make the strengths of the wires, the strongest of a layer being 1", () => {
    const out = new Float32Array(wireCount(net));
    const columns = [Float32Array.from([1, 0.5, 0]), Float32Array.from([1, 0]), Float32Array.from([0, 0])];
    wireStrengths(out, net, parameters, columns, "contribution");
    expect(Array.from(out)).toEqual([0.5, -1, 1, 0.125, -0, 0, 0.5, -1, 0, 0]);
    wireStrengths(out, net, parameters, columns, "weight");
    expect(out[4]).toBe(-1);
    expect(out[9]).toBe(1);
  });

  it("of a silent layer are all zero, not NaN", () => {
    const out = new Float32Array(wireCount(net));
    wireStrengths(out, net, parameters, [new Float32Array(3), new Float32Array(2), new Float32Array(2)], "contribution");
    expect(out.every((strength) => strength === 0)).toBe(true);
  });
});
