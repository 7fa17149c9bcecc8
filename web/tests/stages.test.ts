/** The story of backpropagation: every number as gradients, named, signed and checkable. */

import { describe, expect, it } from "vitest";
import type { NudgeStage } from "../src/protocol/messages";
import { knobIndex, type Network } from "../src/state/network";
import type { Gradients } from "../src/state/nudges";
import { pictureOf, stageStrengths } from "../src/state/stagepicture";
import { bySize, costFormula, focusOf, rowsOf, valueCostFormula } from "../src/state/stages";
import { dense, PIXELS, rowOf } from "./network";

const NETWORK: Network = {
  name: "small", input: { ...PIXELS, rows: 1, columns: 3 }, task: "classes", classes: ["0", "1"], knobs: 3 * 2 + 2 + 2 * 2 + 2,
  layers: [
    dense(0, 3, 2, "sigmoid", 0),
    dense(1, 2, 2, "softmax", 8),
  ],
};

/** Made by hand: dWeights = dSums x inputs, dInputs = weights' transpose times dSums. */
const GRADIENTS: Gradients = {
  version: 1, label: 1, loss: "cross_entropy", cost: 0.5,
  targets: f(0, 1), costs: f(0, 0.5), nudges: f(-0.4, 0.4), gradientNorm: 1, stages: [],
  layers: [
    {
      inputs: f(0, 0.5, 1), weights: f(1, 2, 3, 4, 5, 6), sums: f(4, 8.5), activations: f(0.9, 0.2), dActivations: f(0.6, -0.1),
      derivatives: f(0.5, 0.25), dSums: f(0.3, -0.025), dWeights: f(0, 0.15, 0.3, 0, -0.0125, -0.025), dBiases: f(0.3, -0.025), dInputs: f(0.2, 0.475, 0.75),
    },
    {
      inputs: f(0.9, 0.2), weights: f(2, 1, 0.5, 1.25), sums: f(2, 0.7), activations: f(0.4, 0.6), dActivations: f(0, -1.667),
      derivatives: f(0.24, 0.24), dSums: f(0.4, -0.4), dWeights: f(0.36, 0.08, -0.36, -0.08), dBiases: f(0.4, -0.4), dInputs: f(0.6, -0.1),
    },
  ],
};

function f(...values: number[]): Float32Array {
  return Float32Array.from(values);
}

function stage(kind: NudgeStage["kind"], layer: number): NudgeStage {
  return { kind, layer, title: kind, caption: "" };
}

function rows(kind: NudgeStage["kind"], layer: number, focus = -1) {
  return rowsOf(GRADIENTS, stage(kind, layer), NETWORK, focus);
}

describe("rows of a stage", () => {
  it("wish for the opposite of the derivative", () => {
    expect(rows("outputs", 1).rows.map(({ value }) => value)).toEqual(Array.from(f(-0.4, 0.4)));
    expect(rows("biases", 0).rows.map(({ value }) => value)).toEqual(Array.from(f(-0.3, 0.025)));
    expect(rows("pixels", 0).rows[0]).toMatchObject({ name: "pixel (0, 2)", value: -0.75, check: { kind: "input", neuron: 2 } });
  });

  it("rank a neuron's weights and name their knobs", () => {
    const shown = rows("weights", 0, 0);
    expect(shown.rows.map(({ key }) => key)).toEqual(["w2", "w1", "w0"]);
    expect(shown.rows[0].knob).toBe(knobIndex(NETWORK, { layer: 0, neuron: 0, input: 2 }));
    expect(shown.rows[0].formula).toBe("a · dC/dz = 1.000 × 0.300 = +0.300");
    expect(shown.rows[0].check).toEqual({ kind: "parameter", knob: shown.rows[0].knob });
  });

  it("look at the strongest neuron until another is chosen", () => {
    expect(focusOf(f(0.1, -3, 2), -1)).toBe(1);
    expect(focusOf(f(0.1, -3, 2), 2)).toBe(2);
    expect(focusOf(f(0.1, -3), 7)).toBe(1);
    expect(bySize(f(1, -1, 2), 3)).toEqual([2, 0, 1]);
    expect(rows("weights", 0).head).toContain("neuron 0");
  });

  it("tell who asks an activation for what; the terms add up", () => {
    const shown = rows("inputs", 1, 0);
    expect(shown.rows[0].check).toEqual({ kind: "activation", layer: 0, neuron: 0 });
    const sum = shown.terms?.rows.reduce((total, { value }) => total + value, 0) ?? NaN;
    expect(sum).toBeCloseTo(shown.rows[0].value, 6);
  });

  it("put their numbers into the formula, or the short way of cross-entropy", () => {
    expect(rows("sums", 0).rows[0].formula).toBe("dC/da · f′(z) = 0.600 × 0.500 = +0.300");
    expect(rows("sums", 1).rows[1].formula).toBe("dC/dz = a − y = 0.600 − 1 = −0.400");
  });

  it("tell the cost output by output", () => {
    expect(costFormula("squared", "sigmoid", 0.5, 1, 0.25)).toBe("(a − y)² = (0.500 − 1)² = 0.250");
    expect(costFormula("cross_entropy", "softmax", 0.25, 0, 0)).toContain("no share");
    expect(costFormula("cross_entropy", "sigmoid", 0.5, 0, 0.693)).toContain("1 − 0.500");
    expect(rows("cost", 1).rows[1].formula).toBe("−ln a = −ln 0.600 = 0.500");
  });
});

