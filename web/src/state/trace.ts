/** The network's reading of the current image: the inputs, every weighted sum, every activation. */

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
