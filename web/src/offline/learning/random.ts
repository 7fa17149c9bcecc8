/** Repeatable randomness: the same seed gives the same order and the same weights in every browser. */

import type { LayerInfo } from "../../protocol/messages";
import type { Vector } from "../engine";

/** The next number, from 0 to below 1. */
export type Random = () => number;

/** The generator "mulberry32" by Tommy Ettinger (public domain). */
export function makeRandom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let value = Math.imul(state ^ (state >>> 15), state | 1);
    value ^= value + Math.imul(value ^ (value >>> 7), value | 61);
    return ((value ^ (value >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** 0 to count - 1 in random order, by the method of Fisher and Yates. */
export function shuffled(count: number, random: Random): Uint32Array {
  const order = Uint32Array.from({ length: count }, (_, index) => index);
  for (let at = count - 1; at > 0; at--) {
    const other = Math.floor(random() * (at + 1));
    [order[at], order[other]] = [order[other], order[at]];
  }
  return order;
}

/** A normal number, by the method of Box and Muller. */
function normal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

/** Random weights of a dense network, by He for ReLU and by Glorot for the others; biases of 0. */
export function randomWeights(layers: readonly LayerInfo[], count: number, random: Random): Vector {
  const parameters = new Float32Array(count);
  for (const { kind, activation, inputs, outputs, weight, bias } of layers) {
    if (kind !== "dense") continue;
    const deviation = Math.sqrt(activation === "relu" ? 2 / inputs : 2 / (inputs + outputs));
    for (let at = weight; at < bias; at++) parameters[at] = deviation * normal(random);
  }
  return parameters;
}