describe("the picture of a stage", () => {
  it("reveals nudges from the outputs back to the pixels", () => {
    const known = (kind: NudgeStage["kind"], layer: number) => pictureOf(GRADIENTS, stage(kind, layer)).nudges.map((nudges) => nudges !== null);
    expect(known("forward", -1)).toEqual([false, false, false]);
    expect(known("cost", 1)).toEqual([false, false, false]);
    expect(known("outputs", 1)).toEqual([false, false, true]);
    expect(known("inputs", 1)).toEqual([false, true, true]);
    expect(known("weights", 0)).toEqual([false, true, true]);
    expect(known("pixels", 0)).toEqual([true, true, true]);
  });

  it("gives wires in the order of the knobs, the strongest at full", () => {
    const strengths = new Float32Array(10);
    stageStrengths(strengths, GRADIENTS, stage("weights", 0));
    expect(strengths[2 * 2 + 0]).toBe(-1);
    expect(strengths[1 * 2 + 1]).toBeCloseTo(0.0125 / 0.3, 5);
    expect(Math.max(...strengths.subarray(6).map(Math.abs))).toBeCloseTo(0.22, 5);
    stageStrengths(strengths, GRADIENTS, stage("outputs", 1));
    expect(strengths.every((strength) => strength === 0)).toBe(true);
    stageStrengths(strengths, GRADIENTS, stage("forward", -1));
    expect(Math.max(...strengths.subarray(0, 6))).toBe(1);
  });
});

describe("towards values", () => {
  it("the cost of each is a formula of its distance", () => {
    expect(valueCostFormula("mean_squared", 3, 1, 4, 1)).toBe("(a − y)² = (3.000 − 1.000)² = 4.000");
    expect(valueCostFormula("mean_squared", 3, -1, 8, 2)).toBe("(a − y)² / 2 = (3.000 − (−1.000))² / 2 = 8.000");
    expect(valueCostFormula("mean_absolute", 3, 1, 2, 1)).toBe("|a − y| = |3.000 − 1.000| = 2.000");
    expect(valueCostFormula("huber", 1.5, 1, 0.125, 1)).toBe("½(a − y)² = ½(1.500 − 1.000)² = 0.125");
    expect(valueCostFormula("huber", 3, 1, 1.5, 1)).toBe("(|a − y| − ½) = (|3.000 − 1.000| − ½) = 1.500");
  });

  it("features have their names, and a target its digits", () => {
    const network: Network = { ...NETWORK, input: rowOf("area", "age", "rooms"), task: "values", classes: ["price", "taxes"] };
    const gradients: Gradients = { ...GRADIENTS, label: null, loss: "mean_squared" };
    const pixels = gradients.stages.find(({ kind }) => kind === "pixels") ?? { kind: "pixels" as const, layer: 0, title: "", caption: "" };
    const shown = rowsOf(gradients, pixels, network, -1);
    expect(shown.head).toContain("features");
    expect(shown.rows.map(({ name }) => name).sort()).toEqual(["age", "area", "rooms"]);
    expect(shown.rows.every(({ label }) => label.startsWith("feature "))).toBe(true);
  });
});
