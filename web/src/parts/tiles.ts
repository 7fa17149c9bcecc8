/** How many tiles go in a row. */

/** Columns for `count` tiles of at least `smallest` pixels in `width` pixels: full rows if possible, otherwise nearly equal ones. */
export function tileColumns(count: number, width: number, smallest: number, gap: number): number {
  const max = Math.max(1, Math.min(count, Math.floor((width + gap) / (smallest + gap))));
  for (let columns = max; columns > max / 2; columns--) if (count % columns === 0) return columns;
  return Math.ceil(count / Math.ceil(count / max));
}
