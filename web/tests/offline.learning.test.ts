/** Learning on the shared page: gradients by central differences, the steps, the images, switched neurons. */

import { describe, expect, it } from "vitest";
import { sum32 } from "../src/offline/checksum";
import { forward } from "../src/offline/engine";
import { Examples } from "../src/offline/examples";
import { addGradient } from "../src/offline/learning/backpropagation";
import { lossOf, type ClassLoss } from "../src/offline/learning/loss";
import { makeRandom, randomWeights, shuffled } from "../src/offline/learning/random";
import { descend, Trainer } from "../src/offline/learning/trainer";
import { canSwitch, switched } from "../src/offline/switched";
import type { Layer } from "../src/state/network";
import { dense, network } from "./network";

type Activation = Layer["activation"];

function layersOf(widths: readonly number[], activations: readonly Activation[]): { layers: Layer[]; count: number } {
  let weight = 0;
  const layers = activations.map((activation, index) => {
    const layer = dense(index, widths[index], widths[index + 1], activation, weight);
    weight = layer.bias + widths[index + 1];
    return layer;
  });
  return { layers, count: weight };
}

const random = makeRandom(7);
const INPUTS = Float32Array.from({ length: 6 }, (_, at) => (at === 2 ? 0 : random()));

/** The loss of all layers in float64. */
function lossAt(layers: readonly Layer[], loss: ClassLoss, parameters: Float64Array, label: number): number {
  let values = Float64Array.from(INPUTS);
  let sums = values;
  for (const { inputs, outputs, weight, bias, activation } of layers) {
    sums = Float64Array.from({ length: outputs }, (_, neuron) => {
      let sum = parameters[bias + neuron];
      for (let input = 0; input < inputs; input++) sum += parameters[weight + input * outputs + neuron] * values[input];
      return sum;
    });
    const total = sums.reduce((all, z) => all + Math.exp(z), 0);
    const act = { identity: (z: number) => z, relu: (z: number) => Math.max(0, z), sigmoid: (z: number) => 1 / (1 + Math.exp(-z)), tanh: Math.tanh, softmax: (z: number) => Math.exp(z) / total };
    values = sums.map(act[activation]);
  }
  return lossOf(loss, layers[layers.length - 1].activation, sums, values, label);
}

describe("the gradient", () => {
  it.each<[ClassLoss, Activation[]]>([
    ["cross_entropy", ["sigmoid", "softmax"]], ["cross_entropy", ["relu", "tanh", "softmax"]], ["cross_entropy", ["tanh", "sigmoid"]], ["squared", ["sigmoid", "sigmoid"]],
    ["squared", ["tanh", "softmax"]], ["squared", ["identity", "relu"]], ["squared", ["softmax", "identity"]],
  ])("of %s with %j is that of central differences", (loss, activations) => {
    const { layers, count } = layersOf([6, 5, 4, 3].slice(0, activations.length + 1), activations);
    const parameters = Float32Array.from({ length: count }, () => 2 * random() - 1);
    const gradient = new Float64Array(count);
    const { loss: value } = addGradient(gradient, layers, loss, parameters, INPUTS, 1);
    const exact = Float64Array.from(parameters);
    expect(value).toBeCloseTo(lossAt(layers, loss, exact, 1), 5);
    for (let knob = 0; knob < count; knob++) {
      const [above, below] = [1e-4, -1e-4].map((by) => lossAt(layers, loss, exact.with(knob, exact[knob] + by), 1));
      expect(gradient[knob]).toBeCloseTo((above - below) / 2e-4, 4);
    }
  });
});

/** Two classes of images: ink on the left, ink on the right. */
function examples(train: number, test: number): Examples {
  const labels = Uint8Array.from({ length: train + test }, (_, at) => at % 2);
  const levels = Uint8Array.from({ length: 4 * labels.length }, (_, at) => (labels[Math.floor(at / 4)] === at % 2 ? 255 : 51));
  return new Examples(labels, levels, 4, train);
}

