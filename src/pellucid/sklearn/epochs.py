"""The epochs of a fit, and when there are enough of them."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from pellucid.training.trainer import Trainer

Advance = Callable[[int], list[float]]
"""Trains for so many epochs, and returns the loss of each."""

Tell = Callable[[int, float], None]
"""Is called with the number of an epoch, from 1, and its loss."""


class Patience:
    """Counts the epochs in a row that did not improve a loss by at least ``tol``.

    Parameters
    ----------
    tol : float
    most : float
        It is over after more such epochs than these.
    """

    def __init__(self, tol: float, most: float) -> None:
        self._tol, self._most, self._waited, self.best = tol, most, 0, math.inf

    def improves(self, loss: float) -> bool:
        """Count an epoch; return whether its loss is the lowest so far."""
        self._waited = self._waited + 1 if loss > self.best - self._tol else 0
        if not loss < self.best:
            return False
        self.best = loss
        return True

    @property
    def is_over(self) -> bool:
        """Whether there were too many epochs in a row without improvement."""
        return self._waited > self._most

    @property
    def left(self) -> float:
        """The fewest epochs after which it can be over."""
        return max(1, self._most + 1 - self._waited)


def epoch_losses(trainer: Trainer, count: int) -> NDArray[np.float64]:
    """Train for ``count`` epochs, in as few calls of the engine as possible; return the mean loss of each (count,)."""
    per_epoch, examples = trainer.steps_per_epoch, trainer.examples
    sizes = np.full(per_epoch, trainer.batch_size)
    sizes[-1] = examples - (per_epoch - 1) * trainer.batch_size
    means: NDArray[np.float64] = trainer.take_steps(count * per_epoch).reshape(count, per_epoch) @ sizes / examples
    return means


def train(advance: Advance, most: int, patience: Patience, tell: Tell | None = None) -> list[float]:
    """Train until the loss improves no more, or for ``most`` epochs; return the loss of each.

    As many epochs are taken together as pass before patience can be over, so that none is taken in vain.
    """
    losses: list[float] = []
    while len(losses) < most and not patience.is_over:
        for loss in advance(int(min(most - len(losses), 1 if tell else patience.left))):
            losses.append(loss)
            patience.improves(loss)
            if tell:
                tell(len(losses), loss)
    return losses


def train_for_score(
    advance: Advance,
    most: int,
    patience: Patience,
    score: Callable[[], float],
    parameters: NDArray[np.float32],
    tell: Tell | None = None,
) -> tuple[list[float], list[float]]:
    """Train until a score improves no more, or for ``most`` epochs; leave the ``parameters`` with the best score.

    Returns
    -------
    losses, scores : list of float
        Of every epoch.
    """
    losses: list[float] = []
    scores: list[float] = []
    best = parameters.copy()
    while len(losses) < most and not patience.is_over:
        losses += advance(1)
        scores.append(score())
        if patience.improves(-scores[-1]):
            best[...] = parameters
        if tell:
            tell(len(losses), losses[-1])
    parameters[...] = best
    return losses, scores
