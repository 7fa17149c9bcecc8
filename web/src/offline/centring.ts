/** Scale and centre ink in a field of 28x28 pixels as in MNIST: `pellucid.data.drawings.centring` and its captions, step by step. */

import type { Centring, CentringStep } from "../protocol/messages";
import { blank, centreOf, cutOut, hasInk, inkBox, product, type Picture } from "./picture";

const [FIELD, BOX] = [28, 20];
/** Stroke widths in pixels of the 20x20 box: 1 % of MNIST's training digits are thinner than the first; they are widened to the second. */
const [THIN_STROKE, WIDENED_STROKE] = [1.6, 2.1];

/** A step from the drawing to the pixels, as the studio's server sends it, but with its picture. */
export interface Step {
  readonly name: CentringStep["name"];
  readonly picture: Picture;
  readonly done: boolean;
  readonly caption: string;
}

/** All steps; the picture of the last are the pixels. */
export function centringSteps(ink: Picture, { thicken, scale, smooth, mass }: Centring): Step[] {
  const drawn: Step = { name: "drawn", picture: ink, done: true, caption: `The drawing, ${ink.columns} x ${ink.rows} pixels.` };
  if (!hasInk(ink)) return nothing(drawn);
  const wide = thicken ? thickened(ink) : ink;
  const cut = scale ? cutOut(wide, ...inkBox(wide)) : wide;
  const fitted = fit(cut, scale ? BOX : FIELD, smooth);
  return [
    drawn,
    { name: "thickened", picture: wide, done: wide !== ink, caption: thickenedWords(thicken, wide !== ink) },
    { name: "cut", picture: cut, done: scale, caption: scale ? `Cropped to the ink: ${cut.columns} x ${cut.rows} of ${wide.columns} x ${wide.rows} pixels.` : "Not cropped: the digit keeps its place and size." },
    { name: "fitted", picture: fitted, done: true, caption: fittedWords(cut, fitted, smooth) },
    { name: "placed", picture: place(fitted, mass), done: mass, caption: placedWords(fitted, mass) },
  ];
}

function nothing(drawn: Step): Step[] {
  const none = (name: Step["name"], rows: number, columns: number): Step => ({ name, picture: blank(rows, columns), done: false, caption: "There is no ink yet." });
  const { rows, columns } = drawn.picture;
  return [drawn, none("thickened", rows, columns), none("cut", rows, columns), none("fitted", BOX, BOX), none("placed", FIELD, FIELD)];
}

/** Pad to a square and scale to (side, side): R X R', where each row of R averages the pixels that it covers. */
function fit(ink: Picture, side: number, smooth: boolean): Picture {
  const longest = Math.max(ink.rows, ink.columns);
  const [top, left] = [Math.floor((longest - ink.rows) / 2), Math.floor((longest - ink.columns) / 2)];
  const matrix = smooth ? averaging(longest, side) : sampling(longest, side);
  return product(cutOut(matrix, top, 0, top + ink.rows, side), ink, cutOut(matrix, left, 0, left + ink.columns, side));
}

function averaging(source: number, target: number): Picture {
  const matrix = blank(target, source);
  for (let row = 0; row < target; row++) {
    const [from, to] = [row * (source / target), (row + 1) * (source / target)];
    for (let at = 0; at < source; at++) matrix.values[row * source + at] = Math.max(Math.min(to, at + 1) - Math.max(from, at), 0) * (target / source);
  }
  return matrix;
}

function sampling(source: number, target: number): Picture {
  const matrix = blank(target, source);
  for (let row = 0; row < target; row++) matrix.values[row * source + Math.min(source - 1, Math.floor((row + 0.5) * (source / target)))] = 1;
  return matrix;
}

