/** Pictures of training, as often as drawing them leaves room for all else: the page asks for each. */

/** Share of the page's time that pictures may take. */
export const SHARE = 0.13;

/** Milliseconds between pictures, at least. */
const SHORTEST = 1000 / 60;

/** What one costs until that was measured, and how much weight the last one has in it. */
const [AT_FIRST, WEIGHT, LONGEST] = [5, 0.25, 200];

export interface Throttle {
  /** A connection began, or things are to be shown again: ask. */
  start(): void;
  /** A picture received and is about to be taken in. */
  received(): void;
  /** Milliseconds between pictures, as it has turned out. */
  readonly interval: number;
}

/** `scale` makes up for drawing that is done elsewhere, unseen here. */
export function makeThrottle(ask: () => void, scale = 1): Throttle {
  let cost = AT_FIRST;
  let latest = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const interval = () => Math.max(SHORTEST, (cost * scale) / SHARE);

  function drawn(picture: number, received: number, took: number): void {
    if (picture !== latest) return;
    cost += WEIGHT * (Math.min(LONGEST, took) - cost);
    clearTimeout(timer);
    timer = setTimeout(ask, Math.max(0, received + interval() - performance.now()));
  }

  return {
    start() {
      latest++;
      clearTimeout(timer);
      ask();
    },
    received() {
      const picture = ++latest;
      const received = performance.now();
      let took = 0;
      afterwards(() => (took = performance.now() - received));
      // Nothing is asked for while nobody looks: frames stand still then.
      requestAnimationFrame(() => {
        const began = performance.now();
        afterwards(() => drawn(picture, received, took + performance.now() - began));
      });
    },
    get interval() {
      return interval();
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
