/** Answers the page's requests from the network in the file, in the words of the studio's protocol: no server, no connection. */

import type * as wire from "../protocol/messages";
import { knobName, networkOf, type Network } from "../state/network";
import { readingText, valuesText } from "../state/trace";
import type { Frame } from "../transport/frames";
import type { Outgoing } from "../transport/link";
import { averaged, centringSteps, type Step } from "./centring";
import { Edits } from "./edits";
import { forward, type Vector } from "./engine";
import { Pad } from "./pad";
import { centreOf, hasInk, inkBox, type Picture } from "./picture";
import type { Shared } from "./shared";

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
  readonly #edits: Edits;
  readonly #pad: Pad;
  #version = 0;
  #source: "pad" | "pixels" = "pad";
  #pixels: Vector;
  #centring: wire.Centring;
  #pictures = false;

  constructor(shared: Shared, parameters: Vector, send: (frame: Frame) => void) {
    this.#shared = shared;
    this.#send = send;
    this.network = networkOf(shared.network);
    this.#edits = new Edits(parameters, (knob) => knobName(this.network, knob));
    this.#centring = shared.network.centring;
    const { rows, columns } = shared.network.input;
    this.#pad = new Pad(rows, columns);
    this.#pixels = new Float32Array(0);
  }

  /** All that a page shows at first. */
  begin(): void {
    const { version, network } = this.#shared;
    this.#event({ type: "welcome", request: 0, session: "", resumed: false, version, networks: [], dataSets: [], maxUpload: 0, inClass: null, course: null });
    const data = { name: "", train: 0, test: 0, classes: network.classes, digest: "", raw: false, features: [], targets: [] };
    this.#event({ type: "network", request: 0, network, data });
    this.#sendParameters(0);
    this.#sendChanges(0, []);
    this.#show(0);
    this.#judge(0);
  }

  /** The outputs for pixels (D,), 0 to 1, with the knobs as they are. */
  read(pixels: ArrayLike<number>): Vector {
    const { inputs } = this.network.layers[0];
    if (pixels.length !== inputs) throw new RangeError(`expected ${inputs} pixels from 0 to 1, got ${pixels.length}`);
    return forward(this.network.layers, this.#edits.knobs, Float32Array.from(pixels)).at(-1)?.activations ?? new Float32Array(0);
  }

  /** The pixels that strokes become, with the steps of the centring as they are. */
  pixelsOf(strokes: readonly wire.Stroke[]): Vector {
    const pad = new Pad(this.network.input.rows, this.network.input.columns);
    pad.replace(strokes);
    return this.#prepared(pad.ink).pixels;
  }

  /** Serve a request; what needs data or training is refused. */
  answer(request: Outgoing, id: number): void {
    const known = this.#serve(request, id);
    if (known) this.#event({ type: "done", request: id });
    else this.#event({ type: "failed", request: id, code: "unavailable", message: "This page has the network only: install Pellucid and open it in the studio for this." });
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
      case "resetKnobs":
        return this.#changed(id, this.#edits.reset());
      default:
        return false;
    }
  }

  #drawn(id: number, change: () => void): boolean {
    change();
    this.#source = "pad";
    this.#show(id);
    return true;
  }

  #changed(id: number, knobs: readonly number[]): boolean {
    this.#version++;
    this.#sendChanges(id, knobs);
    if (knobs.length > FEW) this.#sendParameters(id);
    this.#event(...this.#reading(id));
    this.#judge(id);
    return true;
  }

  #event(event: wire.AnyEvent, payload = new Payload()): void {
    this.#send({ event, payload: payload.floats });
  }

  #sendParameters(request: number): void {
    const payload = new Payload();
    const { knobs, shared } = this.#edits;
    this.#event({ type: "parameters", request, version: this.#version, knobs: payload.put(knobs), effective: null, trained: payload.put(shared), opened: null }, payload);
  }

  #sendChanges(request: number, knobs: readonly number[]): void {
    const few = knobs.length <= FEW;
    const { changes, position } = this.#edits;
    this.#event({
      type: "turned", request, version: this.#version, knobs: few ? knobs : null, values: few ? knobs.map((knob) => this.#edits.knobs[knob]) : null,
      changes, position, factors: [], noise: 0, greyLevels: null,
    });
  }

  /** There are no held-out images in the file: none of none. The page waits for this before it counts as complete. */
  #judge(request: number): void {
    this.#event({ type: "judged", request, version: this.#version, accuracy: 0, right: 0, total: 0, loss: 0, baseline: 0, seen: false });
  }

  #show(request: number): void {
    const pad = this.#source === "pad";
    this.#event({
      type: "drawing", request, source: this.#source, strokes: pad ? this.#pad.strokes : [], canUndo: this.#pad.canUndo, canRedo: this.#pad.canRedo,
      example: null, label: null, targets: null, centring: this.#centring, pictures: this.#pictures,
    });
    this.#event(...this.#reading(request));
  }

  #reading(request: number): [wire.Reading, Payload] {
    const payload = new Payload();
    const pad = this.#source === "pad";
    const { steps, pixels: inputs } = pad ? this.#prepared(this.#pad.ink) : { steps: [], pixels: this.#pixels };
    const layers = forward(this.network.layers, this.#edits.knobs, inputs);
    const outputs = layers[layers.length - 1].activations;
    return [{
      type: "reading", request, version: this.#version, pixels: payload.put(inputs), row: null,
      layers: layers.map(({ sums, activations }) => ({ sums: payload.put(sums), activations: payload.put(activations) })),
      order: Array.from(outputs.keys()).sort((a, b) => outputs[b] - outputs[a] || a - b),
      words: (pad ? hasInk(this.#pad.ink) : inputs.some((level) => level !== 0)) ? this.#words(outputs) : "",
      steps: this.#pictures ? steps.map((step) => stepOf(step, payload)) : [], digits: null, likeness: null,
    }, payload];
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
