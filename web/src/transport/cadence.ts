/** Pictures of training, as often as drawing them leaves room for all else: the page asks for each. */

/** Share of the page's time that pictures may take. */
export const SHARE = 0.13;

/** Milliseconds between pictures, at least. */
const LEAST = 1000 / 60;

/** What one costs until that was measured, and how much weight the last one has in it. */
const [AT_FIRST, WEIGHT, LONGEST] = [5, 0.25, 200];

export interface Cadence {
  /** A connection began, or things are to be shown again: ask. */
  begin(): void;
  /** A picture came and is about to be taken in. */
  came(): void;
  /** Milliseconds between pictures, as it has turned out. */
  readonly apart: number;
}

/** `scale` makes up for drawing that is done elsewhere, unseen here. */
export function makeCadence(ask: () => void, scale = 1): Cadence {
  let cost = AT_FIRST;
  let latest = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const apart = () => Math.max(LEAST, (cost * scale) / SHARE);

  function drawn(picture: number, came: number, took: number): void {
    if (picture !== latest) return;
    cost += WEIGHT * (Math.min(LONGEST, took) - cost);
    clearTimeout(timer);
    timer = setTimeout(ask, Math.max(0, came + apart() - performance.now()));
  }

  return {
    begin() {
      latest++;
      clearTimeout(timer);
      ask();
    },
    came() {
      const picture = ++latest;
      const came = performance.now();
      let took = 0;
      afterwards(() => (took = performance.now() - came));
      // Nothing is asked for while nobody looks: frames stand still then.
      requestAnimationFrame(() => {
        const began = performance.now();
        afterwards(() => drawn(picture, came, took + performance.now() - began));
      });
    },
    get apart() {
      return apart();
    },
  };
}

/** Once this task, or the frame it is part of, is over. */
function afterwards(then: () => void): void {
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = () => {
    port1.close();
    then();
  };
  port2.postMessage(0);
}
