"""Remove ruled lines from a mask of ink: straight, thin, from edge to edge; the digits on them stay."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pellucid.data.drawings import ndimage

Mask = NDArray[np.bool_]

# A line covers at least this share of the picture's width, is alone for at least this share of it, and is at most this
# thick (relative to the shorter side) and this steep.
COVER = 0.85
ALONE = 0.25
THICK = 0.015
SLOPE = 0.06
SLOPES = 25
PREVIEW_SIDE = 400
# Below this size, a line looks the same as the bar of a 7.
LEAST_SIDE = 60
# The course of a line is followed in so many pieces, of at least so many pixels; without ink, it is in the middle.
PIECES, LEAST_PIECE = 24, 16
TOWARDS_MIDDLE = 0.01


@dataclass(frozen=True)
class Line:
    """A straight line y = middle + slope (x - W/2), and the share of the picture's width that it covers."""

    middle: float
    slope: float
    cover: float


def without_lines(mask: Mask, faint: Mask) -> Mask:
    """Remove horizontal and vertical ruled lines from `mask`, and keep the strokes that cross them.

    `faint` is a mask of all possible ink, in which lines that are fainter than the ink are complete.
    """
    if min(mask.shape) < LEAST_SIDE or not mask.any():
        return mask
    return without_level_lines(without_level_lines(mask, faint).T, faint.T).T


def without_level_lines(mask: Mask, faint: Mask, thick: float = THICK) -> Mask:
    """Remove the lines that run from the left edge to the right, at most as thick as this share of the shorter side."""
    left = mask.copy()
    lines = level_lines(faint)
    for line in lines:
        rows, columns = _thin_runs(mask, faint, line, thick)
        others = np.count_nonzero(mask.sum(axis=0) > np.bincount(columns, minlength=mask.shape[1]))
        # The bar of a tightly cropped 7 also runs from edge to edge, but it is a single line over a stem.
        if len(lines) > 1 or others <= (1 - ALONE) * mask.shape[1]:
            left[rows, columns] = False
    return left


def level_lines(mask: Mask) -> list[Line]:
    """Find nearly horizontal lines: shear a small copy by each slope, and look for rows full of ink."""
    factor = max(1, max(mask.shape) // PREVIEW_SIDE)
    small = ndimage.binary_dilation(_any_of_blocks(mask, factor), np.ones((3, 1)))
    height, width = small.shape
    before = np.zeros((height, width + 1), np.int32)
    np.cumsum(small, axis=1, out=before[:, 1:])
    found: list[Line] = []
    for slope in np.linspace(-SLOPE, SLOPE, SLOPES):
        cover = _cover(before, float(slope))
        found += [Line((y + 0.5) * factor, float(slope), float(cover[y])) for y in np.flatnonzero(cover >= COVER)]
    return _apart(found, 4 * factor)


def _cover(before: NDArray[np.int32], slope: float) -> NDArray[np.float64]:
    """Return the share of ink along the line of a slope through the middle of each row.

    ``before`` (H, W + 1) counts the ink of each row before each column. A line is level in a few runs of columns.
    """
    height, width = before.shape[0], before.shape[1] - 1
    fall = np.round(slope * (np.arange(width) - width / 2)).astype(np.intp)
    starts = np.flatnonzero(np.diff(fall, prepend=fall[0] - 1))
    ink = np.zeros(height, np.int32)
    for start, stop in zip(starts, (*starts[1:], width), strict=True):
        down = int(fall[start])
        run = before[:, stop] - before[:, start]
        if abs(down) < height:
            ink[max(0, -down) : height - max(0, down)] += run[max(0, down) : height - max(0, -down)]
    return np.asarray(ink / width)


def _apart(lines: list[Line], distance: float) -> list[Line]:
    kept: list[Line] = []
    for line in sorted(lines, key=lambda line: -line.cover):
        if all(abs(line.middle - other.middle) > distance for other in kept):
            kept.append(line)
    return kept


def _thin_runs(mask: Mask, faint: Mask, line: Line, thick: float) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return rows and columns of a line's pixels: vertical runs of ink that are not longer than the line is thick."""
    height, width = mask.shape
    thickest = max(2, round(thick * min(mask.shape)))
    reach = 2 * math.ceil(max(mask.shape) / PREVIEW_SIDE) + 2 * thickest
    centre = np.round(line.middle + line.slope * (np.arange(width) - width / 2)).astype(np.intp)
    rows = centre + np.arange(-reach, reach + 1)[:, None]
    columns = np.broadcast_to(np.arange(width), rows.shape)
    view = (np.clip(rows, 0, height - 1), columns)
    inside = (rows >= 0) & (rows < height)
    thickness = float(np.median((faint[view] & inside).sum(axis=0)))
    if not 0 < thickness <= thickest:
        return np.empty(0, np.intp), np.empty(0, np.intp)
    longest = math.ceil(1.5 * thickness) + 2
    near = np.abs(np.arange(-reach, reach + 1))[:, None] <= 2 * math.ceil(max(mask.shape) / PREVIEW_SIDE) + longest
    course = _course(_runs(faint[view] & inside, longest) & near, longest)
    away = np.abs(np.arange(-reach, reach + 1)[:, None] - course)
    runs = _runs(mask[view] & inside, longest) & (away <= longest)
    return rows[runs], columns[runs]


def _runs(band: Mask, longest: int) -> Mask:
    """Return the vertical runs of ink that are shorter than so many pixels."""
    return band & ~ndimage.binary_opening(band, np.ones((longest, 1)))


def _course(runs: Mask, window: int) -> NDArray[np.float64]:
    """Return where in its band a line is in each column (W,), in rows from the middle: where most of its ink is nearby.

    Strokes of digits that are as thin as the line are in the band too, but not all along it.
    """
    height, width = runs.shape
    pieces = np.array_split(np.arange(width), max(1, min(PIECES, width // LEAST_PIECE)))
    counts = np.stack([runs[:, piece].sum(axis=1) for piece in pieces], axis=1)
    sums = np.cumsum(np.pad(counts, ((1 + window // 2, window - 1 - window // 2), (0, 0))), axis=0, dtype=np.float64)
    alone = sums[window:] - sums[:-window]
    beside = np.pad(alone, ((0, 0), (1, 1)))
    offsets = np.arange(height) - height // 2
    ink = alone + beside[:, :-2] + beside[:, 2:] - TOWARDS_MIDDLE * np.abs(offsets)[:, None]
    centres = offsets[ink.argmax(axis=0)]
    return np.asarray(np.interp(np.arange(width), [float(piece.mean()) for piece in pieces], centres))


def _any_of_blocks(mask: Mask, factor: int) -> Mask:
    rows, columns = (-(-n // factor) for n in mask.shape)
    padded = np.zeros((rows * factor, columns * factor), np.bool_)
    padded[: mask.shape[0], : mask.shape[1]] = mask
    return np.asarray(padded.reshape(rows, factor, columns, factor).any(axis=(1, 3)))
