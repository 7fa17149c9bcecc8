/** Answers the page's requests from the network in the file, in the words of the studio's protocol: no server, no connection. */

import type * as wire from "../protocol/messages";
import { knobName, networkOf, neuronLabel, type Network } from "../state/network";
import { readingText, valuesText } from "../state/trace";
import type { Frame } from "../transport/frames";
import type { Outgoing } from "../transport/link";
import { averaged, centringSteps, type Step } from "./centring";
import { sum32 } from "./checksum";
import { Edits } from "./edits";
import { forward, type Vector } from "./engine";
import type { Examples } from "./examples";
import { Judge, type Judgement } from "./judge";
import { canLearn } from "./learning/backpropagation";
import { classLoss } from "./learning/loss";
import type { View } from "./lessons/looks";
import { LessonRoom } from "./lessons/room";
import { localStore, openStore } from "./lessons/store";
import { Pad } from "./pad";
import { centreOf, hasInk, inkBox, type Picture } from "./picture";
import { Refusal } from "./refusal";
import type { Shared } from "./shared";
import { canSwitch, switched } from "./switched";

/** Beyond so many knobs, all are sent. */
const FEW = 64;

/** The arrays of one event, one after another. */
class Payload {
  #parts: Vector[] = [];
  #count = 0;

  put(values: Vector, shape: readonly number[] = [values.length]): wire.Floats {
    const place = { offset: this.#count, shape };
    this.#parts.push(values);
    this.#count += values.length;
    return place;
  }

  get floats(): Float32Array {
    const all = new Float32Array(this.#count);
    let at = 0;
    for (const part of this.#parts) {
      all.set(part, at);
      at += part.length;
    }
    return all;
  }
}

export class Answers {
  readonly network: Network;
  readonly #shared: Shared;
  readonly #send: (frame: Frame) => void;
  #edits: Edits;
  readonly #pad: Pad;
  readonly #examples: Examples | null;
  readonly #judge: Judge | null;
  readonly #lessons: LessonRoom;
  #version = 0;
  #source: "pad" | "pixels" | "example" | "row" = "pad";
  /** What is read in place of the pad. */
  #pixels: Vector;
  /** Number of the held-out image that is read. */
  #example = 0;
  /** What was read last, and what came out. */
  #inputs: Vector = new Float32Array(0);
  #outputs: Vector = new Float32Array(0);
  /** How the held-out images are read: now, and with the knobs as trained. */
  #judged: Judgement | null = null;
  #baseline: Judgement | null = null;
  /** Called after every change of knobs by hand; whether training is forgotten. */
  onhand: (isShared: boolean) => void = () => undefined;
  #centring: wire.Centring;
  #pictures = false;
  /** Whether the network was trained on the held-out images. */
  #seen: boolean;

  constructor(shared: Shared, parameters: Vector, examples: Examples | null, send: (frame: Frame) => void) {
    this.#shared = shared;
    this.#send = send;
    this.#examples = examples;
    this.#seen = shared.examples?.seen ?? false;
    this.network = networkOf(shared.network);
    const loss = classLoss(shared.network);
    this.#judge = examples && loss && canLearn(shared.network.layers) ? new Judge(shared.network.layers, examples, loss) : null;
    this.#edits = new Edits(parameters, (knob) => knobName(this.network, knob));
    this.#centring = shared.network.centring;
    const { rows, columns } = shared.network.input;
    const isRow = shared.network.input.kind === "row";
    this.#pad = new Pad(isRow ? 1 : rows, isRow ? 1 : columns);
    this.#pixels = new Float32Array(isRow ? this.network.layers[0].inputs : 0);
    if (isRow) this.#source = "row";
    this.#lessons = new LessonRoom(shared.lessons, openStore(`pellucid-lessons-${sum32(parameters)}`, localStore()), {
      view: () => this.#view(),
      mark: () => this.#mark(),
      unsuited: () => (this.#edits.isTrainedHere ? "The lessons are about the network that was shared, and this one was trained here: go back to the shared network first." : null),
      send: (event) => this.#event(event),
    });
  }

  /** The knobs as they are. */
  get knobs(): Vector {
    return this.#edits.knobs;
  }

  /** All that a page shows at first. */
  begin(): void {
    const { version, network } = this.#shared;
    this.#event({ type: "welcome", request: 0, session: "", resumed: false, version, networks: [], dataSets: [], maxUpload: 0, inClass: null, course: null });
    const { name = "", train = 0, test = 0 } = this.#shared.examples ?? {};
    const data = { name, train, test, classes: network.classes, digest: "", raw: false, features: [], targets: [] };
    this.#event({ type: "network", request: 0, network, data });
    this.#sendParameters(0);
    this.#sendChanges(0, []);
    this.#show(0);
    this.#evaluate(0);
  }

  /** Take over random weights, which have seen no image. */
  adoptFresh(parameters: Vector): void {
    this.#seen = false;
    this.adopt(parameters, true);
  }

  /** Take over the parameters of a training; `judged` says whether the held-out images are read as well. */
  adopt(parameters: Vector, judged: boolean): void {
    const first = !this.#edits.isTrainedHere;
    this.#edits.adopt(parameters);
    this.#renew(0, judged);
    if (first) this.#lessons.refresh();
  }

  #renew(request: number, judged: boolean): void {
    this.#version++;
    this.#judged = this.#baseline = null;
    if (judged) this.#sendChanges(request, []);
    this.#sendParameters(request);
    this.#event(...this.#reading(request));
    if (judged) this.#evaluate(request);
  }

