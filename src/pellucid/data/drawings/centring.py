"""Scale and centre ink in a 28x28 field, exactly as in MNIST.

MNIST was made from binary scans: the bounding box of each digit, padded to a square, was averaged down to 20x20, which
produced the grey levels, and then shifted by whole pixels until the centre of mass was within half a pixel of row 14,
column 14 (from zero) of a 28x28 field.

References
----------
LeCun, Bottou, Bengio, Haffner, "Gradient-based learning applied to document recognition", 1998, section III.A.
Yadav, Bottou, "Cold case: the lost MNIST digits", 2019, which reconstructed the averaging and the rounding.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pellucid.data.drawings.levels import as_levels
from pellucid.data.drawings.windows import Picture, shrunk
from pellucid.errors import ConfigurationError, DataError

FIELD = 28
BOX = 20
# Stroke widths in pixels of the 20x20 box: 1 % of MNIST's training digits are thinner than the first. Widening such
# digits to the second gives the best accuracy; the mean, 2.75, closes loops.
THIN_STROKE = 1.6
WIDENED_STROKE = 2.1
# Strokes are widened in a copy of about so many rows or columns at most.
LONGEST = 2500


def center(
    ink: NDArray[Any],
    *,
    scale: bool = True,
    mass: bool = True,
    smooth: bool = True,
    thicken: bool = False,
    field: int = FIELD,
    box: int = BOX,
) -> Picture:
    """Scale and centre a digit, with bright ink, as in MNIST.

    Parameters
    ----------
    ink : array, shape (H, W)
        Any size; bool, uint8, uint16, or floats from 0 to 1; bright ink on a background of 0.
    scale : bool
        Scale the bounding box of the ink to 20x20, keeping its proportions. Otherwise scale the whole array to the
        field, so that the digit keeps its relative size.
    mass : bool
        Move the centre of mass to the centre of the field. Otherwise centre the scaled box or array.
    smooth : bool
        Average all that falls into a pixel. Otherwise take one sample, which leaves jagged edges.
    thicken : bool
        First widen strokes that are thinner than nearly all in MNIST, such as those of a fine pen on a large sheet.
    field, box : int
        Sides of the result and of the box within it.

    Returns
    -------
    array, shape (field, field), float32 from 0 to 1
        All zeros if there is no ink.

    Raises
    ------
    ConfigurationError
        If the box does not fit into the field.
    DataError
        If ``ink`` is not one grey picture with valid levels.

    Examples
    --------
    >>> import numpy as np
    >>> pad = np.zeros((280, 280), np.uint8)
    >>> pad[10:110, 20:40] = 255                      # a 1, drawn in a corner
    >>> small = center(pad)
    >>> small.shape, np.argwhere(small).min(axis=0), np.argwhere(small).max(axis=0)
    ((28, 28), array([ 5, 13]), array([24, 16]))
    """
    if not 1 <= box <= field:
        raise ConfigurationError(f"center expected 1 <= box <= field, got box={box}, field={field}: use 20 and 28.")
    levels = as_levels(ink)
    if levels.ndim != 2:
        raise DataError(f"center expected one grey picture of shape (H, W), got {levels.shape}: pass ink only.")
    if not levels.any():
        return np.zeros((field, field), np.float32)
    if thicken:
        levels = thickened(levels, box)
    fitted = fit(trim(levels), box, smooth=smooth) if scale else fit(levels, field, smooth=smooth)
    return place(fitted, field, mass=mass)


def trim(ink: Picture, above: float = 0.0) -> Picture:
    """Crop to the bounding box of everything brighter than `above`."""
    left, top, right, bottom = ink_box(ink, above)
    return ink[top:bottom, left:right]


def ink_box(ink: Picture, above: float = 0.0) -> tuple[int, int, int, int]:
    """Return left, top, right and bottom of what is brighter than `above`; right and bottom are exclusive."""
    rows = np.flatnonzero((ink > above).any(axis=1))
    columns = np.flatnonzero((ink > above).any(axis=0))
    if not rows.size:
        return 0, 0, ink.shape[1], ink.shape[0]
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


def fit(ink: Picture, side: int, *, smooth: bool = True) -> Picture:
    """Pad to a square and scale to (side, side): R X R', where each row of R averages the pixels that it covers."""
    height, width = ink.shape
    longest = max(height, width)
    matrix = _averaging(longest, side) if smooth else _sampling(longest, side)
    top, left = (longest - height) // 2, (longest - width) // 2
    return np.asarray(matrix[:, top : top + height] @ ink @ matrix[:, left : left + width].T, np.float32)


