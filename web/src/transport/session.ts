/** What the parts of the page's state, and its uploads, need of the connection to the server. */

import type { AnyEvent, Welcome } from "../protocol/messages";
import type { Outgoing } from "./link";

export type Listener = (event: AnyEvent, payload: Float32Array) => void;

export interface Session {
  readonly welcome: Welcome | null;
  /** True once everything that opens a connection has arrived. */
  readonly ready: boolean;
  /** Number of the last request sent; an upload says after which it came. */
  readonly sent: number;
  /** Send a request; returns its number, or 0 without a connection. */
  send(request: Outgoing): number;
  /** Send a request whose answer nobody waits for. */
  notify(request: Outgoing): void;
  /** Call `hasten` before a request that is no question, and before an upload, so that changes arrive in the order in which they were made. */
  keepOrder(hasten: () => void): void;
  /** Send all changes that wait. */
  hasten(): void;
  /** Call `listener` for every event, after the state has taken it in; returns a function that ends this. */
  listen(listener: Listener): () => void;
  /** Show an error message. */
  fail(message: string): void;
}
