/** Where the outputs of two networks differ. */

/** Outputs that differ by at least so much are marked. */
export const DIFFERS = 0.05;

/** Indices of the outputs that differ by `DIFFERS` or more. */
export function differing(first: ArrayLike<number> | undefined, second: ArrayLike<number> | undefined): ReadonlySet<number> {
  const found = new Set<number>();
  if (!first || !second || first.length !== second.length) return found;
  for (let at = 0; at < first.length; at++) if (!(Math.abs(first[at] - second[at]) < DIFFERS)) found.add(at);
  return found;
}
