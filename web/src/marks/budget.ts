/** Limits the number of wires while the picture changes. */

const BINS = 512;
const FEWEST = 150;
const AT_FIRST = 1500;
/** A frame and a half, in milliseconds. */
const SLOW = 25;

/** The threshold above which at most `max` wires remain; 0 if all of them do. */
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
 * The number of wires drawn while the picture changes: fewer when drawing takes longer than a frame, more when it does not.
 *
 * The strongest wires appear at once, the others when the pen rests.
 */
export class Budget {
  max = AT_FIRST;

  /** Report how long the last picture took; more than a second means that the page was idle. */
  took(milliseconds: number): void {
    if (milliseconds > 1000) return;
    this.max = milliseconds > SLOW ? Math.max(FEWEST, this.max * 0.7) : Math.min(1e6, this.max * 1.1);
  }
}
