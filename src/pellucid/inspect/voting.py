"""Votes: the terms of one neuron's weighted sum, ranked, with its bias, sum and activation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pellucid.errors import ShapeError
from pellucid.inspect.checks import checked_index, weighted_layer
from pellucid.layers.conv2d import Conv2d
from pellucid.programs.traces import LayerTrace, Trace, window

if TYPE_CHECKING:
    from pellucid.network.network import Network

Vector = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Votes:
    """One neuron's computation for one input: ``activation = f(weights @ inputs + bias)``.

    In a convolution that of one place of a feature map, whose D inputs lie under the filter there.

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
    at : (int, int) or None
        Row and column in the feature map; None in a dense layer.
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
    at: tuple[int, int] | None = None

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


def votes(net: Network, x: ArrayLike, layer: int, neuron: int, at: tuple[int, int] | None = None) -> Votes:
    """Return the terms of a neuron's weighted sum for one input.

    Parameters
    ----------
    net : Network
    x : array_like
        One input.
    layer, neuron : int
        The neuron, both from 0; in a convolution the channel.
    at : (int, int), optional
        In a convolution, row and column in the channel's feature map; by default where its sum is largest.

    Returns
    -------
    Votes

    Raises
    ------
    ShapeError
        If the layer, neuron or place does not exist, the layer has no weights, or ``x`` is not one input.

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
    >>> image, _ = pl.data.load("digits").test[0]
    >>> pl.inspect.votes(pl.load("digits-conv"), image, layer=2, neuron=7, at=(4, 5)).terms.shape
    (108,)
    """
    trace = net.trace(x)
    if trace.outputs.ndim != 1:
        raise ShapeError(f"votes expected one input of shape {net.input_shape}, got {np.shape(x)}.")
    return votes_of(net, trace, layer, neuron, at)


def votes_of(
    net: Network, trace: Trace[LayerTrace], layer: int, neuron: int, at: tuple[int, int] | None = None
) -> Votes:
    """Return the votes, given the trace of one input."""
    found = weighted_layer(net, layer)
    bias, weight = found.named()["bias"], found.named()["weight"]
    row, seen = checked_index(neuron, len(bias), "neuron"), trace[layer]
    place: tuple[int, ...] = (row,)
    inputs = seen.inputs.reshape(-1)
    if isinstance(found, Conv2d):
        at = _place(seen.sums[row], at)
        place, inputs = (row, *at), window(found, seen.inputs, *at).reshape(-1)
    elif at is not None:
        raise ShapeError(f"votes expected no place for layers[{layer}], which is dense, got {at}: leave it out.")
    weights = np.array(weight[row]).reshape(-1)
    terms = weights * inputs
    ranking = np.argsort(-np.abs(terms), kind="stable")
    z, a = float(seen.sums[place]), float(seen.activations[place])
    slope = float(slopes(found.activation, seen.sums, seen.activations)[place])
    return Votes(layer, row, inputs, weights, terms, ranking, float(bias[row]), z, a, slope, found.activation, at)


def _place(sums: Vector, at: tuple[int, int] | None) -> tuple[int, int]:
    """A place in a feature map (H, W): the given one, or the one with the largest sum."""
    if at is None:
        row, column = np.unravel_index(int(sums.argmax()), sums.shape)
        return int(row), int(column)
    return checked_index(at[0], sums.shape[0], "row"), checked_index(at[1], sums.shape[1], "column")


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
        A copy: for the first layer of shape ``net.input_shape``, or (D,) for frames; for later ones (D,). For a
        channel of a convolution its filter, (C, kernel height, kernel width).

    Examples
    --------
    >>> import pellucid as pl
    >>> pl.inspect.weight_picture(pl.load("digits-relu"), layer=0, neuron=3).shape
    (28, 28)
    """
    found = weighted_layer(net, layer)
    weight = found.named()["weight"]
    weights = np.array(weight[checked_index(neuron, len(weight), "neuron")])
    sides = [side for side in net.input_shape if side is not None]
    return weights.reshape(sides) if layer == 0 and not isinstance(found, Conv2d) else weights
