/** The state of the connection: whether it is open, what was sent and answered, what failed. */

import type * as wire from "../protocol/messages";
import type { Frame } from "../transport/frames";
import type { Link, LinkState, Outgoing } from "../transport/link";
import type { Listener, Session } from "../transport/session";

export class Connection implements Session {
  link: LinkState = $state("connecting");
  /** Why the server ended the connection, if it did. */
  gone: wire.Gone["reason"] | null = $state(null);
  welcome: wire.Welcome | null = $state.raw(null);
  ready = $state(false);
  /** The last request sent, and the last one answered. */
  sent = $state(0);
  answered = $state(0);
  failure: wire.Failed | null = $state.raw(null);

  #link: Link | null = null;
  readonly #listeners = new Set<Listener>();

  attach(link: Link): void {
    this.#link = link;
  }

  setLink(state: LinkState): void {
    this.link = state;
    if (state === "open") this.gone = null;
  }

  send(request: Outgoing): number {
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
    this.failure = { type: "failed", request: 0, code: "unavailable", message };
  }

  listen(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** The state has processed an event: count it as an answer and call the listeners. */
  taken({ event, payload }: Frame): void {
    if (event.request > this.answered) this.answered = event.request;
    for (const listener of this.#listeners) listener(event, payload);
  }

  welcomed(event: wire.Welcome): void {
    this.welcome = event;
    this.ready = false;
  }

  end(reason: wire.Gone["reason"]): void {
    this.gone = reason;
    this.#link?.end();
  }
}
