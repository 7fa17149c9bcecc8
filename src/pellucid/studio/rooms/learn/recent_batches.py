"""The mini-batches since the last picture: each is a point while they are few; many are merged into fewer points."""

from __future__ import annotations

import numpy as np

from pellucid.studio.rooms.learn.series import Floats, merged_to, points_of

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
    [[9.0, 10.0], [[3.0, 3.0, 3.0], [1.0, 1.0, 1.0]], [[0.1, 0.1, 0.1], [0.3, 0.3, 0.3]]]
    >>> [len(part) for part in recent.take(step=10)]
    [0, 0, 0]
    """

    def __init__(self) -> None:
        self._parts: list[Floats] = []
        self._count = 0

    def add(self, means: Floats) -> None:
        """Add the loss and accuracy of the next mini-batches, (n, 2)."""
        self._parts.append(points_of(means))
        self._count += len(means)
        if self._count > 2 * MAX_KEPT:
            self._parts = [merged_to(np.concatenate(self._parts), MAX_KEPT)]
            self._count = len(self._parts[0])

    def take(self, step: int) -> tuple[Floats, Floats, Floats]:
        """Return the points, then clear.

        Parameters
        ----------
        step : int
            Number of the very last mini-batch.

        Returns
        -------
        ndarray (n,), ndarray (n, 3), ndarray (n, 3)
            Last mini-batch of each point; mean, lowest and highest loss; and accuracy.
        """
        points = merged_to(np.concatenate([np.zeros((0, 7)), *self._parts]), MAX_SENT)
        self._parts, self._count = [], 0
        ends = np.cumsum(points[:, 0])
        return ends + (step - ends[-1:].sum()), points[:, 1:4], points[:, 4:7]
