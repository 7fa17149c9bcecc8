"""Checks of layer and neuron numbers, and how many neurons or channels a layer has."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from pellucid.errors import ShapeError
from pellucid.layers.conv2d import Conv2d
from pellucid.layers.dense import Dense
from pellucid.layers.dropout import Dropout
from pellucid.layers.flatten import Flatten
from pellucid.layers.layer import Layer, Shape
from pellucid.layers.pool2d import AvgPool2d, MaxPool2d
from pellucid.system.arguments import is_integer

if TYPE_CHECKING:
    from pellucid.network.network import Network


def dense_layer(net: Network, layer: int) -> Dense:
    """Return a layer, which must be dense.

    Raises
    ------
    ShapeError
        If there is no such layer, or it is not dense.
    """
    index = checked_index(layer, len(net.layers), "layer")
    found = net.layers[index]
    if not isinstance(found, Dense):
        raise ShapeError(f"Expected a dense layer, got layers[{index}], which is {found.kind}: choose another.")
    return found


def image_layer(net: Network, layer: int) -> Layer:
    """Return a layer, which must be of a kind that takes images or rows, with weights or without.

    Raises
    ------
    ShapeError
        If there is no such layer, or it is recurrent.
    """
    index = checked_index(layer, len(net.layers), "layer")
    found = net.layers[index]
    if not isinstance(found, Dense | Conv2d | MaxPool2d | AvgPool2d | Flatten | Dropout):
        raise ShapeError(
            f"Expected a dense layer, or one of a convolutional network, got layers[{index}], which is {found.kind}: "
            "choose another."
        )
    return found


def weighted_layer(net: Network, layer: int) -> Dense | Conv2d:
    """Return a layer, which must be dense or a convolution.

    Raises
    ------
    ShapeError
        If there is no such layer, or it is of another kind.
    """
    found = image_layer(net, layer)
    if not isinstance(found, Dense | Conv2d):
        raise ShapeError(f"Expected a dense layer or a convolution, got layers[{layer}], which is {found.kind}.")
    return found


def output_shape(net: Network, layer: int) -> Shape:
    """Return the shape of a layer's output, or for layer -1 of the network's input."""
    if layer < 0:
        return net.input_shape
    found = net.layers[layer]
    return found.output_shape(found.input_shape)


def has_maps(net: Network, layer: int) -> bool:
    """Whether a layer's output consists of feature maps, (C, H, W)."""
    shape = output_shape(net, layer)
    return layer >= 0 and len(shape) == 3 and None not in shape


def unit_count(net: Network, layer: int) -> int:
    """Return how many neurons a layer has, or channels where its output consists of maps; inputs for layer -1."""
    shape = output_shape(net, layer)
    return shape[0] if has_maps(net, layer) else math.prod(side for side in shape if side is not None)


def checked_index(value: int, count: int, what: str) -> int:
    """Return ``value`` as an int, which must be from 0 to ``count - 1``."""
    article = "an" if what[0] in "aeiou" else "a"
    if not is_integer(value) or not 0 <= value < count:
        raise ShapeError(f"Expected {article} {what} from 0 to {count - 1}, got {value!r}.")
    return int(value)
