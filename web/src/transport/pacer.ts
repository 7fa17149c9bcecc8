/** Keeps one request in flight; further values wait, merged where possible. */

export interface Pacer<T> {
  push(value: T): void;
  /** Send all that waits, without waiting for answers. */
  hasten(): void;
  /** Request `id` was answered or refused; returns its value, or undefined if it is not in flight. */
  settle(id: number): T | undefined;
  /** Request `id` was refused: drop it and all that follows; returns false if it is not in flight. */
  drop(id: number): boolean;
  /** Drop everything, as after a new connection. */
  reset(): void;
  /** The values not yet answered, oldest first. */
  readonly pending: readonly T[];
  readonly idle: boolean;
}

interface Flight<T> {
  readonly id: number;
  readonly value: T;
}

/** `send` returns the request's number, or 0 if it could not be sent; `merge` returns null for values that must be sent separately. */
export function makePacer<T>(send: (value: T) => number, merge: (waiting: T, added: T) => T | null): Pacer<T> {
  let waiting: readonly T[] = [];
  let flights: readonly Flight<T>[] = [];
  /** Whether a value is on its way to `send`, which may hasten what waits: the others follow it. */
  let sending = false;

  /** Send the first of what waits; returns whether that was possible. */
  function fly(): boolean {
    sending = true;
    const id = send(waiting[0]);
    sending = false;
    if (id === 0) return false;
    flights = [...flights, { id, value: waiting[0] }];
    waiting = waiting.slice(1);
    return true;
  }

  function flush(): void {
    if (flights.length === 0 && waiting.length > 0) fly();
  }

  function reset(): void {
    waiting = [];
    flights = [];
  }

  return {
    push(value) {
      const last = waiting.at(-1);
      const merged = last === undefined ? null : merge(last, value);
      waiting = merged === null ? [...waiting, value] : [...waiting.slice(0, -1), merged];
      flush();
    },
    hasten() {
      while (!sending && waiting.length > 0 && fly());
    },
    settle(id) {
      const settled = flights.find((flight) => flight.id === id);
      if (!settled) return undefined;
      flights = flights.filter((flight) => flight !== settled);
      flush();
      return settled.value;
    },
    drop(id) {
      const found = flights.some((flight) => flight.id === id);
      if (found) reset();
      return found;
    },
    reset,
    get pending() {
      return [...flights.map(({ value }) => value), ...waiting];
    },
    get idle() {
      return flights.length === 0 && waiting.length === 0;
    },
  };
}
