"""Find the pixels that are ink: an adaptive threshold, after smoothing noise and removing ruled lines."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pellucid.data.drawings import ndimage
from pellucid.data.drawings.frames import without_frames, without_underlines
from pellucid.data.drawings.light import enlarged
from pellucid.data.drawings.noise import noise_level
from pellucid.data.drawings.ruling import without_lines
from pellucid.data.drawings.windows import Picture, highest, picture_of, words_of

Mask = NDArray[np.bool_]

# The least contrast of ink, and the least ratio of ink to noise that needs no smoothing.
FAINTEST = 0.03
CLEAR = 14.0
# The least ratio of ink to noise in a picture, and in a single pixel.
SURE = 7.5
LIKELY = 4.0
# Ink starts at this share of the strongest contrast; half would lose light strokes and those of a second pen.
INK_SHARE = 0.35
# Where all ink within this share of the picture is faint, it starts lower, down to the second share.
NEARBY = 0.15
FAINT_SHARE = 0.2
# Windows of this many pixels are fine enough to smooth with.
FINE = 16
# Patches that are so many times as long as wide, and so many pixels long, are straight lines.
STRAIGHT = 8
LEAST_SIDE = 20
# Frames fill less than this share of their box.
HOLLOW = 0.15


def ink_mask(contrast: Picture) -> tuple[Mask, Picture]:
    """Return the ink pixels of a picture of contrasts, and that picture, smoothed as far as necessary.

    The mask is all False if nothing is stronger than the noise.
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
    mask = calm > np.clip(INK_SHARE * _strongest_nearby(calm), floor, max(floor, INK_SHARE * strength))
    faint = calm > floor
    unframed = without_frames(mask)
    unruled = without_lines(unframed, faint & ~ndimage.binary_dilation(mask & ~unframed, np.ones((5, 5))))
    if _has_thin_lines(unruled):
        unruled &= ~(faint & ~without_frames(faint, closed=True))  # frames that are whole in fainter ink alone
    return without_underlines(unruled), calm


def _has_thin_lines(mask: Mask) -> bool:
    """Whether some patches are straight and thin, or hardly fill their box, as what is left of frames does."""
    labels, _ = ndimage.label(mask, np.ones((3, 3)))
    sides = np.array([[side.stop - side.start for side in box] for box in ndimage.find_objects(labels)]).reshape(-1, 2)
    longest, shortest = sides.max(axis=1, initial=0), sides.min(axis=1, initial=1 << 30)
    ink = np.bincount(labels.ravel(), minlength=len(sides) + 1)[1:]
    lines = (longest >= LEAST_SIDE) & (longest >= STRAIGHT * shortest)
    hollow = (shortest >= LEAST_SIDE) & (ink < HOLLOW * longest * shortest)
    return bool(np.count_nonzero(lines) >= 2 or hollow.any())


def _strongest_nearby(calm: Picture) -> Picture:
    """Return the strongest contrast in a window around each pixel, smoothed with the same window."""
    window = max(3, round(NEARBY * min(calm.shape)) | 1)
    strongest = picture_of(highest(words_of(calm), window))
    factor = max(1, window // FINE)
    if factor == 1:
        return np.asarray(ndimage.uniform_filter(strongest, window), np.float32)
    middle = factor // 2
    smooth = ndimage.uniform_filter(strongest[middle::factor, middle::factor], round(window / factor) | 1)
    return enlarged(smooth, calm.shape, factor)


def _strength(calm: Picture, noise: float) -> float:
    """Return the contrast of the strongest ink: the 95th percentile of all that is stronger than the noise."""
    standing = calm[calm > max(FAINTEST, 5 * noise)]
    return float(np.percentile(standing, 95)) if standing.size else 0.0
