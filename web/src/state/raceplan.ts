/** The plan of a race while it is edited: contestants, their layers as text, presets, names, limits. */

import type { RacePlan } from "../protocol/messages";
import { denseLayer, knobCount, layerProblem, OPTIMIZERS, rateProblem, USUAL_RATES, usualLayer, type Activation, type LayerPlan, type NetworkLoss, type OptimizerKind } from "./plan";

export interface ContestantDraft {
  readonly activation: Activation;
  /** The layers before the output layer. */
  readonly hidden: readonly LayerPlan[];
  readonly kind: OptimizerKind;
  readonly rate: number;
}

export interface RaceDraft {
  readonly contestants: readonly ContestantDraft[];
  readonly loss: NetworkLoss;
  readonly batchSize: number;
  readonly epochs: number;
  readonly seed: number;
  readonly start: RacePlan["start"];
}

/** Settings of the optimisers besides the rate. */
const SETTINGS = { momentum: 0.9, nesterov: false, beta1: 0.9, beta2: 0.999, decay: 0 } as const;

export const MOST_CONTESTANTS = 4;
const MOST_HIDDEN = 15;
const [MOST_NEURONS, MOST_SIDE] = [1024, 64];

export const STARTS: readonly (readonly [RacePlan["start"], string])[] = [
  ["glorot_uniform", "Glorot for all"], ["he_normal", "He for all"], ["lecun_normal", "LeCun for all"], ["usual", "usual for each"],
];

/** Layers as people type them, and what they are. */
export const READY_LAYERS: readonly (readonly [string, string])[] = [
  ["16, 16", "two dense layers"], ["6@5+2, /2, 16@5, /2, 120, 84", "LeNet-5"], ["8@5:2, 16@3:2, 32", "small and convolutional"],
];

const one = (activation: Activation, rate: number, layers = "16, 16", kind: OptimizerKind = "sgd"): ContestantDraft => ({ activation, hidden: parseLayers(layers, activation) ?? [], kind, rate });
const race = (epochs: number, ...contestants: ContestantDraft[]): RaceDraft => ({ contestants, loss: "cross_entropy", batchSize: 32, epochs, seed: 0, start: "glorot_uniform" });
const FIVE = "16, 16, 16, 16, 16";

/** Races that show something. */
export const PRESETS: readonly (readonly [string, RaceDraft])[] = [
  ["Sigmoid against ReLU, rate 0.1, one epoch", race(1, one("sigmoid", 0.1), one("relu", 0.1))],
  ["The same, rate 1, ten epochs", race(10, one("sigmoid", 1), one("relu", 1))],
  ["Five hidden layers", race(5, one("sigmoid", 0.1, FIVE), one("tanh", 0.1, FIVE), one("relu", 0.1, FIVE))],
  ["SGD, momentum, Adam", race(5, one("relu", 0.1), one("relu", 0.02, "16, 16", "momentum"), one("relu", USUAL_RATES.adam, "16, 16", "adam"))],
  ["Widths 4, 16 and 64", race(5, one("sigmoid", 1, "4, 4"), one("sigmoid", 1, "16, 16"), one("sigmoid", 1, "64, 64"))],
  ["Three learning rates", race(5, one("sigmoid", 0.1), one("sigmoid", 1), one("sigmoid", 10))],
  ["Dense against convolutional", race(2, one("relu", 0.002, "16, 16", "adam"), one("relu", 0.002, READY_LAYERS[2][0], "adam"), one("relu", 0.002, READY_LAYERS[1][0], "adam"))],
];

/**
 * What a person typed: "16, 16" for dense layers, "6@5+2:1" for six filters of 5×5 with padding 2 and stride 1, "/2" and "~2" for
 * the largest or the mean of 2×2, "d0.3" for dropout; null for anything else.
 */
export function parseLayers(text: string, activation: Activation): LayerPlan[] | null {
  const parts = text.split(/[\s,;]+|(?<=\d)[×x-](?=\d)/).filter((part) => part !== "");
  const layers = parts.map((part) => parseLayer(part, activation));
  return parts.length <= MOST_HIDDEN && layers.every((layer) => layer !== null) ? layers : null;
}

function parseLayer(text: string, activation: Activation): LayerPlan | null {
  const within = (value: number, high: number, low = 1) => value >= low && value <= high;
  const [, dense] = /^(\d+)$/.exec(text) ?? [];
  if (dense) return within(Number(dense), MOST_NEURONS) ? denseLayer(Number(dense), activation) : null;
  const [, filters, side, padding = "0", stride = "1"] = /^(\d+)@(\d+)(?:\+(\d+))?(?::(\d+))?$/.exec(text) ?? [];
  if (filters) {
    const [count, kernel, around, step] = [filters, side, padding, stride].map(Number);
    if (!within(count, MOST_NEURONS) || !within(kernel, MOST_SIDE) || !within(around, MOST_SIDE, 0) || !within(step, MOST_SIDE)) return null;
    return { ...usualLayer("conv2d"), size: count, activation, kernel: [kernel, kernel], padding: [around, around], stride: [step, step] };
  }
  const [, pool, window] = /^([/~])(\d+)$/.exec(text) ?? [];
  if (pool) return within(Number(window), MOST_SIDE) ? { ...usualLayer(pool === "/" ? "max_pool2d" : "avg_pool2d"), kernel: [Number(window), Number(window)], stride: [Number(window), Number(window)] } : null;
  const [, rate] = /^d(0?\.\d+)$/.exec(text) ?? [];
  return rate ? { ...usualLayer("dropout"), rate: Number(rate) } : null;
}

