"""Notices that a loss has exploded although every number is still finite."""

from __future__ import annotations

import math

_FAR = 10.0


class LossWatch:
    """Compares the loss with that of the first steps, and with that of guessing.

    Parameters
    ----------
    chance : float
        The loss of outputs that are all alike; 0 where it is not known.
    """

    def __init__(self, chance: float) -> None:
        self._chance, self._first, self._told = chance, math.inf, False

    def notices(self, loss: float) -> bool:
        """Whether a mean loss is far above both, for the first time."""
        if math.isinf(self._first):
            self._first = loss
        if self._told or not loss > _FAR * max(self._first, self._chance):
            return False
        self._told = True
        return True
