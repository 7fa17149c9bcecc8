/** State and requests of the room Look for: one neuron, what excites it, and the quiz. */

import type * as wire from "../protocol/messages";
import { makePacer, type Pacer } from "../transport/pacer";
import type { Session } from "../transport/session";
import type { NeuronPlace } from "./network";
import { maximumOf, pairOf, responseOf, type MaximumView, type PairView, type Response } from "./responses";

/** "hidden layer 1, neuron 3", "layer 3, convolution, channel 7" or "output 7". */
export function placeLabel(network: wire.LookSubject, { layer, neuron }: NeuronPlace): string {
  const found = network.layers.find((each) => each.layer === layer);
  if (!found) return `neuron ${neuron}`;
  return found.names ? `output ${found.names[neuron]}` : `${found.name}, ${found.map ? "channel" : "neuron"} ${neuron}`;
}

export type LookForEvent =
  | wire.LookSubject | wire.NeuronResponse | wire.NeuronMaximum | wire.Excitement | wire.Pair | wire.PairAnswered;

/** The trained network, or its untrained twin. */
export type Which = "trained" | "twin";
export const WHICH: readonly Which[] = ["trained", "twin"];

interface About {
  readonly layer: number;
  readonly neuron: number;
  readonly subject: string | null;
}

interface AskNeuron extends About {
  readonly members: readonly number[];
}

type Both<T> = Readonly<Record<Which, T>>;

const NOTHING = { trained: null, twin: null };
const NO_SCORE: wire.Score = { right: 0, rounds: 0 };

export class LookForState {
  /** The layers that can be looked at, of the present network or of a shipped one. */
  network: wire.LookSubject | null = $state.raw(null);
  /** A shipped network; null for the present one. */
  subject: string | null = $state(null);
  place: NeuronPlace = $state.raw({ layer: 0, neuron: 0 });
  /** The classes that the neuron may tell from the others. */
  members: readonly number[] = $state.raw([]);
  responses: Both<Response | null> = $state.raw(NOTHING);
  maxima: Both<MaximumView | null> = $state.raw(NOTHING);
  scores: Both<wire.Score> = $state.raw({ trained: NO_SCORE, twin: NO_SCORE });
  /** How much the drawing excites the neuron of a shipped network. */
  excitement: wire.Excitement | null = $state.raw(null);
  /** Whose quiz is played. */
  played: Which = $state("trained");
  pair: PairView | null = $state.raw(null);
  answer: wire.PairAnswered | null = $state.raw(null);
  /** Why something is missing, where the server refused it. */
  trouble: string | null = $state(null);

  readonly #session: Session;
  readonly #neurons: Both<Pacer<AskNeuron>>;
  readonly #maxima: Both<Pacer<About>>;
  readonly #excitements: Pacer<About>;
  #pairRequest = 0;
  #answerRequest = 0;
  #subjectRequest = 0;
  /** The round that was answered last. */
  #guessed = 0;

