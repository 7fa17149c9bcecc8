"""Pixels in the levels that a network takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from pellucid.network.network import Network


def levels(net: Network, pixels: NDArray[np.float32]) -> NDArray[np.float32]:
    """Pixels from 0 to 1 as the levels that the network was made for."""
    low, high = net.level_range or (0.0, 1.0)
    scaled: NDArray[np.float32] = (low + pixels * (high - low)).astype("float32")
    return scaled
