"""Uneven light taken out: which side of grey is ink, what the bare paper looks like, and what is left of the ink."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Picture = NDArray[np.float32]

# Strokes are narrower than this share of the picture's shorter side; paper between and around them is wider.
WIDEST_STROKE = 0.45
# To tell ink from paper, windows up to this share are tried, small ones counting most.
WIDEST_GAP = 0.45
GLANCE = 256
# Darker paper than this share of the brightest is taken for a desk or a deep shadow, and not brightened further.
DARKEST_PAPER = 0.4
# Added to dark paper's own level, which says little about the light on it where it is next to nothing.
BLACK_PAPER = 0.1
# These percentiles of a normal distribution lie this many standard deviations apart.
NOISE_PERCENTILES = (10, 35)
NOISE_SPREAD = 0.896


def ink_is_dark(grey: Picture) -> bool:
    """Tell dark ink on light paper from light ink on dark paper.

    Ink is what is narrow. Closing a picture with ever larger windows wipes out dark things up to the window's size,
    opening it wipes out light things; strokes are wiped out by small windows already, paper by large ones only.
    Unlike a count of dark and light pixels, this holds under any slope of light and for a sheet on a dark desk.
    """
    small = shrunk(grey, max(1, max(grey.shape) // GLANCE))
    balance, side = 0.0, 3
    while side <= max(3, WIDEST_GAP * min(small.shape)):
        dark, light = opened(1 - small, side), opened(small, side)
        balance += float(((1 - small - dark) ** 2).sum() - ((small - light) ** 2).sum()) / side**2
        side = round(side * 1.35) | 1
    return balance > 0


def evened(grey: Picture, *, dark: bool, widest: float | None = None) -> Picture:
    """Ink's contrast to the paper around it: about 0 on paper, up to 1 on ink, whatever the light.

    The paper is first what remains when everything narrower than `widest` is wiped out (an opening; without it, than
    nearly half of the picture), then corrected by the mean of what lies outside the ink found so far, which removes
    the opening's bias under noise.
    Light multiplies what ink and paper reflect, so the contrast is taken as a ratio to the light on the paper.
    """
    bright = 1 - grey if dark else grey
    paper = _paper(bright, WIDEST_STROKE * min(grey.shape) if widest is None else widest)
    contrast = bright - paper
    light = 1 - paper if dark else paper + BLACK_PAPER
    brightest = float(light.max())
    ratio = contrast / np.maximum(light, DARKEST_PAPER * brightest)
    return np.asarray(ratio if dark else ratio * brightest, np.float32)


def opened(picture: Picture, side: int) -> Picture:
    """Wipe out bright things narrower than `side`; what touches the border counts as going on beyond it."""
    beyond = np.pad(picture, side, mode="edge")
    wiped = ndimage.grey_opening(beyond, size=(side, side))
    return np.asarray(wiped[side:-side, side:-side], np.float32)


def noise_level(contrast: Picture) -> float:
    """Standard deviation of the paper's noise, from two low percentiles: ink, up to half of the picture, is above."""
    sample = contrast[:: max(1, contrast.shape[0] // 500), :: max(1, contrast.shape[1] // 500)]
    low, high = np.percentile(sample, NOISE_PERCENTILES)
    return float(high - low) / NOISE_SPREAD


def without_salt(picture: Picture) -> Picture:
    """Bring every pixel that stands out from all its eight neighbours to the nearest of them; lines stay whole."""
    padded = np.pad(picture, 1, mode="edge")
    height, width = picture.shape
    lowest, highest = np.full_like(picture, np.inf), np.full_like(picture, -np.inf)
    for down, across in ((0, 0), (0, 1), (0, 2), (1, 0), (1, 2), (2, 0), (2, 1), (2, 2)):
        neighbour = padded[down : down + height, across : across + width]
        np.minimum(lowest, neighbour, out=lowest)
        np.maximum(highest, neighbour, out=highest)
    return np.clip(picture, lowest, highest)


def shrunk(picture: Picture, factor: int) -> Picture:
    """Average blocks of (factor, factor) pixels; a rest at the right and lower edge is left out."""
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
    factor = max(1, max(bright.shape) // GLANCE)
    weight, value = shrunk(bare, factor), shrunk(above * bare, factor)
    sigma = window / factor / 3
    weight, value = (ndimage.gaussian_filter(a, sigma, mode="nearest") for a in (weight, value))
    mean = value / np.maximum(weight, 1e-3)
    return np.asarray(floor + _stretched(mean, bright.shape), np.float32)


def _bare(above: Picture) -> Picture:
    """1 where there is surely no ink: near the commonest level, and away from anything brighter."""
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
