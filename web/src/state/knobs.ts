/** Ranges of the dials, and where the panel shows each knob. */

import { BIAS, isWeighted, knobAt, knobIndex, type Network } from "./network";

/** The largest magnitude that the server takes for a knob: float32 values below 10³⁰, so that sums stay finite. */
export const MAX_KNOB = 9.99e29;

/** Each layer's dial range to either side: 1.5 times its largest trained knob, and at least 1. */
export function ranges(network: Network, trained: Float32Array): number[] {
  return network.layers.map((layer) => {
    let max = 2 / 3;
    const end = isWeighted(layer) ? layer.bias + layer.units : layer.weight;
    for (let knob = layer.weight; knob < end; knob++) max = Math.max(max, Math.abs(trained[knob]));
    return nice(1.5 * max);
  });
}

/** The range of a knob's dial: its layer's, or wider if the knob's value needs it. */
export function rangeOf(network: Network, layers: readonly number[], knob: number, value: number): number {
  return Math.max(layers[knobAt(network, knob).layer], Math.min(MAX_KNOB, nice(Math.abs(value))));
}

/** Rounded up to 1, 1.5, 2, 3, 5 or 7 times a power of ten. */
function nice(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value || 1));
  return ([1, 1.5, 2, 3, 5, 7].find((step) => step * power >= value) ?? 10) * power;
}

export type Sweep = "zero" | "flip" | "trained";

/** The value that a sweep gives a knob. */
export function swept(sweep: Sweep, value: number, trained: number): number {
  switch (sweep) {
    case "zero":
      return 0;
    case "flip":
      return -value;
    case "trained":
      return trained;
  }
}

/**
 * The panel of all dials: one row per neuron or channel, one column per weight, then the biases; layers side by side, with an empty column between.
 */
export interface Panel {
  readonly rows: number;
  readonly columns: number;
  /** First column of each layer. */
  readonly starts: readonly number[];
}

export function panelOf(network: Network): Panel {
  const starts: number[] = [];
  let columns = 0;
  for (const layer of network.layers) {
    starts.push(columns);
    if (isWeighted(layer)) columns += layer.fanIn + 2;
  }
  return { rows: Math.max(...network.layers.filter(isWeighted).map((layer) => layer.units)), columns: columns - 1, starts };
}

/** The knob in a cell of the panel, or -1. */
export function panelKnob(network: Network, panel: Panel, column: number, row: number): number {
  for (let at = network.layers.length - 1; at >= 0; at--) {
    const layer = network.layers[at];
    const input = column - panel.starts[at];
    if (input < 0 || !isWeighted(layer)) continue;
    if (row < 0 || row >= layer.units || input > layer.fanIn) return -1;
    return knobIndex(network, { layer: at, neuron: row, input: input === layer.fanIn ? BIAS : input });
  }
  return -1;
}

/** The cell of a knob: column and row. */
export function panelCell(network: Network, panel: Panel, knob: number): [number, number] {
  const { layer, neuron, input } = knobAt(network, knob);
  return [panel.starts[layer] + (input < 0 ? network.layers[layer].fanIn : input), neuron];
}
