"""The smallest change of a drawing that mends its reading: strokes to add or to remove, proven by reading it again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pellucid.data.drawings.segments import draw_line
from pellucid.errors import ConfigurationError, DataError, ShapeError
from pellucid.inspect.checks import checked_index
from pellucid.inspect.probes import probe
from pellucid.inspect.repair_moves import Cells, PenStroke, dots_of, lines_of, shorter
from pellucid.programs.images import from_unit

if TYPE_CHECKING:
    from pellucid.network.network import Network

Ink = NDArray[np.float32]
Prepare = Callable[[Ink], NDArray[np.float32]]

MOST = 4
"""Most strokes of a repair."""

BEAM = 3
"""Changes from which the search goes on, where none of them mends the reading yet."""

SHRUNK = 4
"""Changes that mend the reading and are made smaller."""

LEAD = 0.01
"""How far the sum of the class leads where a reading counts as mended: more than rounding can make of it."""

_ROUNDS = 16


@dataclass(frozen=True, eq=False)
class Repair:
    """A change of a drawing.

    Attributes
    ----------
    label : int
        The class that it should be read as.
    mended : bool
        Whether the changed drawing is read as that.
    strokes : tuple of PenStroke
        What is added and removed, in this order; empty where the drawing is read as ``label`` already.
    ink : ndarray (H, W)
        The changed drawing.
    before, after : ndarray (K,)
        The outputs for both.
    changed : float
        The change of ink, as a share of all ink of the drawing.
    readings : int
        How many changed drawings the network has read in the search.
    """

    label: int
    mended: bool
    strokes: tuple[PenStroke, ...]
    ink: Ink
    before: NDArray[np.float32]
    after: NDArray[np.float32]
    changed: float
    readings: int

    @property
    def method(self) -> str:
        """How it was found, in one sentence."""
        kind = "smallest" if self.mended else "best"
        return (
            f"The {kind} of {self.readings:,} changed drawings, each prepared and read by the network; "
            f"a smaller change may exist."
        )


@dataclass(frozen=True, eq=False)
class _Change:
    """Strokes over the drawing: the ink then, how far the label leads there, and how much ink they change."""

    strokes: tuple[PenStroke, ...]
    ink: Ink
    lead: float
    cost: float

    @property
    def mends(self) -> bool:
        return self.lead > LEAD


class _Reader:
    """Reads changed drawings, and counts them."""

    def __init__(self, net: Network, ink: Ink, label: int, prepare: Prepare) -> None:
        self._probe = probe(net, len(net.layers) - 1, level_range=(0.0, 1.0))
        self._ink, self._label, self._prepare = ink, label, prepare
        self.count = 0

    def read(self, strokes: list[tuple[PenStroke, ...]]) -> list[_Change]:
        """Return the drawing with each list of strokes over it."""
        inks = [_drawn(self._ink, each) for each in strokes]
        return [
            _Change(each, ink, lead, float(np.abs(ink - self._ink).sum(dtype=np.float64)))
            for each, ink, lead in zip(strokes, inks, self._leads(inks), strict=True)
        ]

    def _leads(self, inks: list[Ink]) -> list[float]:
        """How far the label's sum is above the largest other one, for each drawing."""
        if not inks:
            return []
        self.count += len(inks)
        sums = np.nan_to_num(self._probe(np.stack([self._prepare(ink).reshape(-1) for ink in inks])))
        others = np.delete(sums, self._label, axis=1).max(axis=1)
        leads: list[float] = (sums[:, self._label] - others).tolist()
        return leads


