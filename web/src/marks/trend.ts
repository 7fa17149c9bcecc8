/** A training curve on a canvas: the mean as a line, the range as a pale band. */

import { css, type Palette } from "./palette";
import type { Bin, Measure } from "../state/points";

export interface TrendScales {
  x(step: number): number;
  y(value: number): number;
}

export function sizeCanvas(canvas: HTMLCanvasElement, width: number, height: number): CanvasRenderingContext2D | null {
  const ratio = Math.min(devicePixelRatio, 2);
  const [w, h] = [Math.max(1, Math.round(width * ratio)), Math.max(1, Math.round(height * ratio))];
  if (canvas.width !== w) canvas.width = w;
  if (canvas.height !== h) canvas.height = h;
  const context = canvas.getContext("2d");
  context?.setTransform(ratio, 0, 0, ratio, 0, 0);
  context?.clearRect(0, 0, width, height);
  return context;
}

/** The mini-batches: the mean as a line, lowest to highest as a band. What comes after step `now` is paler. */
export function paintTrend(
  context: CanvasRenderingContext2D, bins: readonly Bin[], { x, y }: TrendScales, now: number, palette: Palette,
): void {
  for (const stretch of stretches(bins)) {
    const past = stretch.filter(({ step }) => step <= now);
    const ahead = stretch.slice(Math.max(0, past.length - 1));
    if (ahead.length > 1) paintStretch(context, ahead, { x, y }, palette.ink, 0.35);
    if (past.length > 0) paintStretch(context, past, { x, y }, palette.ink, 1);
    if (past.length === 1) {
      context.fillStyle = css(palette.ink);
      context.fillRect(x(past[0].step) - 1.5, y(past[0].mean) - 1.5, 3, 3);
    }
  }
}

/** Sections of the curve without a gap: where a number is not known, the curve stays open. */
export function stretches(bins: readonly Bin[]): Bin[][] {
  const found: Bin[][] = [[]];
  for (const bin of bins) {
    if (Number.isNaN(bin.mean)) found.push([]);
    else found[found.length - 1].push(bin);
  }
  return found.filter((stretch) => stretch.length > 0);
}

function paintStretch(context: CanvasRenderingContext2D, bins: readonly Bin[], { x, y }: TrendScales, colour: Palette["ink"], opacity: number): void {
  context.beginPath();
  for (const bin of bins) context.lineTo(x(bin.step), y(bin.high));
  for (const bin of bins.toReversed()) context.lineTo(x(bin.step), y(bin.low));
  context.closePath();
  context.fillStyle = css(colour, 0.16 * opacity);
  context.fill();
  context.beginPath();
  for (const bin of bins) context.lineTo(x(bin.step), y(bin.mean));
  context.strokeStyle = css(colour, opacity);
  context.lineWidth = 1.5;
  context.lineJoin = "round";
  context.stroke();
}

/** The test images: a dashed line, with a point for each epoch while there is room for them, otherwise with a band. */
export function paintTests(
  context: CanvasRenderingContext2D, tests: readonly Bin[], { x, y }: TrendScales, now: number, palette: Palette, dots: boolean,
): void {
  context.setLineDash(dots ? [4, 3] : []);
  for (const stretch of stretches(tests)) paintStretch(context, stretch, { x, y }, palette.accent, 1);
  context.setLineDash([]);
  if (!dots) return;
  context.lineWidth = 1.6;
  context.fillStyle = css(palette.surface);
  context.strokeStyle = css(palette.accent);
  const radius = tests.length > 60 ? 1.2 : 3;
  for (const { step, mean } of tests) {
    if (Number.isNaN(mean)) continue;
    context.globalAlpha = step <= now ? 1 : 0.4;
    context.beginPath();
    context.arc(x(step), y(mean), radius, 0, 2 * Math.PI);
    context.fill();
    context.stroke();
  }
  context.globalAlpha = 1;
}

/** The end of an axis that includes `last` and rarely moves while `last` grows. */
export function axisEnd(last: number): number {
  if (last <= 10) return 10;
  const unit = 10 ** Math.floor(Math.log10(last)) / 10;
  return Math.ceil((last * 1.02) / unit) * unit;
}

/** The domain of a curve's axis: from the lowest to the highest value drawn, with a margin. */
export function trendDomain(bins: readonly Bin[], measure: Measure | "R²", logarithmic: boolean): [number, number] {
  let [low, high, mean] = [Infinity, -Infinity, Infinity];
  for (const bin of bins) {
    if (!Number.isFinite(bin.mean)) continue;
    low = Math.min(low, bin.low);
    high = Math.max(high, bin.high);
    mean = Math.min(mean, bin.mean);
  }
  if (low > high) return [0, 1];
  if (measure === "accuracy") return [low > 0.55 ? Math.floor(low * 10 - 0.5) / 10 : 0, 1];
  if (measure === "R²") return [low > 0.55 ? Math.floor(low * 10 - 0.5) / 10 : Math.min(0, low), 1]; // it has no lower bound
  // A mini-batch may have almost no loss: on a logarithmic axis, it would squeeze everything else.
  if (logarithmic) return [Math.max(1e-9, low * 0.8, mean / 100), Math.max(2e-9, high * 1.25)];
  return [0, high > 0 ? high * 1.08 : 1];
}
