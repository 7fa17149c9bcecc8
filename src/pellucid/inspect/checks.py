"""Checks of layer and neuron numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pellucid.errors import ShapeError
from pellucid.layers.dense import Dense

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


def checked_index(value: int, count: int, what: str) -> int:
    """Return ``value`` as an int, which must be from 0 to ``count - 1``."""
    article = "an" if what[0] in "aeiou" else "a"
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or not 0 <= value < count:
        raise ShapeError(f"Expected {article} {what} from 0 to {count - 1}, got {value!r}.")
    return int(value)
