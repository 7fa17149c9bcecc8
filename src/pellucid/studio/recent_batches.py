"""The mini-batches since the last picture: each is a point while they are few; many are merged into fewer points."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

MAX_SENT = 512
"""Points in a picture."""

MAX_KEPT = 8192
"""Points that wait for a picture; a hidden page asks for none."""


class RecentBatches:
    """Loss and accuracy since they were last taken.

    Examples
    --------
    >>> recent = RecentBatches()
    >>> recent.add(np.array([[3.0, 0.1], [1.0, 0.3]]))
    >>> [part.tolist() for part in recent.take(step=10)]
    [[9.0, 10.0], [3.0, 1.0], [0.1, 0.3]]
    >>> [part.tolist() for part in recent.take(step=10)]
    [[], [], []]
    """

    def __init__(self) -> None:
        self._parts: list[Floats] = []
        self._count = 0

    def add(self, means: Floats) -> None:
        """Add the loss and accuracy of the next mini-batches, (n, 2)."""
        self._parts.append(np.column_stack([np.ones(len(means)), means]))
        self._count += len(means)
        if self._count > 2 * MAX_KEPT:
            self._parts = [_merged(np.concatenate(self._parts), MAX_KEPT)]
            self._count = len(self._parts[0])

    def take(self, step: int) -> tuple[Floats, Floats, Floats]:
        """Return each point's last mini-batch (the very last is ``step``), mean loss and accuracy; then clear."""
        points = _merged(np.concatenate([np.zeros((0, 3)), *self._parts]), MAX_SENT)
        self._parts, self._count = [], 0
        ends = np.cumsum(points[:, 0])
        return ends + (step - ends[-1:].sum()), points[:, 1], points[:, 2]


def _merged(points: Floats, most: int) -> Floats:
    """Merge points (n, 3), each a number of mini-batches and their means, into at most ``most``."""
    if len(points) <= most:
        return points
    starts = np.linspace(0, len(points), most, endpoint=False).astype(np.int64)
    counts = np.add.reduceat(points[:, 0], starts)
    sums = np.add.reduceat(points[:, 1:] * points[:, :1], starts, axis=0)
    return np.column_stack([counts, sums / counts[:, None]])
