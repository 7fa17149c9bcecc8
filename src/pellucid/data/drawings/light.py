"""Remove uneven light: estimate the paper, and return the contrast of the ink."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pellucid.data.drawings import ndimage
from pellucid.data.drawings.noise import SPREAD, low_levels
from pellucid.data.drawings.windows import Picture, highest, opened, picture_of, shrunk, words_of

# Strokes are narrower than this share of the picture's shorter side; the paper around them is wider.
WIDEST_STROKE = 0.45
PREVIEW_SIDE = 256
# Paper below this share of the brightest is a desk or a deep shadow, and is not brightened further.
DARKEST_PAPER = 0.4
# Added to the level of dark paper, which says little about the light where it is nearly 0.
BLACK_PAPER = 0.1
# A Gaussian of at most about so many pixels smooths a small copy as well.
SIGMA = 4


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


def enlarged(small: Picture, shape: tuple[int, ...], factor: int) -> Picture:
    """Return a picture of a given shape, of which ``small`` has one pixel for each block of (factor, factor)."""
    rows, columns = (
        np.clip((np.arange(n) + 0.5) / factor - 0.5, 0, most - 1) for n, most in zip(shape, small.shape, strict=True)
    )
    tall = _between(small, rows)
    return _between(tall.T, columns).T


def _paper(bright: Picture, widest: float) -> Picture:
    window = max(3, round(widest) | 1)
    floor = picture_of(opened(words_of(bright), window))
    above = bright - floor
    bare = _bare(above)
    sigma = window / 3
    factor = max(1, max(bright.shape) // PREVIEW_SIDE, int(sigma / SIGMA))
    weight, value = (
        ndimage.gaussian_filter(_blocks(part, factor), sigma / factor, mode="nearest") for part in (bare, above * bare)
    )
    mean = value / np.maximum(weight, 1e-3)
    return np.asarray(floor + enlarged(mean, bright.shape, factor), np.float32)


def _blocks(picture: Picture, factor: int) -> Picture:
    """Return the means of blocks, where what is beyond the picture counts as 0."""
    beyond = [(0, -n % factor) for n in picture.shape]
    return shrunk(np.pad(picture, beyond), factor)


def _bare(above: Picture) -> Picture:
    """Return 1 where there is certainly no ink: at the typical level, and away from anything brighter."""
    low, typical = low_levels(above)
    spread = (typical - low) / SPREAD
    inked = above > typical + max(4 * spread, 0.25 * float(above.max() - typical), 0.01)
    reach = 1 + min(above.shape) // 100
    return 1 - np.asarray(highest(inked, 2 * reach + 1), np.float32)


def _between(picture: Picture, where: NDArray[np.floating]) -> Picture:
    first = np.minimum(where.astype(np.intp), max(0, len(picture) - 2))
    second = np.minimum(first + 1, len(picture) - 1)
    share = (where - first).astype(np.float32)[:, None]
    return np.asarray(picture[first] * (1 - share) + picture[second] * share, np.float32)
