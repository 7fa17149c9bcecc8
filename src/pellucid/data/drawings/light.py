"""Remove uneven light: determine whether ink is dark, estimate the paper, and return the contrast of the ink."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Picture = NDArray[np.float32]

# Strokes are narrower than this share of the picture's shorter side; the paper around them is wider.
WIDEST_STROKE = 0.45
# The largest window, as such a share, that is used to distinguish ink from paper; small windows weigh most.
WIDEST_GAP = 0.45
PREVIEW_SIDE = 256
# Paper below this share of the brightest is a desk or a deep shadow, and is not brightened further.
DARKEST_PAPER = 0.4
# Added to the level of dark paper, which says little about the light where it is nearly 0.
BLACK_PAPER = 0.1
# These percentiles of a normal distribution lie this many standard deviations apart.
NOISE_PERCENTILES = (10, 35)
NOISE_SPREAD = 0.896


def ink_is_dark(grey: Picture) -> bool:
    """Whether ink is dark on light paper, and not light on dark paper.

    Ink is narrow. Closing a picture with larger and larger windows removes dark structures up to the size of the
    window; opening it removes light ones. Small windows remove strokes, and only large ones remove paper. Unlike a
    count of dark and light pixels, this works for any gradient of light, and for a sheet on a dark desk.
    """
    small = shrunk(grey, max(1, max(grey.shape) // PREVIEW_SIDE))
    balance, side = 0.0, 3
    while side <= max(3, WIDEST_GAP * min(small.shape)):
        dark, light = opened(1 - small, side), opened(small, side)
        balance += float(((1 - small - dark) ** 2).sum() - ((small - light) ** 2).sum()) / side**2
        side = round(side * 1.35) | 1
    return balance > 0


def evened(grey: Picture, *, dark: bool, widest: float | None = None) -> Picture:
    """Return the contrast of ink to the paper around it: about 0 on paper, up to 1 on ink, in any light.

    The paper is estimated by an opening, which removes everything narrower than `widest` (by default, than nearly half
    of the picture), plus the mean of what is outside the ink found so far, which removes the bias of the opening under
    noise. Light multiplies what ink and paper reflect, so the contrast is divided by the light on the paper.
    """
    bright = 1 - grey if dark else grey
    paper = _paper(bright, WIDEST_STROKE * min(grey.shape) if widest is None else widest)
    contrast = bright - paper
    light = 1 - paper if dark else paper + BLACK_PAPER
    brightest = float(light.max())
    ratio = contrast / np.maximum(light, DARKEST_PAPER * brightest)
    return np.asarray(ratio if dark else ratio * brightest, np.float32)


def opened(picture: Picture, side: int) -> Picture:
    """Remove bright structures narrower than `side`; those at the border are assumed to continue beyond it."""
    beyond = np.pad(picture, side, mode="edge")
    wiped = ndimage.grey_opening(beyond, size=(side, side))
    return np.asarray(wiped[side:-side, side:-side], np.float32)


def noise_level(contrast: Picture) -> float:
    """Return the standard deviation of the noise, from two low percentiles, which ink does not affect."""
    sample = contrast[:: max(1, contrast.shape[0] // 500), :: max(1, contrast.shape[1] // 500)]
    low, high = np.percentile(sample, NOISE_PERCENTILES)
    return float(high - low) / NOISE_SPREAD


def without_salt(picture: Picture) -> Picture:
    """Clip every pixel to the range of its eight neighbours, which removes single outliers but no lines."""
    padded = np.pad(picture, 1, mode="edge")
    height, width = picture.shape
    lowest, highest = np.full_like(picture, np.inf), np.full_like(picture, -np.inf)
    for down, across in ((0, 0), (0, 1), (0, 2), (1, 0), (1, 2), (2, 0), (2, 1), (2, 2)):
        neighbour = padded[down : down + height, across : across + width]
        np.minimum(lowest, neighbour, out=lowest)
        np.maximum(highest, neighbour, out=highest)
    return np.clip(picture, lowest, highest)


def shrunk(picture: Picture, factor: int) -> Picture:
    """Average blocks of (factor, factor) pixels; incomplete blocks at the right and lower edge are dropped."""
    if factor <= 1:
        return picture
    rows, columns = max(1, picture.shape[0] // factor), max(1, picture.shape[1] // factor)
    tall, wide = min(factor, picture.shape[0]), min(factor, picture.shape[1])
    blocks = picture[: rows * tall, : columns * wide].reshape(rows, tall, columns, wide)
    return np.asarray(blocks.mean(axis=(1, 3)), np.float32)


def _paper(bright: Picture, widest: float) -> Picture:
    window = max(3, round(widest) | 1)
    floor = opened(bright, window)
    above = bright - floor
    bare = _bare(above)
    factor = max(1, max(bright.shape) // PREVIEW_SIDE)
    weight, value = shrunk(bare, factor), shrunk(above * bare, factor)
    sigma = window / factor / 3
    weight, value = (ndimage.gaussian_filter(a, sigma, mode="nearest") for a in (weight, value))
    mean = value / np.maximum(weight, 1e-3)
    return np.asarray(floor + _stretched(mean, bright.shape), np.float32)


def _bare(above: Picture) -> Picture:
    """Return 1 where there is certainly no ink: at the typical level, and away from anything brighter."""
    typical = float(np.percentile(above, NOISE_PERCENTILES[1]))
    spread = noise_level(above)
    inked = above > typical + max(4 * spread, 0.25 * float(above.max() - typical), 0.01)
    reach = 1 + min(above.shape) // 100
    return 1 - np.asarray(ndimage.maximum_filter(inked, 2 * reach + 1), np.float32)


def _stretched(small: Picture, shape: tuple[int, ...]) -> Picture:
    rows = np.linspace(0, small.shape[0] - 1, shape[0], dtype=np.float32)
    columns = np.linspace(0, small.shape[1] - 1, shape[1], dtype=np.float32)
    tall = _between(small, rows)
    return _between(tall.T, columns).T


def _between(picture: Picture, where: NDArray[np.float32]) -> Picture:
    first = np.minimum(where.astype(np.intp), max(0, len(picture) - 2))
    second = np.minimum(first + 1, len(picture) - 1)
    share = (where - first)[:, None]
    return np.asarray(picture[first] * (1 - share) + picture[second] * share, np.float32)
