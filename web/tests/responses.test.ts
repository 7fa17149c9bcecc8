import { describe, expect, it } from "vitest";
import type * as wire from "../src/protocol/messages";
import { placeLabel } from "../src/state/lookfor.svelte";
import { interval, nextTarget, outline, percentBelow } from "../src/state/responses";

const PERCENTILES = Float32Array.from({ length: 101 }, (_, percent) => percent / 10);

describe("percentiles", () => {
  it("tell how many images a drawing leaves behind", () => {
    expect(percentBelow(PERCENTILES, -1)).toBe(-1);
    expect(percentBelow(PERCENTILES, 0)).toBe(-1);
    expect(percentBelow(PERCENTILES, 5.05)).toBe(50);
    expect(percentBelow(PERCENTILES, 11)).toBe(100);
    expect(percentBelow(new Float32Array(101), 0)).toBe(-1);
  });

  it("set the next target, until all images are left behind", () => {
    expect(nextTarget(PERCENTILES, -5)).toBe(50);
    expect(nextTarget(PERCENTILES, 5.01)).toBe(90);
    expect(nextTarget(PERCENTILES, 9.5)).toBe(99);
    expect(nextTarget(PERCENTILES, 10)).toBe(100);
    expect(nextTarget(PERCENTILES, 10.1)).toBeNull();
  });
});

describe("the interval of a score", () => {
  it("is Wilson's", () => {
    const [from, to] = interval(7, 10);
    expect(from).toBeCloseTo(0.3968, 3);
    expect(to).toBeCloseTo(0.8922, 3);
    expect(interval(0, 0)).toEqual([0, 1]);
  });

  it("holds the share and stays within 0 and 1", () => {
    for (let rounds = 1; rounds < 30; rounds++) {
      for (let right = 0; right <= rounds; right++) {
        const [from, to] = interval(right, rounds);
        expect(from).toBeGreaterThanOrEqual(0);
        expect(to).toBeLessThanOrEqual(1);
        expect(from).toBeLessThanOrEqual(right / rounds + 1e-12);
        expect(to).toBeGreaterThanOrEqual(right / rounds - 1e-12);
      }
    }
  });
});

describe("the outline of a histogram", () => {
  it("reaches the top at its highest bin", () => {
    expect(outline([1, 2, 0], 30, 10)).toBe("M0,10V5H10V0H20V10H30V10Z");
  });

  it("is flat without images", () => {
    expect(outline([0, 0], 10, 4)).toBe("M0,4V4H5V4H10V4Z");
  });
});

describe("the name of a neuron", () => {
  const layer = { layer: 0, name: "layer 1, convolution", equation: "", neurons: 12, map: [24, 24], names: null };
  const outputs = { layer: 8, name: "output layer", equation: "", neurons: 2, map: null, names: ["cross", "ring"] };
  const network: wire.LookSubject = {
    type: "lookSubject", request: 1, subject: null, version: 0, others: [], inputShape: [28, 28], classes: ["cross", "ring"],
    layers: [layer, { ...layer, layer: 3, name: "hidden layer 1", map: null }, outputs],
  };

  it("tells channels, neurons and outputs", () => {
    expect(placeLabel(network, { layer: 0, neuron: 7 })).toBe("layer 1, convolution, channel 7");
    expect(placeLabel(network, { layer: 3, neuron: 2 })).toBe("hidden layer 1, neuron 2");
    expect(placeLabel(network, { layer: 8, neuron: 1 })).toBe("output ring");
  });
});
