"""Training curves: a point for each mini-batch or epoch; where there are too many, every two become one.

A point is (count, and of loss and accuracy each the mean, the lowest and the highest): a merged point keeps the true
bounds of all that it stands for. What was not measured, or is no longer known, is NaN. A sparse series is measured now
and then: it tells the measured points only, and merges these.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Single = NDArray[np.float32]

MAX_POINTS = 1 << 17
"""Points that are kept; beyond it, every two become one."""

GATHERED = 4096
"""Mini-batches that are merged at once: few at a time cost more than they need."""

_MEANS, _LOWEST, _HIGHEST = [1, 4], [2, 5], [3, 6]
"""Columns of a point, for loss and accuracy."""


def points_of(values: Floats) -> Floats:
    """Return a point (n, 7) for each loss and accuracy (n, 2)."""
    return np.column_stack([np.ones(len(values)), np.repeat(values, 3, axis=1)])


def merged(points: Floats, starts: NDArray[np.int64]) -> Floats:
    """Merge the points from each start up to the next; with an unknown one among them, the result is unknown."""
    counts = np.add.reduceat(points[:, 0], starts)
    found = np.empty((len(starts), 7))
    found[:, 0] = counts
    sums = np.add.reduceat(points[:, _MEANS] * points[:, :1], starts, axis=0)
    found[:, _MEANS] = sums / counts[:, None]
    found[:, _LOWEST] = np.minimum.reduceat(points[:, _LOWEST], starts, axis=0)
    found[:, _HIGHEST] = np.maximum.reduceat(points[:, _HIGHEST], starts, axis=0)
    return found


def merged_known(points: Floats, starts: NDArray[np.int64]) -> Floats:
    """Merge likewise, but the known points only; the result is unknown where there are none."""
    found = np.empty((len(starts), 7))
    found[:, 0] = np.add.reduceat(points[:, 0], starts)
    known = ~np.isnan(points[:, _MEANS])
    weights = points[:, :1] * known
    sums = np.add.reduceat(np.where(known, points[:, _MEANS], 0.0) * weights, starts, axis=0)
    total = np.add.reduceat(weights, starts, axis=0)
    found[:, _MEANS] = np.divide(sums, total, out=np.full_like(sums, np.nan), where=total > 0)
    found[:, _LOWEST] = np.fmin.reduceat(points[:, _LOWEST], starts, axis=0)
    found[:, _HIGHEST] = np.fmax.reduceat(points[:, _HIGHEST], starts, axis=0)
    return found


def known_of(points: Floats) -> Floats:
    """Leave out the points of which nothing is known; the next one stands for them too."""
    known = ~np.isnan(points[:, _MEANS]).all(axis=1)
    found = points[known]
    found[:, 0] = np.diff(np.cumsum(points[:, 0])[known], prepend=0.0)
    return found


def merged_to(points: Floats, most: int) -> Floats:
    """Merge neighbours until there are at most ``most`` points."""
    if len(points) <= most:
        return points
    return merged(points, np.linspace(0, len(points), most, endpoint=False).astype(np.int64))


class Series:
    """Loss and accuracy of every mini-batch (or epoch), or of every few: `stride` of them to a point.

    Parameters
    ----------
    max_points : int
    sparse : bool
        Whether it is measured now and then only.

    Examples
    --------
    >>> series = Series()
    >>> series.add(np.array([[3.0, 0.1], [1.0, 0.3]]))
    >>> [part.tolist() for part in series.points(1)]
    [[2.0], [[2.0, 1.0, 3.0]], [[0.2..., 0.1..., 0.3...]]]
    """

    def __init__(self, max_points: int = MAX_POINTS, *, sparse: bool = False) -> None:
        self._max_points, self._sparse = max_points, sparse
        self._merged = merged_known if sparse else merged
        self._values: Single = np.zeros((1024, 6), np.float32)
        self._count, self.stride = 0, 1
        self._new: list[Floats] = []
        self._gathered = 0
        self._rest = np.zeros((0, 7))  # fewer than `stride` mini-batches, which fill no point yet

    @property
    def steps(self) -> int:
        """Mini-batches added."""
        return self._count * self.stride + int(self._rest[:, 0].sum()) + self._gathered

    def add(self, values: Floats) -> None:
        """Add the loss and accuracy of the next mini-batches, (n, 2)."""
        self._new.append(np.array(values, np.float64))
        self._gathered += len(values)
        if self._gathered >= GATHERED:
            self._gather()

    def truncate(self, step: int) -> None:
        """Discard everything after so many mini-batches."""
        if step >= self.steps:
            return
        self._gather()
        whole = min(step // self.stride, self._count)
        left = step - whole * self.stride
        kept = self._rest[np.cumsum(self._rest[:, 0]) <= left] if whole == self._count else self._rest[:0]
        # Of a merged point, the mini-batches that stay are no longer known apart from those that go.
        lost = points_of(np.full((left - int(kept[:, 0].sum()), 2), np.nan))
        self._count, self._rest = whole, np.concatenate([kept, lost])

    def points(self, count: int) -> tuple[Single, Single, Single]:
        """Return at most ``count`` points: the last mini-batch (n,); mean, lowest and highest loss (n, 3); accuracy."""
        self._gather()
        whole = np.column_stack([np.full(self._count, float(self.stride)), self._values[: self._count]])
        points = np.concatenate([whole, self._rest])
        points = merged_to(known_of(points) if self._sparse else points, count)
        ends = np.cumsum(points[:, 0]).astype(np.float32)
        return ends, points[:, 1:4].astype(np.float32), points[:, 4:7].astype(np.float32)

    def _gather(self) -> None:
        if self._new:
            points = points_of(np.concatenate(self._new))
            self._new, self._gathered = [], 0
            self._append(np.concatenate([self._rest, points]))

    def _append(self, rest: Floats) -> None:
        ends = np.cumsum(rest[:, 0])
        whole = int(rest[:, 0].sum()) // self.stride
        used = int(np.searchsorted(ends, whole * self.stride, side="right"))
        points, self._rest = rest[:used], rest[used:]
        if self.stride > 1 and whole:
            points = self._merged(points, np.flatnonzero((ends - rest[:, 0])[:used] % self.stride == 0))
        while self._count + whole > len(self._values):
            self._values = np.concatenate([self._values, np.zeros_like(self._values)])
        self._values[self._count : self._count + whole] = points[:, 1:]
        self._count += whole
        while self._count > self._max_points:
            self._halve()

    def _halve(self) -> None:
        """Merge every two points into one; an odd last one waits for more."""
        half = self._count // 2
        odd = self._values[2 * half : self._count]
        self._rest = np.concatenate([np.column_stack([np.full(len(odd), float(self.stride)), odd]), self._rest])
        if half:
            pairs = np.column_stack([np.ones(2 * half), self._values[: 2 * half]])
            self._values[:half] = self._merged(pairs, 2 * np.arange(half))[:, 1:]
        self._count, self.stride = half, 2 * self.stride
