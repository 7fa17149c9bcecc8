/** Training curves: one point per mini-batch, thinned out when there are very many, cut where training continues from an earlier step. */

/** With more points than this, every two are merged into one. */
const MAX = 1 << 16;

export interface EpochPoint {
  readonly step: number;
  readonly loss: number;
  readonly accuracy: number;
}

export interface RatePoint {
  readonly step: number;
  readonly rate: number;
}

/** A section of a curve: mean and range of a few mini-batches. */
export interface Bin {
  /** Its last mini-batch. */
  readonly step: number;
  readonly mean: number;
  readonly low: number;
  readonly high: number;
}

export type Measure = "loss" | "accuracy";

export class History {
  /** Last mini-batch of each point, which represents those since the previous point. */
  steps = new Float64Array(1024);
  losses = new Float32Array(1024);
  accuracies = new Float32Array(1024);
  count = 0;
  epochs: EpochPoint[] = [];
  rates: RatePoint[] = [];
  readonly #max: number;

  constructor(max = MAX) {
    this.#max = max;
  }

  get last(): number {
    return this.count > 0 ? this.steps[this.count - 1] : 0;
  }

  clear(): void {
    this.count = 0;
    this.epochs = [];
    this.rates = [];
  }

  /** Append mini-batches, replacing any with the same or later numbers. */
  add(steps: ArrayLike<number>, losses: ArrayLike<number>, accuracies: ArrayLike<number>): void {
    if (steps.length === 0) return;
    this.#cutPoints(steps[0] - 1);
    for (let index = 0; index < steps.length; index++) {
      if (this.count === this.#max) this.#halve();
      if (this.count === this.steps.length) this.#showCurves();
      this.steps[this.count] = steps[index];
      this.losses[this.count] = losses[index];
      this.accuracies[this.count] = accuracies[index];
      this.count++;
    }
  }

  addEpoch(point: EpochPoint): void {
    this.epochs = [...this.epochs.filter(({ step }) => step < point.step), point];
  }

  /** Remove everything after a step. */
  cut(step: number): void {
    this.#cutPoints(step);
    if (this.epochs.some((epoch) => epoch.step > step)) this.epochs = this.epochs.filter((epoch) => epoch.step <= step);
    if (this.rates.some((rate) => rate.step > step)) this.rates = this.rates.filter((rate) => rate.step <= step);
  }

  /** Index of the point that represents a mini-batch, or -1. */
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

  /** First and last mini-batch that a point represents. */
  range(at: number): readonly [number, number] {
    return [at > 0 ? this.steps[at - 1] + 1 : Math.min(1, this.steps[at]), this.steps[at]];
  }

  /** The curve in about `count` sections of equal length, with the mean and range of each. */
  bins(measure: Measure, count: number): Bin[] {
    const values = measure === "loss" ? this.losses : this.accuracies;
    const width = this.last / count;
    const bins: Bin[] = [];
    for (let index = 0, before = 0; index < this.count; ) {
      const end = Math.ceil(this.steps[index] / width - 1e-9) * width;
      let [sum, weight, low, high] = [0, 0, Infinity, -Infinity];
      do {
        const span = this.steps[index] - before;
        const value = values[index];
        sum += value * span;
        weight += span;
        if (value < low) low = value;
        if (value > high) high = value;
        before = this.steps[index++];
      } while (index < this.count && this.steps[index] <= end);
      bins.push({ step: before, mean: sum / weight, low, high });
    }
    return bins;
  }

  #cutPoints(step: number): void {
    while (this.count > 0 && this.steps[this.count - 1] > step) this.count--;
  }

  #showCurves(): void {
    const size = this.steps.length * 2;
    const steps = new Float64Array(size);
    const [losses, accuracies] = [new Float32Array(size), new Float32Array(size)];
    steps.set(this.steps);
    losses.set(this.losses);
    accuracies.set(this.accuracies);
    [this.steps, this.losses, this.accuracies] = [steps, losses, accuracies];
  }

  /** Merge every two points into their mean, weighted by the mini-batches they represent. */
  #halve(): void {
    let before = 0;
    for (let index = 0; 2 * index + 1 < this.count; index++) {
      const [first, second] = [2 * index, 2 * index + 1];
      const one = this.steps[first] - before;
      const two = this.steps[second] - this.steps[first];
      const share = one / (one + two);
      this.losses[index] = share * this.losses[first] + (1 - share) * this.losses[second];
      this.accuracies[index] = share * this.accuracies[first] + (1 - share) * this.accuracies[second];
      before = this.steps[second];
      this.steps[index] = before;
    }
    this.count >>= 1;
  }
}