  /** Take other parameters, as after a training elsewhere; changes made by hand are forgotten. */
  take(parameters: Vector): void {
    this.#edits = new Edits(parameters, (knob) => knobName(this.network, knob));
    this.#renew(0, true);
  }

  /** Show inputs (D,) in place of the drawing. */
  show(inputs: Vector): void {
    if (this.#source !== "row") this.#source = "pixels";
    this.#pixels = inputs;
    this.#show(0);
  }

  /** The outputs for pixels (D,), 0 to 1, with the knobs as they are. */
  read(pixels: ArrayLike<number>): Vector {
    const { inputs } = this.network.layers[0];
    if (pixels.length !== inputs) throw new RangeError(`expected ${inputs} pixels from 0 to 1, got ${pixels.length}`);
    return forward(this.network.layers, this.#effective, Float32Array.from(pixels)).at(-1)?.activations ?? new Float32Array(0);
  }

  /** The pixels that strokes become, with the steps of the centring as they are. */
  pixelsOf(strokes: readonly wire.Stroke[]): Vector {
    const pad = new Pad(this.network.input.rows, this.network.input.columns);
    pad.replace(strokes);
    return this.#prepared(pad.ink).pixels;
  }

  /** Serve a request; what needs data or training is refused. */
  answer(request: Outgoing, id: number): void {
    try {
      if (!this.#serve(request, id)) throw new Refusal("unavailable", "This page has the network only: install Pellucid and open it in the studio for this.");
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      this.#event({ type: "failed", request: id, code: error.code, message: error.message });
    }
    this.#lessons.follow();
    this.#event({ type: "done", request: id });
  }

  #serve(request: Outgoing, id: number): boolean {
    switch (request.type) {
      case "pen":
        this.#pad.draw(request.stroke, request.points, request.width, request.erase ?? false);
        this.#source = "pad";
        this.#event(...this.#reading(id));
        return true;
      case "undoStroke":
        return this.#drawn(id, () => this.#pad.undo());
      case "redoStroke":
        return this.#drawn(id, () => this.#pad.redo());
      case "clearDrawing":
        return this.#drawn(id, () => this.#pad.clear());
      case "setDrawing":
        return this.#drawn(id, () => this.#pad.replace(request.strokes.map((stroke) => ({ ...stroke, erase: stroke.erase ?? false }))));
      case "openPixels":
        this.#source = "pixels";
        this.#pixels = Float32Array.from(request.pixels);
        this.#show(id);
        return true;
      case "openExample":
        return this.#openExample(request.index, id);
      case "setFeatures":
        this.#pixels = this.#pixels.slice();
        request.features.forEach((feature, at) => {
          const { mean, scale } = this.network.input.features[feature];
          this.#pixels[feature] = (request.values[at] - mean) / scale;
        });
        this.#show(id);
        return true;
      case "setCentring":
        this.#centring = request.centring ?? this.#centring;
        this.#pictures = request.pictures;
        this.#event(...this.#reading(id));
        return true;
      case "nextPicture": // of a training, of which there is none
        return true;
      default:
        return this.#turn(request, id);
    }
  }

  #turn(request: Outgoing, id: number): boolean {
    switch (request.type) {
      case "turnKnobs":
        return this.#changed(id, this.#edits.turn(request.knobs, request.values.map(Math.fround), request.gesture));
      case "undoTurn":
        return this.#changed(id, this.#edits.goTo(this.#edits.position - 1));
      case "redoTurn":
        return this.#changed(id, this.#edits.goTo(this.#edits.position + 1));
      case "goToChange":
        return this.#changed(id, this.#edits.goTo(request.position));
      case "scaleNeuron":
        return this.#scale(request.layer, request.neuron, request.factor, request.gesture, id);
      case "resetKnobs":
        if (request.to !== "opened" || !this.#edits.isTrainedHere) return this.#changed(id, this.#edits.reset(), true);
        this.#edits.restore();
        this.#seen = this.#shared.examples?.seen ?? false;
        this.onhand(true);
        this.#renew(id, true);
        this.#lessons.refresh();
        return true;
      default:
        return this.#lessons.serve(request, id);
    }
  }

  #scale(layer: number, neuron: number, factor: number, gesture: number, id: number): boolean {
    if (!canSwitch(this.network, layer)) throw new Refusal("unavailable", "This page switches hidden neurons of dense layers only: install Pellucid and open the network in the studio for this.");
    this.#edits.scale({ layer, neuron, factor }, neuronLabel(this.network, { layer, neuron }), gesture);
    return this.#changed(id, [], true);
  }

  #openExample(index: number, id: number): boolean {
    const examples = this.#examples;
    if (!examples || index >= examples.test) throw new Refusal("bad_value", `Expected a held-out image from 0 to ${(examples?.test ?? 0) - 1}, got ${index}.`);
    this.#source = "example";
    this.#example = index;
    this.#pixels = examples.pixels(examples.held(index));
    this.#show(id);
    return true;
  }

