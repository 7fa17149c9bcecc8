/** The network's structure: its layers over one flat vector of knobs, and the name of every knob. */

import type { InputInfo, LayerInfo, NetworkInfo } from "../protocol/messages";

export interface Layer extends LayerInfo {
  readonly index: number;
  /** Neurons, or channels of a layer with feature maps. */
  readonly units: number;
  /** Weights of each neuron or channel; 0 in layers without weights. */
  readonly fanIn: number;
  /** Size of its feature maps; null for neurons. */
  readonly maps: Grid | null;
}

/** The size of planes. */
export interface Grid {
  readonly channels: number;
  readonly rows: number;
  readonly columns: number;
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
    layers: info.layers.map(layerOf),
  };
}

function layerOf(info: LayerInfo, index: number): Layer {
  const [channels, rows, columns] = info.outputShape;
  const maps = info.outputShape.length === 3 ? { channels, rows, columns } : null;
  const units = maps ? channels : info.outputs;
  return { ...info, index, maps, units, fanIn: (info.bias - info.weight) / units };
}

/** Whether a network has other layers than dense ones, so that its picture shows maps instead of wires. */
export function hasMaps(network: Network): boolean {
  return network.layers.some(({ kind }) => kind !== "dense");
}

/** Whether a layer has weights and biases. */
export function isWeighted({ kind }: Layer): boolean {
  return kind === "dense" || kind === "conv2d";
}

/** Whether a layer is shown in pictures; flattening and dropout pass on what they get. */
export function isShown({ kind }: Layer): boolean {
  return kind !== "flatten" && kind !== "dropout";
}

/** The grid of a layer's input: of the image, or of the maps before it. */
export function inputMaps({ inputShape }: LayerInfo): Grid {
  const [channels, rows, columns] = inputShape.length === 3 ? inputShape : [1, inputShape[0], inputShape[1] ?? 1];
  return { channels, rows, columns };
}

/** Number of the weight in the vector, from its place among those of a neuron or channel. */
function weightIndex(layer: Layer, neuron: number, input: number): number {
  return layer.kind === "conv2d" ? layer.weight + neuron * layer.fanIn + input : layer.weight + input * layer.outputs + neuron;
}

/** Input channel, row and column of a filter's weight. */
export function filterPlace({ kernel }: LayerInfo, input: number): readonly [number, number, number] {
  const [, across] = kernel;
  const size = kernel[0] * across;
  return [Math.floor(input / size), Math.floor((input % size) / across), input % across];
}

/** The layers in one line: "784-16-16-10", or "784-12c-32c-10" with the channels of convolutions. */
export function shapeOf(network: Network): string {
  const { [0]: first } = network.layers;
  return [first.inputs, ...network.layers.filter(isWeighted).map(({ kind, units }) => (kind === "conv2d" ? `${units}c` : units))].join("-");
}

/** Neurons per column, the inputs first: 784, 16, 16, 10. */
export function sizes(network: Network): number[] {
  return [network.layers[0].inputs, ...network.layers.map((layer) => layer.outputs)];
}

export function wireCount(network: Network): number {
  return network.layers.reduce((sum, layer) => sum + layer.inputs * layer.outputs, 0);
}

/** The weights into the first `neurons` of a layer, neuron by neuron, `span` values each. */
export function incoming(parameters: ArrayLike<number>, layer: Layer, neurons: number, span = layer.fanIn): Float32Array {
  const { fanIn, outputs, weight } = layer;
  const found = new Float32Array(neurons * span);
  if (layer.kind === "conv2d") {
    for (let neuron = 0; neuron < neurons; neuron++) {
      for (let input = 0; input < fanIn; input++) found[neuron * span + input] = parameters[weight + neuron * fanIn + input];
    }
    return found;
  }
  for (let input = 0, from = weight; input < fanIn; input++, from += outputs) {
    for (let neuron = 0, to = input; neuron < neurons; neuron++, to += span) found[to] = parameters[from + neuron];
  }
  return found;
}

