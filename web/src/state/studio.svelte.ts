/** The page's whole state, composed of its parts and synchronised with the server; no DOM. */

import type * as wire from "../protocol/messages";
import type { Frame } from "../transport/frames";
import type { LinkState } from "../transport/link";
import { Classroom } from "./classroom.svelte";
import { Comparison } from "./comparison.svelte";
import { ConvolveState } from "./convolve.svelte";
import { Connection } from "./connection.svelte";
import { Drawing } from "./drawing.svelte";
import { EditedNetwork } from "./edited.svelte";
import { LearnState } from "./learn.svelte";
import { LessonsState } from "./lessons.svelte";
import { ListenState } from "./listen.svelte";
import { LookForState } from "./lookfor.svelte";
import { MapState } from "./map.svelte";
import { NoneState } from "./none.svelte";
import { NudgeState } from "./nudge.svelte";
import { MAX_ROW, type Scene } from "./permalink";
import { isSpeech } from "./plan";
import { Presentation } from "./presentation.svelte";
import { RaceState } from "./race.svelte";
import { Row } from "./row.svelte";
import { Selection } from "./selection.svelte";
import { TeacherState } from "./teacher.svelte";
import { WhyState } from "./why.svelte";

export class Studio {
  readonly session = new Connection();
  readonly drawing = new Drawing(this.session);
  readonly row = new Row(this.session);
  readonly edited = new EditedNetwork(this.session);
  readonly selection = new Selection(this.edited);
  readonly learn = new LearnState(this.session);
  readonly nudge = new NudgeState(this.session, this.drawing);
  readonly convolve = new ConvolveState(this.session, this.edited);
  readonly lookFor = new LookForState(this.session);
  readonly why = new WhyState(this.session);
  readonly race = new RaceState(this.session);
  readonly listen = new ListenState(this.session);
  readonly none = new NoneState(this.session);
  readonly lessons = new LessonsState(this.session);
  readonly teacher = new TeacherState(this.session);
  readonly map = new MapState(this.session);
  readonly presentation = new Presentation(() => this.lessons.open && this.lessons.shown !== null);
  readonly classroom = new Classroom(this.session);
  readonly comparison = new Comparison(this.session, this.presentation);

  /** Whether the page has not yet come (back), or an answer or the evaluation of the current network is outstanding. */
  readonly pending: boolean = $derived(
    !this.session.ready || this.session.link !== "open" || this.session.sent > this.session.answered || this.edited.unevaluated,
  );

  /** The networks that were trained and kept on this machine, the latest first. */
  runs: readonly wire.KeptRun[] = $state.raw([]);
  /** The kept one that has the weights of the current network as last trained. */
  readonly kept: wire.KeptRun | null = $derived.by(() => {
    const { networkTraining: training } = this.learn;
    return (training?.kept && this.runs.find(({ id }) => id === training.run)) || null;
  });
  /** The kept one that has the weights of what Learn trains. */
  readonly keptHere: wire.KeptRun | null = $derived.by(() => {
    const { training } = this.learn;
    return (training?.kept && this.runs.find(({ id }) => id === training.run)) || null;
  });
  /** Those that the other rooms can open. */
  readonly networkRuns: readonly wire.KeptRun[] = $derived(this.runs.filter(({ plan }) => !isSpeech(plan)));
  /** The name of the current network, which may have been given to what is kept of it. */
  readonly name: string = $derived(this.kept?.name ?? this.edited.network?.name ?? "");
  /** Whether the page has shown everything once. */
  #begun = false;
  /** What the page showed before the server was started anew. */
  #lost: Scene | null = null;

  setLink(state: LinkState): void {
    this.session.setLink(state);
    if (state !== "open") this.#interrupt();
  }

