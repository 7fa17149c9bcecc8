/** A training curve on a canvas: the mean as a line, the range as a pale band. */

import { css, type Palette } from "./palette";
import type { Bin } from "../state/history";

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

/** What comes after step `now` is drawn paler. */
export function paintTrend(
  context: CanvasRenderingContext2D, bins: readonly Bin[], { x, y }: TrendScales, now: number, palette: Palette,
): void {
  if (bins.length === 0) return;
  const past = bins.filter(({ step }) => step <= now);
  const ahead = bins.slice(Math.max(0, past.length - 1));
  if (ahead.length > 1) paintStretch(context, ahead, x, y, palette, 0.35);
  if (past.length > 0) paintStretch(context, past, x, y, palette, 1);
}

function paintStretch(
  context: CanvasRenderingContext2D, bins: readonly Bin[], x: TrendScales["x"], y: TrendScales["y"], palette: Palette, opacity: number,
): void {
  context.beginPath();
  for (const bin of bins) context.lineTo(x(bin.step), y(bin.high));
  for (const bin of bins.toReversed()) context.lineTo(x(bin.step), y(bin.low));
  context.closePath();
  context.fillStyle = css(palette.ink, 0.13 * opacity);
  context.fill();
  context.beginPath();
  for (const bin of bins) context.lineTo(x(bin.step), y(bin.mean));
  context.strokeStyle = css(palette.ink, opacity);
  context.lineWidth = 1.5;
  context.lineJoin = "round";
  context.stroke();
  if (bins.length === 1) {
    context.fillStyle = css(palette.ink, opacity);
    context.fillRect(x(bins[0].step) - 1.5, y(bins[0].mean) - 1.5, 3, 3);
  }
}

export interface TestPoint {
  readonly step: number;
  readonly value: number;
}

/** Test results as a dashed line with points; smaller points where there are many. */
export function paintTests(
  context: CanvasRenderingContext2D, tests: readonly TestPoint[], { x, y }: TrendScales, now: number, palette: Palette,
): void {
  if (tests.length === 0) return;
  context.strokeStyle = css(palette.accent);
  context.lineWidth = 1.3;
  context.setLineDash([4, 3]);
  context.beginPath();
  for (const { step, value } of tests) context.lineTo(x(step), y(value));
  context.stroke();
  context.setLineDash([]);
  context.lineWidth = 1.6;
  context.fillStyle = css(palette.surface);
  const radius = tests.length > 60 ? 1.2 : 3;
  for (const { step, value } of tests) {
    context.globalAlpha = step <= now ? 1 : 0.4;
    context.beginPath();
    context.arc(x(step), y(value), radius, 0, 2 * Math.PI);
    context.fill();
    context.stroke();
  }
  context.globalAlpha = 1;
}

/** Of points closer together than `min` steps, keeps only the last. */
export function thinned(points: readonly TestPoint[], min: number): TestPoint[] {
  const kept: TestPoint[] = [];
  for (const point of points) {
    const before = kept[kept.length - 2]?.step ?? -Infinity;
    if (kept.length > 1 && point.step - before < min) kept.pop();
    kept.push(point);
  }
  return kept;
}

/** The end of an axis that includes `last` and rarely moves while `last` grows. */
export function axisEnd(last: number): number {
  if (last <= 10) return 10;
  const unit = 10 ** Math.floor(Math.log10(last)) / 10;
  return Math.ceil((last * 1.02) / unit) * unit;
}

/** The domain of a curve's axis: from the smallest to the largest mean, with a margin. */
export function trendDomain(bins: readonly Bin[], extra: readonly number[], measure: "loss" | "accuracy", logarithmic: boolean): [number, number] {
  let [low, high] = [Infinity, -Infinity];
  for (const value of [...bins.map(({ mean }) => mean), ...extra]) {
    if (!Number.isFinite(value)) continue;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  if (low > high) return measure === "loss" ? [0, 1] : [0, 1];
  if (measure === "accuracy") return [low > 0.55 ? Math.floor(low * 10 - 0.5) / 10 : 0, 1];
  if (logarithmic) return [Math.max(1e-9, low * 0.8), Math.max(2e-9, high * 1.25)];
  return [0, high > 0 ? high * 1.08 : 1];
}
