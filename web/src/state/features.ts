/** What a network takes in words and numbers: its features, their ranges and steps; which of many are shown. */

import type { ValueRange } from "../protocol/messages";
import type { Network } from "./network";

export function isRow(network: Network): boolean {
  return network.input.kind === "row";
}

/** "image" or "row", with which sentences speak of an example. */
export function exampleNoun(network: Network | null): "image" | "row" {
  return network && isRow(network) ? "row" : "image";
}

/** Columns and rows of the picture of all inputs; channels lie below each other, and a row of features is a column. */
export function inputGrid(network: Network): { readonly columns: number; readonly rows: number } {
  const { columns, rows, channels } = network.input;
  return isRow(network) ? { columns: 1, rows: network.layers[0].inputs } : { columns, rows: rows * Math.max(1, channels) };
}

/** What a slider of a value moves over: the range of the data, wider where the value is beyond it, in about 200 steps. */
export function sliderOf(range: ValueRange | undefined, value: number): { readonly min: number; readonly max: number; readonly step: number } {
  const [low, high] = [Math.min(range?.low ?? 0, value), Math.max(range?.high ?? 1, value)];
  const span = high - low || Math.max(1, Math.abs(low));
  if (range?.whole && Number.isInteger(low) && Number.isInteger(high)) return { min: low, max: high === low ? low + 1 : high, step: 1 };
  const step = 10 ** Math.floor(Math.log10(span / 20));
  const top = high === low ? low + span : high;
  // On the grid of the steps, so that the ends can be reached; 1.2 / 0.1 is a little less than 12.
  return { min: rounded(Math.floor(low / step + 1e-6) * step), max: rounded(Math.ceil(top / step - 1e-6) * step), step: rounded(step) };
}

/** A value as a person would type it. */
export function plainValue(value: number): number {
  return rounded(value);
}

function rounded(value: number): number {
  return Number(value.toPrecision(6));
}

/** Indices of the features whose name contains the text, in their order. */
export function matching(names: readonly string[], text: string): number[] {
  const wanted = text.trim().toLowerCase();
  return names.flatMap((name, index) => (name.toLowerCase().includes(wanted) ? [index] : []));
}
