/** One WebSocket to the server, which reconnects to the same session when it drops. */

import type { AnyRequest } from "../protocol/messages";
import { decodeFrame, type Frame } from "./frames";

type WithoutId<R> = R extends { readonly id: number } ? Omit<R, "id"> : never;

/** A request before the link has numbered it. */
export type Outgoing = WithoutId<AnyRequest>;

export type LinkState = "connecting" | "open" | "lost" | "ended";

export interface Link {
  /** Numbers and sends a request; returns its number, or 0 without a connection. */
  send(request: Outgoing): number;
  /** Reconnect at once. */
  retry(): void;
  /** Close; reconnect only after `retry`. */
  end(): void;
}

export interface LinkOptions {
  /** The address of the next connection, which names the session to resume. */
  address(): string;
  onFrame(frame: Frame): void;
  onState(state: LinkState): void;
  makeSocket?(address: string): WebSocket;
}

const FIRST_WAIT = 250;
const LONGEST_WAIT = 4000;

export function makeLink(options: LinkOptions): Link {
  let socket: WebSocket | null = null;
  let ended = false;
  let wait = FIRST_WAIT;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let next = 1;

  function connect(): void {
    clearTimeout(timer);
    options.onState("connecting");
    const made = options.makeSocket?.(options.address()) ?? new WebSocket(options.address());
    made.binaryType = "arraybuffer";
    made.onopen = () => {
      wait = FIRST_WAIT;
      options.onState("open");
    };
    made.onmessage = (message: MessageEvent<unknown>) => {
      if (message.data instanceof ArrayBuffer) options.onFrame(decodeFrame(message.data));
    };
    made.onclose = () => {
      if (socket !== made) return;
      socket = null;
      options.onState(ended ? "ended" : "lost");
      if (ended) return;
      timer = setTimeout(connect, wait);
      wait = Math.min(LONGEST_WAIT, wait * 2);
    };
    socket = made;
  }

  connect();
  return {
    send(request) {
      if (socket?.readyState !== 1) return 0;
      socket.send(JSON.stringify({ ...request, id: next }));
      return next++;
    },
    retry() {
      ended = false;
      wait = FIRST_WAIT;
      if (!socket) connect();
    },
    end() {
      ended = true;
      clearTimeout(timer);
      socket?.close();
      if (!socket) options.onState("ended");
    },
  };
}
