/** Points of a curve: mean, lowest and highest of each few mini-batches or epochs; thinned out when there are very many. */

export type Measure = "loss" | "accuracy";

/** Numbers per point and measure: the mean, the lowest, the highest. */
const WIDE = 3;

/** A section of a curve; its numbers are NaN where they are not known. */
export interface Bin {
  /** Its last mini-batch. */
  readonly step: number;
  readonly mean: number;
  readonly low: number;
  readonly high: number;
}

export class Points {
  /** Last mini-batch of each point, which stands for those since the previous point. */
  steps = new Float64Array(1024);
  loss = new Float32Array(WIDE * 1024);
  accuracy = new Float32Array(WIDE * 1024);
  count = 0;
  readonly #max: number;

  constructor(max: number) {
    this.#max = max;
  }

  get last(): number {
    return this.count > 0 ? this.steps[this.count - 1] : 0;
  }

  clear(): void {
    this.count = 0;
  }

  /** Append points (n), with their losses and accuracies (n, 3), replacing any with the same or later steps. */
  add(steps: ArrayLike<number>, losses: ArrayLike<number>, accuracies: ArrayLike<number>): void {
    if (steps.length === 0) return;
    this.cut(steps[0] - 1);
    for (let index = 0; index < steps.length; index++) {
      if (this.count === this.#max) this.#halve();
      if (this.count === this.steps.length) this.#grow();
      this.steps[this.count] = steps[index];
      for (let part = 0; part < WIDE; part++) {
        this.loss[WIDE * this.count + part] = losses[WIDE * index + part];
        this.accuracy[WIDE * this.count + part] = accuracies[WIDE * index + part];
      }
      this.count++;
    }
  }

  /** Remove everything after a step. */
  cut(step: number): void {
    while (this.count > 0 && this.steps[this.count - 1] > step) this.count--;
  }

  /** Index of the point that stands for a mini-batch, or -1. */
  at(step: number): number {
    if (this.count === 0 || step > this.last) return -1;
    let [low, high] = [0, this.count - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.steps[middle] < step) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Index of the last point that ends at or before a step, or -1. */
  before(step: number): number {
    const at = this.at(step);
    if (at < 0) return this.count - 1;
    return this.steps[at] <= step ? at : at - 1;
  }

  /** First and last mini-batch of a point. */
  range(at: number): readonly [number, number] {
    return [at > 0 ? this.steps[at - 1] + 1 : Math.min(1, this.steps[at]), this.steps[at]];
  }

  point(measure: Measure, at: number): Bin {
    const [mean, low, high] = this[measure].subarray(WIDE * at, WIDE * at + WIDE);
    return { step: this.steps[at], mean, low, high };
  }

  /** The curve in about `count` sections of equal length of the axis from 0 to `end`. */
  bins(measure: Measure, count: number, end = this.last): Bin[] {
    const values = this[measure];
    const width = end / count;
    const bins: Bin[] = [];
    for (let index = 0, before = 0; index < this.count; ) {
      const edge = Math.ceil(this.steps[index] / width - 1e-9) * width;
      let [sum, weight, low, high] = [0, 0, Infinity, -Infinity];
      do {
        const span = this.steps[index] - before;
        sum += values[WIDE * index] * span;
        weight += span;
        low = Math.min(low, values[WIDE * index + 1]);
        high = Math.max(high, values[WIDE * index + 2]);
        before = this.steps[index++];
      } while (index < this.count && this.steps[index] <= edge);
      bins.push({ step: before, mean: sum / weight, low, high });
    }
    return bins;
  }

  #grow(): void {
    const doubled = <T extends Float64Array | Float32Array>(old: T, make: new (length: number) => T): T => {
      const grown = new make(2 * old.length);
      grown.set(old);
      return grown;
    };
    this.steps = doubled(this.steps, Float64Array);
    this.loss = doubled(this.loss, Float32Array);
    this.accuracy = doubled(this.accuracy, Float32Array);
  }

  /** Merge every two points: means weighted by the mini-batches they stand for, the bounds of both. */
  #halve(): void {
    let before = 0;
    for (let index = 0; 2 * index + 1 < this.count; index++) {
      const [first, second] = [2 * index, 2 * index + 1];
      const one = this.steps[first] - before;
      const share = one / (this.steps[second] - before);
      for (const values of [this.loss, this.accuracy]) {
        const part = (at: number, number: number) => values[WIDE * at + number];
        const merged = [
          share * part(first, 0) + (1 - share) * part(second, 0), Math.min(part(first, 1), part(second, 1)), Math.max(part(first, 2), part(second, 2)),
        ];
        values.set(merged, WIDE * index);
      }
      before = this.steps[second];
      this.steps[index] = before;
    }
    this.count >>= 1;
  }
}
