/** The network's structure: its layers over one flat vector of knobs, and the name of every knob. */

import type { InputInfo, NetworkInfo } from "../protocol/messages";

export interface Layer {
  readonly index: number;
  readonly inputs: number;
  readonly outputs: number;
  readonly activation: string;
  /** Offset of its weights in the vector: the one from input i to neuron j is number weight + i * outputs + j. */
  readonly weight: number;
  readonly bias: number;
}

export interface Network {
  readonly name: string;
  readonly input: InputInfo;
  readonly task: NetworkInfo["task"];
  readonly layers: readonly Layer[];
  readonly classes: readonly string[];
  readonly knobs: number;
}

/** A knob: the weight from an input to a neuron, or the neuron's bias (input -1). */
export interface Knob {
  readonly layer: number;
  readonly neuron: number;
  readonly input: number;
}

export interface NeuronPlace {
  readonly layer: number;
  readonly neuron: number;
}

export const BIAS = -1;

/** The structure of a network that the server describes. */
export function networkOf(info: NetworkInfo): Network {
  return {
    name: info.name,
    input: info.input,
    task: info.task,
    classes: info.classes,
    knobs: info.parameterCount,
    layers: info.layers.map((layer, index) => ({ index, ...layer })),
  };
}

/** Neurons per column, the inputs first: 784, 16, 16, 10. */
export function sizes(network: Network): number[] {
  return [network.layers[0].inputs, ...network.layers.map((layer) => layer.outputs)];
}

export function wireCount(network: Network): number {
  return network.layers.reduce((sum, layer) => sum + layer.inputs * layer.outputs, 0);
}

/** The weights into the first `neurons` of a layer, neuron by neuron, `span` values each. */
export function incoming(parameters: ArrayLike<number>, layer: Layer, neurons: number, span = layer.inputs): Float32Array {
  const { inputs, outputs, weight } = layer;
  const found = new Float32Array(neurons * span);
  for (let input = 0, from = weight; input < inputs; input++, from += outputs) {
    for (let neuron = 0, to = input; neuron < neurons; neuron++, to += span) found[to] = parameters[from + neuron];
  }
  return found;
}

export function knobIndex(network: Network, knob: Knob): number {
  const layer = network.layers[knob.layer];
  return knob.input === BIAS ? layer.bias + knob.neuron : layer.weight + knob.input * layer.outputs + knob.neuron;
}

export function knobAt(network: Network, index: number): Knob {
  for (const layer of network.layers) {
    const weights = layer.inputs * layer.outputs;
    if (index >= layer.weight && index < layer.weight + weights) {
      const place = index - layer.weight;
      return { layer: layer.index, neuron: place % layer.outputs, input: Math.floor(place / layer.outputs) };
    }
    if (index >= layer.bias && index < layer.bias + layer.outputs) {
      return { layer: layer.index, neuron: index - layer.bias, input: BIAS };
    }
  }
  throw new RangeError(`expected a knob from 0 to ${network.knobs - 1}, got ${index}`);
}

/** The name in Python: `layers[0].weight[3, 120]`, `layers[2].bias[7]`. */
export function knobName(network: Network, index: number): string {
  const { layer, neuron, input } = knobAt(network, index);
  return input === BIAS ? `layers[${layer}].bias[${neuron}]` : `layers[${layer}].weight[${neuron}, ${input}]`;
}

/** The name on the page: "pixel (4, 8) → hidden layer 1, neuron 3", "bias of output 7". */
export function knobLabel(network: Network, index: number): string {
  const { layer, neuron, input } = knobAt(network, index);
  const to = neuronLabel(network, { layer, neuron });
  if (input === BIAS) return `bias of ${to}`;
  return `${sourceLabel(network, layer, input)} → ${to}`;
}

export function layerLabel(network: Network, layer: number): string {
  return layer === network.layers.length - 1 ? "output layer" : `hidden layer ${layer + 1}`;
}

/** "neuron 3" or "output 7": enough where the layer is clear. */
export function neuronName(network: Network, { layer, neuron }: NeuronPlace): string {
  return layer === network.layers.length - 1 ? `output ${network.classes[neuron]}` : `neuron ${neuron}`;
}

export function neuronLabel(network: Network, place: NeuronPlace): string {
  const name = neuronName(network, place);
  return place.layer === network.layers.length - 1 ? name : `${layerLabel(network, place.layer)}, ${name}`;
}

/** The name of a layer's input: a pixel by row and column, a feature, or a neuron of the previous layer. */
export function sourceLabel(network: Network, layer: number, input: number): string {
  if (layer > 0) return neuronLabel(network, { layer: layer - 1, neuron: input });
  return network.input.kind === "row" ? `feature ${featureName(network, input)}` : pixelName(network, input);
}

