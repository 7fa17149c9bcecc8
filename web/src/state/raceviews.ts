/** The events of the room Race with their arrays resolved; quantiles and wins of many trainings, all of them real ones. */

import type * as wire from "../protocol/messages";
import { floats } from "../transport/frames";

/** A contestant's history. */
export interface CurveView {
  /** Last mini-batch of each point. */
  readonly steps: Float32Array;
  /** Mean, lowest and highest loss of each point. */
  readonly losses: Float32Array;
  readonly accuracies: Float32Array;
  /** At each recorded step; NaN where it was out of the race. */
  readonly testLosses: Float32Array;
  readonly testAccuracies: Float32Array;
  /** At each recorded step, layer by layer. */
  readonly gradients: Float32Array;
  readonly dead: Float32Array;
  readonly saturated: Float32Array;
  readonly layers: number;
}

export interface CurvesView {
  readonly recorded: Float32Array;
  readonly images: number;
  /** Test images by which loss and accuracy are measured: the first ones of all there are. */
  readonly tests: number;
  readonly total: number;
  readonly contestants: readonly CurveView[];
}

export interface MomentView {
  readonly step: number;
  readonly contestants: readonly (Omit<wire.ContestantMoment, "gradients"> & { readonly gradients: Float32Array })[];
}

export interface TrialsView {
  readonly event: wire.RaceTrials;
  readonly contestants: readonly { readonly rates: Float32Array; readonly accuracies: Float32Array; readonly diverged: Float32Array }[];
}

export function curvesOf(event: wire.RaceCurves, payload: Float32Array): CurvesView {
  const read = (place: wire.Floats) => floats(payload, place);
  return {
    recorded: read(event.recorded),
    images: event.images, tests: event.tests, total: event.total,
    contestants: event.contestants.map((each) => ({
      steps: read(each.steps), losses: read(each.losses), accuracies: read(each.accuracies), testLosses: read(each.testLosses), testAccuracies: read(each.testAccuracies),
      gradients: read(each.gradients), dead: read(each.dead), saturated: read(each.saturated), layers: each.gradients.shape[1] ?? 0,
    })),
  };
}

export function momentOf(event: wire.RaceMoment, payload: Float32Array): MomentView {
  return { step: event.step, contestants: event.contestants.map((each) => ({ ...each, gradients: floats(payload, each.gradients) })) };
}

export function trialsOf(event: wire.RaceTrials, payload: Float32Array): TrialsView {
  const contestants = event.contestants.map((each) => ({ rates: floats(payload, each.rates), accuracies: floats(payload, each.accuracies), diverged: floats(payload, each.diverged) }));
  return { event, contestants };
}

/** Every `stride`-th number from `offset`. */
export function column(values: Float32Array, stride: number, offset: number): Float32Array {
  return Float32Array.from({ length: stride > 0 ? Math.floor(values.length / stride) : 0 }, (_, at) => values[at * stride + offset]);
}

/** The values that shares of the known values stay at or below: each is one of them, never one between two. NaN for none. */
export function quantiles(values: readonly number[], shares: readonly number[]): number[] {
  const known = Float64Array.from(values.filter((value) => !Number.isNaN(value))).sort();
  return shares.map((share) => (known.length === 0 ? NaN : known[Math.max(0, Math.ceil(share * known.length) - 1)]));
}

/** Accuracies of one contestant at one of its rates after one epoch, start by start; NaN where it is not known. */
export function accuraciesAt({ event, contestants }: TrialsView, contestant: number, rate: number, epoch: number): number[] {
  const { accuracies } = contestants[contestant];
  return Array.from({ length: event.starts }, (_, start) => accuracies[(rate * event.starts + start) * event.epochs + epoch]);
}

/** Lowest, quartile, median, quartile and highest accuracy of a contestant from all starts, after every epoch. */
export function bandsOf(view: TrialsView, contestant: number): Float32Array[] {
  const shares = [0, 0.25, 0.5, 0.75, 1];
  const found = Array.from({ length: view.event.epochs }, (_, epoch) => quantiles(accuraciesAt(view, contestant, 0, epoch), shares));
  return shares.map((_, at) => Float32Array.from(found, (each) => each[at]));
}

/** How many starts each contestant has won, of those that all have ended, and how many ended alike. A diverged one loses. */
export function winsOf(view: TrialsView): { readonly wins: readonly number[]; readonly ties: number; readonly compared: number } {
  const { event, contestants } = view;
  const wins = contestants.map(() => 0);
  let [ties, compared] = [0, 0];
  for (let start = 0; start < event.starts; start++) {
    const ends = contestants.map(({ accuracies, diverged }) => (diverged[start] ? -1 : accuracies[start * event.epochs + event.epochs - 1]));
    if (ends.some(Number.isNaN)) continue;
    compared++;
    const best = Math.max(...ends);
    if (ends.filter((end) => end === best).length > 1) ties++;
    else wins[ends.indexOf(best)]++;
  }
  return { wins, ties, compared };
}
