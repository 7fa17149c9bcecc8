/** Pictures over a time axis: waveform, mel bands, heat maps of a layer, posteriors, the ladder, and one unit's lines. */

import { css, sequential, type Palette } from "./palette";
import { paintShades, type Shades } from "./sheet";

/** The part of the time axis in sight, in seconds, over a width in CSS pixels. */
export interface TimeScale {
  readonly from: number;
  readonly to: number;
  readonly width: number;
}

export interface Band {
  readonly top: number;
  readonly height: number;
}

export function placeOf(scale: TimeScale, seconds: number): number {
  return ((seconds - scale.from) / (scale.to - scale.from)) * scale.width;
}

export function timeOf(scale: TimeScale, x: number): number {
  return scale.from + (x / scale.width) * (scale.to - scale.from);
}

/** Fits a canvas to its size on the screen; drawing is then in CSS pixels. */
export function fitted(canvas: HTMLCanvasElement, width: number, height: number): CanvasRenderingContext2D | null {
  const ratio = Math.min(devicePixelRatio, 2);
  const [wide, high] = [Math.max(1, Math.round(width * ratio)), Math.max(1, Math.round(height * ratio))];
  if (canvas.width !== wide) canvas.width = wide;
  if (canvas.height !== high) canvas.height = high;
  const context = canvas.getContext("2d");
  context?.setTransform(ratio, 0, 0, ratio, 0, 0);
  context?.clearRect(0, 0, width, height);
  return context;
}

/** Seconds between two ticks: at least 40 pixels apart. */
export function tickStep(scale: TimeScale): number {
  const least = (40 * (scale.to - scale.from)) / scale.width;
  return [0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10].find((step) => step >= least) ?? 20;
}

export function paintTicks(context: CanvasRenderingContext2D, scale: TimeScale, band: Band, palette: Palette, size: number): void {
  const step = tickStep(scale);
  context.fillStyle = css(palette.soft);
  context.strokeStyle = css(palette.line);
  context.font = `${size}px system-ui, sans-serif`;
  context.textBaseline = "middle";
  for (let number = Math.ceil(scale.from / step); number * step <= scale.to; number++) {
    const x = Math.round(placeOf(scale, number * step)) + 0.5;
    context.beginPath();
    context.moveTo(x, band.top + band.height - 4);
    context.lineTo(x, band.top + band.height);
    context.stroke();
    const text = `${Number((number * step).toFixed(2))}${number === Math.ceil(scale.from / step) ? " s" : ""}`;
    if (x + 20 < scale.width) context.fillText(text, x + 3, band.top + band.height / 2);
  }
}

/** The lowest and highest sample of every pixel column. */
export function paintWave(context: CanvasRenderingContext2D, scale: TimeScale, band: Band, samples: Float32Array, rate: number, palette: Palette): void {
  const middle = band.top + band.height / 2;
  context.fillStyle = css(palette.line);
  context.fillRect(0, middle, scale.width, 1);
  context.fillStyle = css(palette.ink);
  const perPixel = ((scale.to - scale.from) * rate) / scale.width;
  for (let x = 0; x < scale.width; x++) {
    const begin = Math.floor(scale.from * rate + x * perPixel);
    const end = Math.min(samples.length, Math.max(begin + 1, Math.floor(scale.from * rate + (x + 1) * perPixel)));
    if (begin >= samples.length) break;
    let [low, high] = [samples[begin], samples[begin]];
    for (let at = begin; at < end; at++) {
      if (samples[at] < low) low = samples[at];
      else if (samples[at] > high) high = samples[at];
    }
    const top = middle - (Math.min(1, high) * band.height) / 2;
    context.fillRect(x, top, 1, Math.max(1, ((Math.min(1, high) - Math.max(-1, low)) * band.height) / 2));
  }
}

/** Marks stretches whose sound was changed: a bar with diagonal strokes, so that it is seen without colour. */
export function paintChanged(context: CanvasRenderingContext2D, scale: TimeScale, band: Band, spans: readonly { begin: number; end: number }[], palette: Palette): void {
  context.save();
  context.strokeStyle = css(palette.accent, 0.7);
  context.lineWidth = 1;
  for (const { begin, end } of spans) {
    const [left, right] = [placeOf(scale, begin), placeOf(scale, end)];
    context.save();
    context.beginPath();
    context.rect(left, band.top, right - left, band.height);
    context.clip();
    context.fillStyle = css(palette.accent, 0.1);
    context.fillRect(left, band.top, right - left, band.height);
    context.beginPath();
    for (let x = left - band.height; x < right; x += 7) {
      context.moveTo(x, band.top + band.height);
      context.lineTo(x + band.height, band.top);
    }
    context.stroke();
    context.restore();
  }
  context.restore();
}

