/** A training plan while it is edited: the choices, the limits, the number of parameters. */

import type { DataChoice, LearnPlan, NetworkInfo } from "../protocol/messages";
import { STEPS } from "./centring";

export type Activation = LearnPlan["layers"][number]["activation"];
export type OptimizerKind = LearnPlan["optimizer"]["kind"];

export const HIDDEN_ACTIVATIONS: readonly Activation[] = ["sigmoid", "relu", "tanh", "identity"];
export const OUTPUT_ACTIVATIONS: readonly Activation[] = ["softmax", "sigmoid", "identity"];
export const VALUE_ACTIVATIONS: readonly Activation[] = ["identity", "sigmoid", "tanh", "relu"];
export const OPTIMIZERS: readonly (readonly [OptimizerKind, string])[] = [
  ["sgd", "SGD"], ["momentum", "momentum"], ["adam", "Adam"],
];
/** A loss for pictures or rows. */
export type NetworkLoss = NetworkInfo["loss"];

export const LOSSES: readonly (readonly [NetworkLoss, string])[] = [
  ["cross_entropy", "cross-entropy"], ["squared", "squared error"],
];
export const VALUE_LOSSES: readonly (readonly [NetworkLoss, string])[] = [
  ["mean_squared", "mean squared"], ["mean_absolute", "mean absolute"], ["huber", "Huber"],
];
export const SPEECH_LOSSES: readonly (readonly [LearnPlan["loss"], string])[] = [
  ["ctc", "CTC: sounds"], ["cross_entropy", "cross-entropy: digit at the last step"],
];
const ALL_LOSSES: typeof SPEECH_LOSSES = [...LOSSES, ...VALUE_LOSSES, ...SPEECH_LOSSES];

/** The losses that suit classes, or values. */
export function lossesOf(task: DataChoice["task"]): typeof LOSSES {
  return task === "values" ? VALUE_LOSSES : LOSSES;
}

/** The losses that a plan for such data can have. */
export function planLosses(task: DataChoice["task"], speech: boolean): typeof SPEECH_LOSSES {
  return speech ? SPEECH_LOSSES : lossesOf(task);
}

export const USUAL_RATES: Record<OptimizerKind, number> = { sgd: 0.5, momentum: 0.1, adam: 0.003 };

const MAX_NEURONS = 1024;
const MAX_LAYERS = 16;
const MAX_SIDE = 64;
const MAX_BATCH = 8192;

/** The plan with another hidden layer before the output layer. */
export function withLayer(plan: LearnPlan): LearnPlan {
  const hidden = plan.layers.slice(0, -1);
  const recurrent = plan.layers.findLastIndex(isRecurrent);
  if (recurrent >= 0) return { ...plan, layers: plan.layers.toSpliced(recurrent, 0, { ...plan.layers[recurrent] }) };
  const like = hidden.findLast(({ kind }) => kind === "dense") ?? { ...usualLayer("dense"), activation: "sigmoid" as const };
  return { ...plan, layers: [...hidden, { ...like }, plan.layers[plan.layers.length - 1]] };
}

export type LayerPlan = LearnPlan["layers"][number];
export type LayerKind = NonNullable<LayerPlan["kind"]>;

export const LAYER_KINDS: readonly (readonly [LayerKind, string])[] = [
  ["dense", "dense"], ["conv2d", "convolution"], ["max_pool2d", "max pooling"], ["avg_pool2d", "mean pooling"], ["dropout", "dropout"],
];

export const RECURRENT_KINDS: readonly (readonly [LayerKind, string])[] = [["lstm", "LSTM"], ["gru", "GRU"], ["rnn", "RNN"]];

/** Gates of each kind of recurrent layer, and its biases for each unit. */
const GATES: Partial<Record<LayerKind, readonly [number, number]>> = { lstm: [4, 4], gru: [3, 4], rnn: [1, 1] };

export function isRecurrent({ kind }: LayerPlan): boolean {
  return GATES[kind] !== undefined;
}

/** Whether a plan is one for spoken digits. */
export function isSpeech(plan: LearnPlan): boolean {
  return plan.layers.some(isRecurrent);
}

/** A dense layer. */
export function denseLayer(size: number, activation: Activation): LayerPlan {
  return { kind: "dense", size, activation, kernel: [1, 1], stride: [1, 1], padding: [0, 0], rate: 0, bidirectional: false };
}

