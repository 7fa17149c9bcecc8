/** Strokes on a pad and their ink, as in `pellucid.studio.rooms.read.pad` and `pellucid.data.drawings.segments`, in float32 like there. */

import type { Stroke } from "../protocol/messages";
import type { Picture } from "./picture";

const SIDE = 112;
const { fround } = Math;

export class Pad {
  strokes: Stroke[] = [];
  ink: Picture;
  #undone: (readonly Stroke[])[] = [];
  #cleared: Stroke[] = [];

  /** Height and width of the grid that is drawn on; the pad has a whole number of pixels for each of its. */
  constructor(rows: number, columns: number) {
    const fine = Math.max(1, Math.floor(SIDE / Math.max(rows, columns)));
    this.ink = { rows: fine * rows, columns: fine * columns, values: new Float32Array(fine * rows * fine * columns) };
  }

  get canUndo(): boolean {
    return this.strokes.length > 0 || this.#cleared.length > 0;
  }

  get canRedo(): boolean {
    return this.#undone.length > 0;
  }

  /** Append points to the last stroke, or begin stroke number `stroke`. */
  draw(stroke: number, points: readonly number[], width: number, erase: boolean): void {
    this.#undone = [];
    if (stroke >= this.strokes.length) {
      this.#cleared = [];
      this.strokes.push({ points: [], width, erase });
    }
    const line = this.strokes[this.strokes.length - 1];
    drawLine(this.ink, [...line.points.slice(-2), ...points], line.width, line.erase);
    this.strokes[this.strokes.length - 1] = { ...line, points: [...line.points, ...points] };
  }

  undo(): void {
    const last = this.strokes.pop();
    if (last) this.#undone.push([last]);
    else if (this.#cleared.length) {
      [this.strokes, this.#cleared] = [this.#cleared, []];
      this.#undone.push([]);
    }
    this.#redraw();
  }

  redo(): void {
    const strokes = this.#undone.pop();
    if (strokes?.length) this.strokes.push(...strokes);
    else if (strokes) [this.strokes, this.#cleared] = [[], this.strokes];
    this.#redraw();
  }

  clear(): void {
    if (this.strokes.length) [this.#cleared, this.strokes] = [this.strokes, []];
    this.#undone = [];
    this.#redraw();
  }

  replace(strokes: readonly Stroke[]): void {
    this.strokes = [...strokes];
    this.#undone = [];
    this.#cleared = [];
    this.#redraw();
  }

  #redraw(): void {
    this.ink.values.fill(0);
    for (const { points, width, erase } of this.strokes) drawLine(this.ink, points, width, erase);
  }
}

/** Draw a line through points, x, y, x, y, ... as shares of width and height; a single point is a dot. */
export function drawLine(ink: Picture, points: readonly number[], width: number, erase: boolean): void {
  const places = points.map((share, at) => fround(fround(share) * (at % 2 ? ink.rows : ink.columns)));
  if (places.length === 2) places.push(...places);
  const radius = (width * Math.max(ink.rows, ink.columns)) / 2;
  for (let at = 0; at + 3 < places.length; at += 2) drawSegment(ink, places.slice(at, at + 4), radius, erase);
}

/** Cover all pixels within the radius of a segment, with soft edges one pixel wide. */
function drawSegment(ink: Picture, [x0, y0, x1, y1]: readonly number[], radius: number, erase: boolean): void {
  const reach = fround(radius);
  const [dx, dy] = [fround(x1 - x0), fround(y1 - y0)];
  const length = fround(Math.max(fround(fround(dx * dx) + fround(dy * dy)), 1e-12));
  const [left, right] = span(x0, x1, reach, ink.columns);
  const [top, bottom] = span(y0, y1, reach, ink.rows);
  const edge = fround(radius + 0.5);
  for (let row = top; row < bottom; row++) {
    const y = fround(row + 0.5 - y0);
    for (let column = left; column < right; column++) {
      const x = fround(column + 0.5 - x0);
      const along = Math.min(1, Math.max(0, fround(fround(fround(x * dx) + fround(y * dy)) / length)));
      const [across, down] = [fround(x - fround(along * dx)), fround(y - fround(along * dy))];
      const cover = Math.min(1, Math.max(0, fround(edge - fround(Math.sqrt(across * across + down * down)))));
      const at = row * ink.columns + column;
      ink.values[at] = erase ? Math.min(ink.values[at], 1 - cover) : Math.max(ink.values[at], cover);
    }
  }
}

/** The first pixel, and the one after the last, that a segment may reach along one axis. */
function span(from: number, to: number, reach: number, size: number): [number, number] {
  const low = Math.floor(fround(fround(Math.min(from, to) - reach) - 1));
  const high = Math.ceil(fround(fround(Math.max(from, to) + reach) + 1));
  return [Math.max(0, low), Math.min(size, high)];
}
