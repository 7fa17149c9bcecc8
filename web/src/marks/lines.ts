/** Curves and bands of several contestants on a canvas, told apart by colour and by dashes. */

import { css, type Palette, type Rgb } from "./palette";

export interface Curve {
  /** Number of the contestant, which has a colour and dashes of its own. */
  readonly tone: number;
  readonly x: ArrayLike<number>;
  /** NaN leaves a gap. */
  readonly y: ArrayLike<number>;
  readonly width?: number;
  readonly opacity?: number;
  /** A dot for each value in place of a line. */
  readonly dots?: boolean;
  /** Crosses in place of dots. */
  readonly crosses?: boolean;
}

export interface Band {
  readonly tone: number;
  readonly x: ArrayLike<number>;
  readonly low: ArrayLike<number>;
  readonly high: ArrayLike<number>;
  readonly opacity: number;
}

export interface LineScales {
  x(value: number): number;
  y(value: number): number;
}

export const DASHES: readonly (readonly number[])[] = [[], [7, 3], [2, 2.5], [9, 3, 2, 3]];

export function toneOf(palette: Palette, tone: number): Rgb {
  return [palette.positive, palette.negative, palette.accent, palette.ink][tone % 4];
}

export function paintBands(context: CanvasRenderingContext2D, bands: readonly Band[], { x, y }: LineScales, palette: Palette): void {
  for (const band of bands) {
    const known = Array.from(band.x as ArrayLike<number>, (_, at) => at).filter((at) => !Number.isNaN(band.low[at]) && !Number.isNaN(band.high[at]));
    context.beginPath();
    for (const at of known) context.lineTo(x(band.x[at]), y(band.high[at]));
    for (const at of known.toReversed()) context.lineTo(x(band.x[at]), y(band.low[at]));
    context.closePath();
    context.fillStyle = css(toneOf(palette, band.tone), band.opacity);
    context.fill();
  }
}

export function paintCurves(context: CanvasRenderingContext2D, curves: readonly Curve[], scales: LineScales, palette: Palette): void {
  for (const curve of curves) {
    context.strokeStyle = context.fillStyle = css(toneOf(palette, curve.tone), curve.opacity ?? 1);
    context.lineWidth = curve.width ?? 1.8;
    if (curve.dots || curve.crosses) paintPoints(context, curve, scales);
    else paintLine(context, curve, scales);
  }
}

function paintLine(context: CanvasRenderingContext2D, curve: Curve, { x, y }: LineScales): void {
  context.setLineDash([...DASHES[curve.tone % DASHES.length]]);
  context.lineJoin = "round";
  context.beginPath();
  let broken = true;
  for (let at = 0; at < curve.x.length; at++) {
    if (!Number.isFinite(curve.y[at])) {
      broken = true;
      continue;
    }
    if (broken) context.moveTo(x(curve.x[at]), y(curve.y[at]));
    else context.lineTo(x(curve.x[at]), y(curve.y[at]));
    broken = false;
  }
  context.stroke();
  context.setLineDash([]);
}

function paintPoints(context: CanvasRenderingContext2D, curve: Curve, { x, y }: LineScales): void {
  for (let at = 0; at < curve.x.length; at++) {
    if (!Number.isFinite(curve.y[at])) continue;
    const [left, top] = [x(curve.x[at]), y(curve.y[at])];
    context.beginPath();
    if (curve.crosses) {
      context.moveTo(left - 3, top - 3);
      context.lineTo(left + 3, top + 3);
      context.moveTo(left - 3, top + 3);
      context.lineTo(left + 3, top - 3);
      context.stroke();
    } else {
      context.arc(left, top, 2.2, 0, 2 * Math.PI);
      context.fill();
    }
  }
}
