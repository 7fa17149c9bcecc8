/** What counts on the page at this moment for a lesson: twins of the functions `look` in `pellucid.lessons`. */

import type { Factor, Stroke } from "../../protocol/messages";
import { sum32 } from "../checksum";
import type { Vector } from "../engine";
import type { Judgement } from "../judge";
import type { Network } from "../../state/network";
import type { Facts, Lesson, Question } from "./sheet";

/** The page, as the lessons see it. */
export interface View {
  readonly network: Network;
  /** The knobs, without the switched neurons. */
  readonly knobs: Vector;
  readonly trained: Vector;
  readonly factors: readonly Factor[];
  readonly inputs: Vector;
  /** What the network, with its switched neurons, reads. */
  readonly outputs: Vector;
  /** The strokes on the pad that add ink; none while something else is read. */
  readonly drawn: readonly Stroke[];
  /** How the held-out images are read with the knobs as they are; null until that is known. */
  readonly judged: Judgement | null;
  /** The same with the knobs as trained. */
  readonly baseline: Judgement | null;
}

type Look = (lesson: Lesson, view: View, question: Question, noted: readonly Facts[]) => Facts | null;

export const LOOKS: { readonly [name: string]: Look | undefined } = {
  undecided: lookUndecided,
  "weighted-sum": lookSum,
  bias: lookBias,
  knobs: lookKnobs,
  function: lookFunction,
};

/** The indices of the knobs that differ from the trained ones. */
function turned({ knobs, trained }: View): number[] {
  return Array.from(knobs.keys()).filter((knob) => knobs[knob] !== trained[knob]);
}

function last(noted: readonly Facts[], name: string): Facts | undefined {
  return noted.findLast((facts) => name in facts);
}

function hasInk({ inputs }: View): boolean {
  return inputs.some((level) => level !== 0);
}

function lookUndecided(lesson: Lesson, view: View, _question: Question, noted: readonly Facts[]): Facts | null {
  if (view.drawn.length === 0 || turned(view).length > 0 || view.factors.length > 0 || !hasInk(view)) return null;
  const facts = { three: view.outputs[3] || 0, eight: view.outputs[8] || 0 };
  const nearness = (each: Facts) => Number(lesson.program.call("_nearness", each));
  const best = Math.max(0, ...noted.map(nearness));
  const near = nearness(facts);
  return near > best && (near >= 1 || near > best + lesson.number("STEP")) ? facts : null;
}

function lookSum(_lesson: Lesson, view: View, question: Question, noted: readonly Facts[]): Facts | null {
  const { [0]: layer } = view.network.layers;
  const neuron = question.setting.neuron;
  if (view.drawn.length === 0 || neuron >= layer.outputs || turned(view).length > 0) return null;
  const bias = view.knobs[layer.bias + neuron];
  let [positive, negative] = [0, 0];
  for (let input = 0; input < layer.inputs; input++) {
    const term = view.knobs[layer.weight + input * layer.outputs + neuron] * view.inputs[input];
    if (term > 0) positive += term;
    else negative += term;
  }
  const sum = positive + negative + bias;
  return Number.isFinite(sum) && noted.every((facts) => !(facts.sum >= sum)) ? { sum, positive, negative, bias } : null;
}

function lookBias(lesson: Lesson, view: View, _question: Question, noted: readonly Facts[]): Facts | null {
  if (view.factors.length > 0) return null;
  const { layers } = view.network;
  const biases = layers.flatMap(({ bias, outputs }) => Array.from({ length: outputs }, (_, neuron) => bias + neuron));
  const all = new Set(biases);
  if (!turned(view).every((knob) => all.has(knob))) return null; // a weight was turned too
  if (biases.every((knob) => view.knobs[knob] === 0)) {
    return last(noted, "zeros") || !view.judged ? null : { zeros: biases.length, accuracy: view.judged.accuracy };
  }
  const first = biases.slice(0, layers[0].outputs);
  const fitting = first.filter((knob) => Math.abs(view.knobs[knob] + lesson.number("THRESHOLD")) <= lesson.number("CLOSE"));
  const others = biases.filter((knob) => !fitting.includes(knob));
  const untouched = others.every((knob) => view.knobs[knob] === 0) || others.every((knob) => view.knobs[knob] === view.trained[knob]);
  if (fitting.length !== 1 || !untouched || last(noted, "neuron")) return null;
  return { neuron: fitting[0] - layers[0].bias, bias: view.knobs[fitting[0]] };
}

function lookKnobs(lesson: Lesson, view: View, question: Question, noted: readonly Facts[]): Facts | null {
  const { knob } = question.setting;
  const changed = turned(view);
  if (view.factors.length === 0 && changed.length === 1 && changed[0] === knob && view.knobs[knob] === 0) {
    const { judged, baseline } = view;
    if (last(noted, "changed") || !judged || !baseline) return null;
    return { changed: judged.classes.reduce((count, name, at) => count + Number(name !== baseline.classes[at]), 0) };
  }
  if (view.factors.length !== 1 || changed.some((each) => each !== knob)) return null;
  const [{ layer, neuron, factor }] = view.factors;
  const { layers, neurons, accuracies } = lesson.sheet.figures;
  const place = layers.findIndex((each, at) => each === layer && neurons[at] === neuron);
  if (factor !== 0 || place < 0 || !view.judged) return null;
  if (noted.some((facts) => "accuracy" in facts && facts.layer === layer && facts.neuron === neuron)) return null;
  return { layer, neuron, accuracy: view.judged.accuracy, alone: accuracies[place], worst: Math.min(...accuracies) };
}

function lookFunction(lesson: Lesson, view: View, _question: Question, noted: readonly Facts[]): Facts | null {
  const latest = noted.at(-1);
  if (view.drawn.length === 0 || !hasInk(view)) return latest && "bits" in latest ? { cleared: 1 } : null;
  const bits = sum32(view.knobs);
  const begin = beginOf(view.drawn, lesson.number("SHORTEST"));
  if (begin === null || (latest && "bits" in latest && latest.bits === bits)) return null;
  const same = lesson.number("SAME");
  const known = noted.some((facts) => "bits" in facts && Object.entries(begin).every(([name, value]) => Math.abs(facts[name] - value) < same));
  const largest = view.outputs.reduce((best, value, at) => (value > view.outputs[best] ? at : best), 0);
  return known ? null : { ...begin, bits, reading: largest };
}

/** Where a drawing begins, and where its line is so long: they stay as they are while it grows; null for a shorter one. */
function beginOf(strokes: readonly Stroke[], shortest: number): Facts | null {
  let left = shortest;
  for (const { points } of strokes) {
    for (let at = 0; at + 3 < points.length; at += 2) {
      const [x0, y0, x1, y1] = points.slice(at, at + 4);
      const length = Math.hypot(x1 - x0, y1 - y0);
      if (length >= left) {
        const share = left / length;
        return { x0: strokes[0].points[0], y0: strokes[0].points[1], x: x0 + (x1 - x0) * share, y: y0 + (y1 - y0) * share };
      }
      left -= length;
    }
  }
  return null;
}