def place(fitted: Picture, field: int = FIELD, *, mass: bool = True) -> Picture:
    """Place a scaled digit on an empty field, with its centre of mass (or its middle) at the centre."""
    placed = np.zeros((field, field), np.float32)
    total = float(fitted.sum(dtype=np.float64))
    offsets = []
    for axis in (0, 1):
        side = fitted.shape[axis]
        offset = (field - side) // 2
        if mass and total > 0:
            centre = float(fitted.sum(axis=1 - axis, dtype=np.float64) @ np.arange(side)) / total
            offset = math.floor((field + 1) / 2 - centre)
        offsets.append(offset)
    (top, rows), (left, columns) = (_overlap(o, n, field) for o, n in zip(offsets, fitted.shape, strict=True))
    placed[top, left] = np.clip(fitted[rows, columns], 0, 1)
    return placed


def thickened(ink: Picture, box: int = BOX) -> Picture:
    """Widen the strokes if they would become thinner than nearly all in MNIST; very long ones in a smaller copy."""
    ink = shrunk(ink, max(ink.shape) // LONGEST)
    left, top, right, bottom = ink_box(ink)
    pixel = max(bottom - top, right - left) / box
    width = stroke_width(ink) / pixel
    if not 0 < width < THIN_STROKE * box / BOX:
        return ink
    radius = (WIDENED_STROKE * box / BOX - width) * pixel / 2
    if radius < 1:
        return ink
    from pellucid.data.drawings import ndimage

    padded = np.pad(ink, math.ceil(radius) + 1)
    away = ndimage.distance_transform_edt(padded <= padded.max() / 2)
    return np.asarray(np.maximum(padded, np.clip(radius + 0.5 - away, 0, 1)), np.float32)


def stroke_width(ink: Picture) -> float:
    """Return the mean stroke width in pixels: twice the area, divided by the length of the outline."""
    outline = outline_length(ink)
    return 2 * float(ink.sum()) / outline if outline else 0.0


def outline_length(ink: Picture) -> float:
    """Return the length of the outline in pixels, from its crossings with rows and columns (Cauchy and Crofton).

    Soft edges count once, since they cross as many levels as sharp ones.
    """
    padded = np.pad(ink, 1)
    crossings = np.abs(np.diff(padded, axis=0)).sum() + np.abs(np.diff(padded, axis=1)).sum()
    return float(crossings) * math.pi / 4


def _averaging(source: int, target: int) -> Picture:
    edges = np.arange(target + 1) * (source / target)
    pixels = np.arange(source)
    covered = np.minimum(edges[1:, None], pixels + 1) - np.maximum(edges[:-1, None], pixels)
    return np.asarray(np.maximum(covered, 0) * (target / source), np.float32)


def _sampling(source: int, target: int) -> Picture:
    chosen = ((np.arange(target) + 0.5) * (source / target)).astype(np.intp)
    return np.eye(source, dtype=np.float32)[np.minimum(chosen, source - 1)]


def _overlap(offset: int, length: int, field: int) -> tuple[slice, slice]:
    start, stop = max(offset, 0), min(offset + length, field)
    return slice(start, stop), slice(start - offset, stop - offset)