/** The same without the layer. */
export function sourceName(network: Network, layer: number, input: number): string {
  if (layer > 0) return neuronName(network, { layer: layer - 1, neuron: input });
  return network.input.kind === "row" ? featureName(network, input) : pixelName(network, input);
}

function featureName(network: Network, input: number): string {
  return network.input.features[input]?.name ?? `input ${input}`;
}

function pixelName(network: Network, input: number): string {
  const { columns, rows, channels } = network.input;
  const place = input % (rows * columns);
  const pixel = `pixel (${Math.floor(place / columns)}, ${place % columns})`;
  return channels > 1 ? `${pixel} of channel ${Math.floor(input / (rows * columns))}` : pixel;
}

const WEIGHT = /^\s*(?:layers?)?\s*\[?\s*(\d+)\s*\]?[\s.,]*w(?:eight)?s?\s*\[?\s*(\d+)\s*[,\s]\s*(\d+)\s*(?:[,\s]\s*(\d+)\s*)?\]?\s*$/i;
const BIASES = /^\s*(?:layers?)?\s*\[?\s*(\d+)\s*\]?[\s.,]*b(?:ias)?(?:es)?\s*\[?\s*(\d+)\s*\]?\s*$/i;

/**
 * The knob that a text names, or null: a name on the page, "layers[0].weight[3, 120]", "0 w 3 120", "0 w 3 4 8" (with a
 * pixel's row and column), "2 bias 7", or the knob's number.
 */
export function findKnob(network: Network, text: string): number | null {
  if (/^\s*[\d,]+\s*$/.test(text) && text.trim() !== ",") {
    const index = Number(text.replaceAll(",", "").trim());
    return index < network.knobs ? index : null;
  }
  const shown = shownKnob(network, text);
  if (shown !== null) return shown;
  const weight = WEIGHT.exec(text);
  if (weight) return namedWeight(network, weight);
  const bias = BIASES.exec(text);
  if (!bias) return null;
  const [layer, neuron] = [Number(bias[1]), Number(bias[2])];
  if (layer >= network.layers.length || neuron >= network.layers[layer].outputs) return null;
  return knobIndex(network, { layer, neuron, input: BIAS });
}

/** The knob that has this name on the page, or null. */
function shownKnob(network: Network, text: string): number | null {
  const bias = /^\s*bias of (.+)$/i.exec(text);
  const [from, to] = text.split(/→|->/);
  const place = shownNeuron(network, bias ? bias[1] : (to ?? ""));
  if (!place) return null;
  if (bias) return knobIndex(network, { ...place, input: BIAS });
  const { inputs } = network.layers[place.layer];
  for (let input = 0; input < inputs; input++) {
    if (plain(sourceLabel(network, place.layer, input)) === plain(from)) return knobIndex(network, { ...place, input });
  }
  return null;
}

function shownNeuron(network: Network, text: string): NeuronPlace | null {
  for (const { index, outputs } of network.layers) {
    for (let neuron = 0; neuron < outputs; neuron++) if (plain(neuronLabel(network, { layer: index, neuron })) === plain(text)) return { layer: index, neuron };
  }
  return null;
}

function plain(text: string): string {
  return text.toLowerCase().replace(/[\s,()]+/g, " ").trim();
}

function namedWeight(network: Network, match: RegExpExecArray): number | null {
  const [layer, neuron, first] = [Number(match[1]), Number(match[2]), Number(match[3])];
  const columns = network.input.columns || 1;
  if (match[4] !== undefined && (layer !== 0 || Number(match[4]) >= columns)) return null;
  const input = match[4] === undefined ? first : first * columns + Number(match[4]);
  if (layer >= network.layers.length) return null;
  if (neuron >= network.layers[layer].outputs || input >= network.layers[layer].inputs) return null;
  return knobIndex(network, { layer, neuron, input });
}

/** The knob of a wire; wires are numbered in the order of the weights, without the biases. */
export function wireKnob(network: Network, wire: number): number {
  let first = 0;
  for (const layer of network.layers) {
    const count = layer.inputs * layer.outputs;
    if (wire < first + count) return layer.weight + wire - first;
    first += count;
  }
  throw new RangeError(`expected a wire from 0 to ${first - 1}, got ${wire}`);
}

/** The wire of a knob, or -1 for a bias. */
export function knobWire(network: Network, index: number): number {
  let first = 0;
  for (const layer of network.layers) {
    const count = layer.inputs * layer.outputs;
    if (index >= layer.weight && index < layer.weight + count) return first + index - layer.weight;
    first += count;
  }
  return -1;
}
