/** A plan for training as one edits it: what may be chosen, what is wrong with it, what it comes to. */

import type { LearnPlan } from "../protocol/messages";

export type Activation = LearnPlan["layers"][number]["activation"];
export type OptimizerKind = LearnPlan["optimizer"]["kind"];

export const HIDDEN_ACTIVATIONS: readonly Activation[] = ["sigmoid", "relu", "tanh", "identity"];
export const OUTPUT_ACTIVATIONS: readonly Activation[] = ["softmax", "sigmoid", "identity"];
export const OPTIMIZERS: readonly (readonly [OptimizerKind, string])[] = [
  ["sgd", "gradient descent"], ["momentum", "momentum"], ["adam", "Adam"],
];
export const LOSSES: readonly (readonly [LearnPlan["loss"], string])[] = [
  ["cross_entropy", "cross-entropy"], ["squared", "squared error"],
];
export const USUAL_RATES: Record<OptimizerKind, number> = { sgd: 0.5, momentum: 0.1, adam: 0.003 };

const MAX_NEURONS = 1024;
const MAX_LAYERS = 8;
const MAX_BATCH = 8192;

/** The plan with another layer of hidden neurons before the outputs. */
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

/** Another optimiser, at the rate that is usual for it. */
export function withData(plan: LearnPlan, data: string, classes = plan.layers[plan.layers.length - 1].size): LearnPlan {
  return { ...withSize(plan, plan.layers.length - 1, classes), data };
}

export function withOptimizer(plan: LearnPlan, kind: OptimizerKind): LearnPlan {
  return { ...plan, optimizer: { ...plan.optimizer, kind, learningRate: USUAL_RATES[kind] } };
}

export function canAddLayer(plan: LearnPlan): boolean {
  return plan.layers.length < MAX_LAYERS;
}

/** Weights and biases in all. */
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

/** What keeps a plan from being one, in a sentence; null where it is fine. */
export function problem(plan: LearnPlan): string | null {
  if (plan.layers.some(({ size }) => !whole(size, 1, MAX_NEURONS))) return `A layer has 1 to ${MAX_NEURONS} neurons.`;
  if (!whole(plan.batchSize, 1, MAX_BATCH)) return `A mini-batch has 1 to ${MAX_BATCH} images.`;
  if (!whole(plan.seed, 0, Number.MAX_SAFE_INTEGER)) return "A seed is a whole number from 0.";
  const { learningRate, momentum, decay } = plan.optimizer;
  if (!(learningRate > 0 && learningRate <= 1e6)) return "A learning rate is more than 0, and at most a million.";
  if (!(momentum >= 0 && momentum < 1)) return "Momentum is from 0 to less than 1.";
  if (!(decay >= 0 && decay <= 10)) return "Decay is from 0 to 10.";
  if (plan.loss === "cross_entropy" && !["softmax", "sigmoid"].includes(plan.layers[plan.layers.length - 1].activation)) {
    return "Cross-entropy needs outputs between 0 and 1: softmax or sigmoid.";
  }
  return null;
}

/** Whether two plans have the same layers, so that one may go on with the other's network. */
export function sameLayers(a: LearnPlan, b: LearnPlan): boolean {
  return a.layers.length === b.layers.length && a.layers.every(({ size, activation }, at) => size === b.layers[at].size && activation === b.layers[at].activation);
}

export function samePlan(a: LearnPlan, b: LearnPlan): boolean {
  return sameLayers(a, b) && JSON.stringify({ ...a, layers: [] }) === JSON.stringify({ ...b, layers: [] });
}

function whole(value: number, low: number, high: number): boolean {
  return Number.isInteger(value) && value >= low && value <= high;
}

// Scales that run by multiplication: learning rates, mini-batches a second.

/** 0..1 along a scale of powers, for a slider. */
export function toScale(value: number, low: number, high: number): number {
  return Math.min(1, Math.max(0, Math.log(value / low) / Math.log(high / low)));
}

/** The value at a place of the scale, at two digits. */
export function fromScale(share: number, low: number, high: number): number {
  return Number((low * (high / low) ** share).toPrecision(2));
}
