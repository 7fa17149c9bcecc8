/** Curves drawn as an answer: a value at every point of each curve, null where nothing is drawn yet. */

export type Drawn = readonly (number | null)[];

/** A place on the chart: a point's index, between points too, and a value. */
export interface Spot {
  readonly point: number;
  readonly value: number;
}

/** The values with a stroke drawn into one curve, from the last spot to this one, straight between them. */
export function drawnInto(values: Drawn, row: number, points: number, from: Spot | null, to: Spot): Drawn {
  const at = (spot: Spot) => Math.max(0, Math.min(points - 1, Math.round(spot.point)));
  const begin = from ?? to;
  const [first, last] = [at(begin), at(to)];
  const next = [...values];
  for (let point = Math.min(first, last); point <= Math.max(first, last); point++) {
    const share = first === last ? 1 : (point - first) / (last - first);
    next[row * points + point] = begin.value * (1 - share) + to.value * share;
  }
  return next;
}

/** One curve of several. */
export function curveOf<T>(values: readonly T[], row: number, points: number): readonly T[] {
  return values.slice(row * points, (row + 1) * points);
}

/** How far two curves are apart on average; null where one of them has gaps. */
export function meanDistance(one: Drawn, other: Drawn): number | null {
  const gaps = one.map((value, at) => (value === null || other[at] === null || other[at] === undefined ? NaN : Math.abs(value - (other[at] ?? 0))));
  const mean = gaps.reduce((sum, each) => sum + each, 0) / gaps.length;
  return Number.isNaN(mean) ? null : mean;
}
