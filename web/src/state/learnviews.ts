/** Gradient health, confusion and loss plane for the room Learn: the events with their arrays resolved. */

import type * as wire from "../protocol/messages";
import { floats } from "../transport/frames";

export interface Health {
  readonly step: number;
  /** Root mean square of each layer's gradient, and the norms of gradient and weights. */
  readonly gradients: Float32Array;
  readonly gradientNorms: Float32Array;
  readonly weightNorms: Float32Array;
  readonly dead: readonly (readonly number[])[];
  readonly saturated: readonly (readonly number[])[];
  readonly images: number;
}

export interface Confusion {
  readonly version: number;
  readonly classes: number;
  readonly matrix: Float32Array;
  readonly total: number;
  readonly wrong: number;
  readonly mistakes: readonly Mistake[];
}

export interface Mistake {
  readonly index: number;
  readonly label: number;
  readonly reading: number;
  readonly confidence: number;
  readonly pixels: Float32Array;
}

/** Predicted values beside the true ones, for some held-out examples. */
export interface Predictions {
  readonly version: number;
  readonly total: number;
  readonly rSquared: number;
  /** Typical error of each output: the root mean square. */
  readonly errors: readonly number[];
  readonly indices: readonly number[];
  /** Example by example, one value per output. */
  readonly outputs: Float32Array;
  readonly targets: Float32Array;
}

/** A point of the training path: its place on the plane, its own loss, its distance from the plane. */
export interface PathPoint {
  readonly step: number;
  readonly x: number;
  readonly y: number;
  readonly loss: number;
  readonly distance: number;
}

export interface LossPlane {
  readonly xs: Float32Array;
  readonly ys: Float32Array;
  readonly losses: Float32Array;
  /** In the order of the mini-batches. */
  readonly path: readonly PathPoint[];
  readonly explained: readonly number[];
  readonly images: number;
  readonly step: number;
}

export function healthOf(event: wire.Health, payload: Float32Array): Health {
  const read = (place: wire.Floats) => floats(payload, place);
  return {
    step: event.step, gradients: read(event.gradients), gradientNorms: read(event.gradientNorms), weightNorms: read(event.weightNorms),
    dead: event.dead, saturated: event.saturated, images: event.images,
  };
}

export function confusionOf(event: wire.Examined, payload: Float32Array): Confusion {
  const pixels = floats(payload, event.pixels);
  const confidences = floats(payload, event.confidences);
  const size = event.indices.length ? pixels.length / event.indices.length : 0;
  return {
    version: event.version, classes: event.confusion.shape[0], matrix: floats(payload, event.confusion),
    total: event.total, wrong: event.wrong,
    mistakes: event.indices.map((index, at) => ({
      index, label: event.labels[at], reading: event.readings[at], confidence: confidences[at],
      pixels: pixels.subarray(at * size, (at + 1) * size),
    })),
  };
}

export function predictionsOf(event: wire.Predicted, payload: Float32Array): Predictions {
  const read = (place: wire.Floats) => floats(payload, place);
  return {
    version: event.version, total: event.total, rSquared: event.rSquared, errors: event.errors, indices: event.indices,
    outputs: read(event.outputs), targets: read(event.targets),
  };
}

export function lossPlaneOf(event: wire.LossPlane, payload: Float32Array): LossPlane {
  const read = (place: wire.Floats) => floats(payload, place);
  const [places, steps, losses, distances] = [read(event.path), read(event.pathSteps), read(event.pathLosses), read(event.distances)];
  // After going back in time the present point comes last, although it lies in the middle of the path.
  const order = Array.from(steps.keys()).sort((a, b) => steps[a] - steps[b]).filter((at, place, all) => place === 0 || steps[at] !== steps[all[place - 1]]);
  return {
    xs: read(event.xs), ys: read(event.ys), losses: read(event.losses), step: event.step,
    path: order.map((at) => ({ step: steps[at], x: places[2 * at], y: places[2 * at + 1], loss: losses[at], distance: distances[at] })),
    explained: event.explained, images: event.images,
  };
}
