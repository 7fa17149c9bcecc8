"""The noise of a picture: how strong it is, and single pixels that are outliers."""

from __future__ import annotations

import numpy as np

from pellucid.data.drawings import ndimage
from pellucid.data.drawings.windows import Picture, picture_of, words_of

# An impulse differs from its neighbours by this share of the picture's range. Of the pixels of clean small pictures,
# fewer than this share do.
IMPULSE = 0.4
IMPULSES = 0.02
LEAST_IMPULSIVE = 20
# These percentiles of a normal distribution lie this many standard deviations apart.
PERCENTILES = (10, 35)
SPREAD = 0.896
_SAMPLED_SIDE = 250


def low_levels(picture: Picture) -> tuple[float, float]:
    """Return two low percentiles of a sample of the pixels, which ink does not affect."""
    step = tuple(max(1, side // _SAMPLED_SIDE) for side in picture.shape)
    low, high = np.percentile(picture[:: step[0], :: step[1]], PERCENTILES)
    return float(low), float(high)


def noise_level(contrast: Picture) -> float:
    """Return the standard deviation of the noise."""
    low, high = low_levels(contrast)
    return (high - low) / SPREAD


def without_salt(picture: Picture) -> Picture:
    """Clip every pixel to the range of its eight neighbours, which removes single outliers but no lines."""
    words = words_of(picture)
    padded = np.pad(words, 1, mode="edge")
    height, width = words.shape
    lowest, highest = np.full_like(words, 65535), np.zeros_like(words)
    for down, across in ((0, 0), (0, 1), (0, 2), (1, 0), (1, 2), (2, 0), (2, 1), (2, 2)):
        neighbour = padded[down : down + height, across : across + width]
        np.minimum(lowest, neighbour, out=lowest)
        np.maximum(highest, neighbour, out=highest)
    return picture_of(np.minimum(np.maximum(words, lowest), highest))


def without_impulses(picture: Picture) -> Picture:
    """Replace the outliers of a small picture by the median around them, if there are too many for the ends of strokes.

    An outlier differs from seven of its eight neighbours. In pictures below `LEAST_IMPULSIVE` pixels, strokes do too.
    """
    if min(picture.shape) < LEAST_IMPULSIVE:
        return picture
    height, width = picture.shape
    padded = np.pad(picture, 1, mode="edge")
    around = [padded[y : y + height, x : x + width] for y in range(3) for x in range(3) if (y, x) != (1, 1)]
    strong = IMPULSE * float(np.ptp(picture))
    differing = np.sum([np.abs(picture - neighbour) > strong for neighbour in around], axis=0)
    if np.mean(differing >= 7) < IMPULSES:
        return picture
    middle = ndimage.median_filter(picture, 3, mode="nearest")
    return np.where(np.abs(picture - middle) > strong, middle, picture).astype(np.float32)
