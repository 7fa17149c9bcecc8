/** A class: its rules, and the time until the page starts again because nobody uses it. */

import type { ClassInfo } from "../protocol/messages";
import type { Connection } from "./connection.svelte";

/** Seconds before the end in which the page warns. */
const WARNING = 20;
/** Milliseconds between two reports of input. */
const BETWEEN = 2000;

export class Classroom {
  /** Seconds until the page starts again, once it warns. */
  left: number | null = $state(null);
  /** When the server last heard of input; null before any. */
  #heard: number | null = null;
  readonly #session: Connection;

  constructor(session: Connection) {
    this.#session = session;
  }

  get rules(): ClassInfo | null {
    return this.#session.welcome?.inClass ?? null;
  }

  /** Somebody used the page. */
  used(now = performance.now()): void {
    if (!this.rules || (this.left === null && this.#heard !== null && now - this.#heard < BETWEEN)) return;
    this.#session.notify({ type: "reportInput" });
    this.#heard = now;
    this.left = null;
  }

  /** To be called every second. */
  tick(now = performance.now()): void {
    const seconds = this.rules?.resetSeconds ?? null;
    if (seconds === null || this.#heard === null) return;
    const left = Math.max(0, Math.ceil(seconds - (now - this.#heard) / 1000));
    this.left = left <= Math.min(WARNING, seconds / 2) ? left : null;
  }

  startAgain(): void {
    this.#session.send({ type: "startAgain" });
  }
}
