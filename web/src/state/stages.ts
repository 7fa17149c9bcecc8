/** The story of backpropagation: what each stage shows, every number as the engine told it. */

import type * as wire from "../protocol/messages";
import { BIAS, knobIndex, neuronWords, sourceWords, type Network } from "./network";
import type { Check, NudgeLayerView, NudgesView } from "./nudges";
import { figure, signed } from "./words";

/** One number of a stage: how it comes about, what it wants, and how it can be checked. */
export interface Row {
  readonly key: string;
  readonly name: string;
  readonly formula: string;
  /** Of the bar; what a number should do is the opposite of its derivative. */
  readonly value: number;
  readonly check?: Check;
  /** The knob, where it is one. */
  readonly knob?: number;
  /** Choosing the row looks at this neuron more closely. */
  readonly focus?: number;
}

export interface StageRows {
  /** What the numbers are. */
  readonly head: string;
  /** Whether their sign says which way to go. */
  readonly wishes: boolean;
  readonly rows: readonly Row[];
  /** What the focus is chosen among, if anything is. */
  readonly chooses?: "neurons" | "sources";
  /** A second list: the terms that the focused number is the sum of. */
  readonly terms?: { readonly head: string; readonly rows: readonly Row[] };
}

const MOST_ROWS = 16;

/** A number at three digits at least, however small. */
export function amount(value: number, sign = false): string {
  const size = Math.abs(value);
  const decimals = size >= 0.1 || size < 1e-6 ? 3 : 2 - Math.floor(Math.log10(size));
  return sign ? signed(value, decimals) : figure(value, decimals);
}

function inTerm(value: number): string {
  return value < 0 ? `(${amount(value)})` : amount(value);
}

/** The numbers of a stage; `focus` -1 chooses the neuron with the strongest wish. */
export function rowsOf(told: NudgesView, stage: wire.NudgeStage, network: Network, focus: number): StageRows {
  const number = stage.layer < 0 ? network.layers.length - 1 : stage.layer;
  const layer = told.layers[number];
  switch (stage.kind) {
    case "forward":
      return forward(network, layer);
    case "cost":
      return cost(told, network, layer);
    case "outputs":
      return outputs(told, network, layer);
    case "sums":
      return sums(told, network, number, layer);
    case "weights":
      return weights(network, number, layer, focusOf(layer.bySums, focus));
    case "biases":
      return biases(network, number, layer);
    case "inputs":
      return inputs(network, number, layer, focusOf(layer.byInputs, focus));
    case "pixels":
      return pixels(network, layer);
  }
}

/** The chosen one, or that of the largest size. */
export function focusOf(values: ArrayLike<number>, focus: number): number {
  if (focus >= 0 && focus < values.length) return focus;
  return bySize(values, 1)[0] ?? 0;
}

/** Numbers of the largest values whatever their sign, the largest first. */
export function bySize(values: ArrayLike<number>, most: number): number[] {
  const order = Array.from({ length: values.length }, (_, index) => index);
  return order.sort((a, b) => Math.abs(values[b]) - Math.abs(values[a]) || a - b).slice(0, most);
}

function forward(network: Network, layer: NudgeLayerView): StageRows {
  const last = network.layers.length - 1;
  return {
    head: "what the outputs say", wishes: false,
    rows: Array.from(layer.activations, (a, neuron) => ({
      key: `a${neuron}`, name: neuronWords(network, { layer: last, neuron }), formula: `z = ${amount(layer.sums[neuron])}, a = ${amount(a)}`, value: a,
    })),
  };
}

function cost(told: NudgesView, network: Network, layer: NudgeLayerView): StageRows {
  const last = network.layers.length - 1;
  const { activation } = network.layers[last];
  return {
    head: "each output's share of the cost", wishes: false,
    rows: Array.from(told.costs, (share, neuron) => ({
      key: `c${neuron}`, name: neuronWords(network, { layer: last, neuron }),
      formula: costFormula(told.loss, activation, layer.activations[neuron], told.targets[neuron], share), value: share,
    })),
  };
}

/** The loss's formula for one output, with its numbers. */
export function costFormula(loss: NudgesView["loss"], activation: string, a: number, target: number, share: number): string {
  if (loss === "squared") return `(a − y)² = (${amount(a)} − ${target})² = ${amount(share)}`;
  if (target === 1) return `−ln a = −ln ${amount(a)} = ${amount(share)}`;
  return activation === "softmax" ? "counts only through the wanted one" : `−ln(1 − a) = −ln(1 − ${amount(a)}) = ${amount(share)}`;
}

