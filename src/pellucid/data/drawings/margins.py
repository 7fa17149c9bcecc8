"""Add a margin of bare paper where strokes meet the edge of a picture, as in tight crops.

Paper is what is wide. A stroke that lies along the edge looks wide, since nothing is known of the other side.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from pellucid.data.drawings import ndimage
from pellucid.data.drawings.patches import PLUMPEST

Picture = NDArray[np.float32]
Mask = NDArray[np.bool_]

# Two levels, of ink and of even paper, explain at least this share of the variance; light and shadow leave more.
TWO_LEVELS = 0.8
# What runs across the picture and is this many times as long as it is thick is a line.
FLATTEST = 4
# A border has less than this share of its ink outside of a band along the edges, as wide as this share of the picture.
LEAST_INNER = 0.2
ALONG_EDGE = 0.15
# Of a larger picture than this, a stripe covers more than one side from corner to corner.
LEAST_STRIPED = 20
FULL_SIDE = 0.98
# In a picture from this size on, a patch that is thicker than this share of its size is a shadow.
LEAST_SHADOWED = 72
PLUMPEST_OF_LARGE = 0.35
# A digit meets a side in fewer places than a net of lines.
MOST_RUNS = 3
# A picture whose edges vary less than this has no ink there.
LEAST_CONTRAST = 0.1
# So many rows and columns suffice for the two levels.
SAMPLED_SIDE = 250
# With its margin, a picture has at most so many pixels, or so many times its own: a margin as wide as a stroke is long
# would make a long, thin picture larger than any memory.
MOST_PIXELS = 1_500_000
MOST_GROWTH = 5


def with_margin(grey: Picture, *, dark: bool) -> tuple[Picture, int]:
    """Return a picture with a margin of its paper on all sides, and the margin's width; 0 if it needs none.

    Parameters
    ----------
    grey : array, shape (H, W), 0 to 1
    dark : bool
        Whether the ink is darker than the paper.

    Examples
    --------
    >>> import numpy as np
    >>> seven = np.ones((40, 30), np.float32)
    >>> seven[:6, :25] = seven[:, 19:25] = 0                   # a 7 that ends at three of the edges
    >>> with_margin(seven, dark=True)[1]
    21
    """
    bright = 1 - grey if dark else grey
    edges = np.concatenate([bright[0], bright[-1], bright[:, 0], bright[:, -1]])
    if float(np.ptp(edges)) < LEAST_CONTRAST:
        return grey, 0
    step = max(1, min(bright.shape) // SAMPLED_SIDE)
    threshold, explained = two_levels(bright[::step, ::step])
    if explained < TWO_LEVELS:
        return grey, 0
    ink = bright > threshold
    size = _largest_stroke_at_edge(ink)
    if not size:
        return grey, 0
    paper = float(np.median(grey[~ink]))
    width = min(size // 2 + 1, _widest(*grey.shape))
    return np.pad(grey, width, constant_values=paper), width


def _widest(height: int, width: int) -> int:
    """Return the widest margin m for which (height + 2 m) (width + 2 m) pixels are not too many."""
    most = max(MOST_PIXELS, MOST_GROWTH * height * width)
    sides = height + width
    return int((math.sqrt(sides**2 + 4 * (most - height * width)) - sides) / 4)


def two_levels(picture: Picture) -> tuple[float, float]:
    """Return the threshold that best divides the pixels in two classes, and the share of the variance it explains.

    References
    ----------
    Otsu, "A threshold selection method from gray-level histograms", 1979.
    """
    counts, edges = np.histogram(picture, 256)
    middles = (edges[1:] + edges[:-1]) / 2
    below = np.cumsum(counts)[:-1].astype(np.float64)
    above = picture.size - below
    sums = np.cumsum(counts * middles)
    means = sums[:-1] / np.maximum(below, 1), (sums[-1] - sums[:-1]) / np.maximum(above, 1)
    between = below * above * (means[0] - means[1]) ** 2 / picture.size**2
    best = np.flatnonzero(between >= between.max() * (1 - 1e-9))
    variance = float(counts @ (middles - sums[-1] / picture.size) ** 2) / picture.size
    at = int(best[len(best) // 2])
    return float(edges[at + 1]), float(between[at]) / max(variance, 1e-12)


def _largest_stroke_at_edge(ink: Mask) -> int:
    """Return the longer side of the largest patch that is drawn and meets the edge; 0 if there is none, or a border."""
    labels, _ = ndimage.label(ink, np.ones((3, 3)))
    boxes = ndimage.find_objects(labels)
    largest = 0
    for number in np.unique(np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]])):
        if number:
            box = boxes[number - 1]
            if not _is_stroke(labels[box] == number, box, ink.shape):
                return 0
            largest = max(largest, *(labels[box].shape))
    return largest


def _is_stroke(patch: Mask, box: tuple[slice, ...], shape: tuple[int, ...]) -> bool:
    """Whether a patch is narrow as strokes are, and neither a border or a line of the picture nor a net of lines."""
    full = min(shape) >= LEAST_STRIPED and _full_sides(patch, box, shape) > 1
    if full or inner_share(patch, box, shape) < LEAST_INNER:
        return False
    for axis in (0, 1):
        across, along = patch.shape
        if along == shape[1 - axis] and along > FLATTEST * across and 2 * across < shape[axis]:
            return False
        meets = box[axis].start == 0, box[axis].stop == shape[axis]
        if any(meet and _runs(patch[at]) > MOST_RUNS for meet, at in zip(meets, (0, -1), strict=True)):
            return False
        patch = patch.T
    depth = ndimage.distance_transform_edt(np.pad(patch, 1)).max()
    most = PLUMPEST if min(shape) < LEAST_SHADOWED else PLUMPEST_OF_LARGE
    return bool(2 * depth - 1 <= most * max(patch.shape))


def inner_share(patch: Mask, box: tuple[slice, ...], shape: tuple[int, ...]) -> float:
    """Return the share of a patch that is not along the edges of the picture."""
    inner = []
    for side, length in zip(box, shape, strict=True):
        width = math.ceil(ALONG_EDGE * length)
        inner.append(slice(max(0, width - side.start), max(0, length - width - side.start)))
    return float(patch[inner[0], inner[1]].sum() / patch.sum())


def _full_sides(patch: Mask, box: tuple[slice, ...], shape: tuple[int, ...]) -> int:
    """Return along how many edges of the picture a patch runs from corner to corner, or nearly so."""
    whole = np.zeros(shape, np.bool_)
    whole[box] = patch
    return sum(side.mean() > FULL_SIDE for side in (whole[0], whole[-1], whole[:, 0], whole[:, -1]))


def _runs(side: Mask) -> int:
    """Return how many separate runs of ink a line of pixels has."""
    return int(np.count_nonzero(np.diff(np.pad(side, 1).astype(np.int8)) > 0))
