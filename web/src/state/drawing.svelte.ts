/** What the network reads: the strokes on the pad or an image in their place, and the centring steps. */

import type * as wire from "../protocol/messages";
import { floats } from "../transport/frames";
import { makePacer, type Pacer } from "../transport/pacer";
import type { Session } from "../transport/session";
import type { Centring } from "./permalink";
import { begin, extend, GRID, type Stroke } from "./strokes";

export interface Step {
  readonly name: wire.CentringStep["name"];
  readonly caption: string;
  readonly done: boolean;
  readonly width: number;
  readonly picture: Float32Array;
  readonly box: readonly number[];
  readonly centre: readonly number[];
}

export interface Source {
  readonly kind: wire.Drawing["source"];
  readonly canUndo: boolean;
  readonly canRedo: boolean;
  readonly example: wire.Example | null;
  readonly label: number | null;
  /** The true values of an example; null for classes, and for what is no example. */
  readonly targets: readonly number[] | null;
}

interface PenMove {
  readonly stroke: number;
  readonly points: readonly number[];
  readonly width: number;
  readonly erase: boolean;
}

const ALL_STEPS: Centring = { thicken: true, scale: true, smooth: true, mass: true };
const NO_SOURCE: Source = { kind: "pad", canUndo: false, canRedo: false, example: null, label: null, targets: null };

export class Drawing {
  strokes: readonly Stroke[] = $state.raw([]);
  source: Source = $state.raw(NO_SOURCE);
  centring: Centring = $state.raw(ALL_STEPS);
  steps: readonly Step[] = $state.raw([]);
  /** The example that was asked for, until it is here: the next one is counted from it. */
  asked: wire.Example | null = $state.raw(null);

  readonly #session: Session;
  readonly #pen: Pacer<PenMove>;
  #wantPictures = false;
  #hasPictures = false;
  /** Whether the pen is down. */
  #drawing = false;
  /** Whether the server may be missing strokes. */
  #unsent = false;
  #exampleRequest = 0;
  readonly #followers = new Set<() => void>();

  constructor(session: Session) {
    this.#session = session;
    this.#pen = makePacer((move) => this.#send(move), mergeMoves);
    session.keepOrder(this.#pen.hasten);
    session.listen((event) => {
      if (event.type === "done" && event.request === this.#exampleRequest) this.asked = null;
      if (event.type !== "failed") this.#pen.settle(event.request);
      // What waits would continue a stroke that the server does not have; the drawing as it is follows.
      else if (this.#pen.drop(event.request)) this.#drawing = false;
    });
  }

  /** Call `follow` after every movement of the pen is sent, for questions about the picture as it then is; returns a function that ends this. */
  onPen(follow: () => void): () => void {
    this.#followers.add(follow);
    return () => this.#followers.delete(follow);
  }

  #send(move: PenMove): number {
    const request = this.#session.send({ type: "pen", ...move });
    if (request > 0) for (const follow of this.#followers) follow();
    return request;
  }

  takeDrawing(event: wire.Drawing): void {
    this.source = { kind: event.source, canUndo: event.canUndo, canRedo: event.canRedo, example: event.example, label: event.label, targets: event.targets };
    this.centring = event.centring;
    this.#hasPictures = event.pictures;
    if (this.#drawing || this.#unsent || !this.#pen.idle) return;
    this.strokes = event.strokes.map((stroke) => ({
      erase: stroke.erase,
      width: Math.round(stroke.width * GRID),
      points: stroke.points.map((share) => Math.round(share * GRID)),
    }));
  }

  takeSteps(steps: readonly wire.CentringStep[], payload: Float32Array): void {
    this.steps = steps.map((step) => ({
      name: step.name, caption: step.caption, done: step.done, width: step.picture.shape[1],
      picture: floats(payload, step.picture), box: step.box, centre: step.centre,
    }));
  }

  /** The connection dropped: requests in flight are lost, the strokes are kept. */
  interrupt(): void {
    this.asked = null;
    this.#unsent ||= this.#drawing || !this.#pen.idle;
    this.#pen.reset();
  }

  /** The connection is back: send what the server may be missing. */
  resume(): void {
    if (this.#unsent) this.setDrawing(this.strokes);
    this.#unsent = false;
    if (this.#hasPictures !== this.#wantPictures) this.wantPictures(this.#wantPictures);
  }

  penDown(x: number, y: number, width: number, erase: boolean): void {
    // The earlier strokes are hidden by the image; a new drawing starts with an empty pad.
    if (this.source.kind !== "pad") this.clear();
    this.source = { kind: "pad", canUndo: true, canRedo: false, example: null, label: null, targets: null };
    this.#drawing = true;
    const stroke = begin(width, erase, x, y);
    this.strokes = [...this.strokes, stroke];
    this.#sendPoints(stroke, 0);
  }

  penMove(points: readonly number[]): void {
    const last = this.strokes.at(-1);
    if (!this.#drawing || !last) return;
    const longer = extend(last, points);
    if (longer === last) return;
    this.strokes = [...this.strokes.slice(0, -1), longer];
    this.#sendPoints(longer, last.points.length);
  }

  penUp(): void {
    this.#drawing = false;
  }

  #sendPoints(stroke: Stroke, from: number): void {
    const points = stroke.points.slice(from).map((unit) => unit / GRID);
    this.#pen.push({ stroke: this.strokes.length - 1, points, width: stroke.width / GRID, erase: stroke.erase });
  }

  /** Clear the pad, here at once: the next stroke may begin before the answer, and is numbered from what is shown. */
  clear(): void {
    this.strokes = [];
    if (this.#session.send({ type: "clearDrawing" }) === 0) this.#unsent = true;
  }

  /** Undo the last stroke, here at once, or the clearing of the pad. */
  undo(): void {
    const known = this.source.kind === "pad" && this.strokes.length > 0;
    if (known) this.strokes = this.strokes.slice(0, -1);
    if (this.#session.send({ type: "undoStroke" }) === 0 && known) this.#unsent = true;
  }

  redo(): void {
    this.#session.send({ type: "redoStroke" });
  }

  setDrawing(strokes: readonly Stroke[]): void {
    this.#drawing = false;
    this.strokes = strokes;
    this.#session.send({
      type: "setDrawing",
      strokes: strokes.map(({ points, width, erase }) => ({ points: points.map((unit) => unit / GRID), width: width / GRID, erase })),
    });
  }

  /** Read an image of the data set; a link says of which. */
  openExample(part: wire.Example["part"], index: number, data?: { readonly name: string; readonly digest: string }): void {
    this.#exampleRequest = this.#session.send({ type: "openExample", part, index, ...(data && { data: data.name, digest: data.digest }) });
    this.asked = this.#exampleRequest ? { part, index } : null;
  }

  setCentring(centring: Centring): void {
    this.centring = centring;
    this.#session.send({ type: "setCentring", centring, pictures: this.#wantPictures });
  }

  /** Request or decline pictures of the centring steps, which cost a little at every pen movement. */
  wantPictures(wanted: boolean): void {
    this.#wantPictures = wanted;
    // Without the steps: those of a network that has just come may not be known here yet.
    if (this.#session.ready) this.#session.send({ type: "setCentring", pictures: wanted });
  }
}

/** Most coordinates in one request. */
const MAX_POINTS = 2048;

function mergeMoves(waiting: PenMove, added: PenMove): PenMove | null {
  if (waiting.stroke !== added.stroke || waiting.points.length + added.points.length > MAX_POINTS) return null;
  return { ...waiting, points: [...waiting.points, ...added.points] };
}
