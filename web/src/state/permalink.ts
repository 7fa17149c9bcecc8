/** The scene as text for the address bar: room, network, drawing, centring steps, changed knobs. */

import { readInteger, toBytes, toText, writeInteger } from "./bytes";
import { FEWEST_LEVELS, MOST_LEVELS } from "./greylevels";
import { decodeStrokes, encodeStrokes, type Stroke } from "./strokes";

export interface Centring {
  readonly thicken: boolean;
  readonly scale: boolean;
  readonly smooth: boolean;
  readonly mass: boolean;
}

export interface Scene {
  readonly room: string;
  /** Whether the page is shown on a projector. */
  readonly present?: boolean;
  readonly network?: string;
  /** Identity of the network among those that were trained and kept on this machine. */
  readonly run?: string;
  /** None on a cleared pad; undefined in a link that says nothing of a picture. */
  readonly strokes?: readonly Stroke[];
  readonly example?: { readonly part: "train" | "test"; readonly index: number };
  /** The data set of the example: its name, and what tells it from others of that name. */
  readonly data?: { readonly name: string; readonly digest: string };
  /** Levels from 0 to 255, one for each pixel. */
  readonly pixels?: Uint8Array;
  /** The features of a row, in the units of the data. */
  readonly row?: readonly number[];
  readonly centring?: Centring;
  /** Number and value of each changed knob. */
  readonly knobs?: readonly (readonly [number, number])[];
  /** Layer, neuron and factor of each scaled neuron. */
  readonly factors?: readonly (readonly [number, number, number])[];
  /** The code of a course that the link opens; the address bar does not keep it. */
  readonly course?: string;
  /** Grey levels to which pixels are rounded. */
  readonly grey?: number;
}

/** More changed knobs than this do not fit into a link; all 13,002 of the shipped networks do. */
export const MAX_KNOBS = 20_000;

/** Rows of more features than this do not fit into a link. */
export const MAX_ROW = 64;

/** Fewest and most pixels in a link. */
const [MIN_PIXELS, MAX_PIXELS] = [4, 4096];

/** Up to this many are written as decimals, which people can read; more of them as bytes. */
const MAX_WRITTEN = 100;

const STEPS = ["thicken", "scale", "smooth", "mass"] as const;

export function encodeScene(scene: Scene): string {
  const parts = new URLSearchParams();
  if (scene.run) parts.set("r", scene.run);
  else if (scene.network) parts.set("n", scene.network);
  if (scene.example) {
    parts.set("x", `${scene.example.part}-${scene.example.index}`);
    if (scene.data) parts.set("s", `${scene.data.digest}.${scene.data.name}`);
  } else if (scene.row) parts.set("v", scene.row.map(shortest).join("_"));
  else if (scene.pixels) parts.set("p", toText(scene.pixels));
  else if (scene.strokes) parts.set("d", encodeStrokes(scene.strokes));
  if (scene.centring && !STEPS.every((step) => scene.centring?.[step])) {
    parts.set("c", STEPS.filter((step) => scene.centring?.[step]).join("-") || "none");
  }
  if (scene.knobs && scene.knobs.length > MAX_WRITTEN) parts.set("b", packKnobs(scene.knobs));
  else if (scene.knobs?.length) parts.set("k", scene.knobs.map(([knob, value]) => `${knob}_${shortest(value)}`).join("~"));
  if (scene.factors?.length) parts.set("f", scene.factors.map(([layer, neuron, factor]) => `${layer}_${neuron}_${factor}`).join("~"));
  if (scene.grey) parts.set("g", String(scene.grey));
  const query = [scene.present ? "present" : "", parts.toString()].filter(Boolean).join("&");
  return `#/${scene.room}${query ? `?${query}` : ""}`;
}

