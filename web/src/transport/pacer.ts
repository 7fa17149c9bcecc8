/** Keeps one request in flight; further values wait, merged where possible. */

export interface Pacer<T> {
  push(value: T): void;
  /** Request `id` was answered. */
  settle(id: number): void;
  /** Drop everything, as after a new connection. */
  reset(): void;
  /** Whether a value has not been sent yet. */
  readonly waits: boolean;
  readonly idle: boolean;
}

/** `send` returns the request's number, or 0 if it could not be sent; `merge` returns null for values that must be sent separately. */
export function makePacer<T>(send: (value: T) => number, merge: (waiting: T, added: T) => T | null): Pacer<T> {
  let waiting: T[] = [];
  let flying = 0;

  function flush(): void {
    while (flying === 0 && waiting.length > 0) {
      flying = send(waiting[0]);
      if (flying === 0) return;
      waiting = waiting.slice(1);
    }
  }

  return {
    push(value) {
      const last = waiting.at(-1);
      const merged = last === undefined ? null : merge(last, value);
      if (merged === null) waiting.push(value);
      else waiting[waiting.length - 1] = merged;
      flush();
    },
    settle(id) {
      if (id === 0 || id !== flying) return;
      flying = 0;
      flush();
    },
    reset() {
      waiting = [];
      flying = 0;
    },
    get waits() {
      return waiting.length > 0;
    },
    get idle() {
      return flying === 0 && waiting.length === 0;
    },
  };
}
