"""Going back when the loss runs away: what training looked like a little while ago."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from pellucid.training.trainer import State


@dataclass(frozen=True)
class Snapshot:
    """Training as it stood before step number ``step``: its state, parameters and moments."""

    step: int
    state: State
    vectors: tuple[NDArray[np.float32], ...]

    @classmethod
    def of(cls, step: int, state: State, vectors: Sequence[NDArray[np.float32]]) -> Snapshot:
        """Copies of what stands now."""
        return cls(step, replace(state), tuple(vector.copy() for vector in vectors))

    def restore(self, vectors: Sequence[NDArray[np.float32]]) -> State:
        """Put the vectors back; the state that goes with them."""
        for vector, kept in zip(vectors, self.vectors, strict=True):
            vector[...] = kept
        return replace(self.state)


class Rewind:
    """Keeps the state, and copies of parameters and moments, of the last two times it was asked to.

    Two, because a step is found to be bad by the loss after it, which may be the first of the next chunk of steps.
    """

    def __init__(self) -> None:
        self._snapshots: list[Snapshot] = []

    def remember(self, step: int, state: State, vectors: Sequence[NDArray[np.float32]]) -> None:
        """Keep what stands now, before step number ``step``."""
        self._snapshots = [*self._snapshots[-1:], Snapshot.of(step, state, vectors)]

    def usable(self, step: int) -> bool:
        """Whether there is anything finite to go back to at or before ``step``."""
        return all(np.isfinite(vector).all() for vector in self._latest(step).vectors)

    def _latest(self, step: int) -> Snapshot:
        return ([snapshot for snapshot in self._snapshots if snapshot.step <= step] or self._snapshots)[-1]

    def restore(self, step: int, vectors: Sequence[NDArray[np.float32]]) -> State:
        """Put back the latest vectors kept at or before ``step``; the state that goes with them."""
        snapshot = self._latest(step)
        self._snapshots = [snapshot]
        return snapshot.restore(vectors)
