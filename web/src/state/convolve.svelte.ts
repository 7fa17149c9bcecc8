/** State and requests of the room Convolve: the maps of a convolutional network, one place of them, and moved pictures. */

import type * as wire from "../protocol/messages";
import { floats } from "../transport/frames";
import { makePacer, type Pacer } from "../transport/pacer";
import type { Session } from "../transport/session";
import { computationAt, type Cell, type Computation } from "./maps";
import { networkOf, type Network } from "./network";
import type { Trace } from "./trace";

export type ConvolveEvent = wire.ConvolveSubject | wire.Maps | wire.ShiftScores | wire.Retrained | wire.Cell;

/** The convolutional network that is shown where the present one has no feature maps. */
export const SHIPPED = "digits-conv";

interface Move {
  readonly right: number;
  readonly down: number;
  readonly shuffle: number | null;
}

type Ask = Move & { readonly subject: string | null };

/** What the present network has, of which the room may show the maps. */
interface Present {
  readonly network: Network | null;
  readonly parameters: Float32Array<ArrayBufferLike> | null;
  readonly trace: Trace | null;
}

export interface TwinView {
  readonly outputs: Float32Array;
  readonly words: string;
}

const IN_PLACE: Move = { right: 0, down: 0, shuffle: null };

export class ConvolveState {
  /** A shipped network; null for the present one. */
  subject: string | null = $state(null);
  move: Move = $state.raw(IN_PLACE);
  maps: wire.Maps | null = $state.raw(null);
  twin: TwinView | null = $state.raw(null);
  scores: wire.ShiftScores | null = $state.raw(null);
  retrained: wire.Retrained | null = $state.raw(null);
  /** The place of a map that is looked at. */
  cell: Cell = $state.raw({ layer: 0, channel: 0, row: 0, column: 0 });
  /** The same as the engine computes it, once it has been asked. */
  studied: wire.Cell | null = $state.raw(null);
  trouble: string | null = $state(null);

  #told: wire.ConvolveSubject | null = $state.raw(null);
  #network: Network | null = $state.raw(null);
  #knobs: Float32Array | null = $state.raw(null);
  #trace: Trace | null = $state.raw(null);

