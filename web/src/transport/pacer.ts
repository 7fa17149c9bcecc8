/** Keeps one request in flight; further values wait, merged where possible. */

export interface Pacer<T> {
  push(value: T): void;
  /** Request `id` was answered or refused; returns its value, or undefined if it is not the one in flight. */
  settle(id: number): T | undefined;
  /** Request `id` was refused: drop it and all that waits; returns false if it is not the one in flight. */
  drop(id: number): boolean;
  /** Drop everything, as after a new connection. */
  reset(): void;
  /** The values not yet answered, oldest first. */
  readonly pending: readonly T[];
  readonly idle: boolean;
}

/** `send` returns the request's number, or 0 if it could not be sent; `merge` returns null for values that must be sent separately. */
export function makePacer<T>(send: (value: T) => number, merge: (waiting: T, added: T) => T | null): Pacer<T> {
  let waiting: T[] = [];
  let flying = 0;
  let flown: T | undefined;

  function flush(): void {
    while (flying === 0 && waiting.length > 0) {
      flying = send(waiting[0]);
      if (flying === 0) return;
      [flown, ...waiting] = waiting;
    }
  }

  function reset(): void {
    waiting = [];
    flying = 0;
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
      if (id === 0 || id !== flying) return undefined;
      const settled = flown;
      flying = 0;
      flush();
      return settled;
    },
    drop(id) {
      if (id === 0 || id !== flying) return false;
      reset();
      return true;
    },
    reset,
    get pending() {
      return flying === 0 || flown === undefined ? waiting : [flown, ...waiting];
    },
    get idle() {
      return flying === 0 && waiting.length === 0;
    },
  };
}
