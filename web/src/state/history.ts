/** Training curves, cut where training continues from an earlier step. */

import { Points } from "./points";

/** With more points than this, every two are merged into one. */
const MAX = 1 << 16;

export interface RatePoint {
  readonly step: number;
  readonly rate: number;
}

export class History {
  /** Loss and accuracy of the mini-batches, and on the test images after each epoch. */
  readonly batches: Points;
  readonly epochs: Points;
  rates: RatePoint[] = [];

  constructor(max = MAX) {
    this.batches = new Points(max);
    this.epochs = new Points(max);
  }

  clear(): void {
    this.batches.clear();
    this.epochs.clear();
    this.rates = [];
  }

  addEpoch(step: number, loss: number, accuracy: number): void {
    this.epochs.add([step], [loss, loss, loss], [accuracy, accuracy, accuracy]);
  }

  /** Remove everything after a step. */
  cut(step: number): void {
    this.batches.cut(step);
    this.epochs.cut(step);
    if (this.rates.some((rate) => rate.step > step)) this.rates = this.rates.filter((rate) => rate.step <= step);
  }
}
