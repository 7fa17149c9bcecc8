"""Narrow a trained network neuron by neuron: remove the one whose neighbours can best stand in for it, and train on.

A network that begins with 16 neurons in a layer has to make do with the directions that its first steps found. One that
begins with more, and loses the least useful ones while it learns, keeps the better directions.

A neuron's activation a_j is predicted from the others of its layer by least squares, a_j = c_0 + sum_i c_i a_i. Without
it, the next layer with weights W and biases b computes nearly the same with

    W_ki + c_i W_kj    b_k + c_0 W_kj

The neuron is removed for which the loss is then least, over some images.

References
----------
Mariet, Sra, "Diversity networks", 2016, for standing in for removed neurons by reweighting.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, cast

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, log_softmax

from pellucid.layers import Dense
from pellucid.network.network import Network

Matrix = NDArray[np.float64]

RIDGE = 1e-6
"""In least squares, so many times the mean square of the activations is added to the square of each."""


class Plain(NamedTuple):
    """A dense layer as arrays: weights (out, in), biases (out,), and the name of its activation function."""

    weight: Matrix
    bias: Matrix
    activation: str

    def __call__(self, inputs: Matrix) -> Matrix:
        """Return the activations (N, out) for inputs (N, in); of the outputs, the logarithms of softmax."""
        sums = inputs @ self.weight.T + self.bias
        if self.activation == "softmax":
            return np.asarray(log_softmax(sums, axis=1))
        return np.asarray(expit(sums) if self.activation == "sigmoid" else np.maximum(sums, 0))


def without_neuron(net: Network, layer: int, images: Matrix, targets: Matrix) -> Network:
    """Return a network with one neuron fewer in a hidden layer.

    Parameters
    ----------
    net : Network
        Dense layers with ReLU or sigmoid, and softmax outputs.
    layer : int
        The number of the hidden layer, from 0.
    images : ndarray (N, D)
        From 0 to 1.
    targets : ndarray (N, K)
        The probabilities that it should answer with.
    """
    parts = plain_layers(net)
    activations = images
    for part in parts[: layer + 1]:
        activations = part(activations)
    known = np.column_stack([activations, np.ones(len(activations))])
    products = known.T @ known
    products += RIDGE * np.trace(products) / len(products) * np.eye(len(products))

    def loss(j: int) -> float:
        outputs = np.delete(activations, j, axis=1)
        for part in (_standing_in(parts[layer + 1], products, j), *parts[layer + 2 :]):
            outputs = part(outputs)
        return -float((targets * outputs).sum(axis=1).mean())

    gone = min(range(activations.shape[1]), key=loss)
    one = parts[layer]
    parts[layer] = one._replace(weight=np.delete(one.weight, gone, axis=0), bias=np.delete(one.bias, gone))
    parts[layer + 1] = _standing_in(parts[layer + 1], products, gone)
    return _network(net, parts)


def plain_layers(net: Network) -> list[Plain]:
    """Return the layers of a dense network as arrays."""
    return [
        Plain(each.weight.astype(np.float64), each.bias.astype(np.float64), each.activation)
        for each in cast("Sequence[Dense]", net.layers)
    ]


def _standing_in(following: Plain, products: Matrix, j: int) -> Plain:
    """Return the next layer without its input j, for which the other inputs stand in.

    ``products`` has the sums over images of the products of any two activations; the last one is 1.
    """
    others = np.delete(np.arange(len(products)), j)
    shares = np.linalg.solve(products[np.ix_(others, others)], products[others, j])
    lost = following.weight[:, j]
    weight = following.weight[:, others[:-1]] + np.outer(lost, shares[:-1])
    return following._replace(weight=weight, bias=following.bias + lost * shares[-1])


def _network(like: Network, parts: Sequence[Plain]) -> Network:
    layers = [Dense(len(part.bias), part.activation) for part in parts]
    net = Network(layers, input_shape=like.input_shape, classes=like.classes)
    for layer, part in zip(cast("Sequence[Dense]", net.layers), parts, strict=True):
        layer.weight[...], layer.bias[...] = part.weight, part.bias
    return net
