/** Where the points of a map lie between two layers, which one is meant, and which are in a lasso. */

/** Points between column `place` rounded down and the next one, x and y each. */
export function between(columns: readonly Float32Array[], place: number): Float32Array {
  const from = Math.max(0, Math.min(columns.length - 1, Math.floor(place)));
  const share = place - from;
  if (share <= 0 || from + 1 >= columns.length) return columns[from];
  const [a, b] = [columns[from], columns[from + 1]];
  return a.map((value, at) => value + share * (b[at] - value));
}

/** A part of the plane: its middle, and half of its width and height. */
export interface Frame {
  readonly x: number;
  readonly y: number;
  readonly across: number;
  readonly up: number;
}

/** The part of the plane that holds all points of a layer. */
export function frameOf(points: Float32Array): Frame {
  const [low, high] = [[Infinity, Infinity], [-Infinity, -Infinity]];
  for (let at = 0; at < points.length; at++) {
    low[at % 2] = Math.min(low[at % 2], points[at]);
    high[at % 2] = Math.max(high[at % 2], points[at]);
  }
  const half = (axis: 0 | 1) => Math.max(1e-6, (high[axis] - low[axis]) / 2);
  return { x: (low[0] + high[0]) / 2, y: (low[1] + high[1]) / 2, across: half(0), up: half(1) };
}

/** Between the frames of two layers. */
export function frameBetween(frames: readonly Frame[], place: number): Frame {
  const [a, b] = [frames[Math.floor(place)], frames[Math.ceil(place)]];
  const mixed = (of: keyof Frame) => a[of] + (place - Math.floor(place)) * (b[of] - a[of]);
  return { x: mixed("x"), y: mixed("y"), across: mixed("across"), up: mixed("up") };
}

/** The point nearest to a place, within `radius` and among the chosen ones; -1 if there is none. */
export function nearestPoint(places: Float32Array, x: number, y: number, radius: number, chosen: Uint8Array | null = null): number {
  let [best, shortest] = [-1, radius * radius];
  for (let at = 0; at < places.length; at += 2) {
    const away = (places[at] - x) ** 2 + (places[at + 1] - y) ** 2;
    if (away <= shortest && chosen?.[at / 2] !== 0) [best, shortest] = [at / 2, away];
  }
  return best;
}

/** The nearest chosen point in a direction of the screen, within 45 degrees of it; -1 if there is none. */
export function nextPoint(places: Float32Array, from: readonly [number, number], direction: readonly [number, number], chosen: Uint8Array | null = null): number {
  let [best, shortest] = [-1, Infinity];
  for (let at = 0; at < places.length; at += 2) {
    const [dx, dy] = [places[at] - from[0], places[at + 1] - from[1]];
    const along = dx * direction[0] + dy * direction[1];
    const aside = Math.abs(dx * direction[1] - dy * direction[0]);
    const away = Math.hypot(dx, dy);
    if (chosen?.[at / 2] !== 0 && along > 0.5 && aside <= along && away < shortest) [best, shortest] = [at / 2, away];
  }
  return best;
}

/** The points within a closed line, by the even-odd rule. */
export function inLasso(places: Float32Array, line: readonly (readonly [number, number])[]): number[] {
  const found: number[] = [];
  for (let at = 0; at < places.length; at += 2) if (isInside(places[at], places[at + 1], line)) found.push(at / 2);
  return found;
}

function isInside(x: number, y: number, line: readonly (readonly [number, number])[]): boolean {
  let inside = false;
  for (let at = 0, before = line.length - 1; at < line.length; before = at++) {
    const [[ax, ay], [bx, by]] = [line[at], line[before]];
    if (ay > y !== by > y && x < ax + ((y - ay) / (by - ay)) * (bx - ax)) inside = !inside;
  }
  return inside;
}
