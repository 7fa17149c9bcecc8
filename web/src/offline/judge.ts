/** Reads all held-out images, in slices, whenever the network has changed. */

import type { LayerInfo } from "../protocol/messages";
import { forward, type Vector } from "./engine";
import type { Examples } from "./examples";
import { lossOf, type ClassLoss } from "./learning/loss";
import { inSlices } from "./slices";

export interface Judgement {
  readonly accuracy: number;
  readonly right: number;
  /** Mean loss. */
  readonly loss: number;
  /** The class that is read in each image. */
  readonly classes: Uint8Array;
}

export class Judge {
  readonly #layers: readonly LayerInfo[];
  readonly #examples: Examples;
  readonly #loss: ClassLoss;
  #end: () => void = () => undefined;

  constructor(layers: readonly LayerInfo[], examples: Examples, loss: ClassLoss) {
    this.#layers = layers;
    this.#examples = examples;
    this.#loss = loss;
  }

  get total(): number {
    return this.#examples.test;
  }

  /** Judge a network; what an earlier call has not finished is dropped. */
  begin(parameters: Vector, done: (judgement: Judgement) => void): void {
    this.#end();
    const classes = new Uint8Array(this.total);
    let [index, right, loss] = [0, 0, 0];
    this.#end = inSlices((isOver) => {
      while (index < classes.length) {
        const held = this.#examples.held(index);
        const { sums, activations } = forward(this.#layers, parameters, this.#examples.pixels(held))[this.#layers.length - 1];
        const label = this.#examples.labels[held];
        classes[index] = firstLargest(activations);
        right += Number(classes[index] === label);
        loss += lossOf(this.#loss, this.#layers[this.#layers.length - 1].activation, sums, activations, label);
        index++;
        if (isOver()) break;
      }
      if (index < classes.length) return true;
      done({ accuracy: right / classes.length, right, loss: loss / classes.length, classes });
      return false;
    });
  }
}

/** The first of the largest; what is not a number counts as 0, as in the lessons in Python. */
function firstLargest(values: Vector): number {
  let best = 0;
  for (let at = 1; at < values.length; at++) if ((values[at] || 0) > (values[best] || 0)) best = at;
  return best;
}
