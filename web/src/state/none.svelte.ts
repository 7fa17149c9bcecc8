/** State and requests of the room None of these: how sure the network is of strangers, and the threshold. */

import type * as wire from "../protocol/messages";
import { makePacer, type Pacer } from "../transport/pacer";
import type { Session } from "../transport/session";
import { surenessOf, type SurenessView } from "./sureness";

export type NoneEvent = wire.Sureness | wire.OwnSureness | wire.ThresholdPrice;
type Measure = wire.Sureness["measure"];

export class NoneState {
  measure: Measure = $state("output");
  view: SurenessView | null = $state.raw(null);
  own: wire.OwnSureness | null = $state.raw(null);
  /** Thresholds that the person has set, by measure. */
  thresholds: Readonly<Partial<Record<Measure, number>>> = $state.raw({});
  /** The kind whose pictures are shown. */
  kind = $state("noise");
  trouble: string | null = $state(null);
  /** The threshold that holds. */
  readonly threshold: number = $derived(this.thresholds[this.measure] ?? this.view?.event.usual ?? 0.9);

  readonly #session: Session;
  readonly #all: Pacer<Measure>;
  readonly #owns: Pacer<Measure>;
  readonly #prices: Pacer<{ readonly measure: Measure; readonly threshold: number }>;
  #open = false;

  constructor(session: Session) {
    this.#session = session;
    const last = <T>(_: T, added: T) => added;
    this.#all = makePacer((measure) => session.send({ type: "askSureness", measure }), last);
    this.#owns = makePacer((measure) => session.send({ type: "askOwnSureness", measure }), last);
    this.#prices = makePacer((asked) => session.send({ type: "judgeThreshold", ...asked }), last);
    session.listen((event) => {
      const pacers = [this.#all, this.#owns, this.#prices];
      if (event.type === "welcome") for (const pacer of pacers) pacer.reset();
      if (event.type === "network") this.#forget();
      const own = pacers.some((pacer) => pacer.settle(event.request) !== undefined);
      if (!own || event.type !== "failed") return;
      // Another network may lack the measure.
      if (event.code === "unavailable" && this.measure !== "output") this.choose("output");
      else this.trouble = event.message;
    });
  }

  apply(event: NoneEvent, payload: Float32Array): void {
    if (event.type === "thresholdPrice" || event.measure !== this.measure) return;
    this.trouble = null;
    if (event.type === "ownSureness") {
      this.own = event;
      return;
    }
    this.view = surenessOf(event, payload);
    if (event.judged < event.total && this.#open) this.#all.push(this.measure);
  }

  #forget(): void {
    this.view = null;
    this.own = null;
    this.trouble = null;
  }

  /** The room is entered, or left: then nothing more is judged. */
  open(is: boolean): void {
    this.#open = is;
  }

  ask(): void {
    this.#all.push(this.measure);
  }

  askOwn(): void {
    this.#owns.push(this.measure);
  }

  choose(measure: Measure): void {
    if (measure === this.measure) return;
    this.measure = measure;
    this.view = null;
    this.own = null;
  }

  /** Move the threshold; `done` at the end of the movement. */
  move(threshold: number, done: boolean): void {
    this.thresholds = { ...this.thresholds, [this.measure]: threshold };
    if (done && this.#session.ready) this.#prices.push({ measure: this.measure, threshold });
  }
}
