/** How sure readings are, and what a threshold costs: sorted values and their counts. */

import type * as wire from "../protocol/messages";
import { floats } from "../transport/frames";

export interface StrangersView {
  readonly kind: string;
  readonly count: number;
  readonly total: number;
  /** Ascending. */
  readonly values: Float32Array;
  readonly numbers: readonly number[];
  readonly readings: readonly number[];
  readonly sureness: Float32Array;
  readonly pixels: Float32Array;
}

export interface SurenessView {
  readonly event: wire.Sureness;
  readonly kinds: readonly StrangersView[];
  /** Ascending, of the test images that are read right. */
  readonly right: Float32Array;
  readonly wrong: Float32Array;
  /** The ends of the scale on which thresholds are set. */
  readonly low: number;
  readonly high: number;
}

export interface Price {
  readonly kept: number;
  readonly lost: number;
  readonly caught: number;
  readonly missed: number;
}

/** Titles of the kinds, and what they are. */
export const KINDS: Readonly<Record<string, { readonly title: string; readonly what: string }>> = {
  noise: { title: "Noise", what: "every pixel at random" },
  shuffled: { title: "Shuffled", what: "test images with their pixels in another order" },
  letters: { title: "Letters", what: "capitals that look like no digit" },
  scribbles: { title: "Scribbles", what: "a smooth line along random points" },
  shifted: { title: "Shifted", what: "test images moved by 6 pixels" },
  blank: { title: "Blank", what: "an empty picture" },
};

export const MEASURES: Readonly<Record<wire.Sureness["measure"], { readonly title: string; readonly what: string }>> = {
  output: { title: "largest output", what: "The output of the class that the network reads. Outputs are not probabilities of being right." },
  both: { title: "with a second network", what: "How sure the reading is when a second network with an eleventh answer, “none”, has read the same pixels; 0 where it says none." },
  likeness: { title: "unlike the training images", what: "The distance from the training images of the most similar class. It does not ask the network at all." },
};

export function surenessOf(event: wire.Sureness, payload: Float32Array): SurenessView {
  const kinds = event.kinds.map((each) => ({
    kind: each.kind, count: each.count, total: each.total, values: floats(payload, each.values), numbers: each.numbers,
    readings: each.readings, sureness: floats(payload, each.sureness), pixels: floats(payload, each.pixels),
  }));
  const [right, wrong] = [floats(payload, event.right), floats(payload, event.wrong)];
  const largest = Math.max(event.usual, ...[right, wrong, ...kinds.map(({ values }) => values)].map((values) => values.at(-1) ?? 0));
  return { event, kinds, right, wrong, low: 0, high: event.low ? Math.ceil(largest) : 1 };
}

/** How many of some ascending values a threshold lets through: those from it on, or where low values are sure, up to it. */
export function passing(values: Float32Array, threshold: number, low: boolean): number {
  const bound = Math.fround(threshold);
  let [from, to] = [0, values.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    if (low ? values[middle] <= bound : values[middle] < bound) from = middle + 1;
    else to = middle;
  }
  return low ? from : values.length - from;
}

export function priceOf(view: SurenessView, threshold: number): Price {
  const { low } = view.event;
  const [kept, missed] = [passing(view.right, threshold, low), passing(view.wrong, threshold, low)];
  return { kept, lost: view.right.length - kept, caught: view.wrong.length - missed, missed };
}

/** How many of some ascending values lie in each bin of a scale. */
export function binned(values: Float32Array, low: number, high: number, bins: number): number[] {
  const counts = new Array<number>(bins).fill(0);
  for (const value of values) counts[Math.max(0, Math.min(bins - 1, Math.floor(((value - low) / (high - low)) * bins)))] += 1;
  return counts;
}
