/** The stages of backpropagation: the numbers that each shows, all from the engine. */

import type * as wire from "../protocol/messages";
import { BIAS, isWeighted, knobAt, knobIndex, neuronLabel, neuronName, sourceLabel, sourceName, valueLabel, valueName, weightLabel, type Network } from "./network";
import type { Check, LayerGradients, Gradients } from "./nudges";
import { figure, signed } from "./words";

/** One number of a stage, with its formula and how to check it. */
export interface Row {
  readonly key: string;
  /** Short: the heading names the layer. */
  readonly name: string;
  /** Full, for checks and downloads. */
  readonly label: string;
  readonly formula: string;
  /** Length of the bar; for a nudge, the negative gradient. */
  readonly value: number;
  readonly check?: Check;
  /** The knob, if the number belongs to one. */
  readonly knob?: number;
  /** The neuron in focus when the row is selected. */
  readonly focus?: number;
}

export interface StageRows {
  /** Heading of the table. */
  readonly head: string;
  /** Whether the values are nudges, whose sign is a direction. */
  readonly nudges: boolean;
  readonly rows: readonly Row[];
  /** What the focus selects from, if anything. */
  readonly chooses?: "neurons" | "sources";
  /** A second table: the terms whose sum is the number in focus. */
  readonly terms?: { readonly head: string; readonly rows: readonly Row[] };
}

const MAX_ROWS = 16;
/** Tables of more values than these list the largest ones only. */
const MANY = 1023;

/** A number with at least three significant digits. */
export function significant(value: number, sign = false): string {
  const size = Math.abs(value);
  const decimals = size >= 0.1 || size < 1e-6 ? 3 : 2 - Math.floor(Math.log10(size));
  return sign ? signed(value, decimals) : figure(value, decimals);
}

function inTerm(value: number): string {
  return value < 0 ? `(${significant(value)})` : significant(value);
}

/** The numbers of a stage; `focus` -1 selects the neuron with the largest nudge, and `knob` is listed however small its nudge is. */
export function rowsOf(gradients: Gradients, stage: wire.NudgeStage, network: Network, focus: number, knob: number | null = null): StageRows {
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
      return weights(network, number, layer, focusOf(layer.dBiases, focus), knob);
    case "biases":
      return biases(network, number, layer);
    case "inputs":
      return inputs(network, number, layer, focusOf(layer.dInputs, focus));
    case "pixels":
      return pixels(network, layer);
  }
}

/** `focus` if it is valid, otherwise the index of the largest magnitude. */
export function focusOf(values: ArrayLike<number>, focus: number): number {
  if (focus >= 0 && focus < values.length) return focus;
  return bySize(values, 1)[0] ?? 0;
}

/** Indices of the values with the largest magnitude, largest first. */
export function bySize(values: ArrayLike<number>, count: number): number[] {
  const order = Array.from({ length: values.length }, (_, index) => index);
  return order.sort((a, b) => Math.abs(values[b]) - Math.abs(values[a]) || a - b).slice(0, count);
}

function named(network: Network, layer: number, neuron: number): Pick<Row, "name" | "label"> {
  return { name: neuronName(network, { layer, neuron }), label: neuronLabel(network, { layer, neuron }) };
}

function valueNamed(network: Network, layer: number, index: number): Pick<Row, "name" | "label"> {
  return { name: valueName(network, layer, index), label: valueLabel(network, layer, index) };
}

/** A filter's weight by its place; any other by the input that it multiplies. */
function weightNamed(network: Network, layer: number, input: number): Pick<Row, "name" | "label"> {
  if (network.layers[layer].kind !== "conv2d") return sourceNamed(network, layer, input);
  const name = weightLabel(network, layer, input);
  return { name, label: name };
}

function sourceNamed(network: Network, layer: number, input: number): Pick<Row, "name" | "label"> {
  return { name: sourceName(network, layer, input), label: sourceLabel(network, layer, input) };
}

function forward(network: Network, layer: LayerGradients): StageRows {
  const last = network.layers.length - 1;
  return {
    head: "Outputs", nudges: false,
    rows: Array.from(layer.activations, (a, neuron) => ({
      key: `a${neuron}`, ...named(network, last, neuron), formula: `z = ${significant(layer.sums[neuron])}, a = ${significant(a)}`, value: a,
    })),
  };
}

