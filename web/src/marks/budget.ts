/** How many wires a moving picture draws. */

const BINS = 512;
const FEWEST = 150;
const AT_FIRST = 1500;
/** A frame and a half, in milliseconds. */
const SLOW = 25;

/** The strength from which on at most `max` wires are left; 0 where all of them are. */
export function cutoff(strengths: Float32Array, max: number): number {
  if (strengths.length <= max) return 0;
  const counts = new Uint32Array(BINS + 1);
  for (let wire = 0; wire < strengths.length; wire++) counts[Math.min(BINS, Math.ceil(Math.abs(strengths[wire]) * BINS))]++;
  let left = 0;
  for (let bin = BINS; bin > 0; bin--) {
    left += counts[bin];
    if (left > max) return bin / BINS;
  }
  return 0;
}

/**
 * How many wires a moving picture may have: fewer where drawing takes longer than a frame, more where it does not.
 *
 * Whoever holds the pen sees the strongest at once, and all of them when it rests.
 */
export class Budget {
  max = AT_FIRST;

  /** The last picture was ready after so many milliseconds; longer ones than a second were not waited for. */
  took(milliseconds: number): void {
    if (milliseconds > 1000) return;
    this.max = milliseconds > SLOW ? Math.max(FEWEST, this.max * 0.7) : Math.min(1e6, this.max * 1.1);
  }
}
