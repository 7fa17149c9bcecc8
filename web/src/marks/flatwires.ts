/**
 * Draws wires without a graphics card: lines rasterised in memory, several times faster than canvas strokes.
 *
 * Lines are composited front to back: the strongest in the first frame, the rest beneath them in the following frames, a
 * few milliseconds each, so that input is never blocked.
 */

import type { Palette } from "./palette";
import type { Wires } from "./wires";

/** Milliseconds for lines in the first frame and in later frames, and the number of lines between two looks at the clock. */
const [AT_FIRST, LATER, BETWEEN_LOOKS] = [1.5, 4, 16];

const [DASH, PERIOD] = [7, 10];

/** Per pixel, the transmittance to what is behind, and how much of the rest is positive. */
export interface LineBuffer {
  readonly width: number;
  readonly height: number;
  readonly transmittance: Float32Array<ArrayBuffer>;
  readonly positive: Float32Array<ArrayBuffer>;
}

export function makeLineBuffer(width: number, height: number): LineBuffer {
  const size = width * height;
  return { width, height, transmittance: new Float32Array(size).fill(1), positive: new Float32Array(size) };
}

/** Composite a line beneath the others: exact pixel coverage across the line, in steps of one pixel along it. */
export function drawLine(
  { width, height, transmittance, positive }: LineBuffer, x0: number, y0: number, x1: number, y1: number, thick: number, alpha: number, negative: boolean,
): void {
  const steep = Math.abs(y1 - y0) > Math.abs(x1 - x0);
  let [from, to, start, end] = steep ? [y0, y1, x0, x1] : [x0, x1, y0, y1];
  if (from > to) [from, to, start, end] = [to, from, end, start];
  const slope = to > from ? (end - start) / (to - from) : 0;
  const stretch = Math.sqrt(1 + slope * slope);
  const half = (thick * stretch) / 2;
  const [along, across] = steep ? [width, 1] : [1, width];
  const [length, breadth] = steep ? [height, width] : [width, height];
  const last = Math.min(length - 1, Math.ceil(to) - 1);
  for (let at = Math.max(0, Math.floor(from)); at <= last; at++) {
    const middle = at + 0.5 - from;
    if (negative && (middle * stretch) % PERIOD > DASH) continue;
    const centre = start + slope * middle;
    const top = centre - half < 0 ? 0 : centre - half;
    const bottom = centre + half > breadth ? breadth : centre + half;
    for (let row = Math.floor(top); row < bottom; row++) {
      const covered = (bottom < row + 1 ? bottom : row + 1) - (top > row ? top : row);
      const place = at * along + row * across;
      const laid = transmittance[place] * alpha * covered;
      transmittance[place] -= laid;
      if (!negative) positive[place] += laid;
    }
  }
}

/** Write the columns `left` to `right` as canvas pixels. */
export function toPixels({ width, height, transmittance, positive }: LineBuffer, into: Uint32Array, palette: Palette, left: number, right: number): void {
  const [plus, minus] = [palette.positive, palette.negative];
  const [red, green, blue] = [minus[0] + 0.5, minus[1] + 0.5, minus[2] + 0.5];
  const [toRed, toGreen, toBlue] = [plus[0] - minus[0], plus[1] - minus[1], plus[2] - minus[2]];
  for (let row = 0; row < height; row++) {
    for (let place = row * width + left, end = row * width + right; place < end; place++) {
      const opaque = 1 - transmittance[place];
      if (opaque < 0.002) {
        into[place] = 0;
        continue;
      }
      const share = positive[place] / opaque;
      into[place] =
        ((opaque * 255 + 0.5) << 24) | ((blue + toBlue * share) << 16) | ((green + toGreen * share) << 8) | (red + toRed * share);
    }
  }
}

export function flatWires(canvas: HTMLCanvasElement): Wires {
  let [ends, strengths] = [new Float32Array(), new Float32Array()];
  let [left, right] = [0, 0];
  let buffer = makeLineBuffer(1, 1);
  let image: ImageData | null = null;
  let next = 0;

  function lay(wire: number, opacity: number): void {
    const [size, at] = [Math.abs(strengths[wire]), 4 * wire];
    const alpha = opacity * size ** 0.72;
    drawLine(buffer, ends[at], ends[at + 1], ends[at + 2], ends[at + 3], 0.8 + 0.7 * size, alpha, strengths[wire] < 0);
  }

  function show(context: CanvasRenderingContext2D, palette: Palette): void {
    image ??= context.createImageData(buffer.width, buffer.height);
    toPixels(buffer, new Uint32Array(image.data.buffer), palette, left, right);
    context.putImageData(image, 0, 0, left, 0, right - left, buffer.height);
  }

  return {
    progressive: true,
    resize(width, height) {
      [canvas.width, canvas.height] = [Math.max(1, Math.round(width)), Math.max(1, Math.round(height))];
      buffer = makeLineBuffer(canvas.width, canvas.height);
      image = null;
    },
    setEnds(given) {
      ends = new Float32Array(given);
      [left, right] = spanOf(ends, buffer.width);
    },
    setStrengths(given) {
      if (strengths.length !== given.length) strengths = new Float32Array(given.length);
      strengths.set(given);
    },
    draw(palette, threshold, opacity) {
      cancelAnimationFrame(next);
      const context = canvas.getContext("2d");
      if (!context) return;
      buffer.transmittance.fill(1);
      buffer.positive.fill(0);
      const order = opacity > 0 ? strongestFirst(strengths, Math.max(threshold, 0.004)) : new Uint32Array();
      let [done, budget] = [0, AT_FIRST];
      const some = () => {
        const began = performance.now();
        while (done < order.length && performance.now() - began < budget) {
          for (const stop = Math.min(order.length, done + BETWEEN_LOOKS); done < stop; done++) lay(order[done], opacity);
        }
        budget = LATER;
        show(context, palette);
        if (done < order.length) next = requestAnimationFrame(some);
      };
      some();
    },
    busy: () => false,
    dispose: () => cancelAnimationFrame(next),
  };
}

/** First and last column that any wire can touch. */
function spanOf(ends: Float32Array, width: number): [number, number] {
  let [left, right] = [width, 0];
  for (let at = 0; at < ends.length; at += 2) {
    if (ends[at] < left) left = ends[at];
    if (ends[at] > right) right = ends[at];
  }
  return [Math.max(0, Math.floor(left) - 2), Math.min(width, Math.ceil(right) + 2)];
}

const BINS = 1024;

/** Wires whose strength is at least `threshold`, strongest first; within a bin of strengths in their own order. */
export function strongestFirst(strengths: Float32Array, threshold: number): Uint32Array {
  const starts = new Uint32Array(BINS + 1);
  const bin = (wire: number) => BINS - 1 - Math.min(BINS - 1, Math.floor(Math.abs(strengths[wire]) * BINS));
  const keeps = (wire: number) => Math.abs(strengths[wire]) >= threshold;
  let kept = 0;
  for (let wire = 0; wire < strengths.length; wire++) {
    if (!keeps(wire)) continue;
    starts[bin(wire) + 1]++;
    kept++;
  }
  for (let at = 1; at <= BINS; at++) starts[at] += starts[at - 1];
  const order = new Uint32Array(kept);
  for (let wire = 0; wire < strengths.length; wire++) if (keeps(wire)) order[starts[bin(wire)]++] = wire;
  return order;
}
