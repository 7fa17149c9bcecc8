"""Backpropagation of one labelled example, layer by layer, with a finite-difference check for each of its numbers.

The engine computes the derivatives. It does not return those by a hidden layer's activations; they are computed as the
derivatives by the inputs of a network without the layers up to there.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pellucid.errors import ConfigurationError, DataError, ShapeError
from pellucid.inspect import reference
from pellucid.inspect.checks import checked_index, dense_layer, image_layer
from pellucid.inspect.knobs import Knobs
from pellucid.inspect.names import INPUTS, neuron_name, value_name
from pellucid.inspect.output_loss import loss_of_outputs, output_gradient
from pellucid.inspect.reference_planes import last_sums
from pellucid.inspect.voting import slopes
from pellucid.layers.conv2d import Conv2d
from pellucid.layers.dense import Dense
from pellucid.layers.dropout import Dropout
from pellucid.layers.flatten import Flatten
from pellucid.layers.layer import Layer
from pellucid.network.prediction import VALUE_LOSSES
from pellucid.programs.traces import LayerTrace

if TYPE_CHECKING:
    from pellucid.network.network import Network

Vector = NDArray[np.float32]
Cost = Callable[[float], float]

_H = 1e-5
_RELATIVE_TOLERANCE = 2e-3
_ABSOLUTE_TOLERANCE = 2e-6
"""Agreement that float32 allows: relative to the derivative, and relative to the largest entry of the gradient."""


@dataclass(frozen=True, eq=False)
class LayerNudges:
    """A layer on the backward pass. A number should change opposite to its derivative.

    The shapes are those of a dense layer. In a convolution the inputs are (C, H, W) or (H, W), the weights (K, C,
    kernel height, kernel width), and what is (K,) here is (K, H', W'), but for the biases. Pooling, flattening and
    dropout have no weights (0,) and no biases (0,); their sums are their activations.

    Attributes
    ----------
    function : str
        Name of the activation function; "identity" for layers without one.
    inputs : ndarray (D,)
    weights : ndarray (K, D)
    sums, activations : ndarray (K,)
    by_activations : ndarray (K,)
        dC/da. For the output layer, the derivative of the loss as a formula of its activations.
    slopes : ndarray (K,)
        da/dz; for softmax the diagonal of the Jacobian.
    by_sums : ndarray (K,)
        dC/dz.
    by_weights : ndarray (K, D)
        dC/dw.
    by_biases : ndarray (K,)
        dC/db.
    by_inputs : ndarray (D,)
        dC/da of the previous layer, or dC/dx for the first.
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
    """One example's forward and backward pass.

    Attributes
    ----------
    net : Network
    x : ndarray (D,)
        The input as the first layer takes it: levels scaled to 0 to 1, other numbers as they are.
    label : int or None
        The target class; None for target values.
    loss : str
        "cross_entropy" or "squared" for a class; "mean_squared", "mean_absolute" or "huber" for values.
    cost : float
        C, the loss of the example.
    targets, costs : ndarray (K,)
        The target of each output, and the output's term of the cost.
    layers : tuple of LayerNudges
        First layer first.
    gradient : ndarray (parameter_count,)
        dC/dp of every parameter p.
    """

    net: Network
    x: Vector
    label: int | None
    loss: str
    cost: float
    targets: Vector
    costs: NDArray[np.float64]
    layers: tuple[LayerNudges, ...]
    gradient: Vector

    @property
    def wishes(self) -> Vector:
        """-dC/dz of each output (K,): the direction and strength in which it should change."""
        return -self.layers[-1].by_sums

    @property
    def norm(self) -> float:
        """Euclidean norm of the gradient."""
        return float(np.linalg.norm(self.gradient.astype(np.float64)))


