"""The mini-batches since the last picture: each by itself where they are few, several as one where they are many."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

MOST_SENT = 512
"""Points in a picture."""

MOST_KEPT = 8192
"""Points that wait for one; a page that nobody looks at asks for none for long."""


class Recent:
    """Loss and accuracy since somebody last took them.

    Examples
    --------
    >>> recent = Recent()
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
        """The loss and accuracy of the next mini-batches, (n, 2)."""
        self._parts.append(np.column_stack([np.ones(len(means)), means]))
        self._count += len(means)
        if self._count > 2 * MOST_KEPT:
            self._parts = [_thinned(np.concatenate(self._parts), MOST_KEPT)]
            self._count = len(self._parts[0])

    def take(self, step: int) -> tuple[Floats, Floats, Floats]:
        """The last mini-batch of each point, of which the last is ``step``, its mean loss and accuracy; then forget."""
        points = _thinned(np.concatenate([np.zeros((0, 3)), *self._parts]), MOST_SENT)
        self._parts, self._count = [], 0
        ends = np.cumsum(points[:, 0])
        return ends + (step - ends[-1:].sum()), points[:, 1], points[:, 2]


def _thinned(points: Floats, most: int) -> Floats:
    """At most so many points (n, 3): how many mini-batches each stands for, and their means."""
    if len(points) <= most:
        return points
    starts = np.linspace(0, len(points), most, endpoint=False).astype(np.int64)
    counts = np.add.reduceat(points[:, 0], starts)
    sums = np.add.reduceat(points[:, 1:] * points[:, :1], starts, axis=0)
    return np.column_stack([counts, sums / counts[:, None]])
