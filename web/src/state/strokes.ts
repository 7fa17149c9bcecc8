/** A drawing: strokes on a grid of 1,000 x 1,000, which a link reproduces exactly. */

import { readInteger, toBytes, toText, unzigzag, writeInteger, zigzag, type Reader } from "./bytes";

export const GRID = 1000;

export interface Stroke {
  readonly erase: boolean;
  /** In grid units. */
  readonly width: number;
  /** x, y, x, y, ... whole grid units. */
  readonly points: readonly number[];
}

export const WIDTHS = [45, 70, 100] as const;
export const WIDTH_NAMES = ["fine", "medium", "broad"] as const;

/** Shorter steps make no difference at 28 pixels. */
const MIN_STEP = 4;

export function begin(width: number, erase: boolean, x: number, y: number): Stroke {
  return { erase, width, points: [toGrid(x), toGrid(y)] };
}

/** The stroke with more points (x, y, ... as fractions of the pad); the same object if none is far enough away. */
export function extend(stroke: Stroke, added: readonly number[]): Stroke {
  const points = [...stroke.points];
  for (let at = 0; at + 1 < added.length; at += 2) {
    const [x, y] = [toGrid(added[at]), toGrid(added[at + 1])];
    const away = Math.max(Math.abs(x - points[points.length - 2]), Math.abs(y - points[points.length - 1]));
    if (away >= MIN_STEP) points.push(x, y);
  }
  return points.length === stroke.points.length ? stroke : { ...stroke, points };
}

function toGrid(fraction: number): number {
  return Math.round(Math.min(1, Math.max(0, fraction)) * GRID);
}

/** Strokes as text for a link: variable-length integers in base64url, each point relative to the previous one. */
export function encodeStrokes(strokes: readonly Stroke[]): string {
  const bytes: number[] = [];
  for (const stroke of strokes) {
    writeInteger(bytes, stroke.width * 2 + Number(stroke.erase));
    writeInteger(bytes, stroke.points.length / 2);
    let [x, y] = [0, 0];
    for (let at = 0; at < stroke.points.length; at += 2) {
      writeInteger(bytes, zigzag(stroke.points[at] - x));
      writeInteger(bytes, zigzag(stroke.points[at + 1] - y));
      [x, y] = [stroke.points[at], stroke.points[at + 1]];
    }
  }
  return toText(bytes);
}

/** The inverse of `encodeStrokes`; null for any other text. */
export function decodeStrokes(text: string): Stroke[] | null {
  const bytes = toBytes(text);
  if (!bytes) return null;
  const reader = { bytes, at: 0 };
  const strokes: Stroke[] = [];
  while (reader.at < bytes.length) {
    const stroke = readStroke(reader);
    if (!stroke) return null;
    strokes.push(stroke);
  }
  return strokes;
}

function readStroke(reader: Reader): Stroke | null {
  const head = readInteger(reader);
  const count = readInteger(reader);
  if (head === null || count === null || count < 1 || count > 20_000) return null;
  const width = head >> 1;
  if (width < 1 || width > GRID) return null;
  const points: number[] = [];
  let [x, y] = [0, 0];
  for (let point = 0; point < count; point++) {
    const [dx, dy] = [readInteger(reader), readInteger(reader)];
    if (dx === null || dy === null) return null;
    x += unzigzag(dx);
    y += unzigzag(dy);
    if (Math.max(Math.abs(x), Math.abs(y)) > 2 * GRID) return null;
    points.push(x, y);
  }
  return { erase: (head & 1) === 1, width, points };
}
