/** The state of the connection: whether it is open, what was sent and answered, what failed. */

import type * as wire from "../protocol/messages";
import type { Frame } from "../transport/frames";
import type { Link, LinkState, Outgoing } from "../transport/link";
import type { Listener, Session } from "../transport/session";

/** Milliseconds after which an error message gives way to the success of a later request. */
const READING_TIME = 4000;

export class Connection implements Session {
  link: LinkState = $state("connecting");
  /** Why the server ended the connection, if it did. */
  gone: wire.Gone["reason"] | null = $state(null);
  welcome: wire.Welcome | null = $state.raw(null);
  ready = $state(false);
  /** The last request sent, and the last one answered in full. */
  sent = $state(0);
  answered = $state(0);
  failure: wire.Failed | null = $state.raw(null);
  /** Counts failures: a control that showed what was asked for goes back to what is true. */
  refusals = $state(0);
  /** The last request sent before the failure, and when it was shown. */
  #failedAt = { sent: 0, time: 0 };

  #link: Link | null = null;
  readonly #listeners = new Set<Listener>();
  readonly #hasteners: (() => void)[] = [];

  attach(link: Link): void {
    this.#link = link;
  }

  setLink(state: LinkState): void {
    this.link = state;
    if (state === "open") this.gone = null;
    else this.ready = false;
  }

  keepOrder(hasten: () => void): void {
    this.#hasteners.push(hasten);
  }

  hasten(): void {
    for (const hasten of this.#hasteners) hasten();
  }

  send(request: Outgoing): number {
    if (!request.type.startsWith("ask")) this.hasten();
    const id = this.#link?.send(request) ?? 0;
    if (id > 0) this.sent = id;
    return id;
  }

  notify(request: Outgoing): void {
    this.#link?.send(request);
  }

  retry(): void {
    this.#link?.retry();
  }

  fail(message: string): void {
    this.failed({ type: "failed", request: 0, code: "unavailable", message });
  }

  failed(failure: wire.Failed): void {
    this.failure = failure;
    this.refusals++;
    this.#failedAt = { sent: this.sent, time: performance.now() };
  }

  dismiss(): void {
    this.failure = null;
  }

  listen(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** The state has processed an event: count it as an answer and call the listeners. */
  taken({ event, payload }: Frame): void {
    if (event.type === "done") this.answered = event.request;
    const later = event.type !== "failed" && event.request > this.#failedAt.sent;
    if (this.failure && later && performance.now() - this.#failedAt.time > READING_TIME) this.dismiss();
    for (const listener of this.#listeners) listener(event, payload);
  }

  welcomed(event: wire.Welcome): void {
    this.welcome = event;
    this.ready = false;
    this.answered = this.sent;
  }

  end(reason: wire.Gone["reason"]): void {
    this.gone = reason;
    // A server that stops may be started again: the link keeps trying.
    if (reason !== "closing") this.#link?.end();
  }
}
