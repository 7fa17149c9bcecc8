/** A training plan while it is edited: the choices, the limits, the number of parameters. */

import type { DataChoice, LearnPlan } from "../protocol/messages";
import { STEPS } from "./centring";

export type Activation = LearnPlan["layers"][number]["activation"];
export type OptimizerKind = LearnPlan["optimizer"]["kind"];

export const HIDDEN_ACTIVATIONS: readonly Activation[] = ["sigmoid", "relu", "tanh", "identity"];
export const OUTPUT_ACTIVATIONS: readonly Activation[] = ["softmax", "sigmoid", "identity"];
export const VALUE_ACTIVATIONS: readonly Activation[] = ["identity", "sigmoid", "tanh", "relu"];
export const OPTIMIZERS: readonly (readonly [OptimizerKind, string])[] = [
  ["sgd", "SGD"], ["momentum", "momentum"], ["adam", "Adam"],
];
export const LOSSES: readonly (readonly [LearnPlan["loss"], string])[] = [
  ["cross_entropy", "cross-entropy"], ["squared", "squared error"],
];
export const VALUE_LOSSES: readonly (readonly [LearnPlan["loss"], string])[] = [
  ["mean_squared", "mean squared"], ["mean_absolute", "mean absolute"], ["huber", "Huber"],
];
const ALL_LOSSES = [...LOSSES, ...VALUE_LOSSES];

/** The losses that suit classes, or values. */
export function lossesOf(task: DataChoice["task"]): typeof LOSSES {
  return task === "values" ? VALUE_LOSSES : LOSSES;
}
export const USUAL_RATES: Record<OptimizerKind, number> = { sgd: 0.5, momentum: 0.1, adam: 0.003 };

const MAX_NEURONS = 1024;
const MAX_LAYERS = 8;
const MAX_BATCH = 8192;

/** The plan with another hidden layer before the output layer. */
export function withLayer(plan: LearnPlan): LearnPlan {
  const hidden = plan.layers.slice(0, -1);
  const like = hidden.at(-1) ?? { size: 16, activation: "sigmoid" as const };
  return { ...plan, layers: [...hidden, { ...like }, plan.layers[plan.layers.length - 1]] };
}

export function withoutLayer(plan: LearnPlan, index: number): LearnPlan {
  return { ...plan, layers: plan.layers.filter((_, layer) => layer !== index) };
}

export function withSize(plan: LearnPlan, index: number, size: number): LearnPlan {
  return { ...plan, layers: plan.layers.map((layer, at) => (at === index ? { ...layer, size } : layer)) };
}

export function withActivation(plan: LearnPlan, index: number, activation: Activation): LearnPlan {
  return { ...plan, layers: plan.layers.map((layer, at) => (at === index ? { ...layer, activation } : layer)) };
}

/**
 * The plan for another data set, with an output for each of its classes and the usual preparation of its pictures; for data
 * of another kind or size than `before`, the plan that suits them.
 */
export function withData(plan: LearnPlan, choice: DataChoice, before?: DataChoice): LearnPlan {
  const { name, classes, centring, darkInk } = choice;
  const alike = before !== undefined && before.inputs === choice.inputs && before.task === choice.task && before.table === choice.table;
  if (before && !alike) return { ...choice.plan, seed: plan.seed };
  return { ...withSize(plan, plan.layers.length - 1, classes.length), data: name, centring, darkInk };
}

/** The plan with another optimiser and its usual learning rate. */
export function withOptimizer(plan: LearnPlan, kind: OptimizerKind): LearnPlan {
  return { ...plan, optimizer: { ...plan.optimizer, kind, learningRate: USUAL_RATES[kind] } };
}

/** The plan with the rate of the run, where it had that rate `before` the run's was set. */
export function withRateOf(plan: LearnPlan, before: LearnPlan, run: LearnPlan): LearnPlan {
  if (plan.optimizer.learningRate !== before.optimizer.learningRate) return plan;
  return { ...plan, optimizer: { ...plan.optimizer, learningRate: run.optimizer.learningRate } };
}

export function canAddLayer(plan: LearnPlan): boolean {
  return plan.layers.length < MAX_LAYERS;
}

/** Total number of weights and biases. */
export function knobCount(plan: LearnPlan, inputs: number): number {
  let before = inputs;
  let knobs = 0;
  for (const { size } of plan.layers) {
    knobs += (before + 1) * size;
    before = size;
  }
  return knobs;
}

export function shapeText(plan: LearnPlan, inputs: number): string {
  return [inputs, ...plan.layers.map(({ size }) => size)].join("-");
}

