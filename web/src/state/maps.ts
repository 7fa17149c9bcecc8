/** Feature maps: the values of one channel, their largest place, what a place sees, and what it is seen by. */

import { inputMaps, type Grid, type Layer, type Network } from "./network";

/** Rows `top` to `bottom - 1` and columns `left` to `right - 1`. */
export interface Box {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** A place of a feature map. */
export interface Cell {
  readonly layer: number;
  readonly channel: number;
  readonly row: number;
  readonly column: number;
}

/** The values of one channel, row by row. */
export function mapOf(values: Float32Array, { rows, columns }: Grid, channel: number): Float32Array {
  return values.subarray(channel * rows * columns, (channel + 1) * rows * columns);
}

/** The values of a neuron, or of a channel's map. */
export function valuesOf(layer: Layer, values: Float32Array, unit: number): Float32Array {
  return layer.maps ? mapOf(values, layer.maps, unit) : values.subarray(unit, unit + 1);
}

export function indexOfLargest(values: ArrayLike<number>): number {
  let best = 0;
  for (let index = 1; index < values.length; index++) if (values[index] > values[best]) best = index;
  return best;
}

/** The range of a layer's values: its largest magnitude, and whether some are negative. */
export function rangeOfValues(values: ArrayLike<number>): { readonly max: number; readonly signed: boolean } {
  let [low, high] = [0, 0];
  for (let index = 0; index < values.length; index++) {
    if (values[index] < low) low = values[index];
    if (values[index] > high) high = values[index];
  }
  return { max: Math.max(high, -low) || 1, signed: low < 0 };
}

/** What a filter or window at a place of a layer's output covers of its input, beyond the edges too. */
export function windowAt({ kernel, stride, padding }: Layer, row: number, column: number): Box {
  const [top, left] = [row * stride[0] - padding[0], column * stride[1] - padding[1]];
  return { left, top, right: left + kernel[1], bottom: top + kernel[0] };
}

/** The part of a layer's input that a box of its output depends on. */
function seenBy({ kernel, stride, padding }: Layer, box: Box): Box {
  return {
    left: box.left * stride[1] - padding[1], right: (box.right - 1) * stride[1] - padding[1] + kernel[1],
    top: box.top * stride[0] - padding[0], bottom: (box.bottom - 1) * stride[0] - padding[0] + kernel[0],
  };
}

/** The part of a layer's output that depends on a box of its input; empty boxes have no width. */
function reachedFrom({ kernel, stride, padding }: Layer, box: Box): Box {
  const first = (from: number, axis: number) => Math.ceil((from + padding[axis] - kernel[axis] + 1) / stride[axis]);
  const past = (to: number, axis: number) => Math.floor((to - 1 + padding[axis]) / stride[axis]) + 1;
  return { left: first(box.left, 1), right: past(box.right, 1), top: first(box.top, 0), bottom: past(box.bottom, 0) };
}

function within(box: Box, { rows, columns }: Grid): Box {
  const [left, top] = [Math.max(0, box.left), Math.max(0, box.top)];
  return { left, top, right: Math.max(left, Math.min(columns, box.right)), bottom: Math.max(top, Math.min(rows, box.bottom)) };
}

/** For each column of the network, the inputs' first, the box that a place depends on or that depends on it; null for none. */
export function fieldsOf(network: Network, cell: Cell): (Box | null)[] {
  const found: (Box | null)[] = [null, ...network.layers.map(() => null)];
  const own: Box = { left: cell.column, top: cell.row, right: cell.column + 1, bottom: cell.row + 1 };
  found[cell.layer + 1] = own;
  for (let at = cell.layer, box = own; at >= 0; at--) {
    const layer = network.layers[at];
    if (layer.kernel.length) box = seenBy(layer, box);
    found[at] = within(box, inputMaps(layer));
  }
  for (let at = cell.layer + 1, box = own; at < network.layers.length; at++) {
    const layer = network.layers[at];
    if (!layer.maps) break;
    if (layer.kernel.length) box = reachedFrom(layer, box);
    found[at + 1] = within(box, layer.maps);
  }
  return found;
}

/** One product of a weighted sum, or one value of a pooling window. */
export interface Product {
  readonly channel: number;
  readonly row: number;
  readonly column: number;
  /** Where its input lies. */
  readonly at: readonly [number, number];
  /** 0 beyond the edge. */
  readonly input: number;
  readonly weight: number;
  readonly product: number;
}

/** How the engine gets from a place's window to its value; the products and their running sum are float32 too. */
export interface Computation {
  readonly products: readonly Product[];
  readonly bias: number;
  /** The products and the bias, added up in float32 in this order. */
  readonly added: number;
  /** Of pooling by the largest value, the one that wins. */
  readonly winner: Product | null;
}

/** Add up a place of a map again from its window; null where the layer has no filter or window. */
export function computationAt(layer: Layer, parameters: Float32Array, inputs: Float32Array, cell: Cell): Computation | null {
  if (!layer.kernel.length) return null;
  const grid = inputMaps(layer);
  const { left, top } = windowAt(layer, cell.row, cell.column);
  const convolution = layer.kind === "conv2d";
  const [down, across] = layer.kernel;
  const products: Product[] = [];
  for (let place = 0; place < (convolution ? layer.fanIn : down * across); place++) {
    const channel = convolution ? Math.floor(place / (down * across)) : cell.channel;
    const [row, column] = [Math.floor((place % (down * across)) / across), place % across];
    const at = [top + row, left + column] as const;
    const inside = at[0] >= 0 && at[0] < grid.rows && at[1] >= 0 && at[1] < grid.columns;
    const input = inside ? inputs[(channel * grid.rows + at[0]) * grid.columns + at[1]] : 0;
    const weight = convolution ? parameters[layer.weight + cell.channel * layer.fanIn + place] : layer.kind === "avg_pool2d" ? Math.fround(1 / (down * across)) : 1;
    products.push({ channel, row, column, at, input, weight, product: Math.fround(weight * input) });
  }
  const bias = convolution ? parameters[layer.bias + cell.channel] : 0;
  const winner = layer.kind === "max_pool2d" ? products.reduce((best, each) => (each.input > best.input ? each : best)) : null;
  const added = winner ? winner.input : products.reduce((sum, { product }) => Math.fround(sum + product), bias);
  return { products, bias, added, winner };
}

/** A filter as a picture: its input channels side by side, in nearly as many rows as columns. */
export interface Mosaic {
  /** Columns and rows of pixels. */
  readonly columns: number;
  readonly rows: number;
  /** Input channels in a row. */
  readonly across: number;
}

export function mosaicOf(layer: Layer): Mosaic {
  const [down, wide] = layer.kernel;
  const { channels } = inputMaps(layer);
  const across = Math.ceil(Math.sqrt(channels));
  return { columns: across * wide, rows: Math.ceil(channels / across) * down, across };
}

/** Where a filter's weight lies in the mosaic, as an index of its pixels. */
export function mosaicIndex(layer: Layer, mosaic: Mosaic, input: number): number {
  const [down, wide] = layer.kernel;
  const channel = Math.floor(input / (down * wide));
  const [row, column] = [Math.floor((input % (down * wide)) / wide), input % wide];
  return (Math.floor(channel / mosaic.across) * down + row) * mosaic.columns + (channel % mosaic.across) * wide + column;
}

/** The weight at a pixel of the mosaic, or -1 where no channel is left. */
export function mosaicInput(layer: Layer, mosaic: Mosaic, pixel: number): number {
  const [down, wide] = layer.kernel;
  const [y, x] = [Math.floor(pixel / mosaic.columns), pixel % mosaic.columns];
  const channel = Math.floor(y / down) * mosaic.across + Math.floor(x / wide);
  const input = (channel * down + (y % down)) * wide + (x % wide);
  return input < layer.fanIn ? input : -1;
}

/** Filters, one after the other, as their mosaics. */
export function mosaics(layer: Layer, filters: Float32Array, count: number): Float32Array {
  const mosaic = mosaicOf(layer);
  const size = mosaic.columns * mosaic.rows;
  const found = new Float32Array(count * size);
  for (let input = 0; input < layer.fanIn; input++) {
    const to = mosaicIndex(layer, mosaic, input);
    for (let filter = 0; filter < count; filter++) found[filter * size + to] = filters[filter * layer.fanIn + input];
  }
  return found;
}
