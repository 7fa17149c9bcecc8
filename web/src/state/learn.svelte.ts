/** State and requests of the room Learn: the plan, the training run, its curves and pictures. */

import type * as wire from "../protocol/messages";
import { floats } from "../transport/frames";
import { makeThrottle } from "../transport/throttle";
import { makePacer, type Pacer } from "../transport/pacer";
import type { Session } from "../transport/session";
import { History } from "./history";
import { confusionOf, healthOf, lossPlaneOf, predictionsOf, type Confusion, type Health, type LossPlane, type Predictions } from "./learnviews";
import { SpeechState, type SpeechEvent } from "./speech.svelte";
import { planDifferences, rateProblem, samePlan, withData, withRateOf } from "./plan";

export type LearnEvent =
  wire.DataSets | wire.Training | wire.Picture | wire.Health | wire.EpochDone | wire.Curves | wire.Examined | wire.Predicted | wire.LossPlane | SpeechEvent;

/** What a person pressed to make training go on. */
type Start = "train" | "step" | "epoch";

interface Move {
  readonly step: number;
  readonly scrubbing: boolean;
}

/** Number of gradient measurements kept. */
const MAX_HEALTHS = 600;

/** Milliseconds between redrawings of the curves, which may have many thousand points. */
const CURVE_INTERVAL = 110;

export class LearnState {
  /** What is trained: the network of all rooms, or one of spoken digits. */
  subject: wire.LearnSubject["subject"] = $state("network");
  readonly speech: SpeechState;
  /** What was asked for and has not come yet: at first, the voices are prepared for some seconds. */
  awaited: wire.LearnSubject["subject"] | null = $state(null);
  training: wire.Training | null = $state.raw(null);
  /** That of the network of all rooms. */
  networkTraining: wire.Training | null = $state.raw(null);
  /** The data sets to choose from, and the progress of a download. */
  choices: readonly wire.DataChoice[] = $state.raw([]);
  fetching: string | null = $state(null);
  /** The plan being edited. */
  draft: wire.LearnPlan | null = $state.raw(null);
  /** Mini-batches and epochs done, as of the last picture. */
  step = $state(0);
  epoch = $state(0);
  /** The mini-batch up to which the curves are drawn; during training it follows `step` a few times a second. */
  curveStep = $state(0);
  /** The step requested by `goTo` until it is reached. */
  target: number | null = $state(null);
  /** Recent mini-batches per second. */
  speed = $state(0);
  readonly history = new History();
  /** Counts changes of the history. */
  revision = $state(0);
  health: Health | null = $state.raw(null);
  healths: readonly { readonly step: number; readonly gradients: Float32Array }[] = $state.raw([]);
  confusion: Confusion | null = $state.raw(null);
  predictions: Predictions | null = $state.raw(null);
  plane: LossPlane | null = $state.raw(null);
  planeAsked = $state(false);

  /** What waits for an answer, since the plan is not that of the run. */
  waiting: Start | null = $state(null);

  /** How the plan being edited differs from that of the run. */
  readonly differences: readonly string[] = $derived(this.training && this.draft ? planDifferences(this.training.plan, this.draft) : []);
  readonly running: boolean = $derived(this.training?.state === "running" || this.training?.state === "stepping");
  /** Whether the network of all rooms is in training. */
  readonly trainsNetwork: boolean = $derived(this.running && this.subject === "network");
  /** The last step that `goTo` can reach. */
  readonly furthest: number = $derived(Math.max(this.training?.lastStep ?? 0, this.running ? this.curveStep : 0));