describe("training", () => {
  it("takes steps with momentum", () => {
    const [parameters, velocity] = [Float32Array.of(1, 2), Float32Array.of(0.5, 0)];
    descend(parameters, velocity, Float64Array.of(4, -2), 2, { rate: 0.5, momentum: 0.9, batch: 2 });
    expect(velocity[0]).toBeCloseTo(0.9 * 0.5 + 2, 6);
    expect(Array.from(parameters)).toEqual([1 - Math.fround(0.5 * velocity[0]), 2.5].map((value) => expect.closeTo(value, 6)));
  });

  it("learns, sees every image once in an epoch, and repeats with the same seed", () => {
    const { layers, count } = layersOf([4, 3, 2], ["tanh", "softmax"]);
    const begin = randomWeights(layers, count, makeRandom(3));
    const [one, two] = [0, 1].map(() => new Trainer(layers, "cross_entropy", examples(10, 4), begin, 5));
    const losses: number[] = [];
    for (const trainer of [one, two]) {
      Object.assign(trainer.settings, { batch: 4, rate: 0.1 });
      while (trainer.steps < 60) {
        const step = trainer.work(() => false);
        if (step && trainer === one) losses.push(step.loss);
      }
    }
    expect(one.seen).toBe(200); // mini-batches of 4, 4 and 2
    expect(Array.from(one.parameters)).toEqual(Array.from(two.parameters));
    expect(losses.at(-1)).toBeLessThan(0.1 * losses[0]);
  });

  it("stops in the middle of a mini-batch and goes on as if it had not", () => {
    const { layers, count } = layersOf([4, 2], ["softmax"]);
    const begin = new Float32Array(count);
    const [whole, parts] = [0, 1].map(() => new Trainer(layers, "squared", examples(8, 2), begin, 1));
    while (whole.steps < 5) whole.work(() => false);
    let calls = 0;
    while (parts.steps < 5) parts.work(() => ++calls % 3 === 0);
    expect(parts.parameters).toEqual(whole.parameters);
    expect(calls).toBeGreaterThan(5);
  });

  it("shuffles all of them", () => {
    const order = shuffled(1000, makeRandom(2));
    expect(Array.from(order).toSorted((a, b) => a - b)).toEqual(Array.from({ length: 1000 }, (_, at) => at));
    expect(order.filter((index, at) => index === at).length).toBeLessThan(20);
  });

  it("draws weights of the right size", () => {
    const { layers, count } = layersOf([400, 50, 10], ["relu", "softmax"]);
    const weights = randomWeights(layers, count, makeRandom(1));
    const spread = (from: number, to: number) => Math.sqrt(weights.subarray(from, to).reduce((sum, value) => sum + value ** 2, 0) / (to - from));
    expect(spread(layers[0].weight, layers[0].bias)).toBeCloseTo(Math.sqrt(2 / 400), 2);
    expect(spread(layers[1].weight, layers[1].bias)).toBeCloseTo(Math.sqrt(2 / 60), 1);
    expect(Array.from(weights.subarray(layers[0].bias, layers[1].weight)).every((value) => value === 0)).toBe(true);
  });
});

describe("switched neurons", () => {
  it("are not read by the next layer", () => {
    const net = network(3, 2, 2);
    const parameters = Float32Array.from({ length: net.knobs }, (_, at) => at / 10);
    const off = switched(net, parameters, [{ layer: 0, neuron: 1, factor: 0 }]);
    const inputs = Float32Array.of(1, 0.5, 0);
    const [{ activations }] = forward(net.layers, parameters, inputs);
    const { weight, bias } = net.layers[1];
    const expected = [0, 1].map((neuron) => parameters[bias + neuron] + parameters[weight + neuron] * activations[0]);
    expect(Array.from(forward(net.layers, off, inputs)[1].sums)).toEqual(expected.map((value) => expect.closeTo(value, 5)));
    expect(switched(net, parameters, [])).toBe(parameters);
    expect([-1, 0, 1].map((layer) => canSwitch(net, layer))).toEqual([false, true, false]);
  });
});

describe("the checksum", () => {
  it("is that of zlib", () => {
    expect(sum32(Float32Array.of(1, -2.5, 0))).toBe(2195795328);
    expect(sum32(new Float32Array(0), 7)).toBe(7);
  });
});
