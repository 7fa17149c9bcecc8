/** The steps from a drawing or a picture to pixels: their names, and how they differ from those of training. */

import type { Centring } from "./permalink";

export const STEPS: readonly (readonly [keyof Centring, string])[] = [
  ["thicken", "widen thin strokes"], ["scale", "crop and scale"], ["smooth", "average pixels"], ["mass", "centre by mass"],
];

export function sameCentring(a: Centring, b: Centring): boolean {
  return STEPS.every(([name]) => a[name] === b[name]);
}

/** "without “crop and scale”, with “average pixels”": how `now` differs from `then`; empty where it does not. */
export function centringDifference(now: Centring, then: Centring): string {
  const changed = STEPS.filter(([name]) => now[name] !== then[name]);
  return changed.map(([name, label]) => `${now[name] ? "with" : "without"} “${label}”`).join(", ");
}
