"""The changes that `pellucid.inspect.repair` tries: dots, lines through good places, and smaller strokes."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Ink = NDArray[np.float32]
Point = tuple[float, ...]

CELLS = 14
"""Places along the longer side of the drawing at which dots are tried."""

LONGEST = 6
"""Longest new line, in cells."""

LINES = 60
"""Lines that are read for each way of ranking them."""

GRID = 1000
"""Coordinates and widths are whole thousandths, as the page sends them."""

THINNEST = 0.02
"""Narrowest pen, as a share of the longer side."""

SHORTEST = 0.01
"""Shortest line that is no dot."""

_FAINT = 0.02


@dataclass(frozen=True)
class PenStroke:
    """One straight stroke.

    Attributes
    ----------
    points : tuple of float
        x, y of its start and x, y of its end, as shares of the drawing's width and height; a dot has only one of them.
    width : float
        As a share of the longer side.
    erase : bool
        Whether it removes ink.
    """

    points: Point
    width: float
    erase: bool


@dataclass(frozen=True, eq=False)
class Cells:
    """The places at which dots are tried: a grid over the drawing and one cell around it, (x, y) as shares.

    Attributes
    ----------
    xs, ys : tuple of float
        The columns and the rows of the grid.
    """

    xs: tuple[float, ...]
    ys: tuple[float, ...]

    @classmethod
    def over(cls, ink: Ink) -> Cells:
        """Return the cells over the ink of a drawing."""
        longer = max(ink.shape)
        sides = []
        for axis, length in ((0, ink.shape[1]), (1, ink.shape[0])):
            inked = np.flatnonzero(ink.max(axis=axis) > _FAINT)
            first, last = (inked[0], inked[-1] + 1) if len(inked) else (0, length)
            count = max(1, round(CELLS * length / longer))
            middles = (np.arange(count) + 0.5) / count
            near = (middles >= first / length - 1.5 / count) & (middles <= last / length + 1.5 / count)
            sides.append(tuple(_rounded(float(middle)) for middle in middles[near]))
        return cls(*sides)


def dots_of(ink: Ink, cells: Cells, width: float) -> dict[tuple[int, int, bool], PenStroke]:
    """Return the dots that change something, by row, column and whether they erase: on paper, and on ink."""
    height, across = ink.shape
    radius = max(1, round(width * max(ink.shape) / 2))
    dots = {}
    for (row, y), (column, x) in itertools.product(enumerate(cells.ys), enumerate(cells.xs)):
        at, to = min(height - 1, int(y * height)), min(across - 1, int(x * across))
        around = ink[max(0, at - radius) : at + radius + 1, max(0, to - radius) : to + radius + 1]
        for erase, useful in ((False, around.min() < 1 - _FAINT), (True, around.max() > _FAINT)):
            if useful:
                dots[row, column, erase] = PenStroke((x, y), _rounded(width), erase)
    return dots


def lines_of(cells: Cells, gains: dict[tuple[int, int, bool], float], width: float) -> list[PenStroke]:
    """Return the lines between cells that promise most, as a whole and for their length, from what dots gain."""
    found: list[tuple[float, float, PenStroke]] = []
    for erase in (False, True):
        gained = np.zeros((len(cells.ys), len(cells.xs)))
        for (row, column, erased), gain in gains.items():
            if erased == erase:
                gained[row, column] = gain
        for down, across in _ways():
            promise, left = _promises(gained, down, across)
            for row, column in np.argwhere(promise > 0):
                ends = cells.xs[left + column], cells.ys[row], cells.xs[left + column + across], cells.ys[row + down]
                value = float(promise[row, column])
                stroke = PenStroke(ends, _rounded(width), erase)
                found.append((value, value / (1 + math.hypot(down, across)), stroke))
    best = sorted(found, key=lambda each: -each[0])[:LINES] + sorted(found, key=lambda each: -each[1])[:LINES]
    return list(dict.fromkeys(stroke for *_, stroke in best))


def _ways() -> list[tuple[int, int]]:
    """Rows down and columns across of every line, in one of its two directions."""
    reach = range(-LONGEST, LONGEST + 1)
    ways = [(down, across) for down in range(LONGEST + 1) for across in reach if down > 0 or across > 0]
    return [way for way in ways if math.hypot(*way) <= LONGEST]


def _promises(gained: NDArray[np.float64], down: int, across: int) -> tuple[NDArray[np.float64], int]:
    """What the dots along a line gain together, for every start; and the column of the first start."""
    length = math.hypot(down, across)
    left = max(0, -across)
    rows, columns = gained.shape[0] - down, gained.shape[1] - abs(across)
    total = np.zeros((max(0, rows), max(0, columns)))
    for row, column in itertools.product(range(down + 1), range(min(0, across), max(0, across) + 1)):
        beside = abs(column * down - row * across) / length
        if beside < 0.5 and total.size:
            total += gained[row : row + rows, left + column : left + column + columns]
    return total, left


def shorter(strokes: tuple[PenStroke, ...]) -> list[tuple[PenStroke, ...]]:
    """Return smaller changes: without one stroke, or with one of them shorter or narrower."""
    found = []
    for at, stroke in enumerate(strokes):
        before, after = strokes[:at], strokes[at + 1 :]
        found.append((*before, *after))
        found += [(*before, each, *after) for each in _smaller(stroke)]
    return [each for each in found if each]


def _smaller(stroke: PenStroke) -> list[PenStroke]:
    found = []
    for share in (0.5, 0.75, 0.9):
        if len(stroke.points) == 4:
            (x, y), (u, v) = stroke.points[:2], stroke.points[2:]
            parts = (
                (x, y, x + share * (u - x), y + share * (v - y)),
                (u + share * (x - u), v + share * (y - v), u, v),
            )
            long = [part for part in parts if math.hypot(part[2] - part[0], part[3] - part[1]) > SHORTEST]
            found += [PenStroke(tuple(map(_rounded, part)), stroke.width, stroke.erase) for part in long]
        if stroke.width * share >= THINNEST:
            found.append(PenStroke(stroke.points, _rounded(stroke.width * share), stroke.erase))
    return found


def _rounded(value: float) -> float:
    return round(min(1.0, max(0.0, value)) * GRID) / GRID
