/**
 * What the network computes, layer by layer, as `pellucid.inspect.reference` writes it in NumPy.
 *
 * Values between layers are float32, as in the engine. Sums are formed in float64 and rounded once, so that they differ from
 * the engine's, which adds in another order, by the rounding of float32 only.
 */

import type { LayerInfo } from "../protocol/messages";
import { inputMaps } from "../state/network";

export type Vector = Float32Array<ArrayBufferLike>;

/** Weighted sums z and activations a of a layer; in layers without weights both are the activations. */
export interface Computed {
  readonly sums: Vector;
  readonly activations: Vector;
}

/** Run all layers; `inputs` are the pixels (D,), 0 to 1. */
export function forward(layers: readonly LayerInfo[], parameters: Vector, inputs: Vector): Computed[] {
  const found: Computed[] = [];
  let values = inputs;
  for (const layer of layers) {
    const computed = compute(layer, parameters, values);
    found.push(computed);
    values = computed.activations;
  }
  return found;
}

function compute(layer: LayerInfo, parameters: Vector, inputs: Vector): Computed {
  switch (layer.kind) {
    case "dense":
      return activated(layer, denseSums(layer, parameters, inputs));
    case "conv2d":
      return activated(layer, convolutionSums(layer, parameters, inputs));
    case "max_pool2d":
    case "avg_pool2d":
      return unchanged(pooled(layer, inputs));
    case "flatten":
    case "dropout": // drops only during training
      return unchanged(inputs);
  }
}

function unchanged(values: Vector): Computed {
  return { sums: values, activations: values };
}

function activated({ activation }: LayerInfo, sums: Vector): Computed {
  return { sums, activations: activation === "softmax" ? softmax(sums) : sums.map(FUNCTIONS[activation]) };
}

const FUNCTIONS = {
  identity: (z: number) => z,
  relu: (z: number) => Math.max(0, z),
  sigmoid: (z: number) => 1 / (1 + Math.exp(-z)),
  tanh: Math.tanh,
} as const;

function softmax(sums: Vector): Vector {
  const largest = sums.reduce((most, z) => Math.max(most, z), -Infinity);
  const powers = Array.from(sums, (z) => Math.exp(z - largest));
  const total = powers.reduce((sum, power) => sum + power, 0);
  return Float32Array.from(powers, (power) => power / total);
}

/** z[j] = b[j] + sum over i of W[j, i] x[i]; the weight from input i to neuron j lies at `weight + i * outputs + j`. */
function denseSums({ inputs: count, outputs, weight, bias }: LayerInfo, parameters: Vector, inputs: Vector): Vector {
  const sums = Float64Array.from(parameters.subarray(bias, bias + outputs));
  for (let input = 0; input < count; input++) {
    const value = inputs[input];
    if (value === 0) continue;
    const from = weight + input * outputs;
    for (let neuron = 0; neuron < outputs; neuron++) sums[neuron] += parameters[from + neuron] * value;
  }
  return Float32Array.from(sums);
}

/** z[o, y, x] = b[o] + sum over c, i, j of W[o, c, i, j] x[c, s y + i - p, s x + j - p]; x is 0 outside. */
function convolutionSums(layer: LayerInfo, parameters: Vector, inputs: Vector): Vector {
  const { channels, rows, columns } = inputMaps(layer);
  const [filters, high, wide] = layer.outputShape;
  const [down, across] = layer.kernel;
  const sums = new Float32Array(filters * high * wide);
  const plane = new Float64Array(high * wide);
  for (let filter = 0, at = layer.weight; filter < filters; filter++) {
    plane.fill(parameters[layer.bias + filter]);
    for (let channel = 0; channel < channels; channel++) {
      const map = inputs.subarray(channel * rows * columns, (channel + 1) * rows * columns);
      for (let i = 0; i < down; i++) {
        for (let j = 0; j < across; j++, at++) addShifted(plane, high, wide, map, rows, columns, layer, i, j, parameters[at]);
      }
    }
    sums.set(plane, filter * high * wide);
  }
  return sums;
}

/** Add `weight` times the input under place (i, j) of the filter to every place of a map. */
function addShifted(
  plane: Float64Array, high: number, wide: number, map: Vector, rows: number, columns: number, { stride, padding }: LayerInfo, i: number, j: number, weight: number,
): void {
  const left = Math.max(0, Math.ceil((padding[1] - j) / stride[1]));
  const right = Math.min(wide, Math.floor((columns - 1 + padding[1] - j) / stride[1]) + 1);
  for (let y = 0; y < high; y++) {
    const row = y * stride[0] + i - padding[0];
    if (row < 0 || row >= rows) continue;
    const from = row * columns + j - padding[1];
    for (let x = left, to = y * wide + left; x < right; x++, to++) plane[to] += weight * map[from + x * stride[1]];
  }
}

/** The largest value, or the mean, of each window. */
function pooled({ kind, inputShape, outputShape, kernel, stride }: LayerInfo, inputs: Vector): Vector {
  const [columns, size] = [inputShape[inputShape.length - 1], inputShape[inputShape.length - 1] * inputShape[inputShape.length - 2]];
  const [channels, high, wide] = outputShape;
  const found = new Float32Array(channels * high * wide);
  let to = 0;
  for (let channel = 0; channel < channels; channel++) {
    for (let y = 0; y < high; y++) {
      for (let x = 0; x < wide; x++, to++) {
        const corner = channel * size + y * stride[0] * columns + x * stride[1];
        let [largest, sum] = [-Infinity, 0];
        for (let i = 0; i < kernel[0]; i++) {
          for (let j = 0; j < kernel[1]; j++) {
            const value = inputs[corner + i * columns + j];
            if (value > largest) largest = value;
            sum += value;
          }
        }
        found[to] = kind === "max_pool2d" ? largest : sum / (kernel[0] * kernel[1]);
      }
    }
  }
  return found;
}