@dataclass(frozen=True)
class Check:
    """A derivative beside the difference quotient that approximates it.

    ``difference`` is ``(above - below) / 2h``; ``above`` and ``below`` are the cost with ``value`` moved by h, computed
    in float64 by `pellucid.inspect.reference` and `pellucid.inspect.reference_planes`, which share no code with the
    engine. Where the cost has a kink, as at equal values in a window of max pooling, any derivative between those of
    the two sides agrees.
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
        """Distance of the two, relative to the larger; 0 where both are 0."""
        larger = max(abs(self.derivative), abs(self.difference))
        return abs(self.derivative - self.difference) / larger if larger else 0.0


def backpropagate(net: Network, x: ArrayLike, target: int | ArrayLike, loss: str | None = None) -> Backpropagation:
    """Compute how one labelled example would change every number of the network.

    Parameters
    ----------
    net : Network
        Of dense layers, or a convolutional one that ends with a dense layer.
    x : array_like
        One input.
    target : int or array_like (K,)
        The target class, or the target value of each output.
    loss : str, optional
        For a class "cross_entropy", the default, or "squared"; for values "mean_squared", the default,
        "mean_absolute" or "huber".

    Raises
    ------
    ShapeError
        If ``x`` is not one input, ``target`` is neither a class nor K values, a layer is recurrent, or the
        last one is not dense.
    ConfigurationError
        If the loss is unknown, or does not suit the output layer.

    Examples
    --------
    >>> import pellucid as pl
    >>> net = pl.load("digits-sigmoid")
    >>> image, label = pl.data.load("digits").test[0]
    >>> result = pl.inspect.backpropagate(net, image, label)
    >>> result.wishes.argmax() == label                    # the target output should rise the most
    np.True_
    >>> pl.inspect.check_parameter(result, net.parameter_count - 1).agrees
    True
    """
    trace = net.trace(x)
    if trace.outputs.ndim != 1:
        raise ShapeError(f"backpropagate expected one input of shape {net.input_shape}, got {np.shape(x)}.")
    label, targets = _targets_of(target, len(trace.outputs))
    aim: int | Vector = targets if label is None else label
    loss = loss or ("mean_squared" if label is None else "cross_entropy")
    if (loss in VALUE_LOSSES) != (label is None):
        raise ConfigurationError(
            f"backpropagate expected a loss for {'target values' if label is None else 'a class'}, got {loss!r}."
        )
    last = len(net.layers) - 1
    name = dense_layer(net, last).activation
    gradient = net.gradient(x, aim, loss)
    costs = reference.loss_terms(loss, name, _float64(trace[-1].sums), _float64(targets))
    by_outputs = output_gradient(loss, name, _float64(trace.outputs), _float64(targets)).astype(np.float32)
    layers: list[LayerNudges] = []
    begin = 0
    by_inputs = gradient.inputs[0]
    for number, seen in enumerate(trace.layers):
        layer = image_layer(net, number)
        own = gradient.parameters[begin : begin + layer.parameter_count(layer.input_shape)]
        begin += len(own)
        by_activations = by_outputs
        if number < last:
            same = isinstance(layer, Flatten | Dropout)  # their activations are their inputs, one by one
            by_activations = by_inputs if same else _by_inputs(net, number + 1, seen.activations, aim, loss)
        layers.append(_nudges(layer, seen, own, by_activations, by_inputs))
        by_inputs = by_activations
    unit = trace[0].inputs.reshape(-1)
    return Backpropagation(net, unit, label, loss, gradient.loss, targets, costs, tuple(layers), gradient.parameters)


def _nudges(layer: Layer, seen: LayerTrace, own: Vector, by_activations: Vector, by_inputs: Vector) -> LayerNudges:
    """The numbers of one layer; ``own`` is the engine's gradient by its parameters."""
    shape, none = seen.activations.shape, np.zeros(0, np.float32)
    weights: Vector
    by_weights: Vector
    by_activations = by_activations.reshape(shape)
    if isinstance(layer, Dense):
        by_biases = by_sums = own[-layer.out_features :]
        by_weights = own[: -layer.out_features].reshape(layer.in_features, layer.out_features).T
        inputs, weights, function = seen.inputs.reshape(-1), np.array(layer.weight), layer.activation
        slope = slopes(function, seen.sums, seen.activations)
    elif isinstance(layer, Conv2d):
        inputs, weights, function = seen.inputs, np.array(layer.weight), layer.activation
        slope = slopes(function, seen.sums, seen.activations)
        by_sums, by_biases = by_activations * slope, own[-layer.out_channels :]
        by_weights = own[: -layer.out_channels].reshape(weights.shape)
    else:
        inputs, function, slope = seen.inputs, "identity", np.ones(shape, np.float32)
        by_sums, weights, by_weights, by_biases = by_activations, none, none, none
    return LayerNudges(
        function, inputs, weights, seen.sums, seen.activations, by_activations, slope, by_sums, by_weights, by_biases,
        by_inputs.reshape(inputs.shape),
    )  # fmt: skip


