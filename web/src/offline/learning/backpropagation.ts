/** The gradient of the loss by all weights and biases of a dense network, derived in `docs/derivations/dense.md`. */

import type { LayerInfo, NetworkInfo } from "../../protocol/messages";
import { forward, type Vector } from "../engine";
import { activateBackward, classLoss, lossBackward, lossOf, type ClassLoss } from "./loss";

/** Whether a network can learn here: dense layers, perhaps after flattening. */
export function canLearn(layers: readonly LayerInfo[]): boolean {
  return layers.every(({ kind }) => kind === "dense" || kind === "flatten") && layers.at(-1)?.kind === "dense";
}

/** What one example adds. */
export interface Learned {
  readonly loss: number;
  readonly isRight: boolean;
}

/** Add the gradient of one example's loss to `gradient` (P,). */
export function addGradient(gradient: Float64Array, layers: readonly LayerInfo[], loss: ClassLoss, parameters: Vector, inputs: Vector, label: number): Learned {
  const computed = forward(layers, parameters, inputs);
  const last = layers.length - 1;
  const { sums, activations } = computed[last];
  let delta = new Float64Array(activations.length);
  lossBackward(delta, loss, layers[last].activation, activations, label);
  for (let index = last; index >= 0; index--) {
    const layer = layers[index];
    if (layer.kind !== "dense") continue;
    if (index < last) activateBackward(delta, layer.activation, computed[index].activations);
    const before = index > 0 ? computed[index - 1].activations : inputs;
    addLayer(gradient, layer, delta, before);
    const first = layers.slice(0, index).every(({ kind }) => kind !== "dense");
    if (first) break;
    delta = passedBack(layer, parameters, delta);
  }
  const isRight = activations.every((value, at) => at === label || (at < label ? value < activations[label] : value <= activations[label]));
  return { loss: lossOf(loss, layers[last].activation, sums, activations, label), isRight };
}

/** The gradient (P,) of one example's loss. */
export function gradientOf(network: NetworkInfo, parameters: Vector, inputs: Vector, label: number): Float64Array {
  const loss = classLoss(network);
  if (!loss || !canLearn(network.layers)) throw new RangeError("expected a network of dense layers that reads classes");
  const gradient = new Float64Array(network.parameterCount);
  addGradient(gradient, network.layers, loss, parameters, inputs, label);
  return gradient;
}

/** dW[j, i] += d[j] x[i] and db[j] += d[j]. */
function addLayer(gradient: Float64Array, { weight, bias, outputs, inputs }: LayerInfo, delta: Float64Array, before: Vector): void {
  for (let input = 0, at = weight; input < inputs; input++, at += outputs) {
    const value = before[input];
    if (value === 0) continue;
    for (let neuron = 0; neuron < outputs; neuron++) gradient[at + neuron] += delta[neuron] * value;
  }
  for (let neuron = 0; neuron < outputs; neuron++) gradient[bias + neuron] += delta[neuron];
}

/** The gradient by the activations of the layer before: sum over j of W[j, i] d[j]. */
function passedBack({ weight, inputs, outputs }: LayerInfo, parameters: Vector, delta: Float64Array): Float64Array<ArrayBuffer> {
  const found = new Float64Array(inputs);
  for (let input = 0, at = weight; input < inputs; input++, at += outputs) {
    let sum = 0;
    for (let neuron = 0; neuron < outputs; neuron++) sum += parameters[at + neuron] * delta[neuron];
    found[input] = sum;
  }
  return found;
}
