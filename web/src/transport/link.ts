/** One WebSocket to the server, that comes back to the same session by itself when it drops. */

import type { AnyRequest } from "../protocol/messages";
import { decodeFrame, type Frame } from "./frames";

type WithoutId<R> = R extends { readonly id: number } ? Omit<R, "id"> : never;

/** A request before the link has numbered it. */
export type Outgoing = WithoutId<AnyRequest>;

export type LinkState = "connecting" | "open" | "lost" | "ended";

export interface Link {
  /** Number and send a request; 0 where there is no connection. */
  send(request: Outgoing): number;
  /** Try again at once. */
  retry(): void;
  /** Close, and stay closed until `retry`. */
  end(): void;
}

export interface LinkOptions {
  /** The address for the next connection: it holds the session to come back to. */
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
