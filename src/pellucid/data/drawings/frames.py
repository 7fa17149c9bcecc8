"""Remove frames and underlines from a mask of ink: boxes, the cells of forms, grids; the digits in them stay."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pellucid.data.drawings import ndimage
from pellucid.data.drawings.margins import ALONG_EDGE, inner_share
from pellucid.data.drawings.ruling import without_level_lines

Mask = NDArray[np.bool_]
Box = tuple[slice, ...]

# Frames have at least this side in pixels, and their lines are at most this thick, relative to the shorter side.
LEAST_SIDE = 20
THICK = 0.12
# The area in a frame is that of the quadrilateral between its corners within this share; that of an ellipse exceeds it
# by 57 %.
QUADRILATERAL = 0.12
# Digits have at most two holes.
MOST_HOLES = 2
# What is in a frame has at least this share of its height, and an empty frame this share of the size of another.
LEAST_CONTENT = 0.25
LIKE_ANOTHER = 0.75
# A patch that is this many times as wide as tall may be an underlined number.
UNDERLINED = 1.5
# A line with this share more or less than half of the ink on one side is not under a number.
THROUGH_MIDDLE = 0.15
# In pictures of at least this many pixels, what is along the edges, and this share of both sides long, is a border;
# along one edge, only if it is this many times as long as thick, which a 1 is not.
LEAST_BORDERED = 28
BORDER_LENGTH = 0.6
THINNEST = 8
LEAST_INNER = 0.2
# Where it is so many times as thick as elsewhere, for this share of its length, digits stand on it.
MUCH_THICKER, LEAST_ACROSS = 3, 0.05
# Where a patch of at least this share of the height is away from all edges, what is near two of them, by this share of
# the shorter side or so many pixels, is a piece of a border if it is thin, and so many times as long as thick.
INNER_HEIGHT = 0.25
NEAR_EDGE, LEAST_NEAR = 0.015, 3
LONG_PIECE = 2
MOST_FRAMES = 200


def without_frames(mask: Mask, *, closed: bool = False) -> Mask:
    """Remove what is drawn around digits, in any place: the lines of frames and grids, and borders along the edges.

    With ``closed``, no borders. It is the mask itself that is returned if there is nothing to remove.
    """
    labels, count = ndimage.label(mask, np.ones((3, 3)))
    if not count:
        return mask
    every = list(enumerate(ndimage.find_objects(labels), 1))
    boxes = [(number, box) for number, box in every if _may_be(box, mask.shape)]
    left, borders = mask.copy(), np.zeros_like(mask)
    if not closed and any(_is_inner(box, mask.shape) for _, box in every):
        pieces = [number for number, box in every if _is_in_corner(box, mask.shape)]
        borders |= np.isin(labels, pieces)
    empty: list[tuple[int, Box]] = []
    found: list[tuple[int, ...]] = []
    for number, box in boxes if len(boxes) <= MOST_FRAMES else []:
        patch = labels[box] == number
        if not closed and _is_border(patch, box, mask.shape):
            borders[box] |= patch
        elif _is_quadrilateral(patch):
            if _holes(patch) > MOST_HOLES or _has_content(patch, labels[box], number):
                found.append(patch.shape)
                left[box] = left[box] & ~patch | _without_sides(patch)
            else:
                empty.append((number, box))
    for number, box in empty:
        patch = labels[box] == number
        if any(_alike(patch.shape, other) for other in found):
            left[box] &= ~patch
    digits = left & ~borders
    left = digits if digits.any() else left
    return mask if np.array_equal(left, mask) else left


def without_underlines(mask: Mask) -> Mask:
    """Remove the lines that numbers stand on, which are shorter than the picture is wide."""
    labels, _ = ndimage.label(mask, np.ones((3, 3)))
    boxes = [(number, box) for number, box in enumerate(ndimage.find_objects(labels), 1) if _may_be(box, mask.shape)]
    left = mask.copy()
    for number, box in boxes if len(boxes) <= MOST_FRAMES else []:
        patch = labels[box] == number
        if mask.shape[1] > patch.shape[1] > UNDERLINED * patch.shape[0]:
            digits = without_level_lines(patch, patch, thick=THICK)
            if not _is_struck_through(digits, patch & ~digits):
                left[box] = left[box] & ~patch | digits
    return left


def _is_struck_through(ink: Mask, line: Mask) -> bool:
    """Whether a line goes through the middle of what it crosses, as that of an arrow does."""
    if not (ink.any() and line.any()):
        return False
    rows = np.arange(len(ink))
    middle = float(np.average(rows, weights=line.sum(axis=1)))
    above = float(ink[rows < middle].sum() / ink.sum())
    return abs(above - 0.5) < THROUGH_MIDDLE


def _may_be(box: Box, shape: tuple[int, ...]) -> bool:
    height, width = (side.stop - side.start for side in box)
    return bool(min(height, width) >= LEAST_SIDE or max(height / shape[0], width / shape[1]) >= BORDER_LENGTH)


def _is_border(patch: Mask, box: Box, shape: tuple[int, ...]) -> bool:
    """Whether a patch lies along the edges of the picture, as what is left of the next cells of a grid does."""
    at_edge = any(side.start == 0 or side.stop == length for side, length in zip(box, shape, strict=True))
    if not at_edge or min(shape) < LEAST_BORDERED or inner_share(patch, box, shape) >= LEAST_INNER:
        return False
    shares = [n / length for n, length in zip(patch.shape, shape, strict=True)]
    thin = max(patch.shape) > THINNEST * min(patch.shape) and not _has_strokes_across(patch)
    return bool(min(shares) >= BORDER_LENGTH or (thin and max(shares) >= BORDER_LENGTH))


def _has_strokes_across(patch: Mask) -> bool:
    """Whether more than a line is in a long patch, as where digits stand on it."""
    across = patch.sum(axis=int(np.argmin(patch.shape)))
    return bool(np.mean(across > MUCH_THICKER * np.median(across)) > LEAST_ACROSS)


def _is_inner(box: Box, shape: tuple[int, ...]) -> bool:
    """Whether a patch is as tall as a digit in a cell, and away from all edges of the picture."""
    tall, near = box[0].stop - box[0].start >= INNER_HEIGHT * shape[0], _near(shape)
    return tall and all(s.start > near and s.stop < n - near for s, n in zip(box, shape, strict=True))


def _is_in_corner(box: Box, shape: tuple[int, ...]) -> bool:
    """Whether a patch runs along an edge into a corner of the picture, as a piece of the next cell's border does."""
    if min(shape) < LEAST_BORDERED:
        return False
    near = _near(shape)
    ends = [(s.start <= near, s.stop >= n - near) for s, n in zip(box, shape, strict=True)]
    height, width = (side.stop - side.start for side in box)
    thin = min(height, width) <= ALONG_EDGE * min(shape)
    return thin and all(any(side) for side in ends) and max(height, width) >= LONG_PIECE * min(height, width)


