/** Contour lines of a grid by marching squares. */

const EDGES: readonly (readonly (readonly [number, number])[])[] = [
  [], [[3, 0]], [[0, 1]], [[3, 1]], [[1, 2]], [[3, 2], [0, 1]], [[0, 2]], [[3, 2]],
  [[2, 3]], [[2, 0]], [[0, 3], [1, 2]], [[2, 1]], [[1, 3]], [[1, 0]], [[0, 3]], [],
];

/** An SVG path in grid units: columns along x, rows along y, from 0. */
export function contourPath(heights: ArrayLike<number>, columns: number, level: number): string {
  const rows = heights.length / columns;
  let path = "";
  for (let row = 0; row + 1 < rows; row++) {
    for (let column = 0; column + 1 < columns; column++) {
      const at = row * columns + column;
      const corners = [heights[at], heights[at + 1], heights[at + columns + 1], heights[at + columns]];
      const kind = corners.reduce((bits, height, corner) => bits | (Number(height > level) << corner), 0);
      for (const [from, to] of EDGES[kind]) path += `M${point(corners, level, column, row, from)}L${point(corners, level, column, row, to)}`;
    }
  }
  return path;
}

/** Where the contour crosses an edge of a cell: 0 top, 1 right, 2 bottom, 3 left. */
function point(corners: readonly number[], level: number, column: number, row: number, edge: number): string {
  const [from, to] = [corners[edge], corners[(edge + 1) % 4]];
  const share = from === to ? 0.5 : (level - from) / (to - from);
  const [x, y] = [[column + share, row], [column + 1, row + share], [column + 1 - share, row + 1], [column, row + 1 - share]][edge];
  return `${x.toFixed(3)},${y.toFixed(3)}`;
}

/** `count` levels between the smallest and largest height, evenly spaced in the logarithm. */
export function levelsOf(heights: ArrayLike<number>, count: number): number[] {
  let [low, high] = [Infinity, -Infinity];
  for (let index = 0; index < heights.length; index++) {
    const height = heights[index];
    if (!(height > 0) || height > 1e30) continue;
    if (height < low) low = height;
    if (height > high) high = height;
  }
  if (!(high > low)) return [];
  return Array.from({ length: count }, (_, index) => low * (high / low) ** ((index + 0.5) / count));
}
