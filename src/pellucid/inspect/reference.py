"""A dense network in one page of NumPy: forward, backward and training step, equation by equation, in float64.

The page to read first, and the twin that the engine is compared with. ``docs/derivations/`` derives each equation.

N examples, D inputs and K outputs of a layer; z weighted sums, a activations, t targets: one-hot classes, or values.
L is the loss of one example, C the mean of L over the N examples, and dz stands for dC/dz. Weights are (K, D), as in
z = W x + b.

>>> import pellucid as pl
>>> net, test = pl.load("digits-sigmoid"), pl.data.load("digits").test
>>> layers = layers_of(net)
>>> outputs = forward(layers, test.images.reshape(-1, 784) / 255)[-1].a
>>> bool(np.allclose(outputs, net(test.images), atol=1e-5))
True
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pellucid.inspect.checks import dense_layer
from pellucid.network.network import Network
from pellucid.network.prediction import VALUE_LOSSES

Array = NDArray[np.float64]


@dataclass
class Layer:
    """a = f(W x + b): ``weight`` (K, D), ``bias`` (K,), and f by name. Gradients and velocities have the same form."""

    weight: Array
    bias: Array
    activation: str


class Step(NamedTuple):
    """One layer's forward pass: inputs ``x`` (N, D), weighted sums ``z`` and activations ``a``, both (N, K)."""

    x: Array
    z: Array
    a: Array


class Gradient(NamedTuple):
    """The mean loss C, its gradient by every layer and by the inputs (N, D), and the number of correct predictions."""

    loss: float
    layers: list[Layer]
    inputs: Array
    right: int

    @property
    def parameters(self) -> Array:
        """The gradient by all parameters, laid out as they are."""
        return flatten(self.layers)


def activate(f: str, z: Array) -> Array:
    """The activations a = f(z)."""
    if f == "sigmoid":
        return np.exp(-np.logaddexp(0.0, -z))  # 1 / (1 + e**-z), without overflow
    if f == "tanh":
        return np.tanh(z)
    if f == "relu":
        return np.maximum(z, 0.0)
    if f == "softmax":
        largest: Array = z.max(axis=-1, keepdims=True)  # cancels in the quotient, and keeps e**z finite
        powers = np.exp(z - largest)
        total: Array = powers.sum(axis=-1, keepdims=True)
        return powers / total
    return z


def activate_backward(f: str, a: Array, da: Array) -> Array:
    """Return dz = da f'(z), with f' in terms of a. For softmax every a depends on every z, so dz is a sum over K."""
    if f == "sigmoid":
        return da * a * (1 - a)
    if f == "tanh":
        return da * (1 - a * a)
    if f == "relu":
        return da * (a > 0)
    if f == "softmax":
        mean: Array = (da * a).sum(axis=-1, keepdims=True)
        return a * (da - mean)
    return da


def value_terms(loss: str, d: Array) -> Array:
    """The terms of the losses of values, whose mean over the K outputs is L, in terms of the distance d = a - t."""
    size: Array = np.abs(d)
    if loss == "mean_absolute":
        return size
    if loss == "huber":  # quadratic up to a distance of 1, linear beyond
        near: Array = np.minimum(size, 1.0)
        return near * (size - near / 2)
    return size * size


def value_gradient(loss: str, d: Array) -> Array:
    """The derivative of `value_terms` by d."""
    gradient: Array = 2 * d
    if loss == "mean_absolute":
        gradient = np.sign(d)
    elif loss == "huber":
        gradient = np.clip(d, -1.0, 1.0)
    return gradient


def loss_terms(loss: str, f: str, z: Array, t: Array) -> Array:
    """The terms (N, K) of each example's loss L; written in terms of z, they stay finite where a rounds to 0 or 1."""
    if loss == "squared":  # L = sum (a - t)**2
        return (activate(f, z) - t) ** 2
    if loss in VALUE_LOSSES:
        return value_terms(loss, activate(f, z) - t) / float(t.shape[-1])
    if f == "softmax":  # L = -sum t log a, with log a = z - log sum e**z
        largest: Array = z.max(axis=-1, keepdims=True)
        total: Array = np.exp(z - largest).sum(axis=-1, keepdims=True)
        return t * (np.log(total) + (largest - z))
    return np.logaddexp(0.0, (1 - 2 * t) * z)  # L = -sum (t log a + (1 - t) log(1 - a)), with a = sigmoid(z)


