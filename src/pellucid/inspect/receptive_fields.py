"""Receptive fields: the part of the picture that one place of a feature map depends on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pellucid.errors import ShapeError
from pellucid.inspect.checks import checked_index
from pellucid.layers.conv2d import Conv2d
from pellucid.layers.dropout import Dropout
from pellucid.layers.planes import as_planes
from pellucid.layers.pool2d import AvgPool2d, MaxPool2d

if TYPE_CHECKING:
    from pellucid.layers.layer import Layer
    from pellucid.network.network import Network

Span = tuple[int, int]
"""First row or column, and the one after the last."""


def receptive_field(net: Network, layer: int, row: int, column: int) -> tuple[int, int, int, int]:
    """Return which pixels a place of a layer's feature maps depends on: left, top, right, bottom.

    Parameters
    ----------
    net : Network
        A network of pictures.
    layer : int
        A layer with feature maps, from 0.
    row, column : int
        The place in the map, from 0.

    Returns
    -------
    left, top, right, bottom : int
        Columns ``left`` to ``right - 1`` and rows ``top`` to ``bottom - 1``, within the picture.

    Raises
    ------
    ShapeError
        If there is no such layer or place, or the layer has no feature maps.

    Examples
    --------
    >>> import pellucid as pl
    >>> receptive_field(pl.load("digits-conv"), 1, 0, 0)          # 5x5, then the largest of each 2x2
    (0, 0, 6, 6)
    """
    index = checked_index(layer, len(net.layers), "layer")
    shape = net.layers[index].output_shape(net.layers[index].input_shape)
    if len(shape) != 3 or not all(_is_of_planes(each) for each in net.layers[: index + 1]):
        raise ShapeError(f"Expected a layer with feature maps, got layers[{index}], which has none.")
    top = checked_index(row, shape[1], "row")
    left = checked_index(column, shape[2], "column")
    rows, columns = (top, top + 1), (left, left + 1)
    for each in reversed(net.layers[: index + 1]):
        if not isinstance(each, Dropout):
            rows, columns = _seen(each, 0, rows), _seen(each, 1, columns)
    _, height, width = as_planes("receptive_field", net.input_shape)
    return max(0, columns[0]), max(0, rows[0]), min(width, columns[1]), min(height, rows[1])


def _is_of_planes(layer: Layer) -> bool:
    return isinstance(layer, Conv2d | MaxPool2d | AvgPool2d | Dropout)


def _seen(layer: Layer, axis: int, span: Span) -> Span:
    """The rows (axis 0) or columns (axis 1) of a layer's input on which those of its output depend."""
    if isinstance(layer, Conv2d):
        kernel, stride, padding = (pair[axis] for pair in layer.geometry)
    elif isinstance(layer, MaxPool2d | AvgPool2d):
        (kernel, stride), padding = (pair[axis] for pair in layer.geometry), 0
    else:
        return span
    return span[0] * stride - padding, (span[1] - 1) * stride - padding + kernel