function cost(gradients: Gradients, network: Network, layer: LayerGradients): StageRows {
  const last = network.layers.length - 1;
  const { activation } = network.layers[last];
  return {
    head: "Each output's share of the cost", nudges: false,
    rows: Array.from(gradients.costs, (share, neuron) => ({
      key: `c${neuron}`, ...named(network, last, neuron),
      formula: gradients.label === null
        ? valueCostFormula(gradients.loss, layer.activations[neuron], gradients.targets[neuron], share, gradients.costs.length)
        : costFormula(gradients.loss, activation, layer.activations[neuron], gradients.targets[neuron], share),
      value: share,
    })),
  };
}

/** One output's share of the cost as a formula with numbers. */
export function costFormula(loss: Gradients["loss"], activation: string, a: number, target: number, share: number): string {
  if (loss === "squared") return `(a − y)² = (${significant(a)} − ${target})² = ${significant(share)}`;
  if (target === 1) return `−ln a = −ln ${significant(a)} = ${significant(share)}`;
  return activation === "softmax" ? "no share of its own" : `−ln(1 − a) = −ln(1 − ${significant(a)}) = ${significant(share)}`;
}

/** The same for one of `count` values. */
export function valueCostFormula(loss: Gradients["loss"], a: number, target: number, share: number, count: number): string {
  const by = count > 1 ? ` / ${count}` : "";
  const away = `${significant(a)} − ${inTerm(target)}`;
  if (loss === "mean_absolute") return `|a − y|${by} = |${away}|${by} = ${significant(share)}`;
  if (loss === "huber" && Math.abs(a - target) > 1) return `(|a − y| − ½)${by} = (|${away}| − ½)${by} = ${significant(share)}`;
  return `${loss === "huber" ? "½" : ""}(a − y)²${by} = ${loss === "huber" ? "½" : ""}(${away})²${by} = ${significant(share)}`;
}

function outputs(gradients: Gradients, network: Network, layer: LayerGradients): StageRows {
  const last = network.layers.length - 1;
  return {
    head: "Nudge for the sum z of each output", nudges: true,
    rows: Array.from(gradients.nudges, (wanted, neuron) => ({
      key: `w${neuron}`, ...named(network, last, neuron),
      formula: `a = ${significant(layer.activations[neuron])}, target ${gradients.label === null ? significant(gradients.targets[neuron]) : gradients.targets[neuron]}`, value: wanted,
      check: { kind: "parameter", knob: knobIndex(network, { layer: last, neuron, input: BIAS }) },
    })),
  };
}

function sums(gradients: Gradients, network: Network, number: number, layer: LayerGradients): StageRows {
  const shortcut = number === network.layers.length - 1 && gradients.loss === "cross_entropy";
  return {
    head: `−dC/dz: nudges for the sums${network.layers[number].maps ? ", largest first" : ""}`, nudges: true,
    rows: shownOf(network, number, layer.dSums).map((neuron) => ({ gradient: layer.dSums[neuron], neuron })).map(({ gradient, neuron }) => ({
      key: `z${neuron}`, ...valueNamed(network, number, neuron),
      formula: shortcut
        ? `dC/dz = a − y = ${significant(layer.activations[neuron])} − ${gradients.targets[neuron]} = ${significant(gradient, true)}`
        : `dC/da · f′(z) = ${inTerm(layer.dActivations[neuron])} × ${significant(layer.derivatives[neuron])} = ${significant(gradient, true)}`,
      value: -gradient,
      // At a place of a map there is no knob to check the number by: the bias acts at all places.
      ...(!network.layers[number].maps && { check: { kind: "parameter" as const, knob: knobIndex(network, { layer: number, neuron, input: BIAS }) } }),
    })),
  };
}

/** The values of a layer that a table lists: all of them, or of feature maps those of the largest magnitude. */
function shownOf(network: Network, layer: number, values: Float32Array): number[] {
  const all = layer < 0 || !(network.layers[layer].maps || values.length > MANY);
  return all ? Array.from({ length: values.length }, (_, index) => index) : bySize(values, MAX_ROWS);
}

