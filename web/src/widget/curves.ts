/** The epochs of a training as the kernel sends them, in columns, and the axes of their curves. */

/** The columns (N,): NaN where nothing was measured. */
export interface Measured {
  readonly epoch: Float32Array;
  readonly loss: Float32Array;
  readonly accuracy: Float32Array;
  readonly testLoss: Float32Array;
  readonly testAccuracy: Float32Array;
}

/** Where the training is. */
export interface Progress {
  readonly title: string;
  readonly running: boolean;
  /** The epochs that it will have, and the share of the current one that is done. */
  readonly planned: number;
  readonly share: number;
  /** Time of training so far. */
  readonly seconds: number;
}

/** One epoch. */
export type Row = { readonly [name in keyof Measured]: number };

const COLUMNS = ["epoch", "loss", "accuracy", "testLoss", "testAccuracy"] as const;

/** Take columns out of rows (N, 5). */
export function columnsOf(rows: Float32Array<ArrayBufferLike>): Measured {
  const count = rows.length / COLUMNS.length;
  const column = (at: number) => Float32Array.from({ length: count }, (_, row) => rows[row * COLUMNS.length + at]);
  return Object.fromEntries(COLUMNS.map((name, at) => [name, column(at)])) as unknown as Measured;
}

/** The epoch nearest to a place on the axis, the latest without one; null before the first. */
export function rowAt(measured: Measured, place: number | null): Row | null {
  const { epoch } = measured;
  if (epoch.length === 0) return null;
  let at = epoch.length - 1;
  if (place !== null) epoch.forEach((each, index) => (at = Math.abs(each - place) < Math.abs(epoch[at] - place) ? index : at));
  return Object.fromEntries(COLUMNS.map((name) => [name, measured[name][at]])) as Row;
}

/** The lowest and the highest value with a margin, not beyond `most`; 0 to 1 without values. */
export function axisOf(columns: readonly Float32Array[], most = Infinity): [number, number] {
  let [low, high] = [Infinity, -Infinity];
  for (const value of columns.flatMap((column) => Array.from(column))) {
    if (!Number.isFinite(value)) continue;
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  if (low > high) return [0, 1];
  const margin = 0.08 * (high - low) || 0.05 * Math.abs(high) || 0.5;
  return [low >= 0 ? Math.max(0, low - margin) : low - margin, Math.min(most, high + margin)];
}
