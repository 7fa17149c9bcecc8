/** Small pictures laid many thousand times over one picture: far faster than a canvas draws them. */

/** RGBA, row by row. */
export interface Raster {
  readonly data: Uint8ClampedArray;
  readonly width: number;
  readonly height: number;
}

/** A picture cut to its ink; `left` and `top` say where it begins, from its middle. */
export interface Stamp extends Raster {
  readonly left: number;
  readonly top: number;
}

/** Cut a picture to its ink. */
export function stampOf({ data, width, height }: Raster): Stamp {
  let [left, top, right, bottom] = [width, height, 0, 0];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (data[4 * (y * width + x) + 3] === 0) continue;
      [left, top, right, bottom] = [Math.min(left, x), Math.min(top, y), Math.max(right, x + 1), Math.max(bottom, y + 1)];
    }
  }
  const [across, down] = [Math.max(0, right - left), Math.max(0, bottom - top)];
  const cut = new Uint8ClampedArray(4 * across * down);
  for (let y = 0; y < down; y++) {
    const begin = 4 * ((top + y) * width + left);
    cut.set(data.subarray(begin, begin + 4 * across), 4 * y * across);
  }
  return { data: cut, width: across, height: down, left: left - Math.floor(width / 2), top: top - Math.floor(height / 2) };
}

/** Lay a stamp over an opaque picture, its middle at column `x` and row `y`; what reaches beyond the edges is left out. */
export function lay(picture: Raster, stamp: Stamp, x: number, y: number, opacity = 1): void {
  const [left, top] = [x + stamp.left, y + stamp.top];
  const [begin, end] = [Math.max(0, -left), Math.min(stamp.width, picture.width - left)];
  const last = Math.min(stamp.height, picture.height - top);
  const [from, to] = [stamp.data, picture.data];
  for (let row = Math.max(0, -top); row < last; row++) {
    let source = 4 * (row * stamp.width + begin);
    let target = 4 * ((top + row) * picture.width + left + begin);
    for (let column = begin; column < end; column++, source += 4, target += 4) {
      const share = (from[source + 3] * opacity) / 255;
      if (share === 0) continue;
      to[target] += share * (from[source] - to[target]);
      to[target + 1] += share * (from[source + 1] - to[target + 1]);
      to[target + 2] += share * (from[source + 2] - to[target + 2]);
    }
  }
}
