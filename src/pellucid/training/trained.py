"""What `pellucid.train_many` yields for each recipe."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pellucid.network.network import Network
from pellucid.training.events import Epoch
from pellucid.training.recipe import Recipe


@dataclass(frozen=True, eq=False)
class Trained:
    """A recipe's training has ended.

    Attributes
    ----------
    recipe : Recipe
    epoch, step : int
        Epochs and mini-batches trained; fewer than planned after early stopping.
    history : tuple of Epoch
        The events of all epochs.
    parameters : ndarray (parameter_count,)
        All weights and biases of the trained network.
    adopted : mapping
        What the network took over from the data: shape, levels, names of classes, and its record.
    """

    recipe: Recipe
    epoch: int
    step: int
    history: tuple[Epoch, ...]
    parameters: NDArray[np.float32]
    adopted: Mapping[str, Any]

    @cached_property
    def net(self) -> Network:
        """The trained network, made when it is first asked for."""
        described = dict(self.adopted)
        record = described.pop("record")
        net = Network(self.recipe.layers, seed=self.recipe.seed, draw=False, **described)
        net.parameters[...] = self.parameters
        net.record = record
        return net

    @property
    def loss(self) -> float:
        """The mean loss of the last epoch; NaN if there was none."""
        return self.history[-1].loss if self.history else float("nan")

    @property
    def test_loss(self) -> float | None:
        """The loss on the validation data after the last epoch, or None without validation."""
        return self.history[-1].test_loss if self.history else None

    @property
    def test_accuracy(self) -> float | None:
        """The accuracy on the validation data after the last epoch, or None without validation."""
        return self.history[-1].test_accuracy if self.history else None

    def __repr__(self) -> str:
        accuracy = "" if self.test_accuracy is None else f", test accuracy {self.test_accuracy:.2%}"
        return f"<Trained: {len(self.parameters):,} parameters, {self.epoch} epochs{accuracy}>"
