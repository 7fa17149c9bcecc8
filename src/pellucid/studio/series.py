"""Training curves: one point for each mini-batch, merged in pairs when there are too many."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

MAX_POINTS = 1 << 17
"""Points that are kept; beyond it, every two become one."""


class Series:
    """Loss and accuracy of every mini-batch, or of every few.

    Point i is the mean over the mini-batches ``i * stride`` to ``(i + 1) * stride``.

    Examples
    --------
    >>> series = Series()
    >>> series.add(np.array([[3.0, 0.1], [1.0, 0.3]]))
    >>> [part.tolist() for part in series.points(10)]
    [[1.0, 2.0], [3.0, 1.0], [0.1..., 0.3...]]
    """

    def __init__(self, max_points: int = MAX_POINTS) -> None:
        self._max_points = max_points
        self._values = np.zeros((1024, 2), np.float32)
        self._count, self.stride = 0, 1
        self._rest: NDArray[np.float64] = np.zeros((0, 2))

    @property
    def steps(self) -> int:
        """Mini-batches added."""
        return self._count * self.stride + len(self._rest)

    def add(self, values: NDArray[np.float64]) -> None:
        """Add the loss and accuracy of the next mini-batches, (n, 2)."""
        rest = np.concatenate([self._rest, values])
        whole = len(rest) // self.stride
        means = rest[: whole * self.stride].reshape(whole, self.stride, 2).mean(axis=1)
        self._rest = rest[whole * self.stride :]
        while self._count + whole > len(self._values):
            self._values = np.concatenate([self._values, np.zeros_like(self._values)])
        self._values[self._count : self._count + whole] = means
        self._count += whole
        while self._count > self._max_points:
            self._halve()

    def truncate(self, step: int) -> None:
        """Discard everything after so many mini-batches."""
        if step >= self.steps:
            return
        whole, left = divmod(step, self.stride)
        if whole < self._count:
            # Part of a point stays: its mean stands for each mini-batch that is left.
            self._rest = np.repeat(self._values[whole : whole + 1].astype(np.float64), left, axis=0)
            self._count = whole
        else:
            self._rest = self._rest[:left]

    def points(self, count: int) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
        """Return about ``count`` points: the last mini-batch, the mean loss and the mean accuracy of each."""
        every = max(1, -(-self._count // count))
        starts = np.arange(0, self._count, every)
        if not len(starts):
            steps = np.arange(1, len(self._rest) + 1, dtype=np.float32)
            return steps, self._rest[:, 0].astype(np.float32), self._rest[:, 1].astype(np.float32)
        sums = np.add.reduceat(self._values[: self._count].astype(np.float64), starts, axis=0)
        ends = np.minimum(starts + every, self._count)
        means = (sums / (ends - starts)[:, None]).astype(np.float32)
        return (ends * self.stride).astype(np.float32), means[:, 0], means[:, 1]

    def _halve(self) -> None:
        """Merge every two points into one."""
        half = self._count // 2
        pairs = self._values[: 2 * half].reshape(half, 2, 2).mean(axis=1)
        odd = np.repeat(self._values[2 * half : self._count].astype(np.float64), self.stride, axis=0)
        self._rest = np.concatenate([odd, self._rest])
        self._values[:half] = pairs
        self._count, self.stride = half, 2 * self.stride
