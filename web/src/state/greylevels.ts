/** Grey levels: evenly spaced steps from paper, 0, to full ink, 1, to which pixels are rounded. */

export const FEWEST_LEVELS = 2;
export const MOST_LEVELS = 256;

/** The numbers of levels at which a slider stops; beyond the last, pixels are as they are. */
export const LEVEL_STOPS = [2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 16, 24, 32, 64, 128] as const;

/** The levels from paper to full ink. */
export function evenLevels(levels: number): Float32Array {
  return Float32Array.from({ length: levels }, (_, number) => number / (levels - 1));
}

/** How many different levels pixels have. */
export function differentLevels(pixels: ArrayLike<number>): number {
  return new Set(Array.from(pixels)).size;
}
