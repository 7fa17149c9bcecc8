"""Backpropagation of one labelled example, layer by layer, and any of its numbers checked by a finite difference.

The derivatives are the engine's. Those by a hidden layer's activations, which it does not hand out, are its derivatives
by the inputs of the network that is left when the layers up to there are taken away.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pellucid.errors import DataError, ShapeError
from pellucid.inspect.checks import dense_layer, whole
from pellucid.inspect.knobs import Knobs
from pellucid.inspect.reference import cost_from, costs_of_outputs, exactly, slope_of_cost
from pellucid.inspect.voting import slopes

if TYPE_CHECKING:
    from pellucid.network.network import Network

Vector = NDArray[np.float32]
Cost = Callable[[float], float]

_H = 1e-5
_TOLERANCE = 2e-3
_FLOOR = 2e-6
"""A derivative in 32-bit numbers is as good as this share of itself, and of the largest beside it."""


@dataclass(frozen=True, eq=False)
class LayerNudges:
    """A dense layer on the way back; what a number should do is the opposite of its derivative.

    Attributes
    ----------
    inputs : ndarray (D,)
    weights : ndarray (K, D)
    sums, activations : ndarray (K,)
    by_activations : ndarray (K,)
        dC/da; of the last layer, the derivative of the loss's formula by a.
    slopes : ndarray (K,)
        da/dz; of softmax the diagonal.
    by_sums : ndarray (K,)
        dC/dz.
    by_weights : ndarray (K, D)
        dC/dw.
    by_biases : ndarray (K,)
        dC/db.
    by_inputs : ndarray (D,)
        dC/da of the layer before, or by the input.
    """

    function: str
    inputs: Vector
    weights: Vector
    sums: Vector
    activations: Vector
    by_activations: Vector
    slopes: Vector
    by_sums: Vector
    by_weights: Vector
    by_biases: Vector
    by_inputs: Vector


@dataclass(frozen=True, eq=False)
class Backpropagation:
    """One example's way forward and back.

    Attributes
    ----------
    cost : float
        C.
    targets, costs : ndarray (K,)
        What the outputs should be, and the share of each in the cost.
    layers : tuple of LayerNudges
        First layer first.
    gradient : ndarray (parameter_count,)
        dC by every parameter.
    """

    net: Network
    x: Vector
    label: int
    loss: str
    cost: float
    targets: Vector
    costs: NDArray[np.float64]
    layers: tuple[LayerNudges, ...]
    gradient: Vector

    @property
    def wishes(self) -> Vector:
        """-dC/dz of each output: which way, and how much, each wants to be nudged; (K,)."""
        return -self.layers[-1].by_sums

    @property
    def norm(self) -> float:
        """Euclidean length of the gradient."""
        return float(np.linalg.norm(self.gradient.astype(np.float64)))


@dataclass(frozen=True)
class Check:
    """One derivative beside the quotient that it is the limit of.

    ``difference`` is ``(above - below) / 2h``; ``above`` and ``below`` are the cost with ``value`` moved by h, computed
    in 64-bit numbers by another code than the engine's.
    """

    name: str
    value: float
    derivative: float
    difference: float
    h: float
    above: float
    below: float
    agrees: bool

    @property
    def relative_error(self) -> float:
        """How far they are apart, as a share of the larger."""
        larger = max(abs(self.derivative), abs(self.difference))
        return abs(self.derivative - self.difference) / larger if larger else 0.0


def backpropagate(net: Network, x: ArrayLike, label: int, loss: str = "cross_entropy") -> Backpropagation:
    """What one labelled example wants of every number of the network.

    Parameters
    ----------
    net : Network
        Of dense layers.
    x : array_like
        One input.
    label : int
        The class that is wanted.
    loss : str
        "cross_entropy" or "squared".

    Examples
    --------
    >>> import pellucid as pl
    >>> net = pl.load("digits-sigmoid")
    >>> image, label = pl.data.load("digits").test[0]
    >>> told = pl.inspect.backpropagate(net, image, label)
    >>> told.wishes.argmax() == label                      # the wanted output wants to rise the most
    np.True_
    >>> pl.inspect.check_parameter(told, net.parameter_count - 1).agrees
    True
    """
    trace = net.trace(x)
    if trace.outputs.ndim != 1:
        raise ShapeError(f"backpropagate expected one input of shape {net.input_shape}, got {np.shape(x)}.")
    whole(label, len(trace.outputs), "class")
    slope = net.gradient(x, label, loss)
    targets = np.zeros(len(trace.outputs), np.float32)
    targets[label] = 1.0
    name = dense_layer(net, len(net.layers) - 1).activation
    costs = costs_of_outputs(name, exactly(trace[-1].sums), label, loss)
    by_outputs = slope_of_cost(name, exactly(trace.outputs), label, loss).astype(np.float32)
    layers: list[LayerNudges] = []
    begin = 0
    for number, seen in enumerate(trace.layers):
        dense = dense_layer(net, number)
        share = slope.parameters[begin : begin + (dense.in_features + 1) * dense.out_features]
        begin += len(share)
        by_weights = share[: -dense.out_features].reshape(dense.in_features, dense.out_features).T
        by_biases = share[-dense.out_features :]
        last = number == len(net.layers) - 1
        by_activations = by_outputs if last else _by_inputs(net, number + 1, seen.activations, label, loss)
        by_inputs = slope.inputs[0] if number == 0 else layers[-1].by_activations
        layers.append(
            LayerNudges(
                dense.activation, seen.inputs.reshape(-1), np.array(dense.weight), seen.sums, seen.activations,
                by_activations, slopes(dense.activation, seen.sums, seen.activations), by_biases, by_weights,
                by_biases, by_inputs,
            )
        )  # fmt: skip
    unit = trace[0].inputs.reshape(-1)
    return Backpropagation(net, unit, int(label), loss, slope.loss, targets, costs, tuple(layers), slope.parameters)


def _by_inputs(net: Network, begin: int, activations: Vector, label: int, loss: str) -> Vector:
    """The engine's derivatives by what comes into layer ``begin``."""
    rest = type(net)(net.layers[begin:], input_shape=activations.shape, draw=False)
    rest.parameters[...] = net.parameters[-len(rest.parameters) :]
    by_inputs: Vector = rest.gradient(activations, label, loss).inputs[0]
    return by_inputs


