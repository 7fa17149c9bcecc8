/** All that the page knows, kept in step with the server; no DOM. Rooms read it and call its methods. */

import type * as wire from "../protocol/messages";
import { floats, type Frame } from "../transport/frames";
import type { Link, LinkState, Outgoing } from "../transport/link";
import { makePacer, type Pacer } from "../transport/pacer";
import { begin, extend, GRID, type Stroke } from "./drawing";
import { LearnState } from "./learn.svelte";
import { knobAt, type Network, type NeuronPlace } from "./network";
import { NudgeState } from "./nudge.svelte";
import type { Centring, Place } from "./permalink";
import { largestAt, readingWords, type Trace } from "./trace";
import type { WireMeasure } from "./terms";

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
}

interface PenMove {
  readonly stroke: number;
  readonly points: readonly number[];
  readonly width: number;
  readonly erase: boolean;
}

interface Turns {
  readonly knobs: readonly number[];
  readonly values: readonly number[];
  readonly gesture: number;
}

type Act = Extract<Outgoing, { type: "scaleNeuron" | "scaleLayer" | "addNoise" }>;

const ALL_STEPS: Centring = { thicken: true, scale: true, smooth: true, mass: true };
const NO_SOURCE: Source = { kind: "pad", canUndo: false, canRedo: false, example: null, label: null };

export class Studio {
  link: LinkState = $state("connecting");
  /** Why the server ended the connection, if it did. */
  gone: wire.Gone["reason"] | null = $state(null);
  welcome: wire.Welcome | null = $state.raw(null);
  /** True once all that a connection begins with has arrived. */
  ready = $state(false);
  /** The last request sent, and the last one answered. */
  sent = $state(0);
  answered = $state(0);
  failure: wire.Failed | null = $state.raw(null);

  network: Network | null = $state.raw(null);
  info: wire.NetworkInfo | null = $state.raw(null);
  data: wire.DataInfo | null = $state.raw(null);
  /** All knobs as they stand. */
  knobs: Float32Array<ArrayBufferLike> | null = $state.raw(null);
  /** All knobs as they compute: with switched neurons and layers put in. */
  parameters: Float32Array<ArrayBufferLike> | null = $state.raw(null);
  /** All knobs as loaded or last trained. */
  trained: Float32Array<ArrayBufferLike> | null = $state.raw(null);
  trace: Trace | null = $state.raw(null);
  judged: wire.Judged | null = $state.raw(null);
  turned: wire.Turned | null = $state.raw(null);
  swept: { readonly knob: number; readonly values: Float32Array; readonly accuracies: Float32Array } | null = $state.raw(null);

  strokes: readonly Stroke[] = $state.raw([]);
  source: Source = $state.raw(NO_SOURCE);
  centring: Centring = $state.raw(ALL_STEPS);
  steps: readonly Step[] = $state.raw([]);

  /** The neuron that was chosen, and the one under the pointer. */
  pinned: NeuronPlace | null = $state.raw(null);
  hovered: NeuronPlace | null = $state.raw(null);
  /** The weight or bias, and the input, under the pointer. */
  pointed: number | null = $state(null);
  pointedInput: number | null = $state(null);
  /** The knob that is being turned. */
  knob: number | null = $state(null);
  wires: { shown: boolean; measure: WireMeasure; least: number } = $state({ shown: true, measure: "contribution", least: 0.02 });

  readonly learn: LearnState;
  readonly nudge: NudgeState;

  readonly shown: NeuronPlace = $derived(this.hovered ?? this.pinned ?? { layer: 0, neuron: 0 });
  /** Whether an answer, or a judgement of the network as it stands, is still to come. */
  readonly pending: boolean = $derived(this.sent > this.answered || (this.judged?.version ?? 0) < (this.turned?.version ?? 0));
  readonly best: number = $derived(this.trace && this.trace.words ? largestAt(this.trace.columns[this.trace.columns.length - 1]) : -1);
  readonly factors: ReadonlyMap<string, number> = $derived(
    new Map(this.turned?.factors.map(({ layer, neuron, factor }) => [`${layer}/${neuron}`, factor])),
  );

