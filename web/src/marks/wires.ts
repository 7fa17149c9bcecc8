/** The interface of what draws a network's wires. */

import type { Palette } from "./palette";

export interface Wires {
  /** Size in CSS pixels, and device pixels per CSS pixel. */
  resize(width: number, height: number, ratio: number): void;
  /** x0, y0, x1, y1 of each wire, in CSS pixels. */
  setEnds(ends: Float32Array): void;
  /** -1..1 of each wire. */
  setStrengths(strengths: Float32Array): void;
  /** Draw all wires of at least strength `threshold`, at `opacity`. */
  draw(palette: Palette, threshold: number, opacity: number): void;
  /** Whether the last drawing is still in progress, so that another would only queue up. */
  busy(): boolean;
  /** Whether `draw` spreads its work over several frames. */
  readonly progressive: boolean;
  dispose(): void;
}