  #drawn(id: number, change: () => void): boolean {
    change();
    this.#source = "pad";
    this.#show(id);
    return true;
  }

  /** Send a change of these knobs; `whole` also the parameters that follow from switched neurons. */
  #changed(id: number, knobs: readonly number[], whole = this.#edits.factors.length > 0): boolean {
    this.#version++;
    this.#judged = null;
    this.onhand(false);
    this.#sendChanges(id, knobs);
    if (whole || knobs.length > FEW) this.#sendParameters(id);
    this.#event(...this.#reading(id));
    this.#evaluate(id);
    return true;
  }

  /** The parameters that compute: the knobs, with switched neurons. */
  get #effective(): Vector {
    return switched(this.network, this.#edits.knobs, this.#edits.factors);
  }

  #event(event: wire.AnyEvent, payload = new Payload()): void {
    this.#send({ event, payload: payload.floats });
  }

  #sendParameters(request: number): void {
    const payload = new Payload();
    const { knobs, trained, shared, factors, isTrainedHere } = this.#edits;
    this.#event({
      type: "parameters", request, version: this.#version, knobs: payload.put(knobs), effective: factors.length ? payload.put(this.#effective) : null,
      trained: payload.put(trained), opened: isTrainedHere ? payload.put(shared) : null,
    }, payload);
  }

  #sendChanges(request: number, knobs: readonly number[]): void {
    const few = knobs.length <= FEW;
    const { changes, position } = this.#edits;
    this.#event({
      type: "turned", request, version: this.#version, knobs: few ? knobs : null, values: few ? knobs.map((knob) => this.#edits.knobs[knob]) : null,
      changes, position, factors: this.#edits.factors, noise: 0, greyLevels: null,
    });
  }

  /** Read the held-out images; without any, none of none are right. The page waits for this before it counts as complete. */
  #evaluate(request: number): void {
    const version = this.#version;
    this.#judged = null;
    const total = this.#judge?.total ?? 0;
    const send = (accuracy: number, right: number, loss: number, baseline: number) =>
      this.#event({ type: "judged", request, version, accuracy, right, total, loss, baseline, seen: this.#seen });
    if (!this.#judge) return send(0, 0, 0, 0);
    if (!this.#baseline && !this.#isAsTrained) {
      return this.#judge.begin(this.#edits.trained.slice(), (judged) => {
        this.#baseline = judged;
        this.#evaluate(request);
      });
    }
    this.#judge.begin(this.#effective.slice(), (judged) => {
      this.#judged = judged;
      if (this.#isAsTrained) this.#baseline = judged;
      send(judged.accuracy, judged.right, judged.loss, (this.#baseline ?? judged).accuracy);
      this.#lessons.follow();
    });
  }

  get #isAsTrained(): boolean {
    const { knobs, trained, factors } = this.#edits;
    return factors.length === 0 && knobs.every((value, at) => value === trained[at]);
  }

  /** The page as the lessons see it. */
  #view(): View {
    const { knobs, trained, factors } = this.#edits;
    const drawn = this.#source === "pad" ? this.#pad.strokes.filter(({ erase }) => !erase) : [];
    return { network: this.network, knobs, trained, factors, inputs: this.#inputs, outputs: this.#outputs, drawn, judged: this.#judged, baseline: this.#baseline };
  }

  #mark(): number {
    const factors = Float32Array.from(this.#edits.factors.flatMap(({ layer, neuron, factor }) => [layer, neuron, factor]));
    return sum32(this.#inputs, sum32(factors, sum32(this.#edits.knobs)));
  }

  #show(request: number): void {
    const pad = this.#source === "pad";
    const example = this.#source === "example" ? ({ part: "test", index: this.#example } as const) : null;
    this.#event({
      type: "drawing", request, source: this.#source, strokes: pad ? this.#pad.strokes : [], canUndo: this.#pad.canUndo, canRedo: this.#pad.canRedo,
      example, label: example && this.#examples ? this.#examples.labels[this.#examples.held(example.index)] : null, targets: null,
      centring: this.#centring, pictures: this.#pictures,
    });
    this.#event(...this.#reading(request));
  }

  #reading(request: number): [wire.Reading, Payload] {
    const payload = new Payload();
    const pad = this.#source === "pad";
    const { steps, pixels: inputs } = pad ? this.#prepared(this.#pad.ink) : { steps: [], pixels: this.#pixels };
    const layers = forward(this.network.layers, this.#effective, inputs);
    const outputs = layers[layers.length - 1].activations;
    [this.#inputs, this.#outputs] = [inputs, outputs];
    return [{
      type: "reading", request, version: this.#version, pixels: payload.put(inputs), row: this.#source === "row" ? payload.put(this.#row()) : null,
      layers: layers.map(({ sums, activations }) => ({ sums: payload.put(sums), activations: payload.put(activations) })),
      order: Array.from(outputs.keys()).sort((a, b) => outputs[b] - outputs[a] || a - b),
      words: this.#source === "row" || (pad ? hasInk(this.#pad.ink) : inputs.some((level) => level !== 0)) ? this.#words(outputs) : "",
      steps: this.#pictures ? steps.map((step) => stepOf(step, payload)) : [], digits: null, likeness: null,
    }, payload];
  }

  /** The row at the inputs, in the units of the data. */
  #row(): Vector {
    const { features } = this.network.input;
    return this.#pixels.map((value, feature) => value * features[feature].scale + features[feature].mean);
  }

  #prepared(ink: Picture): { readonly steps: readonly Step[]; readonly pixels: Vector } {
    if (!this.network.input.centred) return { steps: [], pixels: this.#inputsOf(ink) };
    const steps = centringSteps(ink, this.#centring);
    return { steps, pixels: steps[steps.length - 1].picture.values };
  }

  /** The inputs for a drawing on a grid that is not centred, alike in every channel. */
  #inputsOf(ink: Picture): Vector {
    const { rows, columns, channels } = this.network.input;
    const grid = averaged(ink, rows, columns).values;
    const inputs = new Float32Array(channels * grid.length);
    for (let channel = 0; channel < channels; channel++) inputs.set(grid, channel * grid.length);
    return inputs;
  }

  #words(outputs: Vector): string {
    const { task, classes } = this.network;
    if (!outputs.every(Number.isFinite)) return "The weighted sums are too large: the outputs are not numbers.";
    return task === "values" ? valuesText(outputs, classes) : readingText(outputs, classes);
  }
}

function stepOf({ name, caption, done, picture }: Step, payload: Payload): wire.CentringStep {
  const box = hasInk(picture) ? inkBox(picture) : ([0, 0, 0, 0] as const);
  return { name, caption, done, picture: payload.put(picture.values, [picture.rows, picture.columns]), box, centre: centreOf(picture) };
}