/** Decibels below the loudest that are still seen in mel bands. */
const RANGE = 55;

let strip: HTMLCanvasElement | null = null;

/** Power in mel bands as dB below the loudest of all frames, the lowest band at the bottom. */
export function paintBands(context: CanvasRenderingContext2D, scale: TimeScale, band: Band, power: Float32Array, bands: number, hop: number, palette: Palette): void {
  const frames = power.length / bands;
  const [first, past] = [Math.max(0, Math.floor(scale.from / hop)), Math.min(frames, Math.ceil(scale.to / hop))];
  if (past <= first) return;
  let loudest = 1e-9;
  for (let at = 0; at < power.length; at++) if (power[at] > loudest) loudest = power[at];
  strip ??= document.createElement("canvas");
  strip.width = past - first;
  strip.height = bands;
  const from = strip.getContext("2d");
  if (!from) return;
  const image = from.createImageData(past - first, bands);
  const into = new Uint32Array(image.data.buffer);
  const shades = toneTable(palette);
  for (let frame = first; frame < past; frame++) {
    for (let row = 0; row < bands; row++) {
      const decibels = 10 * Math.log10(power[frame * bands + row] / loudest + 1e-12);
      const tone = Math.round(255 * Math.max(0, 1 + decibels / RANGE));
      into[(bands - 1 - row) * (past - first) + frame - first] = shades[tone];
    }
  }
  from.putImageData(image, 0, 0);
  context.imageSmoothingEnabled = false;
  const left = placeOf(scale, first * hop);
  context.drawImage(strip, left, band.top, placeOf(scale, past * hop) - left, band.height);
}

let toned: { palette: Palette; table: Uint32Array } | null = null;

function toneTable(palette: Palette): Uint32Array {
  if (toned?.palette !== palette) {
    const bytes = new Uint8ClampedArray(1024);
    for (let tone = 0; tone < 256; tone++) bytes.set([...sequential(palette, (tone / 255) ** 1.4), 255], 4 * tone);
    toned = { palette, table: new Uint32Array(bytes.buffer) };
  }
  return toned.table;
}

/** A matrix (steps, rows of it from `begin` to `past`) as an image with time to the right, kept for as long as its array. */
const kept = new WeakMap<Float32Array, Map<string, { shades: Shades; image: HTMLCanvasElement }>>();

export interface Matrix {
  readonly values: Float32Array;
  /** Numbers of one step. */
  readonly columns: number;
  readonly begin: number;
  readonly past: number;
  /** What is drawn in full colour. */
  readonly max: number;
}

export function paintMatrix(context: CanvasRenderingContext2D, scale: TimeScale, band: Band, matrix: Matrix, start: number, step: number, shades: Shades): void {
  const steps = matrix.values.length / matrix.columns;
  const [left, right] = [placeOf(scale, start), placeOf(scale, start + steps * step)];
  if (right <= 0 || left >= scale.width || steps === 0) return;
  context.imageSmoothingEnabled = false;
  context.drawImage(imageOf(matrix, steps, shades), left, band.top, right - left, band.height);
}

function imageOf({ values, columns, begin, past, max }: Matrix, steps: number, shades: Shades): HTMLCanvasElement {
  let images = kept.get(values);
  if (!images) kept.set(values, (images = new Map()));
  const key = `${begin} ${past} ${max}`;
  const found = images.get(key);
  if (found?.shades === shades) return found.image;
  const image = document.createElement("canvas");
  image.width = steps;
  image.height = past - begin;
  const context = image.getContext("2d");
  if (context) {
    const turned = new Float32Array(steps * (past - begin));
    for (let at = 0; at < steps; at++) for (let row = begin; row < past; row++) turned[(row - begin) * steps + at] = values[at * columns + row];
    const pixels = context.createImageData(steps, past - begin);
    paintShades(new Uint32Array(pixels.data.buffer), turned, shades, max);
    context.putImageData(pixels, 0, 0);
  }
  images.set(key, { shades, image });
  return image;
}