  readonly #session: Session;
  readonly #moves: Pacer<Move>;
  readonly #rates: Pacer<number>;
  #planeRequest = 0;
  #subjectRequest = 0;
  #latest: wire.Picture | wire.SpeechPicture | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(session: Session) {
    this.#session = session;
    this.speech = new SpeechState(session);
    this.#moves = makePacer((move) => session.send({ type: "goToStep", ...move }), (_, added) => added);
    this.#rates = makePacer((rate) => session.send({ type: "setRate", learningRate: rate }), (_, added) => added);
    const pictures = makeThrottle(() => session.notify({ type: "nextPicture" }));
    session.listen((event) => {
      if ((event.type === "picture" || event.type === "speechPicture") && event.request === 0) pictures.received();
      if (event.type === "welcome") pictures.start();
      this.#moves.settle(event.request);
      this.#rates.settle(event.request);
      if (this.target !== null && this.#moves.idle) this.target = null;
      if (event.type === "welcome") this.#begin();
      if (event.type === "network") this.#forget();
      if (event.type === "failed" && event.request === this.#planeRequest) this.planeAsked = false;
      if (event.type === "welcome" || event.type === "learnSubject" || event.request === this.#subjectRequest) this.awaited = null;
    });
  }

  apply(event: LearnEvent, payload: Float32Array): void {
    switch (event.type) {
      case "dataSets":
        this.choices = event.choices;
        this.fetching = event.fetching;
        return;
      case "training":
        return this.#takeTraining(event);
      case "picture":
        return this.#takePicture(event, payload);
      case "health":
        return this.#takeHealth(event, payload);
      case "learnSubject":
        this.subject = event.subject;
        this.#forget();
        return this.speech.apply(event, payload);
      case "speechPicture":
        this.#takePicture(event, payload);
        return this.speech.apply(event, payload);
      case "speechHealth":
        this.speech.apply(event, payload);
        return this.#keepGradients(event.step, floats(payload, event.gradients));
      case "speechWatched":
      case "speechExamined":
        return this.speech.apply(event, payload);
      case "epochDone":
        this.history.addEpoch(event.step, event.testLoss, event.testAccuracy);
        this.#showCurvesSoon();
        return;
      case "curves":
        return this.#takeCurves(event, payload);
      case "examined":
        this.confusion = confusionOf(event, payload);
        return;
      case "predicted":
        this.predictions = predictionsOf(event, payload);
        return;
      case "lossPlane":
        this.planeAsked = false;
        this.plane = lossPlaneOf(event, payload);
        return;
    }
  }

  /** A new connection: requests in flight are lost. */
  #begin(): void {
    this.#moves.reset();
    this.#rates.reset();
    this.target = null;
    this.planeAsked = false;
  }

  /** Another network, or another run. */
  #forget(): void {
    this.history.clear();
    this.revision++;
    this.health = this.confusion = this.predictions = this.plane = null;
    this.healths = [];
    this.draft = null;
    this.waiting = null;
  }