export function knobIndex(network: Network, knob: Knob): number {
  const layer = network.layers[knob.layer];
  return knob.input === BIAS ? layer.bias + knob.neuron : weightIndex(layer, knob.neuron, knob.input);
}

export function knobAt(network: Network, index: number): Knob {
  for (const layer of network.layers) {
    if (!isWeighted(layer)) continue;
    if (index >= layer.weight && index < layer.bias) {
      const place = index - layer.weight;
      if (layer.kind === "conv2d") return { layer: layer.index, neuron: Math.floor(place / layer.fanIn), input: place % layer.fanIn };
      return { layer: layer.index, neuron: place % layer.outputs, input: Math.floor(place / layer.outputs) };
    }
    if (index >= layer.bias && index < layer.bias + layer.units) {
      return { layer: layer.index, neuron: index - layer.bias, input: BIAS };
    }
  }
  throw new RangeError(`expected a knob from 0 to ${network.knobs - 1}, got ${index}`);
}

/** The name in Python: `layers[0].weight[3, 120]`, `layers[2].weight[7, 5, 2, 1]`, `layers[2].bias[7]`. */
export function knobName(network: Network, index: number): string {
  const { layer, neuron, input } = knobAt(network, index);
  if (input === BIAS) return `layers[${layer}].bias[${neuron}]`;
  const { [layer]: own } = network.layers;
  const place = own.kind === "conv2d" ? filterPlace(own, input) : [input];
  return `layers[${layer}].weight[${[neuron, ...place].join(", ")}]`;
}

/** The name on the page: "pixel (4, 8) → hidden layer 1, neuron 3", "weight (2, 1) → layer 1, convolution, channel 3", "bias of output 7". */
export function knobLabel(network: Network, index: number): string {
  const { layer, neuron, input } = knobAt(network, index);
  const to = neuronLabel(network, { layer, neuron });
  if (input === BIAS) return `bias of ${to}`;
  return `${weightLabel(network, layer, input)} → ${to}`;
}

/** A weight by its place in the filter, or by the input that it multiplies. */
export function weightLabel(network: Network, layer: number, input: number): string {
  const own = network.layers[layer];
  if (own.kind !== "conv2d") return sourceLabel(network, layer, input);
  const [channel, row, column] = filterPlace(own, input);
  return `weight (${row}, ${column})${inputMaps(own).channels > 1 ? ` of input channel ${channel}` : ""}`;
}

const KINDS: Partial<Record<LayerInfo["kind"], string>> = {
  conv2d: "convolution", max_pool2d: "max pooling", avg_pool2d: "mean pooling", flatten: "flattening", dropout: "dropout",
};

export function layerLabel(network: Network, layer: number): string {
  const kind = KINDS[network.layers[layer].kind];
  if (kind) return `layer ${layer + 1}, ${kind}`;
  return layer === network.layers.length - 1 ? "output layer" : `hidden layer ${layer + 1}`;
}

/** "neuron 3", "channel 3" or "output 7": enough where the layer is clear. */
export function neuronName(network: Network, { layer, neuron }: NeuronPlace): string {
  if (network.layers[layer].maps) return `channel ${neuron}`;
  return layer === network.layers.length - 1 ? `output ${network.classes[neuron]}` : `neuron ${neuron}`;
}

export function neuronLabel(network: Network, place: NeuronPlace): string {
  const name = neuronName(network, place);
  return place.layer === network.layers.length - 1 && !network.layers[place.layer].maps ? name : `${layerLabel(network, place.layer)}, ${name}`;
}

/** The name of a layer's input: a pixel by row and column, a feature, or a neuron of the previous layer. */
export function sourceLabel(network: Network, layer: number, input: number): string {
  if (layer > 0) return valueLabel(network, layer - 1, input);
  return network.input.kind === "row" ? `feature ${featureName(network, input)}` : pixelName(network, input);
}

