/** Asks for pictures of training, no more often than drawing them leaves time for everything else. */

/** Share of the page's time that drawing may take. */
export const SHARE = 0.13;

/** Share of the time that the server may compute what is asked for, beside training. */
export const COMPUTING = 0.03;

/** Shortest interval between pictures, in milliseconds. */
const SHORTEST = 1000 / 60;

/** Initial cost of a picture, weight of the latest measurement, and longest cost counted, in milliseconds. */
const [AT_FIRST, WEIGHT, LONGEST] = [5, 0.25, 200];

export interface Throttle {
  /** A connection began: ask for a picture. */
  start(): void;
  /** A picture has arrived and is about to be processed; the server computed it for so many milliseconds. */
  received(computed?: number): void;
  /** Current interval between pictures, in milliseconds. */
  readonly interval: number;
}

/** `scale` accounts for drawing time that cannot be measured here. */
export function makeThrottle(ask: () => void, scale = 1): Throttle {
  let cost = AT_FIRST;
  let latest = 0;
  let computing = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const interval = () => Math.max(SHORTEST, (cost * scale) / SHARE, computing / COMPUTING);

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
    received(computed = 0) {
      const picture = ++latest;
      computing = computed;
      const received = performance.now();
      let took = 0;
      afterwards(() => (took = performance.now() - received));
      // In a hidden tab no frame comes, so nothing is asked for.
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

/** Calls `then` after the current task or frame. */
function afterwards(then: () => void): void {
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = () => {
    port1.close();
    then();
  };
  port2.postMessage(0);
}
