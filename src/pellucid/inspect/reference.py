"""The cost of one input in 64-bit numbers, written down plainly: what the engine's derivatives are checked against."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pellucid.inspect.checks import dense_layer

if TYPE_CHECKING:
    from pellucid.network.network import Network

Exact = NDArray[np.float64]


def exactly(values: NDArray[Any]) -> Exact:
    """The same numbers with 64 bits."""
    return np.asarray(values, np.float64)


def activated(name: str, z: Exact) -> Exact:
    """``a = f(z)``, (K,)."""
    if name == "sigmoid":
        return 0.5 * (1.0 + np.tanh(0.5 * z))
    if name == "tanh":
        return np.tanh(z)
    if name == "relu":
        return np.maximum(z, 0.0)
    if name == "softmax":
        powers = np.exp(z - z.max())
        return np.asarray(powers / powers.sum())
    return z


def costs_of_outputs(name: str, z: Exact, label: int, loss: str) -> Exact:
    """The share of each output in the cost, told from the last sums (K,); docs/derivations/losses.md."""
    target = np.arange(len(z)) == label
    if loss == "squared":
        return np.asarray((activated(name, z) - target) ** 2)
    if name == "softmax":
        top = z.max()
        return np.where(target, np.log(np.exp(z - top).sum()) + (top - z), 0.0)
    return np.logaddexp(0.0, np.where(target, -z, z))


def costs_of_activations(name: str, a: Exact, label: int, loss: str) -> Exact:
    """The same, told from the outputs themselves (K,)."""
    target = np.arange(len(a)) == label
    if loss == "squared":
        return np.asarray((a - target) ** 2)
    with np.errstate(divide="ignore", invalid="ignore"):
        others = 0.0 if name == "softmax" else -np.log1p(-a)
        return np.where(target, -np.log(a), others)


def slope_of_cost(name: str, a: Exact, label: int, loss: str) -> Exact:
    """dC/da of the outputs (K,), by the loss's formula; the largest float32 where that is infinite."""
    target = np.arange(len(a)) == label
    if loss == "squared":
        return np.asarray(2.0 * (a - target))
    with np.errstate(divide="ignore", invalid="ignore"):
        others = 0.0 if name == "softmax" else 1.0 / (1.0 - a)
        slope = np.where(target, -1.0 / a, others)
    most = float(np.finfo(np.float32).max)
    return np.clip(slope, -most, most)


def cost_from(net: Network, parameters: Exact, begin: int, inputs: Exact, label: int, loss: str) -> float:
    """The cost, where ``inputs`` come into layer ``begin``; past the last layer they are the outputs themselves.

    Parameters
    ----------
    net : Network
        Of dense layers; its own parameters are not looked at.
    parameters : ndarray (parameter_count,)
        Laid out as the network's.
    """
    last, offset, a = len(net.layers) - 1, 0, inputs
    for number in range(len(net.layers)):
        dense = dense_layer(net, number)
        size = dense.in_features * dense.out_features
        if number >= begin:
            weight = parameters[offset : offset + size].reshape(dense.in_features, dense.out_features)
            z = a @ weight + parameters[offset + size : offset + size + dense.out_features]
            if number == last:
                return float(costs_of_outputs(dense.activation, z, label, loss).sum())
            a = activated(dense.activation, z)
        offset += size + dense.out_features
    return float(costs_of_activations(dense_layer(net, last).activation, a, label, loss).sum())