/** The same without the layer. */
export function sourceName(network: Network, layer: number, input: number): string {
  if (layer > 0) return valueName(network, layer - 1, input);
  return network.input.kind === "row" ? featureName(network, input) : pixelName(network, input);
}

/** The name of one value of a layer: a neuron, or a place of a feature map. */
export function valueLabel(network: Network, layer: number, index: number): string {
  return named(network, layer, index, neuronLabel);
}

/** The same without the layer. */
export function valueName(network: Network, layer: number, index: number): string {
  return named(network, layer, index, neuronName);
}

function named(network: Network, layer: number, index: number, name: typeof neuronLabel): string {
  const { maps, kind } = network.layers[layer];
  if (maps) {
    const size = maps.rows * maps.columns;
    const at = index % size;
    return `${name(network, { layer, neuron: Math.floor(index / size) })} at (${Math.floor(at / maps.columns)}, ${at % maps.columns})`;
  }
  // Flattening and dropout pass on the values before them.
  if (kind !== "dense" && layer > 0) return named(network, layer - 1, index, name);
  return name(network, { layer, neuron: index });
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

const WEIGHT = /^\s*(?:layers?)?\s*\[?\s*(\d+)\s*\]?[\s.,]*w(?:eight)?s?\s*\[?\s*(\d+)\s*[,\s]\s*(\d+)\s*(?:[,\s]\s*(\d+)\s*(?:[,\s]\s*(\d+)\s*)?)?\]?\s*$/i;
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
  if (layer >= network.layers.length || !isWeighted(network.layers[layer]) || neuron >= network.layers[layer].units) return null;
  return knobIndex(network, { layer, neuron, input: BIAS });
}

/** The knob that has this name on the page, or null. */
function shownKnob(network: Network, text: string): number | null {
  const bias = /^\s*bias of (.+)$/i.exec(text);
  const [from, to] = text.split(/→|->/);
  const place = shownNeuron(network, bias ? bias[1] : (to ?? ""));
  if (!place) return null;
  if (bias) return knobIndex(network, { ...place, input: BIAS });
  const { fanIn } = network.layers[place.layer];
  for (let input = 0; input < fanIn; input++) {
    if (plain(weightLabel(network, place.layer, input)) === plain(from)) return knobIndex(network, { ...place, input });
  }
  return null;
}

function shownNeuron(network: Network, text: string): NeuronPlace | null {
  for (const { index, units } of network.layers.filter(isWeighted)) {
    for (let neuron = 0; neuron < units; neuron++) if (plain(neuronLabel(network, { layer: index, neuron })) === plain(text)) return { layer: index, neuron };
  }
  return null;
}

function plain(text: string): string {
  return text.toLowerCase().replace(/[\s,()]+/g, " ").trim();
}

function namedWeight(network: Network, match: RegExpExecArray): number | null {
  const [layer, neuron, ...numbers] = match.slice(1).filter((each) => each !== undefined).map(Number);
  const own = network.layers[layer] as Layer | undefined;
  if (!own || !isWeighted(own) || neuron >= own.units) return null;
  const input = own.kind === "conv2d" ? filterInput(own, numbers) : denseInput(network, layer, numbers);
  return input < 0 || input >= own.fanIn ? null : knobIndex(network, { layer, neuron, input });
}

/** Place of a filter's weight from input channel, row and column; -1 where there is no such weight. */
function filterInput(layer: Layer, numbers: readonly number[]): number {
  const [channel, row, column] = numbers;
  const [down, across] = layer.kernel;
  return numbers.length === 3 && row < down && column < across ? (channel * down + row) * across + column : -1;
}

/** An input from its number, or a pixel from row and column. */
function denseInput(network: Network, layer: number, numbers: readonly number[]): number {
  const columns = network.input.columns || 1;
  if (numbers.length === 1) return numbers[0];
  return numbers.length === 2 && layer === 0 && numbers[1] < columns ? numbers[0] * columns + numbers[1] : -1;
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