/** A layer of a plan with the usual settings of its kind. */
export function usualLayer(kind: LayerKind, size = 16): LayerPlan {
  const plain: LayerPlan = { ...denseLayer(1, "identity"), kind };
  if (kind === "conv2d") return { ...plain, size: Math.min(size, 32), activation: "relu", kernel: [3, 3], padding: [1, 1] };
  if (kind === "max_pool2d" || kind === "avg_pool2d") return { ...plain, kernel: [2, 2], stride: [2, 2] };
  if (kind === "dropout") return { ...plain, rate: 0.3 };
  return { ...plain, size, activation: "relu" };
}

/** The plan with a layer of that kind at its usual place: before the dense layers, dropout before the output layer. */
export function withKind(plan: LearnPlan, kind: LayerKind): LearnPlan {
  const dense = plan.layers.findIndex((layer) => layer.kind === "dense");
  const at = kind === "dropout" || kind === "dense" ? plan.layers.length - 1 : dense;
  return { ...plan, layers: [...plan.layers.slice(0, at), usualLayer(kind), ...plan.layers.slice(at)] };
}

/** The plan with a layer of another kind, or other settings, in that place. */
export function withLayerPlan(plan: LearnPlan, index: number, layer: LayerPlan): LearnPlan {
  return { ...plan, layers: plan.layers.map((each, at) => (at === index ? layer : each)) };
}

/** A layer in a few words: "16 relu", "6 filters of 5×5 relu", "largest of 2×2", "dropout 0.3". */
export function layerText({ kind, size, activation, kernel, stride, padding, rate, bidirectional }: LayerPlan): string {
  const recurrent = RECURRENT_KINDS.find(([each]) => each === kind);
  if (recurrent) return `${recurrent[1]} ${size}${bidirectional ? " both ways" : ""}`;
  const sides = `${kernel[0]}×${kernel[1]}${stride.join() === (kind === "conv2d" ? "1,1" : kernel.join()) ? "" : `, stride ${stride.join("×")}`}`;
  if (kind === "conv2d") return `${size} ${activation} filters of ${sides}${padding.join() === "0,0" ? "" : `, padding ${padding.join("×")}`}`;
  if (kind === "max_pool2d") return `largest of ${sides}`;
  if (kind === "avg_pool2d") return `mean of ${sides}`;
  return kind === "dropout" ? `dropout ${rate}` : `${size} ${activation}`;
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
  const alike = before !== undefined && before.speech === choice.speech && before.inputs === choice.inputs && before.task === choice.task && before.table === choice.table;
  if (before && !alike) return { ...choice.plan, seed: plan.seed };
  if (choice.speech) return { ...plan, data: name };
  return { ...withSize(plan, plan.layers.length - 1, classes.length), data: name, centring, darkInk };
}

