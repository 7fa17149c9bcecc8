/** The training on this page: what runs, what it has shown, and what the learner sets. */

import type { NetworkInfo } from "../../protocol/messages";
import type { Vector } from "../engine";
import type { Examples } from "../examples";
import { inSlices, isUsed } from "../slices";
import { canLearn } from "./backpropagation";
import { classLoss } from "./loss";
import { makeRandom, randomWeights } from "./random";
import { Trainer, type Step } from "./trainer";

/** What the training needs of the page. */
export interface Pupil {
  readonly knobs: Vector;
  adopt(parameters: Vector, judged: boolean): void;
  adoptFresh(parameters: Vector): void;
}

/** Milliseconds from one picture of a running training to the next; longer while somebody draws. */
const [PICTURE, SLOW_PICTURE] = [120, 400];
/** Milliseconds from one reading of the held-out images to the next. */
const JUDGEMENT = 1500;
/** Weights beyond this are not taken over. */
const LARGEST = 1e6;
/** Of so many mini-batches the mean is shown. */
const RECENT = 30;

export const BATCHES = [1, 8, 32, 128] as const;

export class Learning {
  running = $state(false);
  /** Number of steps, and of passes through the images. */
  steps = $state(0);
  epochs = $state(0);
  /** Mean loss, and share of right answers, of the last mini-batches; null before the first. */
  loss: number | null = $state(null);
  accuracy: number | null = $state(null);
  rate = $state(0.05);
  momentum = $state(0.9);
  batch = $state(32);
  /** Whether the numbers have become too large. */
  diverged = $state(false);
  /** Number of each step that is drawn, and its loss. */
  curve: { readonly x: readonly number[]; readonly y: readonly number[] } = $state.raw({ x: [], y: [] });

  readonly count: number;
  readonly #trainer: Trainer;
  readonly #pupil: Pupil;
  readonly #network: NetworkInfo;
  #history: Step[] = [];
  #shown = 0;
  #judged = 0;
  #seed = 1;
  /** Whether the trainer's parameters are those of the page. */
  #current = false;
  #end: () => void = () => undefined;

  constructor(network: NetworkInfo, loss: NonNullable<ReturnType<typeof classLoss>>, examples: Examples, pupil: Pupil) {
    this.#network = network;
    this.#pupil = pupil;
    this.count = examples.train;
    this.#trainer = new Trainer(network.layers, loss, examples, pupil.knobs, this.#seed);
  }

  train(): void {
    if (this.running) return;
    this.#prepare();
    this.running = true;
    this.#shown = this.#judged = performance.now();
    this.#end = inSlices((isOver) => {
      while (!isOver()) {
        const step = this.#trainer.work(isOver);
        if (step) this.#note(step);
        if (this.diverged) return this.#stopDiverged();
      }
      const now = performance.now();
      if (now - this.#shown > (isUsed() ? SLOW_PICTURE : PICTURE)) {
        this.#shown = now;
        const judged = now - this.#judged > JUDGEMENT;
        if (judged) this.#judged = now;
        this.#show(judged);
      }
      return true;
    });
  }

  pause(): void {
    if (!this.running) return;
    this.running = false;
    this.#end();
    this.#show(true);
  }

  /** Take one step. */
  step(): void {
    this.pause();
    this.#prepare();
    this.running = true;
    this.#end = inSlices((isOver) => {
      const step = this.#trainer.work(isOver);
      if (!step) return true;
      this.#note(step);
      this.running = false;
      this.#show(true);
      return false;
    });
  }

  /** Begin with random weights. */
  randomize(): void {
    this.#end();
    this.running = false;
    this.#forget();
    this.#trainer.begin(randomWeights(this.#network.layers, this.#network.parameterCount, makeRandom(++this.#seed)));
    this.#current = true;
    this.#pupil.adoptFresh(this.#trainer.parameters);
  }

  /** The knobs were changed by hand, or the network is the shared one again. */
  changedByHand(isShared: boolean): void {
    this.#end();
    this.running = this.#current = false;
    if (isShared) this.#forget();
  }

  #prepare(): void {
    Object.assign(this.#trainer.settings, { rate: this.rate, momentum: this.momentum, batch: this.batch });
    this.diverged = false;
    if (!this.#current) this.#trainer.begin(this.#pupil.knobs);
    this.#current = true;
  }

  /** What is set while it runs holds from the next mini-batch on. */
  set(settings: Partial<Pick<Learning, "rate" | "momentum" | "batch">>): void {
    Object.assign(this, settings);
    Object.assign(this.#trainer.settings, { rate: this.rate, momentum: this.momentum, batch: this.batch });
  }

  #note(step: Step): void {
    this.#history.push(step);
    if (!Number.isFinite(step.loss)) this.diverged = true;
  }

  #forget(): void {
    this.#history = [];
    this.steps = this.epochs = 0;
    this.#trainer.steps = this.#trainer.seen = 0;
    this.loss = this.accuracy = null;
    this.diverged = false;
    this.curve = { x: [], y: [] };
  }

  #show(judged: boolean): void {
    const recent = this.#history.slice(-RECENT);
    const count = recent.reduce((sum, step) => sum + step.count, 0);
    this.steps = this.#trainer.steps;
    this.epochs = this.#trainer.seen / this.count;
    if (count > 0) {
      this.loss = recent.reduce((sum, step) => sum + step.loss * step.count, 0) / count;
      this.accuracy = recent.reduce((sum, step) => sum + step.right, 0) / count;
    }
    this.curve = thinned(this.#history);
    if (this.#trainer.parameters.every((value) => Math.abs(value) <= LARGEST)) this.#pupil.adopt(this.#trainer.parameters, judged);
    else this.#stopDiverged();
  }

  /** The page keeps the last weights that it can show; training goes on from these. */
  #stopDiverged(): false {
    this.#end();
    this.diverged = true;
    this.running = this.#current = false;
    return false;
  }
}

/** The losses as at most some hundred points, each the mean of as many steps. */
function thinned(steps: readonly Step[], most = 240): { x: number[]; y: number[] } {
  const group = Math.max(1, Math.ceil(steps.length / most));
  const [x, y]: [number[], number[]] = [[], []];
  for (let at = 0; at < steps.length; at += group) {
    const part = steps.slice(at, at + group);
    x.push(part[part.length - 1].number);
    y.push(part.reduce((sum, { loss }) => sum + loss, 0) / part.length);
  }
  return { x, y };
}

/** The training of a page; null where its network cannot learn, or there are no images. */
export function learningOf(network: NetworkInfo, examples: Examples | null, pupil: Pupil): Learning | null {
  const loss = classLoss(network);
  return examples && loss && canLearn(network.layers) ? new Learning(network, loss, examples, pupil) : null;
}
