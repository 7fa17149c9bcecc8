/** Pictures are asked for as drawing leaves time for them. */

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { CALM, makeCalm } from "../src/transport/calm";
import { COMPUTING, makeThrottle, SHARE } from "../src/transport/throttle";

describe("the throttle", () => {
  let now = 0;
  let frames: (() => void)[] = [];
  let posted: (() => void)[] = [];

  beforeEach(() => {
    vi.useFakeTimers();
    vi.spyOn(performance, "now").mockImplementation(() => now);
    vi.stubGlobal("requestAnimationFrame", (then: () => void) => frames.push(then));
    vi.stubGlobal("MessageChannel", class {
      port1: { onmessage?: () => void; close: () => void } = { close: () => undefined };
      port2 = { postMessage: () => posted.push(() => this.port1.onmessage?.()) };
    });
  });

  afterEach(() => {
    vi.useRealTimers();
    vi.restoreAllMocks();
    vi.unstubAllGlobals();
    [now, frames, posted] = [0, [], []];
  });

  function later(milliseconds: number) {
    now += milliseconds;
    vi.advanceTimersByTime(milliseconds);
  }

  /** A picture that takes so long: half of it script, half of it the frame. */
  function picture(throttle: ReturnType<typeof makeThrottle>, cost: number) {
    throttle.received();
    now += cost / 2;
    posted.splice(0).forEach((then) => then());
    frames.splice(0).forEach((then) => then());
    now += cost / 2;
    posted.splice(0).forEach((then) => then());
  }

  it("waits longer where training stands still for an answer", () => {
    const ask = vi.fn();
    const throttle = makeThrottle(ask);
    throttle.start();
    throttle.received(9);
    expect(throttle.interval).toBeCloseTo(9 / COMPUTING, 5);
    picture(throttle, 0.5);
    expect(throttle.interval).toBeLessThan(9 / COMPUTING);
  });

  it("asks at once, then sixty times a second at max", () => {
    const ask = vi.fn();
    const throttle = makeThrottle(ask);
    throttle.start();
    expect(ask).toHaveBeenCalledTimes(1);
    for (let time = 0; time < 40; time++) {
      picture(throttle, 0.5);
      later(100);
    }
    expect(throttle.interval).toBeCloseTo(1000 / 60, 5);
    picture(throttle, 0.5);
    const before = ask.mock.calls.length;
    later(15);
    expect(ask).toHaveBeenCalledTimes(before);
    later(3);
    expect(ask).toHaveBeenCalledTimes(before + 1);
  });

  it("asks the less often the longer drawing takes", () => {
    const throttle = makeThrottle(() => undefined);
    for (let time = 0; time < 40; time++) picture(throttle, 20);
    expect(throttle.interval).toBeCloseTo(20 / SHARE, 0);
  });

  it("asks for nothing while no frame is drawn, as in a hidden tab", () => {
    const ask = vi.fn();
    const throttle = makeThrottle(ask);
    throttle.received();
    posted.splice(0).forEach((then) => then());
    later(60_000);
    expect(ask).not.toHaveBeenCalled();
  });
});

describe("requests during training", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it("are made at once while the network rests, and rarely while it learns", () => {
    const act = vi.fn();
    const calm = makeCalm(act);
    calm(false);
    calm(false);
    expect(act).toHaveBeenCalledTimes(2);
    for (let time = 0; time < 10; time++) {
      calm(true);
      vi.advanceTimersByTime(CALM / 5);
    }
    expect(act).toHaveBeenCalledTimes(4);
    calm(true);
    calm(false); // training has ended: what is true now, and once
    expect(act).toHaveBeenCalledTimes(5);
    vi.advanceTimersByTime(2 * CALM);
    expect(act).toHaveBeenCalledTimes(5);
  });
});