def _targets_of(target: int | ArrayLike, count: int) -> tuple[int | None, Vector]:
    """The target class, or None for target values; and the target of each output (K,)."""
    given = np.asarray(target)
    if given.ndim == 0 and given.dtype.kind != "f":
        label = checked_index(given.item(), count, "class")
        return label, np.eye(count, dtype=np.float32)[label]
    if given.shape != (count,) and not (given.ndim == 0 and count == 1):
        raise ShapeError(f"backpropagate expected a class, or {count} target values, got shape {given.shape}.")
    return None, np.array(given, np.float32).reshape(count)


def _by_inputs(net: Network, begin: int, activations: Vector, target: int | Vector, loss: str) -> Vector:
    """The engine's derivatives by the inputs of layer ``begin``."""
    rest = type(net)(net.layers[begin:], input_shape=activations.shape, draw=False)
    rest.parameters[...] = net.parameters[-len(rest.parameters) :]
    by_inputs: Vector = rest.gradient(activations, target, loss).inputs[0]
    return by_inputs


def check_parameter(result: Backpropagation, index: int) -> Check:
    """Check the derivative by one weight or bias, given its index in the flat vector of parameters."""
    knob = Knobs(result.net)[index]
    parameters = _float64(result.net.parameters)

    def cost(value: float) -> float:
        moved = parameters.copy()
        moved[knob.index] = value
        return _cost(result, moved, _float64(result.x))

    return _check(result, str(knob), float(parameters[knob.index]), float(result.gradient[knob.index]), cost)


def check_activation(result: Backpropagation, layer: int, neuron: int) -> Check:
    """Check the derivative by a neuron's activation; for the output layer, that of the loss as a formula of it.

    In a layer with feature maps ``neuron`` is a place: its index in the flat maps, channel by channel and row by row.
    """
    number = checked_index(layer, len(result.layers), "layer")
    seen = result.layers[number]
    activations, derivatives = _float64(seen.activations).reshape(-1), seen.by_activations.reshape(-1)
    place = checked_index(neuron, len(activations), "neuron")
    parameters = _float64(result.net.parameters)

    def cost(value: float) -> float:
        moved = activations.copy()
        moved[place] = value
        if number < len(result.layers) - 1:
            return _cost(result, parameters, moved, number + 1)
        return loss_of_outputs(result.loss, seen.function, moved, _float64(result.targets))

    name = f"activation of {value_name(result.net, number, place)}"
    return _check(result, name, float(activations[place]), float(derivatives[place]), cost)


def check_input(result: Backpropagation, index: int) -> Check:
    """Check the derivative by an input."""
    place = checked_index(index, len(result.x), "input")
    parameters, inputs = _float64(result.net.parameters), _float64(result.x)

    def cost(value: float) -> float:
        moved = inputs.copy()
        moved[place] = value
        return _cost(result, parameters, moved)

    name, derivatives = neuron_name(result.net, INPUTS, place), result.layers[0].by_inputs.reshape(-1)
    return _check(result, name, float(inputs[place]), float(derivatives[place]), cost)


def _cost(result: Backpropagation, parameters: reference.Array, x: reference.Array, begin: int = 0) -> float:
    """The cost of the example in float64, where ``x`` enters layer ``begin``."""
    z = last_sums(result.net, parameters, x, begin)
    terms = reference.loss_terms(result.loss, result.layers[-1].function, z, _float64(result.targets))
    return float(terms.sum())


def _check(result: Backpropagation, name: str, value: float, derivative: float, cost: Cost) -> Check:
    """The central difference, and whether it agrees as closely as float32 allows."""
    if not np.isfinite(result.cost) or not np.isfinite(derivative):
        raise DataError("Expected a finite cost to check, got infinity or NaN: turn the largest weights down.")
    h = _H * max(1.0, abs(value))
    if value > 0:
        h = min(h, value / 2)  # the argument of a logarithm must stay above 0
    above, here, below = cost(value + h), cost(value), cost(value - h)
    difference = (above - below) / (2 * h)
    sides = sorted(((above - here) / h, (here - below) / h))
    tolerance = _RELATIVE_TOLERANCE * max(abs(derivative), abs(difference))
    tolerance += _ABSOLUTE_TOLERANCE * max(1.0, float(np.abs(result.gradient).max()))
    agrees = sides[0] - tolerance <= derivative <= sides[1] + tolerance
    return Check(name, value, derivative, difference, h, above, below, agrees)


def _float64(values: Vector) -> reference.Array:
    return values.astype(np.float64)
