/** State and requests of the room Why misread: what the picture should have been, who voted, and the repair. */

import type * as wire from "../protocol/messages";
import { floats } from "../transport/frames";
import { makePacer, type Pacer } from "../transport/pacer";
import type { Session } from "../transport/session";

export type WhyEvent = wire.Misreading | wire.Repaired;

export interface Verdict {
  readonly event: wire.Misreading;
  readonly sums: Float32Array;
  readonly outputs: Float32Array;
  /** w·a of each neuron, output by output. */
  readonly terms: Float32Array;
  readonly neurons: number;
  readonly biases: Float32Array;
  /** The contribution of each pixel, output by output. */
  readonly pixels: Float32Array;
  readonly size: number;
  readonly rest: Float32Array;
  readonly missing: Float32Array;
}

export interface RepairView {
  readonly event: wire.Repaired;
  readonly before: Float32Array;
  readonly after: Float32Array;
  readonly ink: Float32Array;
  readonly changedInk: Float32Array;
  readonly columns: number;
  readonly pixels: Float32Array;
}

/** A misread image of the test set. */
export interface MisreadImage {
  readonly index: number;
  readonly label: number;
  readonly reading: number;
  readonly confidence: number;
}

export interface MisreadImages {
  /** Number of the first of them. */
  readonly begin: number;
  readonly images: readonly MisreadImage[];
  readonly total: number;
  readonly pixels: Float32Array;
}

/** Misread images that are shown at once. */
export const SHOWN = 24;

/** Milliseconds without a change before the exact votes are asked for. */
const REST = 300;

export class WhyState {
  /** What the person says that it should have been; null for what the data say. */
  chosen: number | null = $state(null);
  verdict: Verdict | null = $state.raw(null);
  repair: RepairView | null = $state.raw(null);
  searching = $state(false);
  /** Whether the repair is drawn. */
  applied = $state(false);
  mistakes: MisreadImages | null = $state.raw(null);
  trouble: string | null = $state(null);

  readonly #session: Session;
  readonly #verdicts: Pacer<{ readonly label: number; readonly brief: boolean }>;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #repairRequest = 0;
  #applyRequest = 0;
  #mistakesRequest = 0;
  /** The class and the number of the last request for votes, and the number of the request that led to the picture that is shown. */
  #asked = { label: -1, request: 0 };
  #pictureRequest = 0;
  /** Whether another picture has been opened, whose reading comes next. */
  #moved = false;

  constructor(session: Session) {
    this.#session = session;
    this.#verdicts = makePacer((asked) => this.#send(asked), (_, added) => added);
    session.listen((event, payload) => {
      if (event.type === "welcome") this.#begin();
      if (event.type === "network") this.#forget();
      if (event.type === "drawing") this.#moved = true;
      if (event.type === "reading") this.#read(event.request);
      if (event.type === "picture") this.#pictureRequest = Infinity;
      if (event.type === "drawing" && event.request !== this.#applyRequest && event.source === "example") this.chosen = null;
      if (event.type === "reading" && event.request === this.#applyRequest && this.#applyRequest !== 0) this.applied = true;
      else if (event.type === "reading") this.#forgetRepair();
      if (event.type === "examples" && event.request === this.#mistakesRequest) this.#takeMistakes(event, payload);
      const own = this.#verdicts.settle(event.request) !== undefined;
      if (event.type === "failed" && event.request !== 0 && (own || [this.#repairRequest, this.#applyRequest, this.#mistakesRequest].includes(event.request))) {
        this.trouble = event.message;
        if (event.request === this.#repairRequest) this.searching = false;
      }
    });
  }

  apply(event: WhyEvent, payload: Float32Array): void {
    this.trouble = null;
    if (event.type === "misreading") {
      if (event.brief) this.#finish(event.label);
      this.verdict = {
        event, sums: floats(payload, event.sums), outputs: floats(payload, event.outputs),
        terms: floats(payload, event.terms), neurons: event.terms.shape[1], biases: floats(payload, event.biases),
        pixels: floats(payload, event.pixels), size: event.pixels.shape[1], rest: floats(payload, event.rest), missing: floats(payload, event.missing),
      };
    } else if (event.request === this.#repairRequest) {
      this.searching = false;
      this.repair = {
        event, before: floats(payload, event.before), after: floats(payload, event.after), ink: floats(payload, event.ink),
        changedInk: floats(payload, event.changedInk), columns: event.ink.shape[1], pixels: floats(payload, event.pixels),
      };
    }
  }

  /** The votes for another picture are not shown beside it; while one draws, they follow the pen. */
  #read(request: number): void {
    this.#pictureRequest = request > 0 ? request : Infinity;
    if (this.#moved) this.verdict = null;
    this.#moved = false;
  }

  #send(asked: { readonly label: number; readonly brief: boolean }): number {
    const request = this.#session.send({ type: "askMisreading", ...asked });
    this.#asked = { label: asked.label, request };
    return request;
  }

  #begin(): void {
    this.#asked = { label: -1, request: 0 };
    clearTimeout(this.#timer);
    this.#verdicts.reset();
    this.#forgetRepair();
  }

  #forget(): void {
    clearTimeout(this.#timer);
    this.#asked = { label: -1, request: 0 };
    this.verdict = this.mistakes = this.trouble = null;
    this.#forgetRepair();
  }

  #forgetRepair(): void {
    this.repair = null;
    this.searching = this.applied = false;
    this.#repairRequest = 0;
  }

  #takeMistakes(event: wire.Examples, payload: Float32Array): void {
    const confidences = floats(payload, event.confidences);
    this.mistakes = {
      begin: event.begin,
      images: event.indices.map((index, at) => ({ index, label: event.labels[at], reading: event.readings[at], confidence: confidences[at] })),
      total: event.found, pixels: floats(payload, event.pixels),
    };
  }

  /** Request the votes for the picture that is shown, unless that was done right behind the pen. */
  askShown(label: number): void {
    if (this.#asked.label !== label || this.#asked.request < this.#pictureRequest) this.ask(label);
  }

  /** Request the votes, quickly: the exact ones follow once the picture is at rest. */
  ask(label: number): void {
    clearTimeout(this.#timer);
    this.#verdicts.push({ label, brief: true });
  }

  #finish(label: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#verdicts.push({ label, brief: false }), REST);
  }

  /** Request misread test images, from number `begin` on. */
  askMistakes(begin = 0): void {
    this.#mistakesRequest = this.#session.send({ type: "browseExamples", part: "test", begin, count: SHOWN, wrong: true });
  }

  search(label: number): void {
    this.applied = false;
    this.repair = null;
    this.searching = true;
    this.#repairRequest = this.#session.send({ type: "askRepair", label });
    if (this.#repairRequest === 0) this.searching = false;
  }

  /** Draw the repair; what it should be stays what it was. */
  draw(): void {
    if (!this.repair) return;
    this.chosen = this.repair.event.label;
    this.#applyRequest = this.#session.send({ type: "applyRepair", label: this.repair.event.label });
  }
}
