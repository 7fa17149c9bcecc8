/** The terms w·a of a neuron's sum, and of all wires: float32 products of the engine's numbers. */

import { knobAt, type Network, type NeuronPlace } from "./network";

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

/** What a picture is about: a neuron, the wire of a weight, or an input. */
export type Subject = { readonly neuron: NeuronPlace } | { readonly knob: number } | { readonly input: number };

/** Whether a neuron belongs to the subject: it is that neuron, or a wire of the subject ends at it. */
export function isOfSubject(network: Network, subject: Subject, { layer, neuron }: NeuronPlace): boolean {
  const [own, from, to] = ends(network, subject);
  if (own) return layer === own.layer ? neuron === own.neuron : Math.abs(layer - own.layer) === 1;
  return from.layer + 1 === layer ? to < 0 || to === neuron : from.layer === layer && from.neuron === neuron;
}

/** Dims all wires but those of the subject to `share` of their strength, in place. */
export function dimWires(strengths: Float32Array, network: Network, subject: Subject, share: number): void {
  const [own, from, to] = ends(network, subject);
  let wire = 0;
  for (const { index, inputs, outputs } of network.layers) {
    for (let input = 0; input < inputs; input++) {
      for (let neuron = 0; neuron < outputs; neuron++, wire++) {
        const kept = own
          ? (index === own.layer && neuron === own.neuron) || (index === own.layer + 1 && input === own.neuron)
          : index === from.layer + 1 && input === from.neuron && (to < 0 || neuron === to);
        if (!kept) strengths[wire] *= share;
      }
    }
  }
}

/** The neuron that the subject is; or where its wires begin (the inputs are layer -1) and at which neuron they end, -1 for all. */
function ends(network: Network, subject: Subject): [own: NeuronPlace | null, from: NeuronPlace, to: number] {
  const nowhere = { layer: -1, neuron: -1 };
  if ("neuron" in subject) return [subject.neuron, nowhere, -1];
  if ("input" in subject) return [null, { layer: -1, neuron: subject.input }, -1];
  const { layer, neuron, input } = knobAt(network, subject.knob);
  return input < 0 ? [{ layer, neuron }, nowhere, -1] : [null, { layer: layer - 1, neuron: input }, neuron];
}