/** The scene of a link; invalid parts are left out. */
export function decodeScene(hash: string): Scene {
  const [, room = "", query = ""] = /^#?\/?([\w-]*)\??(.*)$/s.exec(hash) ?? [];
  const parts = new URLSearchParams(query);
  const example = /^(train|test)-(\d{1,9})$/.exec(parts.get("x") ?? "");
  const data = /^([0-9a-f]{1,64})\.(.{1,200})$/s.exec(parts.get("s") ?? "");
  const strokes = parts.has("d") ? decodeStrokes(parts.get("d") ?? "") : null;
  const pixels = parts.has("p") ? toBytes(parts.get("p") ?? "") : null;
  const row = parts.has("v") ? decodeRow(parts.get("v") ?? "") : null;
  const [course] = /^pc1-[\w-]{8,20000}$/.exec(parts.get("course") ?? "") ?? [];
  const grey = /^\d{1,3}$/.test(parts.get("g") ?? "") ? Number(parts.get("g")) : 0;
  return {
    room,
    ...(course && { course }),
    ...(parts.has("present") && { present: true }),
    ...(/^[0-9a-f]{16}$/.test(parts.get("r") ?? "") && { run: parts.get("r") ?? "" }),
    ...(parts.get("n") && { network: parts.get("n") ?? "" }),
    ...(example && { example: { part: example[1] as "train" | "test", index: Number(example[2]) } }),
    ...(example && data && { data: { digest: data[1], name: data[2] } }),
    ...(strokes && { strokes }),
    ...(pixels && pixels.length >= MIN_PIXELS && pixels.length <= MAX_PIXELS && { pixels }),
    ...(row && { row }),
    ...(parts.has("c") && { centring: decodeCentring(parts.get("c") ?? "") }),
    ...(parts.has("b") && { knobs: unpackKnobs(parts.get("b") ?? "") }),
    ...(parts.has("k") && { knobs: numbers(parts.get("k"), 2) as unknown as [number, number][] }),
    ...(grey >= FEWEST_LEVELS && grey <= MOST_LEVELS && { grey }),
    ...(parts.has("f") && { factors: numbers(parts.get("f"), 3) as unknown as [number, number, number][] }),
  };
}

/** Whether two scenes are the same apart from the room and how it is shown. */
export function sameScene(a: Scene, b: Scene): boolean {
  return encodeScene({ ...a, room: "", present: false }) === encodeScene({ ...b, room: "", present: false });
}

/** The features of a row; null unless all are numbers. */
function decodeRow(text: string): number[] | null {
  const values = text.split("_").map((each) => (each === "" ? NaN : Number(each)));
  return values.length <= MAX_ROW && values.every((value) => Math.abs(value) <= 1e30) ? values : null;
}

function decodeCentring(text: string): Centring {
  const on = new Set(text.split("-"));
  return { thicken: on.has("thicken"), scale: on.has("scale"), smooth: on.has("smooth"), mass: on.has("mass") };
}

function numbers(text: string | null, size: number): number[][] {
  const rows = (text ?? "").split("~").map((row) => row.split("_").map(Number));
  return rows.filter((row) => row.length === size && row.every((n) => Number.isFinite(n)) && Number.isInteger(row[0])).slice(0, MAX_KNOBS);
}

/** Knobs in ascending order, each as the distance from the previous one (variable length) and its float32 value. */
function packKnobs(knobs: Scene["knobs"] & object): string {
  const bytes: number[] = [];
  const value = new DataView(new ArrayBuffer(4));
  let before = 0;
  for (const [knob, to] of knobs.toSorted(([a], [b]) => a - b)) {
    writeInteger(bytes, knob - before);
    value.setFloat32(0, to, true);
    for (let at = 0; at < 4; at++) bytes.push(value.getUint8(at));
    before = knob;
  }
  return toText(bytes);
}

/** The knobs up to the first invalid byte. */
function unpackKnobs(text: string): [number, number][] {
  const bytes = toBytes(text) ?? new Uint8Array();
  const reader = { bytes, at: 0 };
  const view = new DataView(bytes.buffer);
  const knobs: [number, number][] = [];
  for (let knob = 0; knobs.length < MAX_KNOBS; ) {
    const step = readInteger(reader);
    if (step === null || reader.at + 4 > bytes.length) break;
    const value = view.getFloat32(reader.at, true);
    reader.at += 4;
    knob += step;
    if (Number.isFinite(value)) knobs.push([knob, value]);
  }
  return knobs;
}

/** The shortest decimal that rounds to the same float32. */
export function shortest(value: number): string {
  const single = Math.fround(value);
  for (let digits = 1; digits < 9; digits++) {
    const text = single.toPrecision(digits);
    if (Math.fround(Number(text)) === single) return String(Number(text));
  }
  return String(Number(single.toPrecision(9)));
}