/** Place a scaled digit on the field, with its centre of mass, or its middle, at the centre. */
function place(fitted: Picture, mass: boolean): Picture {
  const middle = Math.floor((FIELD - fitted.rows) / 2);
  const [x, y] = centreOf(fitted);
  const [left, top] = mass && hasInk(fitted) ? [Math.floor((FIELD + 1) / 2 - x), Math.floor((FIELD + 1) / 2 - y)] : [middle, middle];
  const placed = cutOut(fitted, -left, -top, FIELD - left, FIELD - top);
  return { ...placed, values: placed.values.map((level) => Math.min(1, Math.max(0, level))) };
}

/** Widen strokes that would become thinner than nearly all in MNIST. */
function thickened(ink: Picture): Picture {
  const [left, top, right, bottom] = inkBox(ink);
  const pixel = Math.max(bottom - top, right - left) / BOX;
  const width = strokeWidth(ink) / pixel;
  const radius = ((WIDENED_STROKE - width) * pixel) / 2;
  if (!(width > 0 && width < THIN_STROKE) || radius < 1) return ink;
  const margin = Math.ceil(radius) + 1;
  return widened(cutOut(ink, -margin, -margin, ink.columns + margin, ink.rows + margin), radius);
}

/** Cover all that is within the radius of a pixel with more than half of the strongest ink, with soft edges. */
function widened(ink: Picture, radius: number): Picture {
  const { rows, columns, values } = ink;
  const half = values.reduce((most, level) => Math.max(most, level), 0) / 2;
  const reach = Math.ceil(radius + 0.5);
  const away = new Float64Array(values.length).fill(Infinity);
  values.forEach((level, at) => {
    if (!(level > half)) return;
    const [y, x] = [Math.floor(at / columns), at % columns];
    for (let row = Math.max(0, y - reach); row <= Math.min(rows - 1, y + reach); row++) {
      for (let column = Math.max(0, x - reach); column <= Math.min(columns - 1, x + reach); column++) {
        const square = (row - y) ** 2 + (column - x) ** 2;
        if (square < away[row * columns + column]) away[row * columns + column] = square;
      }
    }
  });
  return { rows, columns, values: values.map((level, at) => Math.max(level, Math.min(1, Math.max(0, radius + 0.5 - Math.sqrt(away[at]))))) };
}

/** The mean stroke width in pixels: twice the area, divided by the length of the outline. */
function strokeWidth(ink: Picture): number {
  const padded = cutOut(ink, -1, -1, ink.columns + 1, ink.rows + 1);
  let [area, crossings] = [0, 0];
  for (let row = 1; row < padded.rows; row++) {
    for (let column = 1; column < padded.columns; column++) {
      const at = row * padded.columns + column;
      area += padded.values[at];
      crossings += Math.abs(padded.values[at] - padded.values[at - 1]) + Math.abs(padded.values[at] - padded.values[at - padded.columns]);
    }
  }
  return crossings ? (2 * area) / ((crossings * Math.PI) / 4) : 0;
}

function thickenedWords(asked: boolean, did: boolean): string {
  if (did) return "Widened: the strokes were thinner than nearly all in MNIST.";
  return asked ? "Not widened: the strokes are wide enough." : "Not widened.";
}

function fittedWords(cut: Picture, fitted: Picture, smooth: boolean): string {
  const ratio = Number((Math.max(cut.rows, cut.columns) / fitted.rows).toPrecision(3));
  return `Scaled to ${fitted.rows} x ${fitted.rows} by ${smooth ? "averaging" : "sampling"}: ${ratio} pixels of the drawing make one.`;
}

function placedWords(fitted: Picture, mass: boolean): string {
  if (!mass) return `Placed in the middle of ${FIELD} x ${FIELD}.`;
  const [x, y] = centreOf(fitted);
  return `Moved: the centre of mass goes from (${x.toFixed(1)}, ${y.toFixed(1)}) to (${FIELD / 2}, ${FIELD / 2}) of ${FIELD} x ${FIELD}.`;
}

/** Ink on a grid of pixels, each the mean of the ink that falls into it, for networks that need no centring. */
export function averaged(ink: Picture, rows: number, columns: number): Picture {
  return product(averaging(ink.rows, rows), ink, averaging(ink.columns, columns));
}