function outputs(told: NudgesView, network: Network, layer: NudgeLayerView): StageRows {
  const last = network.layers.length - 1;
  return {
    head: "which way each output wants its sum to go", wishes: true,
    rows: Array.from(told.wishes, (wish, neuron) => ({
      key: `w${neuron}`, name: neuronWords(network, { layer: last, neuron }),
      formula: `says ${amount(layer.activations[neuron])}, should be ${told.targets[neuron]}`, value: wish,
      check: { kind: "parameter", knob: knobIndex(network, { layer: last, neuron, input: BIAS }) },
    })),
  };
}

function sums(told: NudgesView, network: Network, number: number, layer: NudgeLayerView): StageRows {
  const shortcut = number === network.layers.length - 1 && told.loss === "cross_entropy";
  return {
    head: "−dC/dz: what passes through the squish", wishes: true,
    rows: Array.from(layer.bySums, (slope, neuron) => ({
      key: `z${neuron}`, name: neuronWords(network, { layer: number, neuron }),
      formula: shortcut
        ? `dC/dz = a − y = ${amount(layer.activations[neuron])} − ${told.targets[neuron]} = ${amount(slope, true)}`
        : `dC/da · slope = ${inTerm(layer.byActivations[neuron])} × ${amount(layer.slopes[neuron])} = ${amount(slope, true)}`,
      value: -slope,
      check: { kind: "parameter", knob: knobIndex(network, { layer: number, neuron, input: BIAS }) },
    })),
  };
}

function weights(network: Network, number: number, layer: NudgeLayerView, focus: number): StageRows {
  const inputCount = layer.inputs.length;
  const own = layer.byWeights.subarray(focus * inputCount, (focus + 1) * inputCount);
  return {
    head: `−dC/dw of ${neuronWords(network, { layer: number, neuron: focus })}, the strongest first`, wishes: true, chooses: "neurons",
    rows: bySize(own, MOST_ROWS).map((input) => {
      const knob = knobIndex(network, { layer: number, neuron: focus, input });
      return {
        key: `w${input}`, name: sourceWords(network, number, input),
        formula: `a · dC/dz = ${inTerm(layer.inputs[input])} × ${inTerm(layer.bySums[focus])} = ${amount(own[input], true)}`,
        value: -own[input], check: { kind: "parameter" as const, knob }, knob,
      };
    }),
  };
}

function biases(network: Network, number: number, layer: NudgeLayerView): StageRows {
  return {
    head: "−dC/db: just what its neuron wishes", wishes: true,
    rows: Array.from(layer.byBiases, (slope, neuron) => {
      const knob = knobIndex(network, { layer: number, neuron, input: BIAS });
      return {
        key: `b${neuron}`, name: `bias of ${neuronWords(network, { layer: number, neuron })}`, formula: `dC/db = dC/dz = ${amount(slope, true)}`,
        value: -slope, check: { kind: "parameter" as const, knob }, knob,
      };
    }),
  };
}

function inputs(network: Network, number: number, layer: NudgeLayerView, focus: number): StageRows {
  return {
    head: "−dC/da: what the layer wants of the one before", wishes: true, chooses: "sources",
    rows: Array.from(layer.byInputs, (slope, neuron) => ({
      key: `a${neuron}`, name: sourceWords(network, number, neuron), formula: `Σ w · dC/dz = ${amount(slope, true)}`, value: -slope, focus: neuron,
      check: { kind: "activation", layer: number - 1, neuron },
    })),
    terms: { head: `${sourceWords(network, number, focus)}: who asks it for what`, rows: termsOf(network, number, layer, focus) },
  };
}

function pixels(network: Network, layer: NudgeLayerView): StageRows {
  return {
    head: "−dC/dx: how the pixels would have to change, the strongest first", wishes: true,
    rows: bySize(layer.byInputs, MOST_ROWS).map((input) => ({
      key: `x${input}`, name: sourceWords(network, 0, input), formula: `level ${amount(layer.inputs[input])}, Σ w · dC/dz = ${amount(layer.byInputs[input], true)}`,
      value: -layer.byInputs[input], check: { kind: "input", neuron: input },
    })),
  };
}

/** The terms w · dC/dz whose sum an activation of the layer before hears; float32 products of the engine's numbers. */
function termsOf(network: Network, number: number, layer: NudgeLayerView, source: number): Row[] {
  const count = layer.inputs.length;
  return Array.from(layer.bySums, (slope, neuron) => {
    const weight = layer.weights[neuron * count + source];
    const product = Math.fround(weight * slope);
    return {
      key: `t${neuron}`, name: neuronWords(network, { layer: number, neuron }),
      formula: `w · dC/dz = ${inTerm(weight)} × ${inTerm(slope)} = ${amount(product, true)}`, value: -product,
    };
  });
}
