/** Draws strokes on a canvas: round pens, and erasers that remove ink. */

import { GRID, type Stroke } from "../state/strokes";

/** Draws one stroke from point number `from` on; a single point is a dot. */
export function paintStroke(context: CanvasRenderingContext2D, stroke: Stroke, colour: string, from = 0): void {
  const { width, height } = context.canvas;
  const [across, down] = [width / GRID, height / GRID];
  const { points } = stroke;
  context.save();
  context.globalCompositeOperation = stroke.erase ? "destination-out" : "source-over";
  context.strokeStyle = colour;
  context.lineCap = "round";
  context.lineJoin = "round";
  context.lineWidth = (stroke.width * Math.max(width, height)) / GRID;
  context.beginPath();
  const first = Math.max(0, Math.min(from, points.length / 2 - 1));
  context.moveTo(points[2 * first] * across, points[2 * first + 1] * down);
  if (first === points.length / 2 - 1) context.lineTo(points[2 * first] * across + 0.01, points[2 * first + 1] * down);
  for (let at = 2 * first + 2; at < points.length; at += 2) context.lineTo(points[at] * across, points[at + 1] * down);
  context.stroke();
  context.restore();
}

/** Draws all strokes over an optional image. */
export function paintDrawing(
  canvas: HTMLCanvasElement, strokes: readonly Stroke[], beneath: CanvasImageSource | null, colour: string, smooth = true,
): void {
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (!context) return;
  context.clearRect(0, 0, canvas.width, canvas.height);
  context.imageSmoothingEnabled = smooth;
  if (beneath) context.drawImage(beneath, 0, 0, canvas.width, canvas.height);
  for (const stroke of strokes) paintStroke(context, stroke, colour);
}
