"""Which pixels are ink: a threshold set by the picture itself, its noise calmed and its ruled lines taken out."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from pellucid.data.drawings.light import noise_level
from pellucid.data.drawings.ruling import without_lines

Picture = NDArray[np.float32]
Mask = NDArray[np.bool_]

# Least contrast that can be ink, and least ratio of ink to noise that needs no smoothing.
FAINTEST = 0.03
CLEAR = 14.0
# Ratios of ink to noise below which a whole picture, or a single pixel, shows none.
SURE = 7.5
LIKELY = 4.0
# Ink starts at this share of the strongest ink's contrast: half would lose what a light hand or a second pen wrote.
INK_SHARE = 0.35
# Where all ink nearby (within this share of the picture) is faint, it starts lower, down to this share.
NEARBY = 0.15
FAINT_SHARE = 0.2


def ink_mask(contrast: Picture) -> tuple[Mask, Picture]:
    """Ink pixels of a picture of contrasts, and that picture with its noise calmed as far as that took.

    All False where nothing stands out from the noise.
    """
    calm, strength, noise = contrast, 0.0, 0.0
    for sigma in (0.0, 0.8, 1.6):
        calm = ndimage.gaussian_filter(contrast, sigma) if sigma else contrast
        noise = noise_level(calm)
        strength = _strength(calm, noise)
        if strength >= CLEAR * noise or min(contrast.shape) < 60:
            break
    if strength < max(FAINTEST, SURE * noise):
        return np.zeros(contrast.shape, np.bool_), calm
    floor = max(FAINT_SHARE * strength, LIKELY * noise)
    window = max(3, round(NEARBY * min(calm.shape)) | 1)
    nearby = ndimage.uniform_filter(ndimage.maximum_filter(calm, window), window)
    mask = calm > np.clip(INK_SHARE * nearby, floor, max(floor, INK_SHARE * strength))
    return without_lines(mask, calm > floor), calm


def _strength(calm: Picture, noise: float) -> float:
    """Contrast of the strongest ink: the level that only 5 % of what stands out exceeds."""
    standing = calm[calm > max(FAINTEST, 5 * noise)]
    return float(np.percentile(standing, 95)) if standing.size else 0.0
