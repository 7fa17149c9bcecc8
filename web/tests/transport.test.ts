import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { decodeFrame, floats, type Frame } from "../src/transport/frames";
import { makeLink, type LinkState } from "../src/transport/link";
import { makePacer, type Pacer } from "../src/transport/pacer";

export function frameOf(event: object, numbers: readonly number[] = []): ArrayBuffer {
  let text = JSON.stringify(event);
  text += " ".repeat((4 - (new TextEncoder().encode(text).length % 4)) % 4);
  const json = new TextEncoder().encode(text);
  const data = new Uint8Array(4 + json.length + 4 * numbers.length);
  new DataView(data.buffer).setUint32(0, json.length, true);
  data.set(json, 4);
  data.set(new Uint8Array(Float32Array.from(numbers).buffer), 4 + json.length);
  return data.buffer;
}

describe("frames", () => {
  it("hold an event and its arrays", () => {
    const { event, payload } = decodeFrame(frameOf({ type: "failed", request: 3, code: "busy", message: "é – ✓" }, [1, 2, 0.5, -4]));
    expect(event).toMatchObject({ type: "failed", message: "é – ✓" });
    expect(Array.from(floats(payload, { offset: 1, shape: [3, 1] }))).toEqual([2, 0.5, -4]);
    expect(floats(payload, { offset: 4, shape: [0] })).toHaveLength(0);
  });
});

describe("the pacer", () => {
  it("keeps one in flight and merges what waits", () => {
    const sent: string[] = [];
    let next = 1;
    const pacer = makePacer<string>((value) => (sent.push(value), next++), (a, b) => (a[0] === b[0] ? a + b : null));
    for (const value of ["a", "a", "a", "b", "b"]) pacer.push(value);
    expect(sent).toEqual(["a"]);
    pacer.settle(0);
    pacer.settle(9);
    expect(sent).toEqual(["a"]);
    pacer.settle(1);
    expect(sent).toEqual(["a", "aa"]);
    pacer.settle(2);
    expect(sent).toEqual(["a", "aa", "bb"]);
    expect(pacer.idle).toBe(false);
    pacer.settle(3);
    expect(pacer.idle).toBe(true);
  });

  it("returns what was answered, and drops what waits behind a refusal where asked to", () => {
    let next = 1;
    const pacer = makePacer<string>(() => next++, () => null);
    for (const value of ["a", "b", "c"]) pacer.push(value);
    expect(pacer.pending).toEqual(["a", "b", "c"]);
    expect(pacer.settle(2)).toBeUndefined();
    expect(pacer.settle(1)).toBe("a");
    expect(pacer.pending).toEqual(["b", "c"]);
    expect(pacer.drop(1)).toBe(false);
    expect(pacer.drop(2)).toBe(true);
    expect(pacer.idle).toBe(true);
    expect(pacer.pending).toEqual([]);
  });

  it("sends all that waits where it is hastened, and knows each answer", () => {
    const sent: string[] = [];
    const pacer: Pacer<string> = makePacer<string>((value) => (pacer.hasten(), sent.push(value)), () => null);
    for (const value of ["a", "b", "c"]) pacer.push(value);
    pacer.hasten();
    expect(sent).toEqual(["a", "b", "c"]);
    expect(pacer.settle(2)).toBe("b");
    pacer.push("d");
    expect(pacer.pending).toEqual(["a", "c", "d"]);
    expect(pacer.settle(1)).toBe("a");
    expect(sent).toHaveLength(3);
    expect(pacer.settle(3)).toBe("c");
    expect(sent).toEqual(["a", "b", "c", "d"]);
  });

  it("keeps what could not be sent", () => {
    const sent: string[] = [];
    let open = false;
    const pacer = makePacer<string>((value) => (open ? (sent.push(value), 5) : 0), () => null);
    pacer.push("a");
    pacer.hasten();
    open = true;
    pacer.push("b");
    expect(sent).toEqual(["a"]);
    pacer.reset();
    expect(pacer.idle).toBe(true);
  });
});

class FakeSocket {
  static made: FakeSocket[] = [];
  readyState = 0;
  binaryType = "";
  sent: string[] = [];
  onopen?: () => void;
  onclose?: () => void;
  onmessage?: (message: { data: unknown }) => void;
  constructor(readonly address: string) {
    FakeSocket.made.push(this);
  }
  send(text: string) {
    this.sent.push(text);
  }
  open() {
    this.readyState = 1;
    this.onopen?.();
  }
  close() {
    this.readyState = 3;
    this.onclose?.();
  }
}

describe("the link", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => {
    vi.useRealTimers();
    FakeSocket.made = [];
  });

  function made() {
    const states: LinkState[] = [];
    const frames: Frame[] = [];
    let session = "";
    const link = makeLink({
      address: () => `ws://host/socket${session}`,
      onFrame: (frame) => void frames.push(frame),
      onState: (state) => void states.push(state),
      makeSocket: (address) => new FakeSocket(address) as unknown as WebSocket,
    });
    return { link, states, frames, remember: (name: string) => (session = `?session=${name}`) };
  }

  it("numbers requests, and hands on frames", () => {
    const { link, frames } = made();
    expect(link.send({ type: "pause" })).toBe(0);
    const [socket] = FakeSocket.made;
    socket.open();
    expect([link.send({ type: "pause" }), link.send({ type: "train" })]).toEqual([1, 2]);
    expect(JSON.parse(socket.sent[1])).toEqual({ type: "train", id: 2 });
    socket.onmessage?.({ data: frameOf({ type: "gone", request: 0, reason: "idle" }) });
    socket.onmessage?.({ data: "text is not a frame" });
    expect(frames.map(({ event }) => event.type)).toEqual(["gone"]);
  });

  it("comes back to its session, waiting longer each time", () => {
    const { states, remember } = made();
    FakeSocket.made[0].open();
    remember("abc");
    FakeSocket.made[0].close();
    vi.advanceTimersByTime(249);
    expect(FakeSocket.made).toHaveLength(1);
    vi.advanceTimersByTime(1);
    expect(FakeSocket.made[1].address).toBe("ws://host/socket?session=abc");
    FakeSocket.made[1].close();
    vi.advanceTimersByTime(499);
    expect(FakeSocket.made).toHaveLength(2);
    vi.advanceTimersByTime(1);
    FakeSocket.made[2].open();
    expect(states).toEqual(["connecting", "open", "lost", "connecting", "lost", "connecting", "open"]);
  });

  it("stays closed when it was ended, until asked", () => {
    const { link, states } = made();
    FakeSocket.made[0].open();
    link.end();
    vi.advanceTimersByTime(60_000);
    expect(FakeSocket.made).toHaveLength(1);
    expect(states.at(-1)).toBe("ended");
    link.retry();
    expect(FakeSocket.made).toHaveLength(2);
  });
});