/** The limits of every learning rate, and the range of its slider. */
export const MAX_RATE = 1e6;
export const RATE_SLIDER = [1e-5, 10] as const;

/** An error message for an invalid learning rate; null for a valid one. */
export function rateProblem(rate: number): string | null {
  return rate > 0 && rate <= MAX_RATE ? null : "The learning rate must be greater than 0 and at most a million.";
}

/** An error message for an invalid plan; null for a valid one. */
export function problem(plan: LearnPlan, task: DataChoice["task"] = "classes"): string | null {
  if (plan.layers.some(({ size }) => !whole(size, 1, MAX_NEURONS))) return `Each layer must have 1 to ${MAX_NEURONS} neurons.`;
  if (!whole(plan.batchSize, 1, MAX_BATCH)) return `A mini-batch must have 1 to ${MAX_BATCH} examples.`;
  if (!whole(plan.seed, 0, Number.MAX_SAFE_INTEGER)) return "The seed must be a whole number of at least 0.";
  const { learningRate, momentum, decay } = plan.optimizer;
  const wrong = rateProblem(learningRate);
  if (wrong) return wrong;
  if (!(momentum >= 0 && momentum < 1)) return "Momentum must be at least 0 and less than 1.";
  if (!(decay >= 0 && decay <= 10)) return "Weight decay must be between 0 and 10.";
  if (!lossesOf(task).some(([loss]) => loss === plan.loss)) return `These data have ${task}: choose a loss for ${task}.`;
  if (plan.loss === "cross_entropy" && !["softmax", "sigmoid"].includes(plan.layers[plan.layers.length - 1].activation)) {
    return "Cross-entropy needs outputs between 0 and 1: choose softmax or sigmoid for the output layer.";
  }
  return null;
}

/** Whether two plans have the same layers, so that training can continue with the same network. */
export function sameLayers(a: LearnPlan, b: LearnPlan): boolean {
  return a.layers.length === b.layers.length && a.layers.every(({ size, activation }, at) => size === b.layers[at].size && activation === b.layers[at].activation);
}

/** How the run differs from an edited plan, thing by thing: "learning rate 0.5 → 0.1". */
export function planDifferences(run: LearnPlan, plan: LearnPlan): string[] {
  const words = (names: readonly (readonly [string, string])[], key: string) => names.find(([each]) => each === key)?.[1] ?? key;
  const layers = ({ layers }: LearnPlan) => layers.map(({ size, activation }) => `${size} ${activation}`).join(", ");
  const centring = ({ centring }: LearnPlan) => STEPS.filter(([name]) => centring[name]).map(([, label]) => label).join(", ") || "no steps";
  const facts: (readonly [string, (plan: LearnPlan) => string | number])[] = [
    ["layers", layers],
    ["loss", ({ loss }) => words(ALL_LOSSES, loss)],
    ["optimiser", ({ optimizer }) => words(OPTIMIZERS, optimizer.kind)],
    ["learning rate", ({ optimizer }) => optimizer.learningRate],
    ["momentum", ({ optimizer }) => (optimizer.kind === "momentum" ? optimizer.momentum : "none")],
    ["weight decay", ({ optimizer }) => optimizer.decay],
    ["mini-batch size", ({ batchSize }) => batchSize],
    ["data set", ({ data }) => data],
    ["seed", ({ seed }) => seed],
    ["augmentation", ({ augment }) => (augment ? "on" : "off")],
    ["preparation", centring],
    ["features", ({ standardize }) => (standardize ? "standardised" : "as they are")],
    ["ink", ({ darkInk }) => (darkInk ? "dark" : "light")],
  ];
  return facts.filter(([, of]) => of(run) !== of(plan)).map(([name, of]) => `${name} ${of(run)} → ${of(plan)}`);
}

export function samePlan(a: LearnPlan, b: LearnPlan): boolean {
  return sameLayers(a, b) && JSON.stringify({ ...a, layers: [] }) === JSON.stringify({ ...b, layers: [] });
}

function whole(value: number, low: number, high: number): boolean {
  return Number.isInteger(value) && value >= low && value <= high;
}

// Logarithmic scales, for learning rates and mini-batches per second.

/** Position 0..1 on a logarithmic scale, for a slider. */
export function toScale(value: number, low: number, high: number): number {
  return Math.min(1, Math.max(0, Math.log(value / low) / Math.log(high / low)));
}

/** The value at a position of the scale, to two significant digits. */
export function fromScale(share: number, low: number, high: number): number {
  return Number((low * (high / low) ** share).toPrecision(2));
}