  constructor(session: Session) {
    this.#session = session;
    const last = <T>(_: T, added: T) => added;
    const neurons = (twin: boolean) => makePacer<AskNeuron>((about) => session.send({ type: "askNeuron", ...about, twin }), last);
    const maxima = (twin: boolean) => makePacer<About>((about) => session.send({ type: "askMaximum", ...about, twin }), last);
    this.#neurons = { trained: neurons(false), twin: neurons(true) };
    this.#maxima = { trained: maxima(false), twin: maxima(true) };
    this.#excitements = makePacer((about) => session.send({ type: "askExcitement", ...about }), last);
    session.listen((event) => {
      if (event.type === "welcome") this.#begin();
      if (event.type === "network") this.#forgetNetwork();
      const pacers = [...Object.values(this.#neurons), ...Object.values(this.#maxima), this.#excitements];
      const settled = pacers.filter((pacer) => pacer.settle(event.request) !== undefined);
      if (event.type !== "failed" || event.request === 0) return;
      const own = [this.#pairRequest, this.#answerRequest, this.#subjectRequest].includes(event.request);
      if (own || settled.length > 0) this.trouble = event.message;
      if (event.request === this.#answerRequest || event.request === this.#pairRequest) this.pair = this.answer = null;
    });
  }

  apply(event: LookForEvent, payload: Float32Array): void {
    if (event.type === "lookSubject") {
      if (event.subject === this.subject) this.#takeNetwork(event);
      return;
    }
    if (!this.#isOfPlace(event)) return;
    const which: Which = event.twin ? "twin" : "trained";
    switch (event.type) {
      case "neuronResponse":
        this.trouble = null;
        this.responses = { ...this.responses, [which]: responseOf(event, payload) };
        this.scores = { ...this.scores, [which]: event.score };
        return;
      case "neuronMaximum":
        this.maxima = { ...this.maxima, [which]: maximumOf(event, payload) };
        return;
      case "excitement":
        this.excitement = event;
        return;
      case "pair":
        if (which !== this.played) return;
        this.pair = pairOf(event, payload);
        this.answer = null;
        return;
      case "pairAnswered":
        this.answer = event;
        this.scores = { ...this.scores, [which]: event.score };
        return;
    }
  }

  #begin(): void {
    for (const pacer of [...Object.values(this.#neurons), ...Object.values(this.#maxima), this.#excitements]) pacer.reset();
    this.pair = this.answer = null;
  }

  /** Another network is present: its layers and numbers are others. */
  #forgetNetwork(): void {
    this.network = null;
    this.subject = null;
    this.members = [];
    this.#forgetNeuron();
    this.place = { layer: 0, neuron: 0 };
  }

  #forgetNeuron(): void {
    this.responses = this.maxima = NOTHING;
    this.scores = { trained: NO_SCORE, twin: NO_SCORE };
    this.excitement = this.pair = this.answer = this.trouble = null;
  }

  #takeNetwork(event: wire.LookSubject): void {
    this.network = event;
    const layer = event.layers.find((each) => each.layer === this.place.layer) ?? event.layers[0];
    if (layer && (layer.layer !== this.place.layer || this.place.neuron >= layer.neurons)) this.choose({ layer: layer.layer, neuron: 0 });
  }

  #isOfPlace(event: Exclude<LookForEvent, wire.LookSubject>): boolean {
    return event.subject === this.subject && event.layer === this.place.layer && event.neuron === this.place.neuron;
  }

  get #about(): About {
    return { ...this.place, subject: this.subject };
  }

  /** Request the layers of the network. */
  askNetwork(): void {
    this.#subjectRequest = this.#session.send({ type: "askSubject", subject: this.subject });
  }

  /** Look at the present network (null), or at a shipped one. */
  lookAt(subject: string | null): void {
    if (subject === this.subject) return;
    this.subject = subject;
    this.network = null;
    this.place = { layer: 0, neuron: 0 };
    this.#forgetNeuron();
    this.askNetwork();
  }

  choose(place: NeuronPlace): void {
    if (place.layer === this.place.layer && place.neuron === this.place.neuron) return;
    this.place = place;
    this.#forgetNeuron();
  }

  /** Request everything about the neuron; real images first. */
  ask(): void {
    const about = this.#about;
    for (const which of WHICH) this.#neurons[which].push({ ...about, members: this.members });
    for (const which of WHICH) this.#maxima[which].push(about);
  }

  /** Add a class to the set, or remove it. */
  toggleMember(label: number): void {
    const { members } = this;
    this.members = members.includes(label) ? members.filter((each) => each !== label) : [...members, label].sort((a, b) => a - b);
    for (const which of WHICH) this.#neurons[which].push({ ...this.#about, members: this.members });
  }

  askExcitement(): void {
    this.#excitements.push(this.#about);
  }

  play(which: Which): void {
    if (which === this.played) return;
    this.played = which;
    this.pair = this.answer = null;
  }

  nextPair(): void {
    this.#pairRequest = this.#session.send({ type: "askPair", ...this.#about, twin: this.played === "twin" });
  }

  guess(choice: 0 | 1): void {
    if (!this.pair || this.answer || this.#guessed === this.pair.event.round) return;
    this.#guessed = this.pair.event.round;
    this.#answerRequest = this.#session.send({ type: "answerPair", round: this.pair.event.round, choice });
  }
}
