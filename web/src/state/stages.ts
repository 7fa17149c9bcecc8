/** The story of backpropagation: what each stage shows, every number as the engine gradients it. */

import type * as wire from "../protocol/messages";
import { BIAS, knobIndex, neuronLabel, sourceLabel, type Network } from "./network";
import type { Check, LayerGradients, Gradients } from "./nudges";
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
  readonly nudges: boolean;
  readonly rows: readonly Row[];
  /** What the focus is chosen among, if anything is. */
  readonly chooses?: "neurons" | "sources";
  /** A second list: the terms that the focused number is the sum of. */
  readonly terms?: { readonly head: string; readonly rows: readonly Row[] };
}

const MAX_ROWS = 16;

/** A number at three digits at least, however small. */
export function significant(value: number, sign = false): string {
  const size = Math.abs(value);
  const decimals = size >= 0.1 || size < 1e-6 ? 3 : 2 - Math.floor(Math.log10(size));
  return sign ? signed(value, decimals) : figure(value, decimals);
}

function inTerm(value: number): string {
  return value < 0 ? `(${significant(value)})` : significant(value);
}

/** The numbers of a stage; `focus` -1 chooses the neuron with the strongest wish. */
export function rowsOf(gradients: Gradients, stage: wire.NudgeStage, network: Network, focus: number): StageRows {
  const number = stage.layer < 0 ? network.layers.length - 1 : stage.layer;
  const layer = gradients.layers[number];
  switch (stage.kind) {
    case "forward":
      return forward(network, layer);
    case "cost":
      return cost(gradients, network, layer);
    case "outputs":
      return outputs(gradients, network, layer);
    case "sums":
      return sums(gradients, network, number, layer);
    case "weights":
      return weights(network, number, layer, focusOf(layer.dSums, focus));
    case "biases":
      return biases(network, number, layer);
    case "inputs":
      return inputs(network, number, layer, focusOf(layer.dInputs, focus));
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
export function bySize(values: ArrayLike<number>, count: number): number[] {
  const order = Array.from({ length: values.length }, (_, index) => index);
  return order.sort((a, b) => Math.abs(values[b]) - Math.abs(values[a]) || a - b).slice(0, count);
}

function forward(network: Network, layer: LayerGradients): StageRows {
  const last = network.layers.length - 1;
  return {
    head: "what the outputs say", nudges: false,
    rows: Array.from(layer.activations, (a, neuron) => ({
      key: `a${neuron}`, name: neuronLabel(network, { layer: last, neuron }), formula: `z = ${significant(layer.sums[neuron])}, a = ${significant(a)}`, value: a,
    })),
  };
}

function cost(gradients: Gradients, network: Network, layer: LayerGradients): StageRows {
  const last = network.layers.length - 1;
  const { activation } = network.layers[last];
  return {
    head: "each output's share of the cost", nudges: false,
    rows: Array.from(gradients.costs, (share, neuron) => ({
      key: `c${neuron}`, name: neuronLabel(network, { layer: last, neuron }),
      formula: costFormula(gradients.loss, activation, layer.activations[neuron], gradients.targets[neuron], share), value: share,
    })),
  };
}

/** The loss's formula for one output, with its numbers. */
export function costFormula(loss: Gradients["loss"], activation: string, a: number, target: number, share: number): string {
  if (loss === "squared") return `(a − y)² = (${significant(a)} − ${target})² = ${significant(share)}`;
  if (target === 1) return `−ln a = −ln ${significant(a)} = ${significant(share)}`;
  return activation === "softmax" ? "counts only through the wanted one" : `−ln(1 − a) = −ln(1 − ${significant(a)}) = ${significant(share)}`;
}

function outputs(gradients: Gradients, network: Network, layer: LayerGradients): StageRows {
  const last = network.layers.length - 1;
  return {
    head: "which way each output wants its sum to go", nudges: true,
    rows: Array.from(gradients.nudges, (wanted, neuron) => ({
      key: `w${neuron}`, name: neuronLabel(network, { layer: last, neuron }),
      formula: `says ${significant(layer.activations[neuron])}, should be ${gradients.targets[neuron]}`, value: wanted,
      check: { kind: "parameter", knob: knobIndex(network, { layer: last, neuron, input: BIAS }) },
    })),
  };
}

function sums(gradients: Gradients, network: Network, number: number, layer: LayerGradients): StageRows {
  const shortcut = number === network.layers.length - 1 && gradients.loss === "cross_entropy";
  return {
    head: "−dC/dz: what passes through the activation function", nudges: true,
    rows: Array.from(layer.dSums, (gradient, neuron) => ({
      key: `z${neuron}`, name: neuronLabel(network, { layer: number, neuron }),
      formula: shortcut
        ? `dC/dz = a − y = ${significant(layer.activations[neuron])} − ${gradients.targets[neuron]} = ${significant(gradient, true)}`
        : `dC/da · f′(z) = ${inTerm(layer.dActivations[neuron])} × ${significant(layer.derivatives[neuron])} = ${significant(gradient, true)}`,
      value: -gradient,
      check: { kind: "parameter", knob: knobIndex(network, { layer: number, neuron, input: BIAS }) },
    })),
  };
}

function weights(network: Network, number: number, layer: LayerGradients, focus: number): StageRows {
  const inputCount = layer.inputs.length;
  const own = layer.dWeights.subarray(focus * inputCount, (focus + 1) * inputCount);
  return {
    head: `−dC/dw of ${neuronLabel(network, { layer: number, neuron: focus })}, the strongest first`, nudges: true, chooses: "neurons",
    rows: bySize(own, MAX_ROWS).map((input) => {
      const knob = knobIndex(network, { layer: number, neuron: focus, input });
      return {
        key: `w${input}`, name: sourceLabel(network, number, input),
        formula: `a · dC/dz = ${inTerm(layer.inputs[input])} × ${inTerm(layer.dSums[focus])} = ${significant(own[input], true)}`,
        value: -own[input], check: { kind: "parameter" as const, knob }, knob,
      };
    }),
  };
}

function biases(network: Network, number: number, layer: LayerGradients): StageRows {
  return {
    head: "−dC/db: the same as of its neuron", nudges: true,
    rows: Array.from(layer.dBiases, (gradient, neuron) => {
      const knob = knobIndex(network, { layer: number, neuron, input: BIAS });
      return {
        key: `b${neuron}`, name: `bias of ${neuronLabel(network, { layer: number, neuron })}`, formula: `dC/db = dC/dz = ${significant(gradient, true)}`,
        value: -gradient, check: { kind: "parameter" as const, knob }, knob,
      };
    }),
  };
}

function inputs(network: Network, number: number, layer: LayerGradients, focus: number): StageRows {
  return {
    head: "−dC/da: what the layer wants of the one before", nudges: true, chooses: "sources",
    rows: Array.from(layer.dInputs, (gradient, neuron) => ({
      key: `a${neuron}`, name: sourceLabel(network, number, neuron), formula: `Σ w · dC/dz = ${significant(gradient, true)}`, value: -gradient, focus: neuron,
      check: { kind: "activation", layer: number - 1, neuron },
    })),
    terms: { head: `${sourceLabel(network, number, focus)}: who asks it for what`, rows: termsOf(network, number, layer, focus) },
  };
}

function pixels(network: Network, layer: LayerGradients): StageRows {
  return {
    head: "−dC/dx: how the pixels would have to change, the strongest first", nudges: true,
    rows: bySize(layer.dInputs, MAX_ROWS).map((input) => ({
      key: `x${input}`, name: sourceLabel(network, 0, input), formula: `level ${significant(layer.inputs[input])}, Σ w · dC/dz = ${significant(layer.dInputs[input], true)}`,
      value: -layer.dInputs[input], check: { kind: "input", neuron: input },
    })),
  };
}

/** The terms w · dC/dz whose sum an activation of the layer before hears; float32 products of the engine's numbers. */
function termsOf(network: Network, number: number, layer: LayerGradients, source: number): Row[] {
  const count = layer.inputs.length;
  return Array.from(layer.dSums, (gradient, neuron) => {
    const weight = layer.weights[neuron * count + source];
    const product = Math.fround(weight * gradient);
    return {
      key: `t${neuron}`, name: neuronLabel(network, { layer: number, neuron }),
      formula: `w · dC/dz = ${inTerm(weight)} × ${inTerm(gradient)} = ${significant(product, true)}`, value: -product,
    };
  });
}