  #link: Link | null = null;
  #effective = false;
  #wantPictures = false;
  #hasPictures = false;
  #drawing = false;
  /** Whether strokes were drawn that the server may not have. */
  #unsent = false;
  #gesture = Date.now() % 1e9;
  readonly #pen: Pacer<PenMove>;
  readonly #turns: Pacer<Turns>;
  readonly #acts: Pacer<Act>;
  readonly #listeners = new Set<(event: wire.AnyEvent, payload: Float32Array) => void>();

  constructor() {
    this.learn = new LearnState(this);
    this.nudge = new NudgeState(this);
    this.#pen = makePacer((move) => this.send({ type: "pen", ...move }), mergeMoves);
    this.#acts = makePacer((act) => this.send(act), (waiting, added) => (waiting.gesture === added.gesture ? added : null));
    this.#turns = makePacer((turns) => this.send({ type: "turnKnobs", ...turns }), mergeTurns);
  }

  // The connection.

  attach(link: Link): void {
    this.#link = link;
  }

  setLink(state: LinkState): void {
    this.link = state;
    if (state !== "open") {
      this.#unsent ||= this.#drawing || !this.#pen.idle;
      this.#pen.reset();
      this.#turns.reset();
      this.#acts.reset();
    } else this.gone = null;
  }

  send(request: Outgoing): number {
    const id = this.#link?.send(request) ?? 0;
    if (id > 0) this.sent = id;
    return id;
  }

  /** Send what no answer is waited for. */
  note(request: Outgoing): void {
    this.#link?.send(request);
  }

  retry(): void {
    this.#link?.retry();
  }

  /** Say in a sentence what went wrong. */
  fail(message: string): void {
    this.failure = { type: "failed", request: 0, code: "unavailable", message };
  }

  /** Hear every event after the state took it in; gives back what stops it. */
  listen(listener: (event: wire.AnyEvent, payload: Float32Array) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  receive({ event, payload }: Frame): void {
    this.#apply(event, payload);
    if (event.request > this.answered) this.answered = event.request;
    this.#pen.settle(event.request);
    this.#turns.settle(event.request);
    this.#acts.settle(event.request);
    for (const listener of this.#listeners) listener(event, payload);
  }

  #apply(event: wire.AnyEvent, payload: Float32Array): void {
    switch (event.type) {
      case "welcome":
        this.welcome = event;
        this.ready = false;
        return;
      case "failed":
        this.failure = event;
        return;
      case "gone":
        this.gone = event.reason;
        this.#link?.end();
        return;
      case "network":
        return this.#takeNetwork(event);
      case "parameters":
        return this.#takeParameters(event, payload);
      case "drawing":
        return this.#takeDrawing(event);
      case "reading":
        return this.#takeReading(event, payload);
      case "turned":
        return this.#takeTurned(event);
      case "judged":
        this.judged = event;
        return this.#greeted();
      case "swept":
        this.swept = { knob: event.knob, values: floats(payload, event.values), accuracies: floats(payload, event.accuracies) };
        return;
      case "votes":
      case "examples":
      case "knobs":
        return;
      case "curves":
        return this.learn.apply(event, payload);
      case "picture":
        this.#takePicture(event, payload);
        return this.learn.apply(event, payload);
      case "dataSets":
      case "training":
      case "health":
      case "epochDone":
      case "examined":
      case "lossPlane":
        return this.learn.apply(event, payload);
      case "nudges":
      case "batchNudges":
      case "checked":
      case "stepped":
        return this.nudge.apply(event, payload);
      default:
        return unknown(event);
    }
  }

  /** All that a page shows at first has come. */
  #greeted(): void {
    if (this.ready) return;
    this.ready = true;
    if (this.#unsent) this.setDrawing(this.strokes);
    this.#unsent = false;
    if (this.#hasPictures !== this.#wantPictures) this.#sendCentring();
  }

  #takeNetwork({ network, data }: wire.Network): void {
    this.info = network;
    this.data = data;
    this.network = {
      name: network.name,
      inputShape: network.inputShape,
      classes: network.classes,
      knobs: network.parameterCount,
      layers: network.layers.map((layer, index) => ({ index, ...layer })),
    };
    this.trace = null;
    this.parameters = this.knobs = this.trained = null;
    this.pinned = this.hovered = null;
    this.pointed = this.pointedInput = this.knob = null;
    this.swept = null;
  }

  #takeParameters(event: wire.Parameters, payload: Float32Array): void {
    // While newer turns wait to be sent, the page is ahead of the server.
    if (this.#turns.waits && this.knobs) return;
    this.knobs = floats(payload, event.knobs);
    this.#effective = event.effective !== null;
    this.parameters = event.effective ? floats(payload, event.effective) : this.knobs;
    this.trained = floats(payload, event.trained);
  }

  #takeDrawing(event: wire.Drawing): void {
    this.source = { kind: event.source, canUndo: event.canUndo, canRedo: event.canRedo, example: event.example, label: event.label };
    this.centring = event.centring;
    this.#hasPictures = event.pictures;
    if (this.#drawing || this.#unsent || !this.#pen.idle) return;
    this.strokes = event.strokes.map((stroke) => ({
      erase: stroke.erase,
      width: Math.round(stroke.width * GRID),
      points: stroke.points.map((share) => Math.round(share * GRID)),
    }));
  }

  #takeReading(event: wire.Reading, payload: Float32Array): void {
    this.trace = {
      version: event.version,
      columns: [floats(payload, event.pixels), ...event.layers.map((layer) => floats(payload, layer.activations))],
      sums: event.layers.map((layer) => floats(payload, layer.sums)),
      words: event.words,
    };
    this.steps = event.steps.map((step) => ({
      name: step.name, caption: step.caption, done: step.done, width: step.picture.shape[1],
      picture: floats(payload, step.picture), box: step.box, centre: step.centre,
    }));
  }

