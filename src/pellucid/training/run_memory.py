"""What a trainer remembers of its runs: the events of epochs, the best parameters, whether it has warned."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pellucid.training.events import Epoch
from pellucid.training.loss_watch import LossWatch
from pellucid.training.state import State
from pellucid.training.watchers import Watchers

_MOST_EPOCHS = 20_000


class RunMemory:
    """The events of the latest epochs, and the parameters with the lowest validation loss.

    Parameters
    ----------
    chance : float
        The loss of outputs that are all alike; 0 where it is not known.

    Attributes
    ----------
    epochs : list of Epoch
        At most the last 20,000.
    best : ndarray (parameter_count,), optional
    watch : LossWatch
    watchers : Watchers
    """

    def __init__(self, chance: float) -> None:
        self.epochs: list[Epoch] = []
        self.best: NDArray[np.float32] | None = None
        self.watch = LossWatch(chance)
        self.watchers = Watchers()

    def add(self, event: Epoch) -> None:
        """Add an epoch; epochs that are repeated replace the earlier ones."""
        while self.epochs and self.epochs[-1].epoch >= event.epoch:
            self.epochs.pop()
        self.epochs.append(event)
        del self.epochs[:-_MOST_EPOCHS]

    def check_patience(self, event: Epoch, state: State, parameters: NDArray[np.float32], patience: int) -> None:
        """Keep the best parameters, and return to them if the validation loss has not fallen for too long."""
        if event.test_loss is not None and event.test_loss < state.best_loss:
            state.best_loss, state.waited, self.best = event.test_loss, 0, parameters.copy()
            return
        state.waited += 1
        state.over = state.waited >= patience
        if state.over and self.best is not None:
            parameters[...] = self.best
