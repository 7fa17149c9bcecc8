/** The network's reading of the current image: the inputs, every weighted sum, every activation. */

import { figure, percent } from "./words";

export interface Trace {
  readonly version: number;
  /** Activations of each column, the inputs' first. */
  readonly columns: readonly Float32Array[];
  /** Weighted sums of each layer. */
  readonly sums: readonly Float32Array[];
  /** Such as "3 at 0.60, then 8 at 0.40"; empty for an empty drawing. */
  readonly words: string;
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
