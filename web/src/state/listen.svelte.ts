/** State and requests of the room Listen: two recordings, what the network hears in them, and the microphone. */

import type * as wire from "../protocol/messages";
import { uploadRecording } from "../transport/files";
import { encodeSamples, microphoneTrouble, openMicrophone, type Microphone } from "../transport/microphone";
import { makePacer, type Pacer } from "../transport/pacer";
import { makePlayer } from "../transport/player";
import type { Session } from "../transport/session";
import { gatesOf, takeOf, withHeard, withSound, type GatesView, type Span, type Take } from "./takes";

export type ListenEvent = wire.Listening | wire.HearingChosen | wire.Recorded | wire.Heard | wire.Sounding | wire.Gates;
export type Slot = 0 | 1;
export const SLOTS: readonly Slot[] = [0, 1];
export const SLOT_NAMES = ["first", "second"] as const;

/** Seconds of the longest part of a recording that is shown at once. */
export const WINDOW = 8;

interface AskGates {
  readonly slot: Slot;
  readonly utterance: number;
  readonly layer: number;
}

export class ListenState {
  info: wire.Listening | null = $state.raw(null);
  takes: readonly (Take | null)[] = $state.raw([null, null]);
  /** All values of the layer in sight, by utterance. */
  gates: readonly (readonly GatesView[])[] = $state.raw([[], []]);
  threshold = $state(0.75);
  digits: number | null = $state(null);
  /** Whether the second recording stands beside the first. */
  two = $state(false);
  layer = $state(0);
  /** The unit whose lines are drawn, the backward ones after the forward ones. */
  unit: number | null = $state(null);
  /** Where the cursor is, in seconds of each recording. */
  cursors: readonly number[] = $state.raw([0, 0]);
  selections: readonly (Span | null)[] = $state.raw([null, null]);
  /** What changes places with the selection. */
  partners: readonly (Span | null)[] = $state.raw([null, null]);
  /** The recording that the microphone adds to. */
  recording: Slot | null = $state(null);
  opening = $state(false);
  playing: Slot | null = $state(null);
  /** Why something is missing. */
  trouble: string | null = $state(null);

  readonly #session: Session;
  readonly #asking: Pacer<AskGates>;
  readonly #player = makePlayer();
  #microphone: Microphone | null = null;
  /** `Recorded.recording` of what the microphone adds to, and the request that began it. */
  #live = 0;
  #start = 0;

  constructor(session: Session) {
    this.#session = session;
    const same = (waiting: AskGates, added: AskGates) => (waiting.slot === added.slot && waiting.utterance === added.utterance ? added : null);
    this.#asking = makePacer((asked) => session.send({ type: "askGates", ...asked }), same);
    session.listen((event) => {
      if (event.type === "welcome") this.#begin();
      this.#asking.settle(event.request);
      if (event.type === "failed" && event.request > 0 && event.request === this.#start) this.closeMicrophone();
    });
  }

  /** A connection has opened: what was here may be another session's. */
  #begin(): void {
    this.#asking.reset();
    this.closeMicrophone();
    if (this.info) this.ask();
  }

  apply(event: ListenEvent, payload: Float32Array): void {
    switch (event.type) {
      case "listening":
        this.info = event;
        this.threshold = event.threshold;
        this.digits = event.digits;
        this.takes = [null, null];
        this.gates = [[], []];
        if (!event.layers.some(({ layer }) => layer === this.layer)) this.layer = 0;
        this.unit = null;
        return;
      case "hearingChosen":
        this.threshold = event.threshold;
        this.digits = event.digits;
        return;
      case "recorded":
        return this.#takeRecorded(event, payload);
      case "heard":
        return this.#takeHeard(event, payload);
      case "sounding":
        this.#change(event.slot as Slot, event.recording, (take) => withSound(take, event, payload));
        if (this.recording === event.slot) this.#place(event.slot as Slot, this.seconds(event.slot as Slot));
        return;
      case "gates":
        return this.#takeGates(event, payload);
    }
  }

  #takeRecorded(event: wire.Recorded, payload: Float32Array): void {
    const slot = event.slot as Slot;
    const [before, take] = [this.takes[slot], takeOf(event, payload)];
    this.takes = put(this.takes, slot, take);
    this.gates = put(this.gates, slot, []);
    if (this.playing === slot) this.stop();
    if (before?.recorded.recording !== event.recording) {
      this.select(slot, null);
      this.#place(slot, Math.min(this.cursors[slot], this.seconds(slot)));
    }
    if (event.live && this.#microphone && this.recording === slot) this.#live = event.recording;
    else if (this.recording === slot) this.closeMicrophone();
  }

