"""The state of training, and snapshots to return to if the loss diverges."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pellucid.errors import ConfigurationError
from pellucid.system.fields import Field, FieldError, Flag, Integer, Number, check

MOST_EPOCHS = 1 << 31
"""The largest number of epochs: multiplied by the examples of an epoch, it still is a 64-bit integer."""

STATE_FIELDS: dict[str, Field] = {
    "epoch": Integer(0, MOST_EPOCHS),
    "batch": Integer(0),
    "planned": Integer(0, MOST_EPOCHS),
    "loss_sum": Number(),
    "right": Number(0.0),
    "seconds": Number(0.0),
    "epoch_seconds": Number(0.0),
    "best_loss": Number(high=float("inf")),
    "waited": Integer(0),
    "over": Flag(),
}
"""The ranges of a `State`'s fields, in memory and in files; `check_state` also checks them against each other."""


@dataclass
class State:
    """The state of training: everything that resuming needs besides parameters and moments."""

    epoch: int = 0
    batch: int = 0
    planned: int = 0
    loss_sum: float = 0.0
    right: float = 0
    seconds: float = 0.0
    epoch_seconds: float = 0.0
    best_loss: float = float("inf")
    waited: int = 0
    over: bool = False


def check_state(values: dict[str, Any], examples: int, batch_size: int) -> None:
    """Check that a state, given as a dictionary, is possible for this number of examples and batch size.

    Raises
    ------
    FieldError
        If it is not; the message names the field.
    """
    check(STATE_FIELDS, values, of="state")
    steps, seen = -(-examples // batch_size), min(values["batch"] * batch_size, examples)
    for name, most in (("batch", steps), ("right", seen)):
        if values[name] > most:
            raise FieldError(f"state.{name} expected {Integer(0, most).wanted}, got {values[name]}")


@dataclass(frozen=True)
class Snapshot:
    """Training before step number ``step``: state, parameters and moments."""

    step: int
    state: State
    vectors: tuple[NDArray[np.float32], ...]

    @classmethod
    def of(cls, step: int, state: State, vectors: Sequence[NDArray[np.float32]]) -> Snapshot:
        """Copy the current state and vectors."""
        return cls(step, State(**vars(state)), tuple(vector.copy() for vector in vectors))

    def restore(self, vectors: Sequence[NDArray[np.float32]]) -> State:
        """Restore the vectors, and return the state that belongs to them.

        Raises
        ------
        ConfigurationError
            If they are those of another network or another kind of optimiser.
        """
        shapes, here = [vector.shape for vector in self.vectors], [vector.shape for vector in vectors]
        if shapes != here:
            raise ConfigurationError(
                f"A snapshot with vectors of the shapes {shapes} does not fit training with {here}: it was taken of "
                "another network, or with another kind of optimiser."
            )
        for vector, kept in zip(vectors, self.vectors, strict=True):
            vector[...] = kept
        return State(**vars(self.state))


class Rewind:
    """Keeps snapshots of the last two chunks of steps.

    Two, because a bad step shows in the loss of the step after it, which may be the first of the next chunk.
    """

    def __init__(self) -> None:
        self._snapshots: list[Snapshot] = []

    def remember(self, step: int, state: State, vectors: Sequence[NDArray[np.float32]]) -> None:
        """Keep a snapshot of training before step number ``step``."""
        self._snapshots = [*self._snapshots[-1:], Snapshot.of(step, state, vectors)]

    def usable(self, step: int) -> bool:
        """Whether there is a finite snapshot at or before ``step``."""
        return all(np.isfinite(vector).all() for vector in self._latest(step).vectors)

    def _latest(self, step: int) -> Snapshot:
        return ([snapshot for snapshot in self._snapshots if snapshot.step <= step] or self._snapshots)[-1]

    def restore(self, step: int, vectors: Sequence[NDArray[np.float32]]) -> State:
        """Restore the latest snapshot at or before ``step``, and return its state."""
        snapshot = self._latest(step)
        self._snapshots = [snapshot]
        return snapshot.restore(vectors)
