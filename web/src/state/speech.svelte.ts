/** State and requests of training on speech: the network, the utterance that is watched, and the errors so far. */

import type * as wire from "../protocol/messages";
import { floats } from "../transport/frames";
import { makePacer, type Pacer } from "../transport/pacer";
import { makePlayer } from "../transport/player";
import type { Session } from "../transport/session";

export type SpeechEvent = wire.LearnSubject | wire.SpeechWatched | wire.SpeechPicture | wire.SpeechHealth | wire.SpeechExamined;

export interface WatchedUtterance {
  readonly voice: string;
  readonly digits: readonly number[];
  readonly sounds: readonly string[];
  readonly samples: Float32Array<ArrayBuffer>;
  /** Power in mel bands, (frames, bands). */
  readonly power: Float32Array;
}

/** What the network computes for that utterance now. */
export interface SpeechView {
  readonly step: number;
  /** (steps, classes), one row after another. */
  readonly posteriors: Float32Array;
  readonly layer: number;
  readonly unit: number;
  /** (steps, units of all directions). */
  readonly cells: Float32Array;
  /** (quantities, steps). */
  readonly values: Float32Array;
}

export interface SpeechGradient {
  readonly step: number;
  readonly loss: number;
  readonly gradients: Float32Array;
  readonly bySteps: Float32Array;
  readonly heard: string;
}

/** Error rates after some mini-batches; `sounds` is NaN for a network of digits. */
export interface ErrorRates {
  readonly step: number;
  readonly sounds: number;
  readonly digits: number;
}

const MAX_RATES = 600;

export class SpeechState {
  info: wire.SpeechInfo | null = $state.raw(null);
  watched: WatchedUtterance | null = $state.raw(null);
  view: SpeechView | null = $state.raw(null);
  gradient: SpeechGradient | null = $state.raw(null);
  examined: wire.SpeechExamined | null = $state.raw(null);
  /** The unit that was asked for, until its values have come. */
  asked: { readonly layer: number; readonly unit: number } | null = $state.raw(null);
  rates: readonly ErrorRates[] = $state.raw([]);
  playing = $state(false);

  readonly #session: Session;
  readonly #units: Pacer<{ readonly layer: number; readonly unit: number }>;
  readonly #player = makePlayer();

  constructor(session: Session) {
    this.#session = session;
    this.#units = makePacer((unit) => session.send({ type: "watchUnit", ...unit }), (_, added) => added);
    session.listen((event) => {
      if (event.type === "welcome") this.#units.reset();
      this.#units.settle(event.request);
      if (this.asked && this.#units.idle) this.asked = null;
    });
  }

  apply(event: SpeechEvent, payload: Float32Array): void {
    switch (event.type) {
      case "learnSubject":
        this.info = event.speech;
        this.watched = this.view = this.gradient = this.examined = null;
        this.rates = [];
        return;
      case "speechWatched":
        this.stop();
        this.watched = {
          voice: event.voice, digits: event.digits, sounds: event.sounds,
          samples: new Float32Array(floats(payload, event.samples)), power: floats(payload, event.power).slice(),
        };
        this.view = this.gradient = null;
        return;
      case "speechPicture":
        this.view = {
          step: event.step, posteriors: floats(payload, event.posteriors), layer: event.layer, unit: event.unit,
          cells: floats(payload, event.cells), values: floats(payload, event.values),
        };
        return;
      case "speechHealth":
        this.gradient = {
          step: event.step, loss: event.loss, gradients: floats(payload, event.gradients),
          bySteps: floats(payload, event.byStep), heard: event.heard,
        };
        return;
      case "speechExamined":
        return this.#takeExamined(event);
    }
  }

  #takeExamined(event: wire.SpeechExamined): void {
    this.examined = event;
    const rate = { step: event.step, sounds: event.soundErrors / event.sounds, digits: event.digitErrors / event.digits };
    const kept = [...this.rates.filter(({ step }) => step < event.step), rate];
    this.rates = kept.length > MAX_RATES ? kept.filter((_, at) => at % 2 === 1) : kept;
  }

  watch(voice: string, digits: readonly number[]): void {
    this.#session.send({ type: "watchUtterance", voice, digits });
  }

  watchUnit(layer: number, unit: number): void {
    this.asked = { layer, unit };
    this.#units.push(this.asked);
  }

  /** Hear with this network in Listen. */
  takeToListen(): void {
    this.#session.send({ type: "hearTrained" });
  }

  play(): void {
    const { info, watched } = this;
    if (this.playing || !info || !watched) return this.stop();
    this.playing = true;
    this.#player.play(watched.samples, info.rate, 0, watched.samples.length / info.rate, (seconds) => {
      if (seconds === null) this.playing = false;
    });
  }

  stop(): void {
    this.#player.stop();
    this.playing = false;
  }
}
