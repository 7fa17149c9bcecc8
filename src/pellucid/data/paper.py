"""The paper of a grey picture: its level, and more of it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def paper_level(grey: NDArray[Any]) -> float:
    """Return the level of the paper: the median along the edges."""
    edges = np.concatenate([grey[0], grey[-1], grey[1:-1, 0], grey[1:-1, -1]])
    return float(np.median(edges))


def squared(grey: NDArray[Any]) -> NDArray[Any]:
    """Extend the paper of a grey picture to a square, with the picture in its middle."""
    height, width = grey.shape
    side = max(height, width)
    square = np.full((side, side), paper_level(grey)).astype(grey.dtype)
    top, left = (side - height) // 2, (side - width) // 2
    square[top : top + height, left : left + width] = grey
    return square