/** Layers as they are typed; sides of a rectangle, which cannot be typed, are written out. */
export function layersText(layers: readonly LayerPlan[]): string {
  const side = ([down, across]: readonly number[]) => (down === across ? String(down) : `${down}×${across}`);
  return layers.map(({ kind, size, kernel, padding, stride, rate }) => {
    if (kind === "conv2d") return `${size}@${side(kernel)}${padding.some((each) => each > 0) ? `+${side(padding)}` : ""}${stride.some((each) => each > 1) ? `:${side(stride)}` : ""}`;
    if (kind === "max_pool2d") return `/${side(kernel)}`;
    if (kind === "avg_pool2d") return `~${side(kernel)}`;
    return kind === "dropout" ? `d${rate}` : String(size);
  }).join(", ");
}

/** The same layers with another activation. */
export function withActivationOfAll(layers: readonly LayerPlan[], activation: Activation): LayerPlan[] {
  return layers.map((layer) => (layer.kind === "dense" || layer.kind === "conv2d" ? { ...layer, activation } : layer));
}

/** Neurons and filters of the hidden layers, such as "6c-16c-120-84". */
function sizesText(layers: readonly LayerPlan[]): string {
  const sizes = layers.flatMap(({ kind, size }) => (kind === "dense" ? [String(size)] : kind === "conv2d" ? [`${size}c`] : []));
  return sizes.length ? sizes.join("-") : "no hidden layer";
}

/** Short names that say how the contestants differ: "sigmoid", "Adam 0.003", "4-4". */
export function namesOf(contestants: readonly ContestantDraft[]): string[] {
  const optimizer = (kind: OptimizerKind) => OPTIMIZERS.find(([each]) => each === kind)?.[1] ?? kind;
  const facts: readonly ((each: ContestantDraft) => string)[] = [
    ({ activation }) => (activation === "relu" ? "ReLU" : activation),
    ({ hidden }) => sizesText(hidden),
    ({ kind }) => optimizer(kind),
    ({ rate }) => String(rate),
  ];
  const telling = facts.filter((fact) => new Set(contestants.map(fact)).size > 1);
  const names = contestants.map((each) => (telling.length ? telling : facts.slice(0, 1)).map((fact) => fact(each)).join(" "));
  return names.map((name, at) => (names.indexOf(name) === names.lastIndexOf(name) ? name : `${name} (${at + 1})`));
}

/** An error message for an invalid race with inputs of this shape; null for a valid one. */
export function raceProblem(draft: RaceDraft, shape: readonly number[]): string | null {
  const { contestants, batchSize, epochs, seed } = draft;
  const whole = (value: number, low: number, high: number) => Number.isInteger(value) && value >= low && value <= high;
  const names = namesOf(contestants);
  for (const [at, { hidden, rate }] of contestants.entries()) {
    const layers = [...hidden, denseLayer(1, "softmax")];
    const wrong = rateProblem(rate) ?? layerProblem(layers);
    if (wrong) return wrong;
    if (Number.isNaN(knobCount(layers, shape))) return `The layers of ${names[at]} do not fit examples of ${shape.join("×")}: use smaller filters, more padding or less pooling.`;
  }
  if (!whole(batchSize, 1, 8192)) return "A mini-batch must have 1 to 8192 examples.";
  if (!whole(epochs, 1, 1000)) return "A race must last 1 to 1000 epochs.";
  if (!whole(seed, 0, Number.MAX_SAFE_INTEGER)) return "The seed must be a whole number of at least 0.";
  return null;
}

/** The plan that the server takes, with an output for each class. */
export function racePlanOf(draft: RaceDraft, outputs: number): RacePlan {
  const names = namesOf(draft.contestants);
  return {
    contestants: draft.contestants.map(({ hidden, kind, rate }, at) => ({
      name: names[at].slice(0, 200),
      layers: [...hidden, denseLayer(outputs, "softmax")],
      optimizer: { ...SETTINGS, kind, learningRate: rate },
    })),
    loss: draft.loss, batchSize: draft.batchSize, epochs: draft.epochs, seed: draft.seed, start: draft.start,
  };
}

/** The draft of a plan, as of a race that this page did not set up. */
export function draftOf(plan: RacePlan): RaceDraft {
  return {
    contestants: plan.contestants.map(({ layers, optimizer }) => ({
      activation: layers.slice(0, -1).find(({ kind }) => kind === "dense" || kind === "conv2d")?.activation ?? "sigmoid", hidden: layers.slice(0, -1), kind: optimizer.kind, rate: optimizer.learningRate,
    })),
    loss: plan.loss, batchSize: plan.batchSize, epochs: plan.epochs, seed: plan.seed, start: plan.start ?? "glorot_uniform",
  };
}
