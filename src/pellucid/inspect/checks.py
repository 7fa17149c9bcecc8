"""What the functions of this room check before they look: layers, neurons, and that they are dense."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pellucid.errors import ShapeError
from pellucid.layers.dense import Dense

if TYPE_CHECKING:
    from pellucid.network.network import Network


def dense_layer(net: Network, layer: int) -> Dense:
    """The layer of that number, which has to be dense.

    Raises
    ------
    ShapeError
        Where there is none, or it is of another kind.
    """
    index = checked_index(layer, len(net.layers), "layer")
    found = net.layers[index]
    if not isinstance(found, Dense):
        raise ShapeError(f"Expected a dense layer, but layer {index} is {found.kind}: choose another.")
    return found


def checked_index(value: int, count: int, what: str) -> int:
    """``value`` as an index from 0 to ``count - 1``."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or not 0 <= value < count:
        raise ShapeError(f"Expected a {what} from 0 to {count - 1}, got {value!r}.")
    return int(value)