  /** The network as it learns: the drawing's pixels are as they were. */
  #takePicture(event: wire.Picture, payload: Float32Array): void {
    this.knobs = this.parameters = floats(payload, event.knobs);
    const pixels = this.trace?.columns[0];
    if (!pixels || !this.network) return;
    const activations = event.reading.map((layer) => floats(payload, layer.activations));
    const words = this.trace?.words ? readingWords(activations[activations.length - 1], this.network.classes) : "";
    const sums = event.reading.map((layer) => floats(payload, layer.sums));
    this.trace = { version: event.version, columns: [pixels, ...activations], sums, words };
  }

  #takeTurned(event: wire.Turned): void {
    this.turned = event;
    // While newer turns wait to be sent, the page is ahead of the server.
    if (event.knobs && event.values && !this.#turns.waits) this.#setKnobs(event.knobs, event.values);
  }

  #setKnobs(knobs: readonly number[], values: readonly number[]): void {
    if (!this.knobs) return;
    const turned = this.knobs.slice();
    knobs.forEach((knob, index) => (turned[knob] = values[index]));
    this.knobs = turned;
    if (!this.#effective) this.parameters = turned;
  }

  // Drawing.

  penDown(x: number, y: number, width: number, erase: boolean): void {
    if (this.source.kind !== "pad") {
      // The strokes of before lie under the picture; a new drawing begins with an empty pad.
      this.send({ type: "clearDrawing" });
      this.strokes = [];
    }
    this.source = { kind: "pad", canUndo: true, canRedo: false, example: null, label: null };
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

  setDrawing(strokes: readonly Stroke[]): void {
    this.strokes = strokes;
    this.send({
      type: "setDrawing",
      strokes: strokes.map(({ points, width, erase }) => ({ points: points.map((unit) => unit / GRID), width: width / GRID, erase })),
    });
  }

  openExample(part: wire.Example["part"], index: number): void {
    this.send({ type: "openExample", part, index });
  }

  setCentring(centring: Centring): void {
    this.centring = centring;
    this.#sendCentring();
  }

  /** Whether the pictures of the centring's steps are wanted; they cost a little at every pen movement. */
  wantPictures(wanted: boolean): void {
    this.#wantPictures = wanted;
    if (this.ready) this.#sendCentring();
  }

  #sendCentring(): void {
    this.send({ type: "setCentring", centring: this.centring, pictures: this.#wantPictures });
  }

  // Pointing.

  hover(place: NeuronPlace | null): void {
    this.hovered = place;
    if (place) this.pointed = this.pointedInput = null;
  }

  pin(place: NeuronPlace): void {
    const same = this.pinned?.layer === place.layer && this.pinned.neuron === place.neuron;
    this.pinned = same ? null : place;
  }

  unpin(): void {
    this.pinned = null;
  }

  pointAtKnob(knob: number | null): void {
    this.pointed = knob;
    this.pointedInput = null;
    this.hovered = null;
  }

  pointAtInput(input: number | null): void {
    this.pointedInput = input;
    this.pointed = null;
  }

  // Turning.

  /** A number for a gesture: turns that share it are undone as one. */
  newGesture(): number {
    return ++this.#gesture;
  }

  /** Turn knobs; the page shows it at once, the server's answer confirms it. */
  turn(knobs: readonly number[], values: readonly number[], gesture = this.newGesture()): void {
    this.#setKnobs(knobs, values);
    this.#turns.push({ knobs, values, gesture });
  }

  /** Scale a neuron or a layer, or add noise: one at a time, the latest of a gesture. */
  act(act: Act): void {
    this.#acts.push(act);
  }

  /** Make a knob the one that is turned, and show the neuron it belongs to. */
  chooseKnob(knob: number): void {
    this.knob = knob;
    if (!this.network) return;
    const { layer, neuron } = knobAt(this.network, knob);
    this.pinned = { layer, neuron };
  }

  factorOf(layer: number, neuron: number): number {
    return this.factors.get(`${layer}/${neuron}`) ?? 1;
  }

  /** Where one is, for a link. Null knobs: too many to fit. */
  place(room: string): Place {
    const { kind, example } = this.source;
    const trace = this.trace;
    return {
      room,
      network: this.network?.name,
      ...(kind === "example" && example ? { example } : {}),
      ...(kind === "pad" ? { strokes: this.strokes } : {}),
      ...((kind === "picture" || kind === "pixels") && trace ? { pixels: Uint8Array.from(trace.columns[0], (level) => Math.round(level * 255)) } : {}),
      centring: this.centring,
      knobs: this.changedKnobs(),
      factors: this.turned?.factors.map(({ layer, neuron, factor }) => [layer, neuron, factor] as const),
    };
  }

  /** Number and value of each knob that is not as it was trained. */
  changedKnobs(): (readonly [number, number])[] {
    const { knobs, trained } = this;
    const changed: (readonly [number, number])[] = [];
    if (!knobs || !trained) return changed;
    for (let knob = 0; knob < knobs.length; knob++) if (knobs[knob] !== trained[knob]) changed.push([knob, knobs[knob]]);
    return changed;
  }

  /** Go where a link says. */
  go(place: Place): void {
    if (place.network && place.network !== this.network?.name) {
      if (this.welcome?.networks.includes(place.network)) this.send({ type: "loadNetwork", name: place.network });
      else {
        this.fail(`This link was made with the network “${place.network}”, which does not come with the studio: open its file, then the link. The drawing is shown.`);
        place = { ...place, knobs: [], factors: [] };
      }
    }
    if (place.centring) this.setCentring(place.centring);
    if (place.example) this.openExample(place.example.part, place.example.index);
    else if (place.pixels) this.send({ type: "openPixels", pixels: Array.from(place.pixels, (level) => level / 255) });
    else if (place.strokes) this.setDrawing(place.strokes);
    const gesture = this.newGesture();
    if (place.knobs?.length) {
      this.send({ type: "turnKnobs", knobs: place.knobs.map(([knob]) => knob), values: place.knobs.map(([, value]) => value), gesture });
    }
    for (const [layer, neuron, factor] of place.factors ?? []) this.send({ type: "scaleNeuron", layer, neuron, factor, gesture });
  }
}

function mergeMoves(waiting: PenMove, added: PenMove): PenMove | null {
  if (waiting.stroke !== added.stroke) return null;
  return { ...waiting, points: [...waiting.points, ...added.points] };
}

function mergeTurns(waiting: Turns, added: Turns): Turns | null {
  if (waiting.gesture !== added.gesture) return null;
  const merged = new Map(waiting.knobs.map((knob, index) => [knob, waiting.values[index]]));
  added.knobs.forEach((knob, index) => merged.set(knob, added.values[index]));
  return { knobs: [...merged.keys()], values: [...merged.values()], gesture: added.gesture };
}

function unknown(event: never): void {
  console.warn("The page does not know this event: it may be older than the server.", event);
}
