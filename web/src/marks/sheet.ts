/** Many small pictures on one canvas, which costs a browser far less than many small canvases. */

import { diverging, sequential, type Palette, type Rgb } from "./palette";

/** Where a picture goes, in CSS pixels of the sheet. */
export interface Spot {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** The colours of -1 to 1, as canvas pixels. */
export type Shades = Uint32Array<ArrayBuffer>;

const HALF = 255;

export function divergingShades(palette: Palette): Shades {
  return shades((value) => diverging(palette, value));
}

export function sequentialShades(palette: Palette): Shades {
  return shades((value) => sequential(palette, value));
}

function shades(shade: (value: number) => Rgb): Shades {
  const bytes = new Uint8ClampedArray(4 * (2 * HALF + 1));
  for (let index = 0; index <= 2 * HALF; index++) bytes.set([...shade((index - HALF) / HALF), 255], 4 * index);
  return new Uint32Array(bytes.buffer);
}

/** Looks up the colour of each value, scaled so that `max` is 1. */
export function paintShades(into: Uint32Array, values: ArrayLike<number>, table: Shades, max: number): void {
  const scale = max > 0 ? HALF / max : 0;
  for (let index = 0; index < values.length; index++) {
    const place = Math.round(values[index] * scale) + HALF;
    into[index] = table[place < 0 ? 0 : place > 2 * HALF ? 2 * HALF : place];
  }
}

export interface Sheet {
  /** `values` holds the pictures one after another, `columns` by `rows` each; the n-th goes to the n-th spot. */
  paint(values: ArrayLike<number>, columns: number, rows: number, table: Shades, max: number): void;
  /** Sets the size of the sheet in CSS pixels and the spots of the pictures. */
  place(width: number, height: number, spots: readonly Spot[]): void;
}

export function makeSheet(canvas: HTMLCanvasElement): Sheet {
  const strip = document.createElement("canvas");
  let spots: readonly Spot[] = [];
  let ratio = 1;
  return {
    place(width, height, given) {
      spots = given;
      ratio = Math.min(devicePixelRatio, 2);
      const [wide, high] = [Math.max(1, Math.round(width * ratio)), Math.max(1, Math.round(height * ratio))];
      if (canvas.width !== wide) canvas.width = wide;
      if (canvas.height !== high) canvas.height = high;
    },
    paint(values, columns, rows, table, max) {
      const count = Math.min(spots.length, Math.floor(values.length / (columns * rows)));
      const [from, to] = [strip.getContext("2d", { willReadFrequently: true }), canvas.getContext("2d")];
      if (!from || !to || count === 0) return void to?.clearRect(0, 0, canvas.width, canvas.height);
      if (strip.width !== columns) strip.width = columns;
      if (strip.height !== rows * count) strip.height = rows * count;
      const image = from.createImageData(columns, rows * count);
      paintShades(new Uint32Array(image.data.buffer), values, table, max);
      from.putImageData(image, 0, 0);
      to.imageSmoothingEnabled = false;
      to.clearRect(0, 0, canvas.width, canvas.height);
      for (let at = 0; at < count; at++) {
        const { x, y, width, height } = spots[at];
        to.drawImage(strip, 0, at * rows, columns, rows, x * ratio, y * ratio, width * ratio, height * ratio);
      }
    },
  };
}