def check_parameter(told: Backpropagation, index: int) -> Check:
    """Check the derivative by the weight or bias at a place of the flat vector."""
    knob = Knobs(told.net)[index]
    parameters = exactly(told.net.parameters)

    def cost(value: float) -> float:
        moved = parameters.copy()
        moved[knob.index] = value
        return cost_from(told.net, moved, 0, exactly(told.x), told.label, told.loss)

    return _check(told, str(knob), float(parameters[knob.index]), float(told.gradient[knob.index]), cost)


def check_activation(told: Backpropagation, layer: int, neuron: int) -> Check:
    """Check the derivative by a neuron's activation; of the last layer, that of the loss's formula."""
    number = whole(layer, len(told.layers), "layer")
    seen = told.layers[number]
    place = whole(neuron, len(seen.activations), "neuron")
    activations, parameters = exactly(seen.activations), exactly(told.net.parameters)

    def cost(value: float) -> float:
        moved = activations.copy()
        moved[place] = value
        return cost_from(told.net, parameters, number + 1, moved, told.label, told.loss)

    name = f"activation {place} of layer {number}"
    return _check(told, name, float(activations[place]), float(seen.by_activations[place]), cost)


def check_input(told: Backpropagation, index: int) -> Check:
    """Check the derivative by an input."""
    place = whole(index, len(told.x), "input")
    inputs, parameters = exactly(told.x), exactly(told.net.parameters)

    def cost(value: float) -> float:
        moved = inputs.copy()
        moved[place] = value
        return cost_from(told.net, parameters, 0, moved, told.label, told.loss)

    return _check(told, f"input {place}", float(inputs[place]), float(told.layers[0].by_inputs[place]), cost)


def _check(told: Backpropagation, name: str, value: float, derivative: float, cost: Cost) -> Check:
    """The difference quotient, and whether it agrees as far as 32-bit numbers can."""
    if not np.isfinite(told.cost) or not np.isfinite(derivative):
        raise DataError("There is nothing to check: the cost is no number, since the sums are too large.")
    h = _H * max(1.0, abs(value))
    if value > 0:
        h = min(h, value / 2)  # a logarithm needs what it is taken of to stay above 0
    above, below = cost(value + h), cost(value - h)
    difference = (above - below) / (2 * h)
    off = abs(derivative - difference)
    near = _TOLERANCE * max(abs(derivative), abs(difference)) + _FLOOR * max(1.0, float(np.abs(told.gradient).max()))
    return Check(name, value, derivative, difference, h, above, below, off <= near)
