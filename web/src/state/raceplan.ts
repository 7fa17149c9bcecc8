/** The plan of a race while it is edited: contestants with one activation each, presets, names, limits. */

import type { LearnPlan, RacePlan } from "../protocol/messages";
import { denseLayer, OPTIMIZERS, rateProblem, USUAL_RATES, type Activation, type OptimizerKind } from "./plan";

export interface ContestantDraft {
  readonly activation: Activation;
  /** Neurons of each hidden layer. */
  readonly widths: readonly number[];
  readonly kind: OptimizerKind;
  readonly rate: number;
}

export interface RaceDraft {
  readonly contestants: readonly ContestantDraft[];
  readonly loss: LearnPlan["loss"];
  readonly batchSize: number;
  readonly epochs: number;
  readonly seed: number;
  readonly start: RacePlan["start"];
}

/** Settings of the optimisers besides the rate. */
const SETTINGS = { momentum: 0.9, nesterov: false, beta1: 0.9, beta2: 0.999, decay: 0 } as const;

export const MOST_CONTESTANTS = 4;
const MOST_HIDDEN = 8;
const MOST_NEURONS = 1024;

export const STARTS: readonly (readonly [RacePlan["start"], string])[] = [
  ["glorot_uniform", "Glorot for all"], ["he_normal", "He for all"], ["lecun_normal", "LeCun for all"], ["usual", "usual for each"],
];

const one = (activation: Activation, rate: number, widths: readonly number[] = [16, 16], kind: OptimizerKind = "sgd"): ContestantDraft => ({ activation, widths, kind, rate });
const race = (epochs: number, ...contestants: ContestantDraft[]): RaceDraft => ({ contestants, loss: "cross_entropy", batchSize: 32, epochs, seed: 0, start: "glorot_uniform" });
const FIVE = [16, 16, 16, 16, 16];

/** Races that show something. */
export const PRESETS: readonly (readonly [string, RaceDraft])[] = [
  ["Sigmoid against ReLU, rate 0.1, one epoch", race(1, one("sigmoid", 0.1), one("relu", 0.1))],
  ["The same, rate 1, ten epochs", race(10, one("sigmoid", 1), one("relu", 1))],
  ["Five hidden layers", race(5, one("sigmoid", 0.1, FIVE), one("tanh", 0.1, FIVE), one("relu", 0.1, FIVE))],
  ["SGD, momentum, Adam", race(5, one("relu", 0.1), one("relu", 0.02, [16, 16], "momentum"), one("relu", USUAL_RATES.adam, [16, 16], "adam"))],
  ["Widths 4, 16 and 64", race(5, one("sigmoid", 1, [4, 4]), one("sigmoid", 1, [16, 16]), one("sigmoid", 1, [64, 64]))],
  ["Three learning rates", race(5, one("sigmoid", 0.1), one("sigmoid", 1), one("sigmoid", 10))],
];

/** What a person typed: "16, 16" or "16 8"; null for anything else. */
export function parseWidths(text: string): number[] | null {
  const parts = text.split(/[\s,;×x-]+/).filter((part) => part !== "");
  const widths = parts.map(Number);
  return parts.length <= MOST_HIDDEN && widths.every((width) => Number.isInteger(width) && width >= 1 && width <= MOST_NEURONS) ? widths : null;
}

/** Short names that say how the contestants differ: "sigmoid", "Adam 0.003", "4-4". */
export function namesOf(contestants: readonly ContestantDraft[]): string[] {
  const optimizer = (kind: OptimizerKind) => OPTIMIZERS.find(([each]) => each === kind)?.[1] ?? kind;
  const facts: readonly ((each: ContestantDraft) => string)[] = [
    ({ activation }) => (activation === "relu" ? "ReLU" : activation),
    ({ widths }) => (widths.length ? widths.join("-") : "no hidden layer"),
    ({ kind }) => optimizer(kind),
    ({ rate }) => String(rate),
  ];
  const telling = facts.filter((fact) => new Set(contestants.map(fact)).size > 1);
  const names = contestants.map((each) => (telling.length ? telling : facts.slice(0, 1)).map((fact) => fact(each)).join(" "));
  return names.map((name, at) => (names.indexOf(name) === names.lastIndexOf(name) ? name : `${name} (${at + 1})`));
}

/** An error message for an invalid race; null for a valid one. */
export function raceProblem({ contestants, batchSize, epochs, seed }: RaceDraft): string | null {
  const whole = (value: number, low: number, high: number) => Number.isInteger(value) && value >= low && value <= high;
  for (const { rate } of contestants) {
    const wrong = rateProblem(rate);
    if (wrong) return wrong;
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
    contestants: draft.contestants.map(({ activation, widths, kind, rate }, at) => ({
      name: names[at].slice(0, 200),
      layers: [...widths.map((size) => denseLayer(size, activation)), denseLayer(outputs, "softmax")],
      optimizer: { ...SETTINGS, kind, learningRate: rate },
    })),
    loss: draft.loss, batchSize: draft.batchSize, epochs: draft.epochs, seed: draft.seed, start: draft.start,
  };
}

/** The draft of a plan, as of a race that this page did not set up. */
export function draftOf(plan: RacePlan): RaceDraft {
  return {
    contestants: plan.contestants.map(({ layers, optimizer }) => ({
      activation: layers.length > 1 ? layers[0].activation : "sigmoid", widths: layers.slice(0, -1).map(({ size }) => size), kind: optimizer.kind, rate: optimizer.learningRate,
    })),
    loss: plan.loss, batchSize: plan.batchSize, epochs: plan.epochs, seed: plan.seed, start: plan.start ?? "glorot_uniform",
  };
}