/** The plan with another loss; for speech also with the outputs that it needs. */
export function withLoss(plan: LearnPlan, loss: LearnPlan["loss"], choice?: DataChoice): LearnPlan {
  const like = choice?.speech ? choice.ready.find((ready) => ready.plan.loss === loss)?.plan.layers.at(-1) : undefined;
  return { ...plan, loss, layers: like ? [...plan.layers.slice(0, -1), like] : plan.layers };
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

/** Total number of weights and biases for inputs of this shape; NaN where the layers do not fit. */
export function knobCount(layers: readonly LayerPlan[], inputs: readonly number[]): number {
  let shape = inputs.length === 2 ? [1, ...inputs] : [...inputs];
  let knobs = 0;
  for (const { kind, size, kernel, stride, padding, bidirectional } of layers) {
    const [channels] = shape;
    const gates = GATES[kind];
    if (gates) {
      const directions = bidirectional ? 2 : 1;
      knobs += directions * size * (gates[0] * (channels + size) + gates[1]);
      shape = [directions * size];
      continue;
    }
    if (kind === "dropout") continue;
    if (kind === "dense") {
      knobs += (shape.reduce((product, side) => product * side, 1) + 1) * size;
      shape = [size];
      continue;
    }
    if (shape.length !== 3) return NaN;
    if (kind === "conv2d") knobs += (channels * kernel[0] * kernel[1] + 1) * size;
    const sides = [1, 2].map((axis) => Math.floor((shape[axis] + 2 * padding[axis - 1] - kernel[axis - 1]) / stride[axis - 1]) + 1);
    if (sides.some((side) => side < 1)) return NaN;
    shape = [kind === "conv2d" ? size : channels, ...sides];
  }
  return knobs;
}

export function shapeText(plan: LearnPlan, inputs: readonly number[]): string {
  const sizes = plan.layers.flatMap((layer) => {
    const { kind, size } = layer;
    if (isRecurrent(layer)) return [`${layer.bidirectional ? "2×" : ""}${size}`];
    return kind === "dense" ? [String(size)] : kind === "conv2d" ? [`${size}c`] : [];
  });
  return [inputs.reduce((product, side) => product * side, 1), ...sizes].join("-");
}

/** Whether a plan has other layers than dense ones. */
export function isConvolutional(plan: LearnPlan): boolean {
  return plan.layers.some(({ kind }) => kind !== "dense");
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
  const wrongLayer = layerProblem(plan.layers);
  if (wrongLayer) return wrongLayer;
  if (!whole(plan.batchSize, 1, MAX_BATCH)) return `A mini-batch must have 1 to ${MAX_BATCH} examples.`;
  if (!whole(plan.seed, 0, Number.MAX_SAFE_INTEGER)) return "The seed must be a whole number of at least 0.";
  const { learningRate, momentum, decay } = plan.optimizer;
  const wrong = rateProblem(learningRate);
  if (wrong) return wrong;
  if (!(momentum >= 0 && momentum < 1)) return "Momentum must be at least 0 and less than 1.";
  if (!(decay >= 0 && decay <= 10)) return "Weight decay must be between 0 and 10.";
  if (plan.clip !== null && !(plan.clip > 0 && plan.clip <= MAX_RATE)) return "The clip must be greater than 0 and at most a million.";
  if (!planLosses(task, isSpeech(plan)).some(([loss]) => loss === plan.loss)) return `These data have ${task}: choose a loss for ${task}.`;
  if (plan.loss === "cross_entropy" && !["softmax", "sigmoid"].includes(plan.layers[plan.layers.length - 1].activation)) {
    return "Cross-entropy needs outputs between 0 and 1: choose softmax or sigmoid for the output layer.";
  }
  return null;
}

/** An error message for layers that do not fit each other; null where they may. */
export function layerProblem(layers: readonly LayerPlan[]): string | null {
  if (layers.some(isRecurrent)) return layers.at(-1)?.kind === "dense" ? null : "The output layer must be dense.";
  const flat = layers.findIndex(({ kind }) => kind === "dense");
  if (layers.some(({ kind }, at) => flat >= 0 && at > flat && kind !== "dense" && kind !== "dropout")) return "Convolutions and pooling must come before the first dense layer.";
  if (layers[layers.length - 1].kind !== "dense") return "The output layer must be dense.";
  if (layers.some(({ kernel, stride }) => [...kernel, ...stride].some((side) => !whole(side, 1, MAX_SIDE)))) return `Sides and strides must be whole numbers from 1 to ${MAX_SIDE}.`;
  if (layers.some(({ padding }) => padding.some((side) => !whole(side, 0, MAX_SIDE)))) return `The padding must be a whole number from 0 to ${MAX_SIDE}.`;
  if (layers.some(({ rate }) => !(rate >= 0 && rate < 1))) return "Dropout must be at least 0 and less than 1.";
  return null;
}

/** Whether two plans have the same layers, so that training can continue with the same network. */
export function sameLayers(a: LearnPlan, b: LearnPlan): boolean {
  return JSON.stringify(a.layers) === JSON.stringify(b.layers);
}

/** How the run differs from an edited plan, thing by thing: "learning rate 0.5 → 0.1". */
export function planDifferences(run: LearnPlan, plan: LearnPlan): string[] {
  const words = (names: readonly (readonly [string, string])[], key: string) => names.find(([each]) => each === key)?.[1] ?? key;
  const layers = ({ layers }: LearnPlan) => layers.map(layerText).join(", ");
  const centring = ({ centring }: LearnPlan) => STEPS.filter(([name]) => centring[name]).map(([, label]) => label).join(", ") || "no steps";
  const facts: (readonly [string, (plan: LearnPlan) => string | number])[] = [
    ["layers", layers],
    ["loss", ({ loss }) => words(ALL_LOSSES, loss)],
    ["optimiser", ({ optimizer }) => words(OPTIMIZERS, optimizer.kind)],
    ["learning rate", ({ optimizer }) => optimizer.learningRate],
    ["momentum", ({ optimizer }) => (optimizer.kind === "momentum" ? optimizer.momentum : "none")],
    ["weight decay", ({ optimizer }) => optimizer.decay],
    ["clip", ({ clip }) => clip ?? "none"],
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
