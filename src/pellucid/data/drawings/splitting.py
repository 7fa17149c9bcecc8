"""Split touching digits: along the seam from top to bottom that crosses the least ink."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from pellucid.data.drawings.centring import stroke_width
from pellucid.data.drawings.patches import Group, Labels, Mask
from pellucid.data.drawings.windows import Picture

# A patch at least this many times as wide as tall, and this many pixels tall, may be several digits.
WIDE = 1.25
LEAST_HEIGHT = 24
# A seam between digits crosses ink in at most so many places, and at most this many strokes wide; one through a 0 or
# a 2 crosses it twice.
MOST_JOINTS = 1
MOST_STROKES = 1.4
# Each part is at least this share of the height wide.
NARROWEST = 0.3
TALL = 0.7
# Patches that are read as none are split from this ratio of width to height on, each by several seams: through the
# columns around these shares of the width, within a window of the second share.
BROAD = 0.75
SEAMS = (0.3, 0.4, 0.5, 0.6, 0.7)
WINDOW = 0.2
# How far beyond a seam through strokes both parts may have the same ink, in widths of a stroke.
SHARED = (0.5, 1.0)
# What a step to the side adds to a seam, in pixels of ink.
SIDEWAYS = 0.05


def split_touching(patches: list[Group], labels: Labels) -> list[Group]:
    """Split patches of touching digits, and give their parts new numbers in the picture of labels."""
    number = int(labels.max()) if patches else 0
    waiting, done = list(patches), []
    while waiting:
        patch = waiting.pop()
        ink = patch.ink(labels)
        seam = _seam(ink)
        right = np.zeros_like(ink) if seam is None else ink & (np.arange(patch.width) >= seam[:, None])
        if not all(_is_tall(part) for part in (right, ink & ~right)):
            done.append(patch)
            continue
        number += 1
        view = labels[patch.top : patch.bottom, patch.left : patch.right]
        view[right] = number
        waiting += [_group(patch.labels[0], ink & ~right, patch), _group(number, right, patch)]
    return done


def halves(cut: Picture) -> Iterator[tuple[Picture, Picture]]:
    """Yield ways to split the ink of a patch (H, W), 0 to 1: a left part and a right part.

    They are seams that cross the least ink, each through its own part of the width; both parts are tall. The ink near
    a seam that crosses strokes may belong to both digits, if they overlap. Which way is right, whoever reads the parts
    has to tell.
    """
    height, width = cut.shape
    if width < BROAD * height or height < LEAST_HEIGHT:
        return
    reach, pen = max(2, round(WINDOW * width / 2)), stroke_width(cut)
    for share in SEAMS:
        first, last = round(share * width) - reach, round(share * width) + reach
        seam, path = _cheapest(np.asarray(cut, np.float32), first, last)
        away = np.arange(width) - seam[:, None]
        for common in (0, *(each * pen for each in SHARED if path.sum() >= pen / 2)):
            left, right = np.where(away < common, cut, 0), np.where(away >= -common, cut, 0)
            if all(_is_tall(part > cut.max() / 2) for part in (left, right)):
                yield left, right


def _seam(ink: Mask) -> NDArray[np.intp] | None:
    """Return the first column of the right part in each row (H,); None if the ink is one digit."""
    height, width = ink.shape
    if width < WIDE * height or height < LEAST_HEIGHT:
        return None
    near = round(NARROWEST * height)
    pen = stroke_width(ink.astype(np.float32))
    seam, path = _cheapest(ink.astype(np.float32), near, width - near, pen)
    joints = np.count_nonzero(np.diff(path, prepend=0) > 0)
    return seam if joints <= MOST_JOINTS and path.sum() <= MOST_STROKES * pen else None


def _cheapest(ink: Picture, first: int, last: int, pen: float = 0.0) -> tuple[NDArray[np.intp], Picture]:
    """Return the seam within some columns that crosses the least ink, (H,), and the ink on it.

    Half a ``pen`` is added where it ends at the first or the last of the columns, since digits touch in the middle.
    """
    cost = ink[:, first:last]
    height, width = cost.shape
    total, back = cost.copy(), np.zeros(cost.shape, np.intp)
    for row in range(1, height):
        above = np.pad(total[row - 1], 1, constant_values=np.inf)
        choices = np.stack([above[1:-1], above[:-2] + SIDEWAYS, above[2:] + SIDEWAYS])
        best = choices.argmin(axis=0)
        back[row] = np.array([0, -1, 1])[best]
        total[row] += choices.min(axis=0)
    middle = np.abs(np.arange(width) - width / 2) / width
    at = int((total[-1] + middle * pen).argmin())
    seam = np.empty(height, np.intp)
    for row in range(height - 1, -1, -1):
        seam[row] = at
        at += int(back[row, at])
    return seam + first, cost[np.arange(height), seam]


def _is_tall(part: Mask) -> bool:
    """Whether a part is nearly as tall as the whole, as digits in a row are."""
    rows = np.flatnonzero(part.any(axis=1))
    return bool(rows.size and rows[-1] + 1 - rows[0] >= TALL * len(part))


def _group(number: int, part: Mask, patch: Group) -> Group:
    rows, columns = np.flatnonzero(part.any(axis=1)), np.flatnonzero(part.any(axis=0))
    return Group(
        (number,),
        patch.left + int(columns[0]),
        patch.top + int(rows[0]),
        patch.left + int(columns[-1]) + 1,
        patch.top + int(rows[-1]) + 1,
    )
