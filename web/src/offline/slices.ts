/** Long work in short slices, so that pen and picture are never kept waiting. */

/** Milliseconds of one slice; while somebody draws or turns, of the short one. */
const [SLICE, SHORT] = [8, 3];
const REST = 4;
/** After so many milliseconds without input the slices are long again. */
const QUIET = 250;

/** Does a part of the work until the time is over; true for more to do. */
export type Work = (isOver: () => boolean) => boolean;

let lastInput = -Infinity;
for (const kind of ["pointerdown", "pointermove", "keydown", "wheel", "touchmove"]) {
  globalThis.addEventListener?.(kind, (event) => (lastInput = event.timeStamp), { capture: true, passive: true });
}

/** Whether somebody uses the page at this moment. */
export function isUsed(): boolean {
  return performance.now() - lastInput < QUIET;
}

/** Work until there is nothing more to do; returns a function that ends it. */
export function inSlices(work: Work): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  function slice(): void {
    const end = performance.now() + (isUsed() ? SHORT : SLICE);
    if (work(() => performance.now() >= end)) timer = setTimeout(slice, isUsed() ? 4 * REST : REST);
  }
  timer = setTimeout(slice);
  return () => clearTimeout(timer);
}