  /** What the server has told of the network that is shown; null until it has. */
  readonly told: wire.ConvolveSubject | null = $derived(this.#told?.subject === this.subject ? this.#told : null);
  readonly moved: boolean = $derived(this.move.right !== 0 || this.move.down !== 0 || this.move.shuffle !== null);
  readonly network: Network | null = $derived.by(() => (this.subject === null ? this.#present.network : this.#network));
  readonly parameters: Float32Array<ArrayBufferLike> | null = $derived.by(() => (this.subject === null ? this.#present.parameters : this.#knobs));
  /** Pixels, sums and activations of the picture that is shown. */
  readonly trace: Trace | null = $derived.by(() => (this.subject !== null ? this.#trace : this.moved ? (this.#trace ?? this.#present.trace) : this.#present.trace));
  readonly computation: Computation | null = $derived.by(() => {
    const { network, parameters, trace, cell } = this;
    const layer = network?.layers[cell.layer];
    const inputs = trace?.columns[cell.layer];
    return layer && parameters && inputs?.length === layer.inputs ? computationAt(layer, parameters, inputs, cell) : null;
  });
  /** z and a of the place, from the engine. */
  readonly numbers: { readonly sum: number; readonly activation: number } | null = $derived.by(() => {
    const maps = this.network?.layers[this.cell.layer]?.maps;
    const [sums, activations] = [this.trace?.sums[this.cell.layer], this.trace?.columns[this.cell.layer + 1]];
    if (!maps || !sums || !activations) return null;
    const at = (this.cell.channel * maps.rows + this.cell.row) * maps.columns + this.cell.column;
    return { sum: sums[at], activation: activations[at] };
  });

  #open = false;
  /** Whether somebody has chosen the place. */
  #touched = false;
  #scoresRequest = 0;
  #cellRequest = 0;
  readonly #session: Session;
  readonly #present: Present;
  readonly #asks: Pacer<Ask>;

  constructor(session: Session, present: Present) {
    this.#session = session;
    this.#present = present;
    this.#asks = makePacer((ask) => session.send({ type: "showMaps", ...ask }), (_, added) => added);
    session.listen((event) => {
      if (event.type === "welcome") this.#reconnect();
      if (event.type === "network" && this.subject === null) this.#keepCell();
      const asked = this.#asks.settle(event.request);
      if (asked && event.type === "failed") this.trouble = event.message;
    });
  }

  apply(event: ConvolveEvent, payload: Float32Array): void {
    switch (event.type) {
      case "convolveSubject":
        return this.#takeSubject(event, payload);
      case "maps":
        return this.#takeMaps(event, payload);
      case "shiftScores":
        if (event.request === this.#scoresRequest) this.scores = event;
        return;
      case "retrained":
        this.retrained = event;
        return;
      case "cell":
        if (event.request === this.#cellRequest) this.studied = event;
        return;
    }
  }

  #reconnect(): void {
    this.#asks.reset();
    this.#told = null;
    if (this.#open) this.#ask();
  }

  #takeSubject(event: wire.ConvolveSubject, payload: Float32Array): void {
    this.#told = event;
    this.trouble = null;
    this.#network = networkOf(event.network);
    this.#knobs = event.knobs && floats(payload, event.knobs);
    this.#trace = null;
    this.forgetStudied();
    this.#keepCell();
  }

  #takeMaps(event: wire.Maps, payload: Float32Array): void {
    if (event.subject !== this.subject) return;
    this.maps = event;
    this.trouble = null;
    this.twin = event.twin && { outputs: floats(payload, event.twin.outputs), words: event.twin.words };
    this.#trace = event.layers.length === 0 ? null : {
      version: event.version,
      columns: [floats(payload, event.pixels), ...event.layers.map((layer) => floats(payload, layer.activations))],
      sums: event.layers.map((layer) => floats(payload, layer.sums)),
      words: event.words, digits: null, likeness: null,
    };
  }

  /** A place that the network has. */
  #keepCell(): void {
    const network = this.subject === null ? this.#present.network : this.#network;
    const maps = network?.layers[this.cell.layer]?.maps;
    if (this.#touched && maps && this.cell.channel < maps.channels && this.cell.row < maps.rows && this.cell.column < maps.columns) return;
    const first = network?.layers.find(({ kind }) => kind === "conv2d");
    this.cell = { layer: first?.index ?? 0, channel: 0, row: Math.floor((first?.maps?.rows ?? 0) / 2), column: Math.floor((first?.maps?.columns ?? 0) / 2) };
  }

  #ask(): void {
    this.#asks.push({ ...this.move, subject: this.subject });
  }

  /** Show the maps of a shipped network, or of the present one (null), from now on. */
  enter(subject: string | null): void {
    if (this.#open && subject === this.subject) return;
    this.#open = true;
    this.subject = subject;
    this.maps = this.twin = this.#trace = null;
    this.#forgetScores();
    this.forgetStudied();
    this.#ask();
  }

  leave(): void {
    this.#open = false;
    this.#session.notify({ type: "hideMaps" });
    this.#told = null;
  }

  moveTo(part: Partial<Move>): void {
    this.move = { ...this.move, ...part };
    this.#forgetScores();
    this.#ask();
  }

  reset(): void {
    this.moveTo(IN_PLACE);
  }

  choose(cell: Cell): void {
    this.#touched = true;
    this.cell = cell;
    this.forgetStudied();
  }

  /** The engine's computation belongs to one place of one picture: an answer that is still on its way counts no more. */
  forgetStudied(): void {
    this.studied = null;
    this.#cellRequest = 0;
  }

  #forgetScores(): void {
    this.scores = null;
    this.#scoresRequest = 0;
  }

  /** Ask the engine for the computation of the place; for what lessons check, too. */
  study(): void {
    this.#cellRequest = this.#session.send({ type: "studyCell", ...this.cell });
  }

  askScores(): void {
    this.#scoresRequest = this.#session.send({ type: "askShiftScores", ...this.move, subject: this.subject });
  }

  retrain(shuffle: number): void {
    this.retrained = null;
    this.#session.send({ type: "retrainShuffled", shuffle });
  }
}
