/** Many small dials on a canvas, each a ring and a needle: right for positive, left for negative. */

import { css, type Palette } from "./palette";

/** Largest angle of a needle from upright, in radians. */
export const MAX_ANGLE = 2.36;

export interface DialView {
  /** Side of a dial's cell in CSS pixels. */
  readonly cell: number;
  /** First visible column; may be fractional. */
  readonly left: number;
  readonly width: number;
  readonly height: number;
  readonly ratio: number;
}

/** Contents of the cells; `turn` is from -1 to 1, or NaN for an empty cell. */
export interface DialCells {
  readonly rows: number;
  turn(column: number, row: number): number;
  /** Whether the knob differs from its trained value. */
  changed(column: number, row: number): boolean;
  /** Activation of the column's input, 0 to 1. */
  level(column: number): number;
}

export function paintDials(canvas: HTMLCanvasElement, view: DialView, cells: DialCells, palette: Palette): void {
  const context = canvas.getContext("2d");
  if (!context) return;
  context.setTransform(view.ratio, 0, 0, view.ratio, 0, 0);
  context.clearRect(0, 0, view.width, view.height);
  const first = Math.floor(view.left);
  const last = Math.ceil(view.left + view.width / view.cell);
  const rings = new Path2D();
  const needles = { plus: new Path2D(), minus: new Path2D() };
  const marks = new Path2D();
  const radius = view.cell * 0.4;
  for (let column = first; column < last; column++) {
    const x = (column - view.left + 0.5) * view.cell;
    paintLevel(context, x - view.cell / 2, view, cells.level(column), palette);
    for (let row = 0; row < cells.rows; row++) {
      const turn = cells.turn(column, row);
      if (Number.isNaN(turn)) continue;
      const y = (row + 0.5) * view.cell;
      rings.moveTo(x + radius, y);
      rings.arc(x, y, radius, 0, 2 * Math.PI);
      const path = turn < 0 ? needles.minus : needles.plus;
      const angle = Math.max(-1, Math.min(1, turn)) * MAX_ANGLE;
      path.moveTo(x, y);
      path.lineTo(x + radius * Math.sin(angle), y - radius * Math.cos(angle));
      if (cells.changed(column, row)) marks.rect(x - view.cell / 2 + 0.5, y - view.cell / 2 + 0.5, view.cell - 1, view.cell - 1);
    }
  }
  context.lineWidth = 0.75;
  context.strokeStyle = css(palette.line);
  context.stroke(rings);
  context.lineWidth = 1.6;
  context.strokeStyle = css(palette.positive);
  context.stroke(needles.plus);
  context.strokeStyle = css(palette.negative);
  context.stroke(needles.minus);
  context.lineWidth = 1;
  context.strokeStyle = css(palette.accent);
  context.stroke(marks);
}

function paintLevel(context: CanvasRenderingContext2D, x: number, view: DialView, level: number, palette: Palette): void {
  if (level <= 0) return;
  context.fillStyle = css(palette.ink, 0.12 * level);
  context.fillRect(x, 0, view.cell, view.height);
}
