/** A connection without a network: requests are answered in this page, and take at most half of its time. */

import type { Link, Outgoing } from "../transport/link";

export interface Answering {
  answer(request: Outgoing, id: number): void;
}

export function localLink(answering: Answering): Link {
  const waiting: (readonly [Outgoing, number])[] = [];
  let [next, ready, timer] = [1, 0, false];

  function serve(): void {
    timer = false;
    const first = waiting.shift();
    if (!first) return;
    const begin = performance.now();
    answering.answer(...first);
    const end = performance.now();
    ready = end + (end - begin);
    plan();
  }

  function plan(): void {
    if (timer || waiting.length === 0) return;
    timer = true;
    const wait = ready - performance.now();
    // Never at once: who sends a request has to know its number before the answer comes.
    if (wait > 1) setTimeout(serve, wait);
    else queueMicrotask(serve);
  }

  return {
    send(request) {
      waiting.push([request, next]);
      plan();
      return next++;
    },
    retry: () => undefined,
    end: () => undefined,
  };
}
