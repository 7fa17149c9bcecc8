/** Stochastic gradient descent with momentum on mini-batches: v = m v + g, w -= rate v. */

import type { LayerInfo } from "../../protocol/messages";
import type { Vector } from "../engine";
import type { Examples } from "../examples";
import { addGradient } from "./backpropagation";
import type { ClassLoss } from "./loss";
import { makeRandom, shuffled, type Random } from "./random";

export interface Settings {
  rate: number;
  momentum: number;
  batch: number;
}

/** What a step has shown. */
export interface Step {
  readonly number: number;
  /** Mean loss of the mini-batch before the step. */
  readonly loss: number;
  /** Number of its examples, and of those read correctly. */
  readonly count: number;
  readonly right: number;
}

export class Trainer {
  readonly settings: Settings = { rate: 0.1, momentum: 0.9, batch: 32 };
  /** The parameters as they are after the last step. */
  readonly parameters: Vector;
  /** Number of steps so far. */
  steps = 0;
  /** Examples seen so far. */
  seen = 0;
  readonly #layers: readonly LayerInfo[];
  readonly #examples: Examples;
  readonly #loss: ClassLoss;
  readonly #velocity: Float32Array;
  readonly #gradient: Float64Array;
  readonly #random: Random;
  #order: Uint32Array = new Uint32Array(0);
  #next = 0;
  #batch = { loss: 0, right: 0, count: 0, size: 0 };

  constructor(layers: readonly LayerInfo[], loss: ClassLoss, examples: Examples, parameters: Vector, seed: number) {
    this.#layers = layers;
    this.#loss = loss;
    this.#examples = examples;
    this.parameters = parameters.slice();
    this.#velocity = new Float32Array(parameters.length);
    this.#gradient = new Float64Array(parameters.length);
    this.#random = makeRandom(seed);
  }

  /** Go on from other parameters, at rest. */
  begin(parameters: Vector): void {
    this.parameters.set(parameters);
    this.#velocity.fill(0);
    this.#forget();
  }

  /** Learn from examples until the time is over, or until a step is taken, which is returned. */
  work(isOver: () => boolean): Step | null {
    while (!isOver()) {
      const step = this.#learn();
      if (step) return step;
    }
    return null;
  }

  /** Learn from the next example; the step, if it was the last of its mini-batch. */
  #learn(): Step | null {
    if (this.#batch.count === 0) this.#batch.size = Math.min(this.settings.batch, this.#left());
    const index = this.#order[this.#next++];
    const { loss, isRight } = addGradient(this.#gradient, this.#layers, this.#loss, this.parameters, this.#examples.pixels(index), this.#examples.labels[index]);
    this.seen++;
    this.#batch.loss += loss;
    this.#batch.right += Number(isRight);
    this.#batch.count++;
    return this.#batch.count < this.#batch.size ? null : this.#step();
  }

  /** Examples left in this epoch; a new one begins where there are none. */
  #left(): number {
    if (this.#next === this.#order.length) {
      this.#order = shuffled(this.#examples.train, this.#random);
      this.#next = 0;
    }
    return this.#order.length - this.#next;
  }

  #step(): Step {
    const { loss, right, count } = this.#batch;
    descend(this.parameters, this.#velocity, this.#gradient, count, this.settings);
    this.#forget();
    return { number: ++this.steps, loss: loss / count, right, count };
  }

  /** Drop what a mini-batch has begun. */
  #forget(): void {
    this.#gradient.fill(0);
    this.#batch = { loss: 0, right: 0, count: 0, size: 0 };
  }
}

/** One step along the mean gradient of `count` examples. */
export function descend(parameters: Vector, velocity: Float32Array, gradient: Float64Array, count: number, { rate, momentum }: Settings): void {
  for (let at = 0; at < parameters.length; at++) {
    velocity[at] = momentum * velocity[at] + gradient[at] / count;
    parameters[at] -= rate * velocity[at];
  }
}