def _near(shape: tuple[int, ...]) -> int:
    return max(LEAST_NEAR, round(NEAR_EDGE * min(shape)))


def _is_quadrilateral(patch: Mask) -> bool:
    """Whether the outline of a patch has four straight sides, nearly level and upright."""
    if min(patch.shape) < LEAST_SIDE:
        return False
    filled = ndimage.binary_fill_holes(patch)
    area = float(filled.sum())
    rows, columns = np.nonzero(filled)
    down, up = rows + columns, rows - columns
    corners = [int(at) for at in (down.argmin(), up.argmin(), down.argmax(), up.argmax())]
    y, x = rows[corners], columns[corners]
    between = abs(float(x @ np.roll(y, 1) - y @ np.roll(x, 1))) / 2 + float(patch.shape[0] + patch.shape[1])
    hollow = patch.sum() < 0.6 * area
    return bool(hollow and abs(area / between - 1) < QUADRILATERAL and area > 0.7 * patch.size)


def _holes(patch: Mask) -> int:
    """Return how many holes of some size a patch has."""
    inside, count = ndimage.label(np.pad(~patch, 1, constant_values=True))
    sizes = np.bincount(inside.ravel(), minlength=count + 1)[1:]
    return int(np.count_nonzero(sizes >= (LEAST_SIDE / 2) ** 2)) - 1


def _has_content(patch: Mask, labels: NDArray[np.int32], number: int) -> bool:
    """Whether there is something of the size of a digit within a frame, or joined to its inner side."""
    others = (labels != number) & (labels > 0)
    inner = tuple(slice(round(0.2 * n), n - round(0.2 * n)) for n in patch.shape)
    rows = (others | patch)[inner].any(axis=1)
    return bool(np.count_nonzero(rows) >= LEAST_CONTENT * len(patch))


def _without_sides(patch: Mask) -> Mask:
    level = without_level_lines(patch, patch, thick=THICK)
    return without_level_lines(level.T, patch.T, thick=THICK).T


def _alike(a: tuple[int, ...], b: tuple[int, ...]) -> bool:
    return all(min(m, n) >= LIKE_ANOTHER * max(m, n) for m, n in zip(a, b, strict=True))
