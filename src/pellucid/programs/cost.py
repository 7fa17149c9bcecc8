"""The cost of running a network, computed from its layers before any memory is allocated."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from pellucid.layers.conv2d import Conv2d
from pellucid.layers.dense import Dense
from pellucid.layers.flatten import Flatten
from pellucid.layers.layer import Layer, Shape, features
from pellucid.layers.pool2d import AvgPool2d, MaxPool2d
from pellucid.layers.recurrent import Recurrent

_DENSE_ROWS = 128
_PLANES_GROUP = 16
_COPIES = 3  # weighted sums, activations, and gradients by them
_FLOAT = 4  # bytes


@dataclass(frozen=True)
class Cost:
    """The cost of a network.

    Attributes
    ----------
    products : int
        Multiply-adds for one input; for sequences, for one frame.
    memory : int
        Approximate number of bytes that one thread needs to run it, besides the parameters.
    """

    products: int
    memory: int


def cost_of(layers: Sequence[Layer], input_shape: Shape) -> Cost:
    """The cost of a sequence of layers.

    Raises
    ------
    ShapeError
        If they do not fit each other.
    """
    products, shape, largest = 0, input_shape, features(input_shape)
    for layer in layers:
        given, shape = shape, layer.output_shape(shape)
        products += _products(layer, given, shape)
        largest += features(shape)
    dense = all(isinstance(layer, Dense | Flatten | Recurrent) for layer in layers)
    return Cost(products, _COPIES * _FLOAT * largest * (_DENSE_ROWS if dense else _PLANES_GROUP))


def _products(layer: Layer, given: Shape, shape: Shape) -> int:
    """Multiply-adds of one layer; for pooling, the number of values that it reads."""
    if isinstance(layer, Dense):
        return features(given) * layer.out_features
    if isinstance(layer, Conv2d):
        channels = given[0] if len(given) == 3 else 1
        return features(shape) * channels * math.prod(layer.geometry[0])
    if isinstance(layer, MaxPool2d | AvgPool2d):
        return features(shape) * math.prod(layer.geometry[0])
    if isinstance(layer, Recurrent):
        return layer.parameter_count(given)
    return features(shape)
