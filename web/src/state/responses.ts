/** What excites a neuron: the events of the room Look for with their arrays resolved. */

import type * as wire from "../protocol/messages";
import { floats } from "../transport/frames";

export interface ExcitingImage {
  readonly index: number;
  readonly label: number;
  readonly excitation: number;
  readonly activation: number;
  /** What the strongest place of a channel's map sees: left, top, right, bottom, in pixels. */
  readonly field: readonly number[] | null;
}

export interface ExcitingImages {
  readonly images: readonly ExcitingImage[];
  /** One picture after the other. */
  readonly pixels: Float32Array;
}

/** The distribution of a neuron's values by class. */
export interface Distribution {
  readonly edges: Float32Array;
  readonly bins: number;
  /** Images in each bin, class by class. */
  readonly counts: Float32Array;
  /** The quantiles 0, 5, 25, 50, 75, 95 and 100 %, class by class; NaN for a class without images. */
  readonly quantiles: Float32Array;
}

export interface Response {
  readonly version: number;
  readonly images: number;
  readonly most: ExcitingImages;
  readonly least: ExcitingImages;
  readonly excitations: Distribution;
  readonly activations: Distribution;
  readonly percentiles: Float32Array;
  readonly aucs: readonly (number | null)[];
  readonly memberAuc: number | null;
}

export interface MaximumView {
  readonly event: wire.NeuronMaximum;
  readonly pixels: Float32Array;
  readonly starts: Float32Array;
  readonly never: Float32Array;
}

export interface PairView {
  readonly event: wire.Pair;
  readonly pixels: readonly [Float32Array, Float32Array];
}

/** The first of some images. */
export function firstOf(found: ExcitingImages, count: number): ExcitingImages {
  if (found.images.length <= count) return found;
  return { images: found.images.slice(0, count), pixels: found.pixels.subarray(0, (found.pixels.length / found.images.length) * count) };
}

export const QUANTILES = 7;
const MEDIAN = 3;

export function medianOf(distribution: Distribution, label: number): number {
  return distribution.quantiles[label * QUANTILES + MEDIAN];
}

function imagesOf(event: wire.Exciting, payload: Float32Array): ExcitingImages {
  const [excitations, activations] = [floats(payload, event.excitations), floats(payload, event.activations)];
  return {
    pixels: floats(payload, event.pixels),
    images: event.indices.map((index, at) => ({
      index, label: event.labels[at], excitation: excitations[at], activation: activations[at], field: event.fields?.[at] ?? null,
    })),
  };
}

function distributionOf(event: wire.ByClass, payload: Float32Array): Distribution {
  const edges = floats(payload, event.edges);
  return { edges, bins: edges.length - 1, counts: floats(payload, event.counts), quantiles: floats(payload, event.quantiles) };
}

export function responseOf(event: wire.NeuronResponse, payload: Float32Array): Response {
  return {
    version: event.version, images: event.images,
    most: imagesOf(event.most, payload), least: imagesOf(event.least, payload),
    excitations: distributionOf(event.excitations, payload), activations: distributionOf(event.activations, payload),
    percentiles: floats(payload, event.percentiles), aucs: event.aucs, memberAuc: event.memberAuc,
  };
}

export function maximumOf(event: wire.NeuronMaximum, payload: Float32Array): MaximumView {
  return { event, pixels: floats(payload, event.pixels), starts: floats(payload, event.starts), never: floats(payload, event.never) };
}

export function pairOf(event: wire.Pair, payload: Float32Array): PairView {
  const pixels = floats(payload, event.pixels);
  const half = pixels.length / 2;
  return { event, pixels: [pixels.subarray(0, half), pixels.subarray(half)] };
}

/** Targets for a drawing: to excite the neuron more than these shares of the images, in per cent. */
export const TARGETS = [50, 90, 99, 100] as const;

/** The largest whole percentage of the images that all excite the neuron less than `excitation`; -1 for none. */
export function percentBelow(percentiles: Float32Array, excitation: number): number {
  let found = -1;
  for (let percent = 0; percent < percentiles.length; percent++) if (percentiles[percent] < excitation) found = percent;
  return found;
}

/** The next target that a drawing has not reached, or null if it excites the neuron more than all images. */
export function nextTarget(percentiles: Float32Array, excitation: number): number | null {
  return TARGETS.find((percent) => !(excitation > percentiles[percent])) ?? null;
}

/** The 95 % interval of a share of right answers (Wilson): from and to. */
export function interval(right: number, rounds: number): readonly [number, number] {
  if (rounds === 0) return [0, 1];
  const z = 1.959964;
  const share = right / rounds;
  const spread = z * Math.sqrt((share * (1 - share)) / rounds + (z * z) / (4 * rounds * rounds));
  const middle = share + (z * z) / (2 * rounds);
  const whole = 1 + (z * z) / rounds;
  return [Math.max(0, (middle - spread) / whole), Math.min(1, (middle + spread) / whole)];
}

/** The outline of a histogram, as an SVG path in a box; its highest bin reaches the top. */
export function outline(counts: ArrayLike<number>, width: number, height: number): string {
  let top = 0;
  for (let bin = 0; bin < counts.length; bin++) top = Math.max(top, counts[bin]);
  const step = width / Math.max(1, counts.length);
  let path = `M0,${height}`;
  for (let bin = 0; bin < counts.length; bin++) {
    const y = top > 0 ? height - (counts[bin] / top) * height : height;
    path += `V${round(y)}H${round((bin + 1) * step)}`;
  }
  return `${path}V${height}Z`;
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
