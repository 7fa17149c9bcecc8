"""Pictures whose pixels are moved: shifted as a whole, or all rearranged in the same random order."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Pictures = NDArray[np.float32]


@dataclass(frozen=True)
class Move:
    """How the pixels of every picture are moved: first shifted, then shuffled.

    Attributes
    ----------
    right, down : int
        Pixels; what leaves the picture is lost.
    shuffle : int or None
        Seed of the order in which the pixels are rearranged; None to leave them in place.

    Examples
    --------
    >>> Move(right=1).apply(np.array([[1, 2], [3, 4]], np.float32)).tolist()
    [[0.0, 1.0], [0.0, 3.0]]
    """

    right: int = 0
    down: int = 0
    shuffle: int | None = None

    @property
    def moves(self) -> bool:
        """Whether anything is moved."""
        return (self.right, self.down, self.shuffle) != (0, 0, None)

    def apply(self, pictures: Pictures, paper: float = 0.0) -> Pictures:
        """Return pictures (..., H, W) with their pixels moved; ``paper`` comes in at the edges."""
        height, width = pictures.shape[-2:]
        moved = np.full_like(pictures, paper)
        down, right = (max(-side, min(side, by)) for by, side in ((self.down, height), (self.right, width)))
        moved[..., max(0, down) : height + min(0, down), max(0, right) : width + min(0, right)] = pictures[
            ..., max(0, -down) : height - max(0, down), max(0, -right) : width - max(0, right)
        ]
        if self.shuffle is None:
            return moved
        order = pixel_order(self.shuffle, height * width)
        flat: Pictures = moved.reshape(*moved.shape[:-2], -1)[..., order]
        return flat.reshape(moved.shape)


def pixel_order(seed: int, count: int) -> NDArray[np.intp]:
    """Return the pixel that comes to each place (count,): the same permutation for the same seed."""
    return np.random.default_rng(seed).permutation(count)
