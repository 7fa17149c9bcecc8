/** State and requests of the room Map: the images at every layer, true neighbours, and what is selected. */

import type * as wire from "../protocol/messages";
import { floats } from "../transport/frames";
import { makePacer, type Pacer } from "../transport/pacer";
import type { Session } from "../transport/session";
import { makeThrottle, type Throttle } from "../transport/throttle";

export type MapEvent = wire.Map | wire.MapOwn | wire.Neighbours | wire.Lasso;

export interface MapView {
  readonly event: wire.Map;
  readonly indices: Float32Array;
  readonly labels: Float32Array;
  readonly readings: Float32Array;
  /** 1 where the network misreads an image. */
  readonly wrong: Uint8Array;
  /** x and y of each image, column by column. */
  readonly columns: readonly Float32Array[];
}

export interface NeighboursView {
  readonly event: wire.Neighbours;
  readonly distances: Float32Array;
  /** The image in question, then its neighbours. */
  readonly pixels: Float32Array;
}

export interface LassoView {
  readonly event: wire.Lasso;
  readonly pixels: Float32Array;
}

/** What is selected: a class, the misread ones, or the images in a lasso. */
export interface Selected {
  readonly what: number | "misread" | "lasso";
  readonly positions: readonly number[];
}

interface Query {
  readonly column: number;
  readonly position: number | null;
}

/** Choices of how many images are shown. */
export const COUNTS = [500, 2000, 5000, 10000] as const;

/** Duration of the way from one layer to the next in milliseconds. */
const WAY = 300;

export class MapState {
  count = $state(2000);
  seed = $state(0);
  view: MapView | null = $state.raw(null);
  own: readonly (readonly [number, number])[] | null = $state.raw(null);
  /** Where on the way through the network the points are; between two layers they are in motion. */
  place = $state(0);
  /** The image that is pointed at; null for the person's own picture. */
  pointed: number | null = $state(null);
  neighbours: NeighboursView | null = $state.raw(null);
  selected: Selected | null = $state.raw(null);
  lasso: LassoView | null = $state.raw(null);
  trouble: string | null = $state(null);
  /** The layer that is shown, or null in motion. */
  readonly column: number | null = $derived(Number.isInteger(this.place) ? this.place : null);

  readonly #maps: Pacer<boolean>;
  readonly #owns: Pacer<null>;
  readonly #queries: Pacer<Query>;
  readonly #lassos: Pacer<{ readonly column: number; readonly positions: readonly number[] }>;
  readonly #throttle: Throttle;
  /** Whether the network changes by itself, and whether that is training, which must not be slowed down. */
  #following: "training" | "scrubbing" | null = null;
  #moving = 0;

  constructor(session: Session) {
    const last = <T>(_: T, added: T) => added;
    this.#maps = makePacer((brief) => session.send({ type: "askMap", count: this.count, seed: this.seed, brief }), last);
    this.#owns = makePacer(() => session.send({ type: "askMapOwn" }), last);
    this.#queries = makePacer((query) => session.send({ type: "askNeighbours", ...query }), last);
    this.#lassos = makePacer(({ column, positions }) => session.send({ type: "askLasso", column, positions: [...positions] }), last);
    this.#throttle = makeThrottle(() => {
      if (this.#following) this.#maps.push(true);
    });
    session.listen((event) => {
      const pacers = [this.#maps, this.#owns, this.#queries, this.#lassos];
      if (event.type === "welcome") for (const pacer of pacers) pacer.reset();
      if (event.type === "welcome" || event.type === "network") this.#forget();
      if (event.type === "welcome" && this.#following) this.#throttle.start();
      const own = pacers.some((pacer) => pacer.settle(event.request) !== undefined);
      if (own && event.type === "failed" && event.code !== "out_of_order") this.trouble = event.message;
    });
  }

  apply(event: MapEvent, payload: Float32Array): void {
    switch (event.type) {
      case "map":
        return this.#take(event, payload);
      case "mapOwn": {
        const points = floats(payload, event.points);
        this.own = Array.from({ length: points.length / 2 }, (_, at) => [points[2 * at], points[2 * at + 1]] as const);
        return;
      }
      case "neighbours":
        this.neighbours = { event, distances: floats(payload, event.distances), pixels: floats(payload, event.pixels) };
        return;
      case "lasso":
        this.lasso = { event, pixels: floats(payload, event.pixels) };
    }
  }

  #take(event: wire.Map, payload: Float32Array): void {
    const brief = event.columns.every(({ kept }) => kept === null);
    this.#throttle.received(brief && this.#following === "training" ? 1000 * event.seconds : 0);
    const [labels, readings] = [floats(payload, event.labels), floats(payload, event.readings)];
    const before = this.view;
    this.view = {
      event, labels, readings, indices: floats(payload, event.indices),
      wrong: Uint8Array.from(labels, (label, at) => Number(label !== readings[at])), columns: event.columns.map(({ points }) => floats(payload, points)),
    };
    this.trouble = null;
    if (before && sameImages(before.event, event)) return this.#update();
    this.neighbours = this.pointed = null;
    this.place = Math.min(Math.round(this.place), event.columns.length - 1);
    const what = this.selected?.what;
    this.select(what === undefined || what === "lasso" ? null : what);
    this.askOwn();
  }