/** One number of every step as a line; 0 is a thin line, and `low` and `high` are the band's edges. */
export function paintLine(context: CanvasRenderingContext2D, scale: TimeScale, band: Band, matrix: Matrix, row: number, start: number, step: number, [low, high]: readonly [number, number], palette: Palette): void {
  const y = (value: number) => band.top + band.height * (1 - (Math.min(high, Math.max(low, value)) - low) / (high - low));
  context.strokeStyle = css(palette.line);
  context.lineWidth = 1;
  context.beginPath();
  context.moveTo(0, Math.round(y(0)) + 0.5);
  context.lineTo(scale.width, Math.round(y(0)) + 0.5);
  context.stroke();
  context.strokeStyle = css(palette.accent);
  context.lineWidth = 1.5;
  context.beginPath();
  for (let at = 0; at < matrix.values.length / matrix.columns; at++) {
    const value = y(matrix.values[at * matrix.columns + row]);
    const [left, right] = [placeOf(scale, start + at * step), placeOf(scale, start + (at + 1) * step)];
    if (at === 0) context.moveTo(left, value);
    else context.lineTo(left, value);
    context.lineTo(right, value);
  }
  context.stroke();
}

export interface Rung {
  readonly begin: number;
  readonly end: number;
  readonly text: string;
  readonly sure: boolean;
  readonly revised: boolean;
}

/** One rung of the ladder: boxes with text; dashed where the network is not sure, underlined where it has changed its mind. */
export function paintRung(context: CanvasRenderingContext2D, scale: TimeScale, band: Band, items: readonly Rung[], palette: Palette, size: number, bold: boolean): void {
  context.font = `${bold ? "600 " : ""}${size}px system-ui, sans-serif`;
  context.textBaseline = "middle";
  context.textAlign = "center";
  for (const { begin, end, text, sure, revised } of items) {
    const [left, right] = [placeOf(scale, begin), placeOf(scale, end)];
    if (right < 0 || left > scale.width) continue;
    const wide = Math.max(2, right - left - 1);
    context.fillStyle = css(palette.ink, sure ? 0.09 : 0.03);
    context.fillRect(left, band.top + 1, wide, band.height - 2);
    context.strokeStyle = css(sure ? palette.soft : palette.negative);
    context.lineWidth = 1;
    context.setLineDash(sure ? [] : [3, 2]);
    context.strokeRect(left + 0.5, band.top + 1.5, wide, band.height - 3);
    context.setLineDash([]);
    if (revised) {
      context.fillStyle = css(palette.accent);
      context.fillRect(left, band.top + band.height - 4, wide, 3);
    }
    if (context.measureText(text).width > wide - 2) continue;
    context.fillStyle = css(palette.ink);
    context.fillText(text, (left + right) / 2, band.top + band.height / 2 + 0.5);
  }
  context.textAlign = "start";
}

/** The names of classes where they win: over each run of the same likeliest class but the first, which is the blank. */
export function paintWinners(context: CanvasRenderingContext2D, scale: TimeScale, band: Band, posteriors: Float32Array, classes: readonly string[], start: number, step: number, palette: Palette, size: number): void {
  context.font = `600 ${size}px system-ui, sans-serif`;
  context.textBaseline = "middle";
  context.textAlign = "center";
  for (const { best, begin, end } of runsOf(posteriors, classes.length)) {
    const x = placeOf(scale, start + ((begin + end) / 2) * step);
    const y = Math.max(size / 2 + 1, Math.min(band.height - size / 2 - 1, ((best + 0.5) / classes.length) * band.height + (best > classes.length / 2 ? -size : size)));
    context.lineWidth = 3;
    context.strokeStyle = css(palette.surface);
    context.strokeText(classes[best], x, band.top + y);
    context.fillStyle = css(palette.accent);
    context.fillText(classes[best], x, band.top + y);
  }
  context.textAlign = "start";
}

/** Runs of steps with the same likeliest class, without those of class 0. */
export function runsOf(posteriors: Float32Array, classes: number): { best: number; begin: number; end: number }[] {
  const found: { best: number; begin: number; end: number }[] = [];
  for (let at = 0; at < posteriors.length / classes; at++) {
    let best = 0;
    for (let row = 1; row < classes; row++) if (posteriors[at * classes + row] > posteriors[at * classes + best]) best = row;
    const last = found.at(-1);
    if (last && last.best === best && last.end === at) last.end = at + 1;
    else found.push({ best, begin: at, end: at + 1 });
  }
  return found.filter(({ best }) => best > 0);
}
