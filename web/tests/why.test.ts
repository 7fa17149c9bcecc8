import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type * as wire from "../src/protocol/messages";
import { WhyState } from "../src/state/why.svelte";
import type { Session } from "../src/transport/session";

const NONE = { shape: [0, 0], offset: 0 };

describe("the votes of a picture in motion", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it("are asked for quickly, and exactly once the picture is at rest", () => {
    const asked: { label: number; brief: boolean }[] = [];
    let settle: (event: wire.AnyEvent, payload: Float32Array) => void = () => undefined;
    const send = (request: { label: number; brief: boolean }) => asked.push({ label: request.label, brief: request.brief });
    const session = { send, notify: () => undefined, listen: (heard: typeof settle) => void (settle = heard) } as unknown as Session;
    const why = new WhyState(session);
    const answer = (brief: boolean) => {
      const event = { type: "misreading", request: asked.length, label: 3, brief, sums: NONE, outputs: NONE, terms: NONE, biases: NONE, pixels: NONE, rest: NONE, missing: NONE } as unknown as wire.Misreading;
      why.apply(event, new Float32Array(0));
      settle(event, new Float32Array(0));
    };
    why.ask(3);
    answer(true);
    vi.advanceTimersByTime(100);
    why.ask(3);
    answer(true);
    vi.advanceTimersByTime(100);
    expect(asked).toEqual([{ label: 3, brief: true }, { label: 3, brief: true }]);
    vi.advanceTimersByTime(300);
    expect(asked[2]).toEqual({ label: 3, brief: false });
    answer(false);
    vi.advanceTimersByTime(1000);
    expect(asked.length).toBe(3);
  });

  it("are not asked for twice: neither with the reading that they follow, nor for the same class", () => {
    const asked: number[] = [];
    let request = 0;
    let hear: (event: wire.AnyEvent, payload: Float32Array) => void = () => undefined;
    const send = ({ label }: { label: number }) => (asked.push(label), ++request);
    const session = { send, listen: (heard: typeof hear) => void (hear = heard) } as unknown as Session;
    const why = new WhyState(session);
    const read = (from: number) => hear({ type: "reading", request: from } as wire.Reading, new Float32Array(0));
    const settle = () => hear({ type: "done", request } as wire.Done, new Float32Array(0));
    const pen = ++request;
    why.ask(3);
    read(pen);
    why.askShown(3);
    expect(asked).toEqual([3]);
    settle();
    why.askShown(5);
    expect(asked).toEqual([3, 5]);
    settle();
    read(++request); // an undone stroke, behind which nothing was asked
    why.askShown(5);
    settle();
    hear({ type: "picture", request: 0 } as wire.Picture, new Float32Array(0)); // training
    why.askShown(5);
    expect(asked).toEqual([3, 5, 5, 5]);
  });
});
