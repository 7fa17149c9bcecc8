/** What draws the wires of a network. */

import type { Palette } from "./palette";

export interface Wires {
  /** Size in CSS pixels, and how many device pixels make one. */
  resize(width: number, height: number, ratio: number): void;
  /** x0, y0, x1, y1 of each wire, in CSS pixels. */
  setEnds(ends: Float32Array): void;
  /** -1..1 of each wire. */
  setStrengths(strengths: Float32Array): void;
  /** Draw; wires whose strength is below `threshold` are left out, and all are multiplied by `opacity`. */
  draw(palette: Palette, threshold: number, opacity: number): void;
  /** Whether what was drawn last is still being worked on: drawing more would only queue up. */
  busy(): boolean;
  /** Whether `draw` spreads its work over frames by itself. */
  readonly progressive: boolean;
  dispose(): void;
}