  #takeHeard(event: wire.Heard, payload: Float32Array): void {
    const slot = event.slot as Slot;
    this.#change(slot, event.recording, (take) => withHeard(take, event, payload));
    const { length } = this.takes[slot]?.utterances ?? [];
    this.gates = put(this.gates, slot, this.gates[slot].slice(0, length));
    for (let utterance = event.first; utterance < length; utterance++) this.#asking.push({ slot, utterance, layer: this.layer });
  }

  #takeGates(event: wire.Gates, payload: Float32Array): void {
    const take = this.takes[event.slot];
    if (take?.recorded.recording !== event.recording || event.layer !== this.layer) return;
    const found = this.gates[event.slot].slice();
    found[event.utterance] = gatesOf(event, payload);
    this.gates = put(this.gates, event.slot as Slot, found);
  }

  #change(slot: Slot, recording: number, change: (take: Take) => Take): void {
    const take = this.takes[slot];
    if (take?.recorded.recording === recording) this.takes = put(this.takes, slot, change(take));
  }

  /** Length of a recording in seconds. */
  seconds(slot: Slot): number {
    return (this.takes[slot]?.samples.length ?? 0) / (this.info?.rate ?? 1);
  }

  ask(): void {
    this.#session.send({ type: "askListening" });
  }

  chooseHearer(hearer: wire.Listening["hearer"]): void {
    this.#session.send({ type: "chooseHearer", hearer });
  }

  say(slot: Slot, voice: string, digits: readonly number[], pause: number): void {
    this.#session.send({ type: "hearVoice", slot, voice, digits, pause });
  }

  open(slot: Slot, file: File): void {
    void uploadRecording(this.#session, file, slot);
  }

  chooseLayer(layer: number): void {
    if (layer === this.layer) return;
    this.layer = layer;
    this.unit = null;
    this.gates = [[], []];
    for (const slot of SLOTS) this.takes[slot]?.utterances.forEach((_, utterance) => this.#asking.push({ slot, utterance, layer }));
  }

  setHearing(threshold: number, digits: number | null): void {
    this.#session.send({ type: "setHearing", threshold, digits });
  }

  /** Moves the cursor. */
  goTo(slot: Slot, seconds: number): void {
    if (this.playing !== null) this.stop();
    this.#place(slot, seconds);
  }

  #place(slot: Slot, seconds: number): void {
    this.cursors = put(this.cursors, slot, Math.max(0, Math.min(this.seconds(slot), seconds)));
  }

  select(slot: Slot, span: Span | null): void {
    this.selections = put(this.selections, slot, span);
    this.partners = put(this.partners, slot, null);
  }

  /** Chooses what changes places with the selection. */
  selectPartner(slot: Slot, span: Span): void {
    if (this.selections[slot] === null) return this.select(slot, span);
    this.partners = put(this.partners, slot, span);
  }

  mute(slot: Slot): void {
    const span = this.selections[slot];
    if (span) this.#session.send({ type: "editSounds", slot, kind: "mute", ...span });
  }

  stretch(slot: Slot, factor: number): void {
    const span = this.selections[slot];
    if (span) this.#session.send({ type: "editSounds", slot, kind: "stretch", ...span, factor });
  }

  swap(slot: Slot): void {
    const [span, other] = [this.selections[slot], this.partners[slot]];
    if (span && other) this.#session.send({ type: "editSounds", slot, kind: "swap", ...span, otherBegin: other.begin, otherEnd: other.end });
  }

  undo(slot: Slot, all = false): void {
    this.#session.send({ type: "undoSounds", slot, all });
  }

  /** Plays the selection, or everything from the cursor on; stops where it plays. */
  play(slot: Slot, span: Span | null = this.selections[slot]): void {
    const take = this.takes[slot];
    if (this.playing === slot) return this.stop();
    if (!take || !this.info) return;
    const whole = this.seconds(slot);
    const from = this.cursors[slot] < whole - 0.05 ? this.cursors[slot] : 0;
    this.stop();
    this.playing = slot;
    this.#player.play(take.samples.values, this.info.rate, span?.begin ?? from, span?.end ?? whole, (seconds) => {
      if (seconds === null) this.playing = null;
      else this.#place(slot, seconds);
    });
  }

  stop(): void {
    this.#player.stop();
    this.playing = null;
  }

  /** Opens the microphone; what it hears replaces a recording. */
  async record(slot: Slot): Promise<void> {
    if (this.opening || this.recording !== null) return;
    this.stop();
    this.trouble = null;
    this.opening = true;
    try {
      this.#microphone = await openMicrophone((samples) => this.#block(samples), () => this.endRecording());
      this.recording = slot;
      this.#live = 0;
      this.#start = this.#session.send({ type: "startMicrophone", slot, rate: this.#microphone.rate });
    } catch (error) {
      this.trouble = microphoneTrouble(error);
    }
    this.opening = false;
  }

  #block(samples: Float32Array): void {
    if (this.#live > 0) this.#session.notify({ type: "hearSamples", recording: this.#live, samples: encodeSamples(samples) });
  }

  /** Ends the recording; what was said last is still heard. */
  endRecording(): void {
    if (this.recording !== null && this.#live > 0) this.#session.send({ type: "stopMicrophone" });
    this.closeMicrophone();
  }

  closeMicrophone(): void {
    this.#microphone?.close();
    this.#microphone = null;
    this.recording = null;
    this.#live = 0;
  }

  /** The room is left. */
  leave(): void {
    this.stop();
    this.endRecording();
  }
}

function put<T>(items: readonly T[], at: number, item: T): readonly T[] {
  return items.map((each, index) => (index === at ? item : each));
}
