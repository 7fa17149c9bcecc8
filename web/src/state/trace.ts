/** The network's reading of the current image: the inputs, every weighted sum, every activation. */

import type { Likeness } from "../protocol/messages";
import { figure, percent } from "./words";

export interface Trace {
  readonly version: number;
  /** Activations of each column, the inputs' first. */
  readonly columns: readonly Float32Array[];
  /** Weighted sums of each layer. */
  readonly sums: readonly Float32Array[];
  /** Such as "3 at 0.60, then 8 at 0.40"; empty for an empty drawing. */
  readonly words: string;
  /** How many digits the drawing or picture seems to hold; null where that is unknown. */
  readonly digits: number | null;
  /** How unlike the images of the data set the image is; null where that is unknown. */
  readonly likeness: Likeness | null;
}

/** Why the reading says little, if it does, and how that was measured. */
export interface Doubt {
  readonly kind: "several" | "unlike";
  readonly text: string;
  readonly reason: string;
}

export function doubtOf({ digits, likeness }: Trace): Doubt | null {
  if (digits !== null && digits > 1) {
    return {
      kind: "several",
      text: `This picture seems to hold ${digits} digits: only one can be read here.`,
      reason: `Its ink forms ${digits} separate groups of strokes. A network of this kind has one answer for a whole picture; the command “pellucid read” finds the digits of a picture and reads each.`,
    };
  }
  if (likeness && likeness.distance > likeness.limit) {
    return {
      kind: "unlike",
      text: "This does not look like the digits that the network learned from.",
      reason: `Its distance from the most similar digits of the data set is ${figure(likeness.distance, 1)}; 99 % of real digits are within ${figure(likeness.limit, 1)}. The outputs always choose among the ten digits, so a high one does not mean that the picture is a digit.`,
    };
  }
  return null;
}

export function largestAt(values: ArrayLike<number>): number {
  let best = 0;
  for (let index = 1; index < values.length; index++) if (values[index] > values[best]) best = index;
  return best;
}

/** What the network reads, as people say it: "3: 60 %, then 8: 40 %". Outputs that are no shares of 1 stay as they are. */
export function spokenReading(outputs: ArrayLike<number>, classes: readonly string[], shares: boolean): string {
  const order = Array.from(outputs, (_, index) => index).sort((a, b) => outputs[b] - outputs[a] || a - b);
  const said = (index: number) => `${classes[index]}: ${shares ? percent(outputs[index], 0) : figure(outputs[index], 2)}`;
  const [best, second] = order;
  const worth = second !== undefined && (!shares || outputs[second] >= 0.005);
  return worth ? `${said(best)}, then ${said(second)}` : said(best);
}

/** Predicted values: "price 231.4, taxes 12.02". */
export function valuesText(outputs: ArrayLike<number>, names: readonly string[]): string {
  return names.map((name, index) => `${name} ${valueText(outputs[index])}`).join(", ");
}

/** A value with four significant digits and a true minus sign. */
export function valueText(value: number): string {
  if (!Number.isFinite(value) || Math.abs(value) >= 1e5 || (value !== 0 && Math.abs(value) < 1e-3)) return figure(value, 3);
  return String(Number(value.toPrecision(4))).replace("-", "−");
}

/** "3 at 0.60, then 8 at 0.40"; the second class only if its output is at least 0.005. */
export function readingText(outputs: ArrayLike<number>, classes: readonly string[]): string {
  const best = largestAt(outputs);
  let second = -1;
  for (let index = 0; index < outputs.length; index++) {
    if (index !== best && (second < 0 || outputs[index] > outputs[second])) second = index;
  }
  const first = `${classes[best]} at ${outputs[best].toFixed(2)}`;
  if (second < 0 || outputs[second] < 0.005) return first;
  return `${first}, then ${classes[second]} at ${outputs[second].toFixed(2)}`;
}