  #takeTraining(event: wire.Training): void {
    const before = this.training;
    this.training = event;
    if (this.subject === "network") this.networkTraining = event;
    this.step = this.curveStep = event.step;
    this.epoch = event.epoch;
    this.#latest = null;
    if (event.state !== "running" && event.state !== "stepping") this.speed = 0;
    if (!this.draft || (before && samePlan(this.draft, before.plan))) this.draft = event.plan;
    else if (before) this.draft = withRateOf(this.draft, before.plan, event.plan);
    this.history.cut(event.lastStep);
    this.healths = this.healths.filter(({ step }) => step <= event.lastStep);
    if (this.plane && this.plane.step > event.lastStep) this.plane = null;
    this.revision++;
  }

  #takePicture(event: wire.Picture | wire.SpeechPicture, payload: Float32Array): void {
    this.step = event.step;
    this.#latest = event;
    const steps = floats(payload, event.steps);
    this.history.batches.add(steps, floats(payload, event.losses), floats(payload, event.accuracies));
    this.#showCurvesSoon();
  }

  #showCurvesSoon(): void {
    if (this.running) this.#timer ??= setTimeout(() => this.#showCurves(), CURVE_INTERVAL);
    else this.#showCurves();
  }

  #showCurves(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.curveStep = this.step;
    this.epoch = this.#latest?.epoch ?? this.epoch;
    this.speed = this.running ? (this.#latest?.speed ?? 0) : 0;
    this.revision++;
  }

  #takeHealth(event: wire.Health, payload: Float32Array): void {
    this.health = healthOf(event, payload);
    this.#keepGradients(event.step, this.health.gradients);
  }

  #keepGradients(at: number, gradients: Float32Array): void {
    // A copy: a view would keep the whole frame in memory.
    const kept = [...this.healths.filter(({ step }) => step !== at), { step: at, gradients: gradients.slice() }];
    kept.sort((a, b) => a.step - b.step);
    this.healths = kept.length > MAX_HEALTHS ? kept.filter((_, index) => index % 2 === 0) : kept;
  }

  #takeCurves(event: wire.Curves, payload: Float32Array): void {
    const read = (place: wire.Floats) => floats(payload, place);
    this.history.clear();
    this.history.batches.add(read(event.steps), read(event.losses), read(event.accuracies));
    this.history.epochs.add(read(event.epochSteps), read(event.testLosses), read(event.testAccuracies));
    const [rates, gradients] = [read(event.rates), read(event.healthGradients)];
    const layers = event.healthGradients.shape[1] ?? 0;
    // Copies: a view would keep the whole frame in memory.
    this.healths = Array.from(read(event.healthSteps), (step, index) => ({ step, gradients: gradients.slice(index * layers, (index + 1) * layers) }));
    this.history.rates = Array.from(read(event.rateSteps), (step, index) => ({ step, rate: rates[index] }));
    this.revision++;
  }

  /** Create the draft's network, or continue with the current one under the draft's plan. */
  setUp(keepNetwork: boolean): void {
    if (this.draft) this.#session.send({ type: "setUp", plan: this.draft, keepNetwork });
  }

  /** Choose a data set; the output layer gets one neuron per class. */
  chooseData(name: string): void {
    const choice = this.choices.find((each) => each.name === name);
    const before = this.choices.find((each) => each.name === this.draft?.data);
    if (this.draft && choice) this.draft = withData(this.draft, choice, before);
  }

  chooseSubject(subject: wire.LearnSubject["subject"]): void {
    this.#subjectRequest = this.#session.send({ type: "chooseSubject", subject });
    this.awaited = this.#subjectRequest ? subject : null;
  }

  fetchData(name: string): void {
    this.#session.notify({ type: "fetchData", name });
  }

  toggle(): void {
    if (this.running) this.#session.send({ type: "pause" });
    else this.#start("train");
  }

  stepOne(): void {
    this.#start("step");
  }

  runToEpoch(): void {
    this.#start("epoch");
  }

  /** Go on with training, unless the plan differs from that of the run: then ask first. */
  #start(start: Start): void {
    if (this.differences.length > 0 && !this.running) this.waiting = start;
    else this.#go(start);
  }

  #go(start: Start): void {
    this.waiting = null;
    if (start === "step") this.#session.send({ type: "stepBatches", count: 1 });
    else this.#session.send({ type: start === "train" ? "train" : "runToEpoch" });
  }

  /** The answer to that question: train a new network by the plan, this one by the plan, or this one as before. */
  answer(choice: "new" | "keep" | "before" | "nothing"): void {
    const start = this.waiting;
    this.waiting = null;
    if (!start || choice === "nothing") return;
    if (choice === "before") this.draft = this.training?.plan ?? this.draft;
    else this.setUp(choice === "keep");
    this.#go(start);
  }

  setPace(batchesPerSecond: number | null): void {
    this.#session.send({ type: "setPace", batchesPerSecond });
  }

  setRate(rate: number): void {
    if (rateProblem(rate)) return;
    this.#rates.push(rate);
  }

  /** Go to a step of this run; while `scrubbing`, slow results are postponed. */
  goTo(step: number, scrubbing: boolean): void {
    const first = this.training?.firstStep ?? 0;
    this.target = Math.min(this.furthest, Math.max(first, Math.round(step)));
    this.#moves.push({ step: this.target, scrubbing });
  }

  askExamined(): void {
    this.#session.send({ type: "askExamined" });
  }

  askPlane(): void {
    this.#planeRequest = this.#session.send({ type: "askLossPlane", side: 31, images: 2000, margin: 0.3 });
    this.planeAsked = this.#planeRequest !== 0;
  }
}