  /** The same images, as a changed network sees them: what is pointed at and selected stays. */
  #update(): void {
    if (this.selected) this.select(this.selected.what, this.selected.positions);
    this.#owns.push(null);
    if (this.column !== 0 || !this.neighbours) this.point(this.pointed); // those of the pixels stay
  }

  #forget(): void {
    this.stop();
    this.view = this.own = this.neighbours = this.selected = this.lasso = this.trouble = this.pointed = null;
    this.place = Math.round(this.place);
  }

  /** Request the map; `brief` leaves out what takes longest. */
  ask(brief: boolean): void {
    this.#maps.push(brief);
  }

  /** Ask for the map again and again while training, or scrubbing through it, changes the network; null when it rests. */
  follow(why: "training" | "scrubbing" | null): void {
    const begins = this.#following === null && why !== null;
    this.#following = why;
    if (begins) this.#throttle.start();
  }

  /** Request where the person's own picture lies, and its neighbours where it is being drawn or no other image is pointed at. */
  askOwn(drawing = false): void {
    if (drawing) this.pointed = null;
    if (!this.view) return;
    this.#owns.push(null);
    if (this.pointed === null) this.point(null);
  }

  /** Point at an image, or with null at the person's own picture. */
  point(position: number | null): void {
    this.pointed = position;
    if (this.view && this.column !== null) this.#queries.push({ column: this.column, position });
  }

  /** Select a class, the misread images, or those in a lasso; null for none. */
  select(what: Selected["what"] | null, within: readonly number[] = []): void {
    const { view } = this;
    if (what !== this.selected?.what) this.lasso = null;
    if (!view || what === null) {
      this.selected = this.lasso = null;
      return;
    }
    const positions = what === "lasso" ? within : Array.from(view.labels.keys()).filter((at) => (what === "misread" ? view.wrong[at] : view.labels[at] === what));
    this.selected = { what, positions };
    this.#lassos.push({ column: Math.round(this.place), positions });
  }

  /** Put the points somewhere on the way, as a slider is dragged. */
  move(place: number): void {
    this.stop();
    this.place = place;
  }

  /** Let the points go to a layer; at once where motion is not wanted. */
  go(column: number, still: boolean): void {
    this.stop();
    const [from, begun] = [this.place, performance.now()];
    const step = (now: number) => {
      const share = Math.max(0, Math.min(1, (now - begun) / WAY));
      this.#moving = share < 1 ? requestAnimationFrame(step) : 0;
      this.place = share < 1 ? from + (column - from) * share * share * (3 - 2 * share) : column;
      if (share === 1) this.point(this.pointed);
    };
    if (from === column || still) {
      this.place = column;
      this.point(this.pointed);
    } else this.#moving = requestAnimationFrame(step);
  }

  /** Stop on the way. */
  stop(): void {
    cancelAnimationFrame(this.#moving);
    this.#moving = 0;
  }
}

/** Whether two maps are of the same images at layers of the same sizes. */
function sameImages(a: wire.Map, b: wire.Map): boolean {
  const key = ({ seed, total, indices, columns }: wire.Map) => JSON.stringify([seed, total, indices.shape, columns.map(({ name, size }) => [name, size])]);
  return key(a) === key(b);
}