  #interrupt(): void {
    this.drawing.interrupt();
    this.edited.interrupt();
    this.row.interrupt();
  }

  receive(frame: Frame): void {
    this.#apply(frame.event, frame.payload);
    this.session.taken(frame);
  }

  #apply(event: wire.AnyEvent, payload: Float32Array): void {
    switch (event.type) {
      case "welcome":
        // If the connection drops before all has arrived, what was lost is not replaced by a part of the new state.
        if (this.#begun && !event.resumed) this.#lost ??= this.#latest();
        // What was sent before, or could not be sent, never arrives.
        this.#interrupt();
        return this.session.welcomed(event);
      case "failed":
        return this.session.failed(event);
      case "done":
        return;
      case "gone":
        return this.session.end(event.reason);
      case "runs":
        this.runs = event.runs;
        return;
      case "network":
        this.edited.takeNetwork(event);
        return this.selection.clear();
      case "parameters":
        return this.edited.takeParameters(event, payload);
      case "drawing":
        return this.drawing.takeDrawing(event);
      case "reading":
        this.edited.takeReading(event, payload);
        this.row.take(event, payload);
        return this.drawing.takeSteps(event.steps, payload);
      case "compared":
        return this.comparison.take(event, payload);
      case "comparedReading":
        if (this.edited.trace) this.comparison.takeReading(event, payload, this.edited.trace);
        return;
      case "turned":
        return this.edited.takeTurned(event);
      case "judged":
        this.edited.evaluation = event;
        return this.#completed();
      case "swept":
        return this.edited.takeSwept(event, payload);
      case "votes":
      case "examples":
      case "knobs":
        return;
      case "curves":
        return this.learn.apply(event, payload);
      case "picture":
        this.edited.takePicture(event, payload);
        return this.learn.apply(event, payload);
      case "dataSets":
      case "training":
      case "health":
      case "epochDone":
      case "examined":
      case "predicted":
      case "lossPlane":
      case "learnSubject":
      case "speechWatched":
      case "speechPicture":
      case "speechHealth":
      case "speechExamined":
        return this.learn.apply(event, payload);
      case "nudges":
      case "batchNudges":
      case "checked":
      case "stepped":
        return this.nudge.apply(event, payload);
      case "lookSubject":
      case "neuronResponse":
      case "neuronMaximum":
      case "excitement":
      case "pair":
      case "pairAnswered":
        return this.lookFor.apply(event, payload);
      case "convolveSubject":
      case "maps":
      case "shiftScores":
      case "retrained":
      case "cell":
        return this.convolve.apply(event, payload);
      case "misreading":
      case "repaired":
        return this.why.apply(event, payload);
      case "race":
      case "raceCurves":
      case "raceMoment":
      case "raceTrials":
        return this.race.apply(event, payload);
      case "listening":
      case "hearingChosen":
      case "recorded":
      case "heard":
      case "sounding":
      case "gates":
        return this.listen.apply(event, payload);
      case "sureness":
      case "ownSureness":
      case "thresholdPrice":
        return this.none.apply(event, payload);
      case "lessons":
      case "lessonShown":
      case "testShown":
      case "testAnswers":
      case "resultMade":
        return this.lessons.apply(event);
      case "courseMade":
      case "results":
        return this.teacher.apply(event);
      case "map":
      case "mapOwn":
      case "neighbours":
      case "lasso":
        return this.map.apply(event, payload);
      default:
        return unknown(event);
    }
  }

  /** Everything that a page shows at first has arrived. */
  #completed(): void {
    if (this.session.ready) return;
    this.session.ready = this.#begun = true;
    this.drawing.resume();
    if (this.#lost) this.open(this.#lost);
    this.#lost = null;
  }

  /** Select a knob and its neuron; in Nudge, show it in its stage. */
  find(knob: number, room: string): void {
    const { network } = this.edited;
    if (!network) return;
    this.selection.chooseKnob(knob);
    if (room === "nudge") this.nudge.findKnob(network, knob);
  }

  /** What the page shows, for a link. */
  scene(room: string): Scene {
    const { kind, example } = this.drawing.source;
    const { network, trace, turned, data } = this.edited;
    return {
      room,
      ...(this.presentation.on && { present: true }),
      ...(this.kept ? { run: this.kept.id } : { network: network?.name }),
      ...(kind === "example" && example ? { example, ...(data && { data: { name: data.name, digest: data.digest } }) } : {}),
      ...(kind === "row" && this.row.values && this.row.values.length <= MAX_ROW ? { row: Array.from(this.row.values) } : {}),
      ...(kind === "pad" ? { strokes: this.drawing.strokes } : {}),
      ...((kind === "picture" || kind === "pixels") && trace ? { pixels: Uint8Array.from(trace.columns[0], (level) => Math.round(level * 255)) } : {}),
      centring: this.drawing.centring,
      knobs: this.edited.changedKnobs(this.kept ? this.edited.trained : this.edited.opened),
      factors: turned?.factors.map(({ layer, neuron, factor }) => [layer, neuron, factor] as const),
      ...(turned?.greyLevels && { grey: turned.greyLevels }),
    };
  }

  /** What the page shows, with what is kept of a training that may still have been running. */
  #latest(): Scene {
    const scene = this.scene("");
    const run = this.learn.networkTraining?.run;
    return run && !scene.run ? { ...scene, run, network: undefined, knobs: [] } : scene;
  }

  /** Show what a link describes. */
  open(scene: Scene): void {
    const { drawing, session } = this;
    if (scene.run) {
      if (this.runs.some(({ id }) => id === scene.run)) {
        if (scene.run !== this.kept?.id) session.send({ type: "openRun", run: scene.run });
      } else {
        session.fail("The network of this link was trained on another machine or has been deleted from this one. Only the drawing is shown.");
        scene = { ...scene, knobs: [], factors: [] };
      }
    } else if (scene.network && scene.network !== this.edited.network?.name) {
      if (session.welcome?.networks.includes(scene.network)) session.send({ type: "loadNetwork", name: scene.network });
      else {
        session.fail(`This link needs the network “${scene.network}”, which does not ship with the studio: open its file first, then the link. Only the drawing is shown.`);
        scene = { ...scene, knobs: [], factors: [] };
      }
    }
    if (scene.centring) drawing.setCentring(scene.centring);
    if (scene.example) drawing.openExample(scene.example.part, scene.example.index, scene.data);
    else if (scene.row) this.row.set([...scene.row.keys()], scene.row);
    else if (scene.pixels) session.send({ type: "openPixels", pixels: Array.from(scene.pixels, (level) => level / 255) });
    else if (scene.strokes) drawing.setDrawing(scene.strokes);
    const gesture = this.edited.newGesture();
    if (scene.knobs?.length) {
      session.send({ type: "turnKnobs", knobs: scene.knobs.map(([knob]) => knob), values: scene.knobs.map(([, value]) => value), gesture });
    }
    for (const [layer, neuron, factor] of scene.factors ?? []) session.send({ type: "scaleNeuron", layer, neuron, factor, gesture });
    if (scene.grey) session.send({ type: "setGreyLevels", levels: scene.grey, gesture });
  }
}

function unknown(event: never): void {
  console.warn("The page does not know this event: it may be older than the server.", event);
}
