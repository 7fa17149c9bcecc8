"""Mix channels to one, also those of which one is the inverse of another."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]

_OPPOSITE = -0.5
"""Correlation with the loudest channel below which a channel counts as inverted."""


class Mixer:
    """The mean of all channels, each with the sign that it has in the loudest one.

    Adapters and faulty cables invert a channel: the plain mean of the two is then silence.

    Parameters
    ----------
    channels : int

    Attributes
    ----------
    inverted : bool
        Whether a channel was inverted so far.
    """

    def __init__(self, channels: int) -> None:
        self._products = np.zeros((channels, channels))
        self.inverted = False

    def mix(self, block: Floats) -> Floats:
        """The mono samples (n,) of a block (n, channels)."""
        if block.shape[1] == 1:
            return np.ascontiguousarray(block[:, 0], np.float32)
        rows = block.astype(np.float64)
        self._products += rows.T @ rows
        powers = np.diag(self._products)
        loudest = int(powers.argmax())
        norms = np.sqrt(powers * powers[loudest]) + np.finfo(float).tiny
        opposite = self._products[loudest] / norms < _OPPOSITE
        self.inverted = self.inverted or bool(opposite.any())
        mixed: Floats = (rows @ np.where(opposite, -1.0, 1.0) / block.shape[1]).astype(np.float32)
        return mixed
