/** Networks with neurons switched off or scaled: the weights that read them are multiplied, as in `pellucid.inspect.ablate`. */

import type { Factor } from "../protocol/messages";
import type { Network } from "../state/network";
import type { Vector } from "./engine";

/** Whether neurons can be switched: a later dense layer reads each of them by a weight of its own. */
export function canSwitch(network: Network, layer: number): boolean {
  return layer >= 0 && network.layers[layer]?.kind === "dense" && network.layers[layer + 1]?.kind === "dense";
}

/** The parameters with which a network computes; the given ones where no neuron is switched. */
export function switched(network: Network, parameters: Vector, factors: readonly Factor[]): Vector {
  if (factors.length === 0) return parameters;
  const effective = parameters.slice();
  for (const { layer, neuron, factor } of factors) {
    const { weight, outputs } = network.layers[layer + 1];
    for (let at = weight + neuron * outputs; at < weight + (neuron + 1) * outputs; at++) effective[at] *= factor;
  }
  return effective;
}
