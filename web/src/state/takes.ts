/** A recording as the page shows it, and what was heard in it: views of the server's arrays, and places in time. */

import type * as wire from "../protocol/messages";
import { floats } from "../transport/frames";

/** An array that grows at its end. */
export class Growing {
  #data: Float32Array<ArrayBuffer>;
  length: number;

  constructor(first: Float32Array) {
    this.#data = new Float32Array(first);
    this.length = first.length;
  }

  /** Puts values at an index; what lay behind it is gone. */
  put(at: number, values: Float32Array): void {
    this.length = at + values.length;
    if (this.length > this.#data.length) {
      const larger = new Float32Array(2 * this.length);
      larger.set(this.#data);
      this.#data = larger;
    }
    this.#data.set(values, at);
  }

  get values(): Float32Array<ArrayBuffer> {
    return this.#data.subarray(0, this.length);
  }
}

export interface Span {
  readonly begin: number;
  readonly end: number;
}

export interface UtteranceView extends Omit<wire.HeardUtterance, "posteriors"> {
  /** (steps, classes), one row after another. */
  readonly posteriors: Float32Array;
}

/** All values of a layer during an utterance. */
export interface GatesView {
  readonly recording: number;
  readonly utterance: number;
  readonly layer: number;
  readonly start: number;
  readonly steps: number;
  /** One array for each quantity, (steps, directions * units). */
  readonly values: readonly Float32Array[];
  readonly outputs: Float32Array;
}

export type Rung = "sound" | "syllable" | "word" | "sentence";

/** A step of the ladder, with its place in time. */
export interface LadderItem extends Span {
  readonly rung: Rung;
  readonly text: string;
  readonly confidence: number;
  readonly sure: boolean;
  readonly revised: boolean;
  readonly utterance: number;
  readonly word: number;
}

export const RUNGS: readonly Rung[] = ["sentence", "word", "syllable", "sound"];

/** One of the two recordings. */
export interface Take {
  readonly recorded: wire.Recorded;
  readonly samples: Growing;
  readonly power: Growing;
  readonly utterances: readonly UtteranceView[];
  readonly text: string;
  readonly thresholds: readonly wire.ThresholdText[];
  readonly ladder: readonly LadderItem[];
  /** Of the microphone. */
  readonly level: number | null;
  readonly hint: wire.Sounding["hint"];
  readonly speaking: boolean;
}

export function takeOf(event: wire.Recorded, payload: Float32Array): Take {
  return {
    recorded: event,
    samples: new Growing(floats(payload, event.samples)),
    power: new Growing(floats(payload, event.power)),
    utterances: [], text: "", thresholds: [], ladder: [], level: null, hint: null, speaking: false,
  };
}

export function withHeard(take: Take, event: wire.Heard, payload: Float32Array): Take {
  const told = event.utterances.map((each) => ({ ...each, posteriors: floats(payload, each.posteriors) }));
  const utterances = [...take.utterances.slice(0, event.first), ...told];
  return { ...take, utterances, text: event.text, thresholds: event.thresholds, ladder: ladderOf(utterances) };
}

export function withSound(take: Take, event: wire.Sounding, payload: Float32Array): Take {
  take.samples.put(event.at, floats(payload, event.samples));
  take.power.put(event.frame * event.power.shape[1], floats(payload, event.power));
  return { ...take, level: event.level, hint: event.hint, speaking: event.speaking };
}

export function gatesOf(event: wire.Gates, payload: Float32Array): GatesView {
  const { recording, utterance, layer, start } = event;
  return { recording, utterance, layer, start, steps: event.values[0].shape[0], values: event.values.map((each) => floats(payload, each)), outputs: floats(payload, event.outputs) };
}

/** All steps of the ladder, the sentences first. */
export function ladderOf(utterances: readonly UtteranceView[]): LadderItem[] {
  return utterances.flatMap((utterance, number) => {
    const { words } = utterance;
    if (words.length === 0) return [];
    const item = (rung: Rung, segment: wire.HeardSegment, word: number, sure: boolean, revised: boolean): LadderItem =>
      ({ rung, text: segment.text, begin: segment.start, end: segment.end, confidence: segment.confidence, sure, revised, utterance: number, word });
    const whole = { text: utterance.text || "?", start: words[0].start, end: words[words.length - 1].end, confidence: Math.min(...words.map(({ confidence }) => confidence)) };
    return [
      item("sentence", whole, -1, words.every(({ digit }) => digit !== null), false),
      ...words.flatMap((word, at) => {
        const sure = word.digit !== null;
        const revised = word.was !== null;
        return [
          item("word", { ...word, text: word.guess === null ? "?" : sure ? word.text : `(${word.text})` }, at, sure, revised),
          ...word.syllables.map((each) => item("syllable", each, at, sure, revised)),
          ...word.sounds.map((each) => item("sound", each, at, sure, revised)),
        ];
      }),
    ];
  });
}

/** The step of the ladder on a rung at a time. */
export function itemAt(ladder: readonly LadderItem[], rung: Rung, seconds: number): LadderItem | null {
  return ladder.find((item) => item.rung === rung && item.begin <= seconds && seconds < item.end) ?? null;
}

/** The utterance and its step at a time; null between utterances. */
export function stepAt(utterances: readonly UtteranceView[], step: number, seconds: number): { utterance: number; at: number } | null {
  for (let utterance = 0; utterance < utterances.length; utterance++) {
    const at = Math.floor((seconds - utterances[utterance].start) / step + 1e-6);
    if (at >= 0 && at < utterances[utterance].steps) return { utterance, at };
  }
  return null;
}

/** The classes of a row of probabilities from the likeliest on. */
export function likeliest(row: ArrayLike<number>, count: number): number[] {
  return Array.from(row, (_, at) => at).sort((one, other) => row[other] - row[one]).slice(0, count);
}
