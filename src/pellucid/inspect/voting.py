"""Votes: the terms of one neuron's weighted sum, ranked, with its bias, sum and activation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pellucid.errors import ShapeError
from pellucid.inspect.checks import checked_index, dense_layer
from pellucid.programs.traces import LayerTrace, Trace

if TYPE_CHECKING:
    from pellucid.network.network import Network

Vector = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Votes:
    """One neuron's computation for one input: ``activation = f(weights @ inputs + bias)``.

    Attributes
    ----------
    inputs, weights, terms : ndarray (D,)
        a of the previous layer, w, and w a.
    ranking : ndarray of int (D,)
        Inputs in decreasing order of the size of their terms; ties stay in order.
    bias, sum, activation : float
        b, z and a, as the engine computes them.
    slope : float
        da/dz; for softmax a (1 - a), the derivative of a by its own z.
    function : str
        Name of f.
    """

    layer: int
    neuron: int
    inputs: Vector
    weights: Vector
    terms: Vector
    ranking: NDArray[np.intp]
    bias: float
    sum: float
    activation: float
    slope: float
    function: str

    @property
    def positive(self) -> float:
        """Sum of the positive terms."""
        return float(self.terms[self.terms > 0].sum(dtype=np.float64))

    @property
    def negative(self) -> float:
        """Sum of the negative terms."""
        return float(self.terms[self.terms < 0].sum(dtype=np.float64))

    def __str__(self) -> str:
        """The formula with its numbers: positive terms, negative terms, bias."""
        signed = [f"{'-' if value < 0 else '+'} {abs(value):.3g}" for value in (self.negative, self.bias)]
        scope = " over its layer" if self.function == "softmax" else ""
        inside = f"{self.positive:.3g} {signed[0]} {signed[1]}"
        return f"{self.function}({inside}) = {self.function}({self.sum:.3g}){scope} = {self.activation:.3g}"


def votes(net: Network, x: ArrayLike, layer: int, neuron: int) -> Votes:
    """Return the terms of a neuron's weighted sum for one input.

    Parameters
    ----------
    net : Network
    x : array_like
        One input.
    layer, neuron : int
        The neuron, both from 0.

    Returns
    -------
    Votes

    Raises
    ------
    ShapeError
        If the layer or neuron does not exist, the layer is not dense, or ``x`` is not one input.

    Examples
    --------
    >>> import pellucid as pl
    >>> net = pl.Network([pl.Dense(2, "relu")], input_shape=(3,))
    >>> net.layers[0].weight[1], net.layers[0].bias[1] = (2.0, -1.0, 0.5), 0.25
    >>> found = pl.inspect.votes(net, [0.5, 1.0, 1.0], layer=0, neuron=1)
    >>> found.terms.tolist(), found.ranking.tolist(), found.sum
    ([1.0, -1.0, 0.5], [0, 1, 2], 0.75)
    >>> print(found)
    relu(1.5 - 1 + 0.25) = relu(0.75) = 0.75
    """
    trace = net.trace(x)
    if trace.outputs.ndim != 1:
        raise ShapeError(f"votes expected one input of shape {net.input_shape}, got {np.shape(x)}.")
    return votes_of(net, trace, layer, neuron)


def votes_of(net: Network, trace: Trace[LayerTrace], layer: int, neuron: int) -> Votes:
    """Return the votes, given the trace of one input."""
    dense = dense_layer(net, layer)
    row = checked_index(neuron, dense.out_features, "neuron")
    seen = trace[layer]
    inputs = seen.inputs.reshape(-1)
    weights = np.array(dense.weight[row])
    terms = weights * inputs
    ranking = np.argsort(-np.abs(terms), kind="stable")
    z, a = float(seen.sums[row]), float(seen.activations[row])
    slope = float(slopes(dense.activation, seen.sums, seen.activations)[row])
    return Votes(layer, row, inputs, weights, terms, ranking, float(dense.bias[row]), z, a, slope, dense.activation)


def slopes(activation: str, sums: Vector, activations: Vector) -> Vector:
    """Return da/dz of every neuron, in the shape of ``sums``; for softmax the diagonal, a (1 - a); for ReLU at 0, 0."""
    if activation in ("sigmoid", "softmax"):
        return activations * (1 - activations)
    if activation == "tanh":
        return 1 - activations * activations
    if activation == "relu":
        return (sums > 0).astype(np.float32)
    return np.ones_like(sums)


def weight_picture(net: Network, layer: int, neuron: int) -> Vector:
    """Return a neuron's weights, arranged like its inputs.

    Returns
    -------
    ndarray
        A copy, of shape ``net.input_shape`` for the first layer, or (D,) for frames; and (D,) for later ones.

    Examples
    --------
    >>> import pellucid as pl
    >>> pl.inspect.weight_picture(pl.load("digits-relu"), layer=0, neuron=3).shape
    (28, 28)
    """
    dense = dense_layer(net, layer)
    weights = np.array(dense.weight[checked_index(neuron, dense.out_features, "neuron")])
    sides = [side for side in net.input_shape if side is not None]
    return weights.reshape(sides) if layer == 0 else weights