def loss_backward(loss: str, f: str, a: Array, t: Array) -> Array:
    """Return dz of the last layer (N, K). For cross-entropy the derivative of f cancels, which leaves a - t."""
    if loss == "squared":
        dz = activate_backward(f, a, 2 * (a - t))
    elif loss in VALUE_LOSSES:
        dz = activate_backward(f, a, value_gradient(loss, a - t) / a.shape[1])
    else:
        dz = a - t
    return dz / len(a)


def forward(layers: Sequence[Layer], x: Array) -> list[Step]:
    """From the inputs (N, D) to the outputs, layer by layer: z = W x + b, a = f(z)."""
    steps = []
    for layer in layers:
        z = x @ layer.weight.T + layer.bias
        a = activate(layer.activation, z)
        steps.append(Step(x, z, a))
        x = a
    return steps


def backward(layers: Sequence[Layer], x: Array, targets: ArrayLike, loss: str = "cross_entropy") -> Gradient:
    """From the loss back to the inputs, layer by layer: dW = dz' x, db = sum of dz, dx = dz W.

    ``targets`` are classes (N,), or values (N, K) for the losses of values, with which nothing counts as correct.
    """
    steps, f = forward(layers, x), layers[-1].activation
    z, a = steps[-1].z, steps[-1].a
    t = np.asarray(targets, np.float64) if loss in VALUE_LOSSES else np.eye(a.shape[1])[np.asarray(targets)]
    dz, gradients = loss_backward(loss, f, a, t), []
    for i in reversed(range(len(layers))):
        gradients.append(Layer(dz.T @ steps[i].x, dz.sum(axis=0), layers[i].activation))
        dx = dz @ layers[i].weight
        if i:
            dz = activate_backward(layers[i - 1].activation, steps[i - 1].a, dx)
    mean_loss = float(loss_terms(loss, f, z, t).sum(axis=1).mean())
    right = 0 if loss in VALUE_LOSSES else int((a.argmax(axis=1) == np.asarray(targets)).sum())
    return Gradient(mean_loss, gradients[::-1], dx, right)


def descend(
    layers: Sequence[Layer], gradient: Sequence[Layer], velocity: Sequence[Layer], rate: float, momentum: float = 0.0
) -> None:
    """One step, in place: v = momentum v + g, w = w - rate v. Without momentum, v is the gradient: plain descent."""
    for layer, g, v in zip(layers, gradient, velocity, strict=True):
        v.weight[...] = momentum * v.weight + g.weight
        v.bias[...] = momentum * v.bias + g.bias
        layer.weight -= rate * v.weight
        layer.bias -= rate * v.bias


def layers_of(net: Network) -> list[Layer]:
    """The layers of a dense network, copied to float64."""
    dense = [dense_layer(net, number) for number in range(len(net.layers))]
    return [Layer(each.weight.astype(np.float64), each.bias.astype(np.float64), each.activation) for each in dense]


def flatten(layers: Sequence[Layer]) -> Array:
    """All weights and biases as `Network.parameters` has them: of each layer W' (D, K), then b."""
    return np.concatenate([part for layer in layers for part in (layer.weight.T.ravel(), layer.bias)])


def unflatten(layers: Sequence[Layer], vector: Array) -> list[Layer]:
    """Layers of the same shapes, with the values of a flat vector."""
    made, begin = [], 0
    for layer in layers:
        k, d = layer.weight.shape
        weight, bias = np.split(vector[begin : begin + (d + 1) * k], [d * k])
        made.append(Layer(weight.reshape(d, k).T.copy(), bias.copy(), layer.activation))
        begin += (d + 1) * k
    return made
