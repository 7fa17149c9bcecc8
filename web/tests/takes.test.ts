/** Recordings: arrays that grow, the ladder from sounds to the sentence, and places in time. */

import { describe, expect, it } from "vitest";
import { placeOf, runsOf, tickStep, timeOf } from "../src/marks/timerows";
import type * as wire from "../src/protocol/messages";
import { layoutOf, rowAt } from "../src/rooms/listen/rows";
import { isGate } from "../src/state/quantities";
import { Growing, itemAt, ladderOf, likeliest, stepAt, takeOf, withHeard, withSound, type UtteranceView } from "../src/state/takes";
import { encodeSamples } from "../src/transport/microphone";

const segment = (text: string, start: number, end: number, confidence = 0.9): wire.HeardSegment => ({ text, start, end, confidence });

function word(digit: number, text: string, start: number, sure: boolean, was: string | null = null): wire.HeardWord {
  const sounds = [segment("F", start, start + 0.1), segment("AY", start + 0.1, start + 0.2, 0.5)];
  return { ...segment(text, start, start + 0.2, sure ? 0.9 : 0.3), digit: sure ? digit : null, guess: digit, mark: sure ? `${digit}` : `(${digit})`, syllables: [segment(text, start, start + 0.2)], sounds, rivals: [], was };
}

const UTTERANCE: UtteranceView = { start: 0.3, steps: 20, posteriors: new Float32Array(60), text: "5(9)", words: [word(5, "five", 0.4, true), word(9, "nine", 0.7, false, "5")], final: true };

const RECORDED: wire.Recorded = {
  type: "recorded", request: 1, slot: 0, recording: 3, source: "microphone", name: "microphone", live: true,
  samples: { offset: 0, shape: [0] }, power: { offset: 0, shape: [0, 2] }, edits: [], changed: [], notes: [],
};

describe("an array that grows", () => {
  it("keeps what was put and forgets what lay behind it", () => {
    const growing = new Growing(new Float32Array([1, 2]));
    growing.put(2, new Float32Array([3, 4, 5]));
    growing.put(5, new Float32Array(1000).fill(6));
    expect(growing.length).toBe(1005);
    growing.put(3, new Float32Array([7]));
    expect(Array.from(growing.values)).toEqual([1, 2, 3, 7]);
  });
});

describe("a recording", () => {
  it("grows by what the microphone sends", () => {
    const payload = new Float32Array([0.1, 0.2, 0.3, 9, 8]);
    const sounding: wire.Sounding = { type: "sounding", request: 2, slot: 0, recording: 3, at: 0, samples: { offset: 0, shape: [3] }, frame: 0, power: { offset: 3, shape: [1, 2] }, level: -20, speaking: true, hint: "soft" };
    let take = withSound(takeOf(RECORDED, new Float32Array()), sounding, payload);
    take = withSound(take, { ...sounding, at: 3, frame: 1 }, payload);
    expect(take.samples.length).toBe(6);
    expect(Array.from(take.power.values)).toEqual([9, 8, 9, 8]);
    expect([take.level, take.speaking, take.hint]).toEqual([-20, true, "soft"]);
  });

  it("replaces utterances from the first that is told", () => {
    const told = (text: string): wire.HeardUtterance => ({ ...UTTERANCE, text, posteriors: { offset: 0, shape: [1, 2] } });
    const heard: wire.Heard = { type: "heard", request: 0, slot: 0, recording: 3, first: 0, utterances: [told("1"), told("2")], text: "12", threshold: 0.75, digits: null, thresholds: [] };
    let take = withHeard(takeOf(RECORDED, new Float32Array()), heard, new Float32Array(2));
    take = withHeard(take, { ...heard, first: 1, utterances: [told("3")], text: "13" }, new Float32Array(2));
    expect(take.utterances.map(({ text }) => text)).toEqual(["1", "3"]);
    expect(take.text).toBe("13");
  });
});

describe("the ladder", () => {
  const ladder = ladderOf([UTTERANCE]);

  it("goes from the sentence to the sounds", () => {
    expect(ladder.filter(({ rung }) => rung === "sentence").map(({ text, begin, end, sure }) => [text, begin, end, sure])).toEqual([["5(9)", 0.4, 0.8999999999999999, false]]);
    expect(ladder.filter(({ rung }) => rung === "word").map(({ text, sure, revised }) => [text, sure, revised])).toEqual([["five", true, false], ["(nine)", false, true]]);
    expect(ladder.filter(({ rung }) => rung === "sound")).toHaveLength(4);
  });

  it("is found by time", () => {
    expect(itemAt(ladder, "word", 0.45)?.text).toBe("five");
    expect(itemAt(ladder, "sound", 0.55)?.text).toBe("AY");
    expect(itemAt(ladder, "word", 0.65)).toBeNull();
    expect(stepAt([UTTERANCE], 0.03, 0.36)).toEqual({ utterance: 0, at: 2 });
    expect(stepAt([UTTERANCE], 0.03, 0.2)).toBeNull();
    expect(stepAt([UTTERANCE], 0.03, 0.95)).toBeNull();
  });
});

describe("pictures over time", () => {
  const scale = { from: 2, to: 10, width: 400 };

  it("place times and find them again", () => {
    expect(placeOf(scale, 6)).toBe(200);
    expect(timeOf(scale, placeOf(scale, 3.3))).toBeCloseTo(3.3);
    expect(tickStep(scale)).toBe(1);
    expect(tickStep({ ...scale, to: 2.5 })).toBe(0.05);
  });

  it("name the runs of the likeliest class, without the blank", () => {
    const posteriors = new Float32Array([0.9, 0.1, 0, 0.2, 0.8, 0, 0.1, 0.9, 0, 0, 0.1, 0.9]);
    expect(runsOf(posteriors, 3)).toEqual([{ best: 1, begin: 1, end: 3 }, { best: 2, begin: 3, end: 4 }]);
    expect(likeliest([0.1, 0.7, 0.2], 2)).toEqual([1, 2]);
  });

  it("have a row for every quantity, and lines for a unit", () => {
    const layer: wire.ListenLayer = { layer: 0, name: "layer 1, LSTM", equation: "", units: 64, directions: 2, quantities: ["i", "f", "g", "o", "c", "h"] };
    const info = { spells: true } as wire.Listening;
    const layout = layoutOf(info, layer, 1, false, false);
    expect(layout.rows.filter(({ kind }) => kind === "quantity").map(({ name }) => name)).toEqual(layer.quantities);
    expect(layoutOf(info, layer, 1, true, false).height).toBeGreaterThan(layout.height);
    expect(rowAt(layout, layout.rows[1].top + 3)?.kind).toBe("wave");
    expect(rowAt(layout, layout.height + 1)).toBeNull();
    expect([0, 1, 2, 3, 4, 5].map((quantity) => isGate(layer, quantity))).toEqual([true, true, false, true, false, false]);
  });
});

describe("samples of the microphone", () => {
  it("are 16-bit integers in base64", () => {
    const bytes = Uint8Array.from(atob(encodeSamples(new Float32Array([0, 1, -1, 2]))), (each) => each.charCodeAt(0));
    expect(Array.from(new Int16Array(bytes.buffer))).toEqual([0, 32767, -32767, 32767]);
  });
});