def repair(
    net: Network, ink: ArrayLike, label: int, *, prepare: Prepare | None = None, width: float = 0.07, most: int = MOST
) -> Repair:
    """Find the smallest change of a drawing that makes a network read it as a class.

    A change is a few strokes of a round pen or eraser. The search lays dots over the drawing to learn what ink would
    do there, joins the best places to lines, and goes on from the best lines until the reading is right. It then drops,
    shortens and narrows strokes as long as the reading stays right. Every step is a real reading: the changed drawing
    goes through ``prepare`` and the network. Nothing is random.

    Parameters
    ----------
    net : Network
        A network of images whose outputs are classes.
    ink : array_like (H, W)
        The drawing, of any size: 0 is paper, 1 is full ink.
    label : int
        The class that it should be read as.
    prepare : callable, optional
        Turns ink (H, W) into the network's pixels, from 0 to 1, such as `pellucid.data.drawings.center`. By default
        the ink is what the network reads, alike in all channels.
    width : float
        Width of the widest pen, as a share of the longer side.
    most : int
        Most strokes.

    Returns
    -------
    Repair
        Its ``mended`` is False where ``most`` strokes did not suffice.

    Raises
    ------
    ShapeError
        If ``ink`` is not two-dimensional, does not fit the network, or there is no such class.
    DataError
        If the drawing is empty, or its levels are not from 0 to 1.
    ConfigurationError
        For a width outside 0 to 0.5, or fewer than one stroke.

    Examples
    --------
    >>> import pellucid as pl
    >>> net, (image, label) = pl.load("digits-relu"), pl.data.load("digits").test[0]
    >>> other = int(net(image).argsort()[-2])
    >>> found = pl.inspect.repair(net, image / 255, other)
    >>> found.mended, int(net(found.ink).argmax()) == other
    (True, True)
    """
    drawn, prepared = _checked_ink(ink), prepare or _as_pixels(net)
    right = checked_index(label, net.output_shape[0], "class")
    if not 0 < width <= 0.5 or most < 1:
        raise ConfigurationError("repair expected a width from 0 to 0.5 and at least one stroke, such as width=0.07.")
    reader = _Reader(net, drawn, right, prepared)
    best = _search(reader, float(width), int(most))
    before, after = (np.asarray(net(_levels(net, prepared(each)))) for each in (drawn, best.ink))
    mended = int(np.nan_to_num(after).argmax()) == right
    share = best.cost / float(drawn.sum(dtype=np.float64))
    return Repair(right, mended, best.strokes, best.ink, before, after, share, reader.count)


def _search(reader: _Reader, width: float, most: int) -> _Change:
    """The smallest change that mends the reading, or the one that comes nearest to it."""
    beam = reader.read([()])
    if beam[0].mends:
        return beam[0]
    best = beam[0]
    for _ in range(most):
        found = [change for begin in beam for change in _longer(reader, begin, width)]
        mending = sorted((each for each in found if each.mends), key=lambda each: each.cost)
        if mending:
            return min((_shrunk(reader, each) for each in mending[:SHRUNK]), key=lambda each: each.cost)
        beam = sorted(found, key=lambda each: -each.lead)[:BEAM]
        best = max([best, *beam], key=lambda each: each.lead)
    return best


def _longer(reader: _Reader, begin: _Change, width: float) -> list[_Change]:
    """The change with one stroke more: dots first, then lines through the places where dots help."""
    cells = Cells.over(begin.ink)
    dots = dots_of(begin.ink, cells, width)
    read = reader.read([(*begin.strokes, dot) for dot in dots.values()])
    gains = {place: each.lead - begin.lead for place, each in zip(dots, read, strict=True)}
    lines = lines_of(cells, gains, width)
    return read + reader.read([(*begin.strokes, line) for line in lines])


def _shrunk(reader: _Reader, change: _Change) -> _Change:
    """Drop, shorten and narrow strokes as long as the reading stays right."""
    for _ in range(_ROUNDS):
        smaller = [each for each in reader.read(shorter(change.strokes)) if each.mends and each.cost < change.cost]
        if not smaller:
            break
        change = min(smaller, key=lambda each: each.cost)
    return change


def _drawn(ink: Ink, strokes: tuple[PenStroke, ...]) -> Ink:
    """A drawing with strokes over it."""
    changed = ink.copy()
    for stroke in strokes:
        draw_line(changed, stroke.points, stroke.width, stroke.erase)
    return changed


def _checked_ink(ink: ArrayLike) -> Ink:
    drawn = np.array(ink, np.float32)
    if drawn.ndim != 2:
        raise ShapeError(f"repair expected ink of shape (H, W), got {drawn.shape}: give it one grey drawing.")
    if not (drawn >= 0).all() or not (drawn <= 1).all():
        raise DataError("repair expected levels from 0 to 1: divide bytes by 255.")
    if not drawn.any():
        raise DataError("repair expected a drawing, got empty paper: draw something first.")
    return drawn


def _as_pixels(net: Network) -> Prepare:
    """Take ink for what the network reads, alike in all channels."""
    size = int(np.prod(net.input_shape))

    def same(ink: Ink) -> NDArray[np.float32]:
        if size % ink.size:
            raise ShapeError(
                f"repair expected ink for {size} pixels, got {ink.shape}: say with prepare= how they follow from it."
            )
        return np.tile(ink.reshape(-1), size // ink.size)

    return same


def _levels(net: Network, unit: NDArray[np.float32]) -> NDArray[np.float32]:
    return from_unit(unit.reshape(1, -1), net.level_range).reshape(net.input_shape)
