/** State and requests of the room Race. */

import type * as wire from "../protocol/messages";
import { makePacer, type Pacer } from "../transport/pacer";
import type { Session } from "../transport/session";
import { draftOf, PRESETS, racePlanOf, type RaceDraft } from "./raceplan";
import { curvesOf, momentOf, trialsOf, type CurvesView, type MomentView, type TrialsView } from "./raceviews";

export type RaceEvent = wire.Race | wire.RaceCurves | wire.RaceMoment | wire.RaceTrials;

type TrialKind = wire.RaceTrials["kind"];

/** Times of a predicted curve, the last of which is the end. */
export const DRAWN = 41;

export class RaceState {
  race: wire.Race | null = $state.raw(null);
  curves: CurvesView | null = $state.raw(null);
  moment: MomentView | null = $state.raw(null);
  trials: Readonly<Record<TrialKind, TrialsView | null>> = $state.raw({ starts: null, rates: null });
  draft: RaceDraft = $state.raw(PRESETS[0][1]);
  /** The step requested by `goTo` until it is reached. */
  target: number | null = $state(null);
  /** The predicted winner, and what was drawn of each contestant's curve; NaN where nothing was. */
  winner: number | null | undefined = $state();
  drawn: readonly Float32Array[] = $state.raw([]);
  trouble: string | null = $state(null);

  readonly running: boolean = $derived(this.race?.state === "running");
  readonly trying: boolean = $derived(Object.values(this.trials).some((each) => each?.event.state === "running"));

  readonly #session: Session;
  /** Another race, of which not everything has arrived. */
  #next: { readonly race: wire.Race; readonly curves: CurvesView | null } | null = null;
  readonly #moves: Pacer<number>;
  readonly #own = new Set<number>();

  constructor(session: Session) {
    this.#session = session;
    this.#moves = makePacer((step) => session.send({ type: "goToRace", step }), (_, added) => added);
    session.listen((event) => {
      this.#moves.settle(event.request);
      if (this.target !== null && this.#moves.idle) this.target = null;
      if (event.type === "welcome") this.#begin();
      if (event.type === "done") this.#own.delete(event.request);
      if (event.type === "failed" && this.#own.has(event.request)) this.trouble = event.message;
    });
  }

  apply(event: RaceEvent, payload: Float32Array): void {
    switch (event.type) {
      case "race":
        if (event.plan && JSON.stringify(event.plan) !== JSON.stringify(this.race?.plan)) this.#next = { race: event, curves: null };
        else this.#takeRace(event);
        return;
      case "raceCurves":
        if (this.#next) this.#next = { ...this.#next, curves: curvesOf(event, payload) };
        else this.curves = curvesOf(event, payload);
        return;
      case "raceMoment":
        return this.#takeMoment(momentOf(event, payload));
      case "raceTrials":
        this.trials = { ...this.trials, [event.kind]: trialsOf(event, payload) };
        return;
    }
  }

  /** A new connection: what was known may be gone. */
  #begin(): void {
    this.#moves.reset();
    this.#own.clear();
    this.#next = null;
    this.target = this.race = this.curves = this.moment = this.trouble = null;
    this.trials = { starts: null, rates: null };
  }

  /** The moment is the last that arrives of another race: then all of it is shown at once. */
  #takeMoment(moment: MomentView): void {
    const next = this.#next;
    if (next && !next.curves) return;
    if (next) {
      this.#takeRace(next.race);
      this.curves = next.curves;
      this.#next = null;
    }
    this.moment = moment;
  }

  #takeRace(event: wire.Race): void {
    const before = this.race;
    this.race = event;
    this.trouble = null;
    if (!event.plan) return;
    if (!before) this.draft = draftOf(event.plan);
    const same = before?.plan && JSON.stringify(before.plan) === JSON.stringify(event.plan) && event.lastStep >= before.lastStep;
    if (!same) this.#forgetPrediction(event.plan.contestants.length);
  }

  #forgetPrediction(count: number): void {
    this.winner = undefined;
    this.drawn = Array.from({ length: count }, () => new Float32Array(DRAWN).fill(NaN));
  }

  #send(request: Parameters<Session["send"]>[0]): void {
    this.trouble = null;
    this.#own.add(this.#session.send(request));
  }

  ask(): void {
    this.#send({ type: "askRace" });
  }

  /** Prepare the draft's race, for data with so many classes. */
  setUp(outputs: number): void {
    this.#send({ type: "setUpRace", plan: racePlanOf(this.draft, outputs) });
  }

  toggle(): void {
    this.#send({ type: this.running ? "pauseRace" : "runRace" });
  }

  stepOne(): void {
    this.#send({ type: "stepRace", count: 1 });
  }

  goTo(step: number): void {
    const to = Math.max(0, Math.min(step, this.race?.lastStep ?? 0));
    this.target = to;
    this.#moves.push(to);
  }

  setPace(batchesPerSecond: number | null): void {
    this.#send({ type: "setRacePace", batchesPerSecond });
  }

  /** Draw a contestant's curve through a time from 0 to 1, from the place before if the stroke goes on. */
  draw(contestant: number, time: number, accuracy: number, from: { readonly time: number; readonly accuracy: number } | null): void {
    const values = this.drawn[contestant].slice();
    const at = (share: number) => Math.round(Math.min(1, Math.max(0, share)) * (DRAWN - 1));
    const [first, last] = [at((from ?? { time }).time), at(time)];
    for (let index = Math.min(first, last); index <= Math.max(first, last); index++) {
      const share = first === last ? 1 : (index - first) / (last - first);
      const value = (from?.accuracy ?? accuracy) * (1 - share) + accuracy * share;
      values[index] = Math.min(1, Math.max(0, value));
    }
    this.drawn = this.drawn.map((each, index) => (index === contestant ? values : each));
  }

  /** Lock the prediction in; what lies between drawn places is drawn straight. */
  predict(): void {
    this.#send({ type: "predictRace", prediction: { winner: this.winner ?? null, curves: this.drawn.map(filled) } });
  }

  runStarts(starts: number, epochs: number): void {
    this.#send({ type: "runStarts", starts, epochs });
  }

  runRates(low: number, high: number, count: number, starts: number, epochs: number): void {
    this.#send({ type: "runRates", low, high, count, starts, epochs });
  }

  cancel(): void {
    this.#send({ type: "cancelTrials" });
  }
}

/** A curve without gaps: straight between the places that were drawn, level before the first and after the last; empty for none. */
export function filled(values: Float32Array): number[] {
  const known = Array.from(values.keys()).filter((at) => !Number.isNaN(values[at]));
  if (known.length === 0) return [];
  return Array.from(values.keys(), (at) => {
    const before = known.findLast((each) => each <= at) ?? known[0];
    const after = known.find((each) => each >= at) ?? known[known.length - 1];
    const share = before === after ? 0 : (at - before) / (after - before);
    return values[before] * (1 - share) + values[after] * share;
  });
}
