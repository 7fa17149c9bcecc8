"""The drawing pad: turns strokes into ink, with undo and redo."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pellucid.data.drawings.segments import draw_line
from pellucid.errors import DataError
from pellucid.studio.protocol.parts import Stroke

SIDE = 112
"""Pixels along the longer side of the pad, about: four for each of a field of 28x28."""

MAX_SEGMENTS = 8192
"""Most line segments of a drawing; drawing them takes about a quarter of a second."""

Ink = NDArray[np.float32]


class Pad:
    """Strokes on a pad, and their ink.

    Parameters
    ----------
    grid : (int, int)
        Height and width of the field that is drawn on, in pixels of the network's input; the pad has a whole number of
        its own for each.

    Examples
    --------
    >>> pad = Pad()
    >>> pad.draw(0, [0.2, 0.5, 0.8, 0.5], 0.08)
    >>> pad.ink.shape, bool(pad.ink.any())
    ((112, 112), True)
    >>> pad.undo()
    >>> bool(pad.ink.any())
    False
    """

    def __init__(self, grid: tuple[int, int] = (SIDE // 4, SIDE // 4)) -> None:
        self.grid = grid
        self.strokes: list[Stroke] = []
        fine = max(1, SIDE // max(grid))
        self.ink: Ink = np.zeros((fine * grid[0], fine * grid[1]), np.float32)
        self._undone: list[list[Stroke]] = []
        self._cleared: list[Stroke] = []

    @property
    def can_undo(self) -> bool:
        """Whether there is a stroke, or a clearing of the pad, to undo."""
        return bool(self.strokes or self._cleared)

    @property
    def can_redo(self) -> bool:
        """Whether there is something to redo."""
        return bool(self._undone)

    def draw(self, stroke: int, points: list[float], width: float, erase: bool = False) -> None:
        """Append points to the last stroke, or start a new one.

        Parameters
        ----------
        stroke : int
            Number of the last stroke, or the next number for a new one.
        points : list of float
            x, y, x, y, ... as shares of the pad's width and height.
        width, erase
            For a new stroke: its width as a share of the longer side, and whether it removes ink.

        Raises
        ------
        DataError
            If the stroke is neither, a point is incomplete, or the drawing exceeds `MAX_SEGMENTS`.
        """
        if stroke not in (len(self.strokes) - 1, len(self.strokes)) or stroke < 0:
            raise DataError(f"Expected stroke {len(self.strokes)}, a new one, or the last one, got {stroke}.")
        _check_points(points)
        if self._segments() + len(points) // 2 > MAX_SEGMENTS:
            raise DataError(f"Expected a drawing of at most {MAX_SEGMENTS:,} points, got more: clear the pad.")
        self._undone.clear()
        if stroke == len(self.strokes):
            self._cleared = []
            self.strokes.append(Stroke([], width, erase))
        line = self.strokes[-1]
        before = line.points[-2:]
        line.points.extend(points)
        draw_line(self.ink, before + points, line.width, line.erase)

    def undo(self) -> None:
        """Undo the last stroke, or the clearing of the pad."""
        if self.strokes:
            self._undone.append([self.strokes.pop()])
        elif self._cleared:
            self.strokes, self._cleared = self._cleared, []
            self._undone.append([])
        self._redraw()

    def redo(self) -> None:
        """Redo what was undone last."""
        if self._undone:
            strokes = self._undone.pop()
            if strokes:
                self.strokes.extend(strokes)
            else:
                self.strokes, self._cleared = [], self.strokes
        self._redraw()

    def clear(self) -> None:
        """Clear the pad; `undo` restores it."""
        if self.strokes:
            self._cleared, self.strokes = self.strokes, []
        self._undone.clear()
        self._redraw()

    def replace(self, strokes: list[Stroke]) -> None:
        """Replace the drawing."""
        for stroke in strokes:
            _check_points(stroke.points)
        if sum(len(stroke.points) // 2 for stroke in strokes) > MAX_SEGMENTS:
            raise DataError(f"Expected a drawing of at most {MAX_SEGMENTS:,} points, got more: draw fewer strokes.")
        self.strokes = [Stroke(list(stroke.points), stroke.width, stroke.erase) for stroke in strokes]
        self._undone.clear()
        self._cleared = []
        self._redraw()

    def _segments(self) -> int:
        return sum(len(stroke.points) // 2 for stroke in self.strokes)

    def _redraw(self) -> None:
        self.ink[...] = 0.0
        for stroke in self.strokes:
            draw_line(self.ink, stroke.points, stroke.width, stroke.erase)


def _check_points(points: list[float]) -> None:
    if len(points) % 2:
        raise DataError(f"Expected points as x, y, x, y, ..., got {len(points)} numbers: send two for each point.")


def averaged(ink: Ink, grid: tuple[int, int]) -> Ink:
    """Return ink of any size on a grid of (H, W) pixels, each the mean of the ink that falls into it.

    Examples
    --------
    >>> averaged(np.eye(4, dtype=np.float32), (2, 2)).tolist()
    [[0.5, 0.0], [0.0, 0.5]]
    """
    rows, columns = _shares(ink.shape[0], grid[0]), _shares(ink.shape[1], grid[1])
    mean: Ink = (rows @ ink @ columns.T).astype(np.float32)
    return mean


def _shares(before: int, after: int) -> NDArray[np.float64]:
    """The share (after, before) that each of ``before`` equal sections of a line has in each of ``after`` sections."""
    starts = np.arange(after)[:, None] * (before / after)
    sections = np.arange(before)[None, :]
    overlap = np.minimum(starts + before / after, sections + 1) - np.maximum(starts, sections)
    shares: NDArray[np.float64] = np.clip(overlap, 0, None) * (after / before)
    return shares
