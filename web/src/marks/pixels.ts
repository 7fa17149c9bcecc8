/** Arrays of numbers as images: activations, weights or products, one pixel per number. */

import { diverging, sequential, mix, type Palette, type Rgb } from "./palette";

export type Shade = (value: number, index: number) => Rgb;

/** Paints `values` row by row, one canvas pixel each; CSS scales the canvas up. */
export function paintPixels(canvas: HTMLCanvasElement, values: ArrayLike<number>, columns: number, shade: Shade): void {
  const rows = Math.ceil(values.length / columns);
  if (canvas.width !== columns) canvas.width = columns;
  if (canvas.height !== rows) canvas.height = rows;
  const context = canvas.getContext("2d");
  if (!context) return;
  const image = context.createImageData(columns, rows);
  for (let index = 0, at = 0; index < values.length; index++, at += 4) {
    const [red, green, blue] = shade(values[index], index);
    image.data[at] = red;
    image.data[at + 1] = green;
    image.data[at + 2] = blue;
    image.data[at + 3] = 255;
  }
  context.putImageData(image, 0, 0);
}

export function sequentialShade(palette: Palette): Shade {
  return (value) => sequential(palette, value);
}

/** Signed values relative to the largest magnitude. */
export function divergingShade(palette: Palette, max: number): Shade {
  const scale = max > 0 ? 1 / max : 0;
  return (value) => diverging(palette, value * scale);
}

/** `divergingShade`, faded where the drawing has no ink. */
export function overlaidShade(palette: Palette, max: number, drawing: ArrayLike<number> | null): Shade {
  const plain = divergingShade(palette, max);
  if (!drawing) return plain;
  return (value, index) => mix(palette.surface, plain(value, index), 0.3 + 0.7 * drawing[index]);
}

export function largest(values: ArrayLike<number>): number {
  let max = 0;
  for (let index = 0; index < values.length; index++) max = Math.max(max, Math.abs(values[index]));
  return max;
}

/** Marks each pixel below `-min` with a minus, so that sign is not shown by colour alone. */
export function paintMinuses(
  canvas: HTMLCanvasElement, values: ArrayLike<number>, columns: number, min: number, colour: string,
): void {
  const context = canvas.getContext("2d");
  if (!context) return;
  const cell = canvas.width / columns;
  context.clearRect(0, 0, canvas.width, canvas.height);
  context.fillStyle = colour;
  const thick = Math.max(1, Math.round(cell * 0.14));
  for (let index = 0; index < values.length; index++) {
    if (values[index] > -min) continue;
    const left = (index % columns) * cell + cell * 0.25;
    const top = Math.floor(index / columns) * cell + cell / 2 - thick / 2;
    context.fillRect(Math.round(left), Math.round(top), Math.round(cell * 0.5), thick);
  }
}