function weights(network: Network, number: number, layer: LayerGradients, focus: number, chosen: number | null): StageRows {
  const { fanIn: inputCount, kind } = network.layers[number];
  const own = layer.dWeights.subarray(focus * inputCount, (focus + 1) * inputCount);
  return {
    head: `−dC/dw: nudges for the weights of ${neuronLabel(network, { layer: number, neuron: focus })}, largest first`, nudges: true, chooses: "neurons",
    rows: withChosen(bySize(own, MAX_ROWS), network, number, focus, chosen).map((input) => {
      const knob = knobIndex(network, { layer: number, neuron: focus, input });
      return {
        key: `w${input}`, ...weightNamed(network, number, input),
        formula: kind === "conv2d" ? `Σ a · dC/dz = ${significant(own[input], true)}` : `a · dC/dz = ${inTerm(layer.inputs[input])} × ${inTerm(layer.dSums[focus])} = ${significant(own[input], true)}`,
        value: -own[input], check: { kind: "parameter" as const, knob }, knob,
      };
    }),
  };
}

/** The inputs of the largest weights, and that of the chosen one where it is a weight of this neuron. */
function withChosen(largest: readonly number[], network: Network, number: number, focus: number, chosen: number | null): readonly number[] {
  const place = chosen === null ? null : knobAt(network, chosen);
  if (!place || place.layer !== number || place.neuron !== focus || place.input === BIAS || largest.includes(place.input)) return largest;
  return [...largest, place.input];
}

function biases(network: Network, number: number, layer: LayerGradients): StageRows {
  return {
    head: "−dC/db: nudges for the biases", nudges: true,
    rows: Array.from(layer.dBiases, (gradient, neuron) => {
      const knob = knobIndex(network, { layer: number, neuron, input: BIAS });
      return {
        key: `b${neuron}`, name: `bias of ${neuronName(network, { layer: number, neuron })}`, label: `bias of ${neuronLabel(network, { layer: number, neuron })}`, formula: `dC/db = ${network.layers[number].maps ? "Σ " : ""}dC/dz = ${significant(gradient, true)}`,
        value: -gradient, check: { kind: "parameter" as const, knob }, knob,
      };
    }),
  };
}

function inputs(network: Network, number: number, layer: LayerGradients, focus: number): StageRows {
  const dense = network.layers[number].kind === "dense";
  const weighted = isWeighted(network.layers[number]);
  return {
    head: `−dC/da: nudges for the activations of the previous layer${network.layers[number - 1].maps || layer.dInputs.length > MANY ? ", largest first" : ""}`, nudges: true, ...(dense && { chooses: "sources" as const }),
    rows: shownOf(network, number - 1, layer.dInputs).map((neuron) => ({
      key: `a${neuron}`, ...sourceNamed(network, number, neuron), formula: `${weighted ? "Σ w · dC/dz" : "dC/da"} = ${significant(layer.dInputs[neuron], true)}`, value: -layer.dInputs[neuron], ...(dense && { focus: neuron }),
      check: { kind: "activation", layer: number - 1, neuron },
    })),
    ...(dense && { terms: { head: `Terms of the nudge for ${sourceLabel(network, number, focus)}`, rows: termsOf(network, number, layer, focus) } }),
  };
}

function pixels(network: Network, layer: LayerGradients): StageRows {
  return {
    head: `−dC/dx: nudges for the ${network.input.kind === "row" ? "features" : "pixels"}, largest first`, nudges: true,
    rows: bySize(layer.dInputs, MAX_ROWS).map((input) => ({
      key: `x${input}`, ...sourceNamed(network, 0, input), formula: `x = ${significant(layer.inputs[input])}, Σ w · dC/dz = ${significant(layer.dInputs[input], true)}`,
      value: -layer.dInputs[input], check: { kind: "input", neuron: input },
    })),
  };
}

/** The terms w · dC/dz that sum to dC/da of an activation of the previous layer; float32 products of the engine's numbers. */
function termsOf(network: Network, number: number, layer: LayerGradients, source: number): Row[] {
  const count = layer.inputs.length;
  return Array.from(layer.dSums, (gradient, neuron) => {
    const weight = layer.weights[neuron * count + source];
    const product = Math.fround(weight * gradient);
    return {
      key: `t${neuron}`, ...named(network, number, neuron),
      formula: `w · dC/dz = ${inTerm(weight)} × ${inTerm(gradient)} = ${significant(product, true)}`, value: -product,
    };
  });
}
