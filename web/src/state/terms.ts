/** The terms w·a of a neuron's sum, and of all wires: float32 products of the engine's numbers. */

import type { Network, NeuronPlace } from "./network";

export interface Term {
  readonly input: number;
  readonly weight: number;
  readonly activation: number;
  readonly product: number;
}

/** A neuron's terms by magnitude, largest first; ties in the order of the inputs. */
export function rankedTerms(
  network: Network, parameters: Float32Array, activations: Float32Array, place: NeuronPlace,
): Term[] {
  const layer = network.layers[place.layer];
  const terms: Term[] = [];
  for (let input = 0; input < layer.inputs; input++) {
    const weight = parameters[layer.weight + input * layer.outputs + place.neuron];
    const activation = activations[input];
    terms.push({ input, weight, activation, product: Math.fround(weight * activation) });
  }
  return terms.sort((a, b) => Math.abs(b.product) - Math.abs(a.product) || a.input - b.input);
}

/** What each wire shows. */
export type WireMeasure = "contribution" | "weight";

/**
 * Strength of every wire, -1 to 1 relative to the strongest of its layer, in the order of the weights.
 *
 * `columns` holds the activations of each column, the inputs' first.
 */
export function wireStrengths(
  out: Float32Array, network: Network, parameters: Float32Array, columns: readonly Float32Array[], measure: WireMeasure,
): void {
  let wire = 0;
  for (const layer of network.layers) {
    const count = layer.inputs * layer.outputs;
    const strengths = out.subarray(wire, wire + count);
    fill(strengths, parameters.subarray(layer.weight, layer.weight + count), columns[layer.index], measure);
    wire += count;
  }
}

function fill(out: Float32Array, weights: Float32Array, activations: Float32Array, measure: WireMeasure): void {
  const outputs = weights.length / activations.length;
  let max = 1e-12;
  for (let input = 0, wire = 0; input < activations.length; input++) {
    const scale = measure === "weight" ? 1 : activations[input];
    for (let neuron = 0; neuron < outputs; neuron++, wire++) {
      const strength = weights[wire] * scale;
      out[wire] = strength;
      if (strength > max) max = strength;
      else if (-strength > max) max = -strength;
    }
  }
  for (let wire = 0; wire < out.length; wire++) out[wire] /= max;
}
