"""Find the digits of a grey picture, and keep all intermediate pictures."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from pellucid.data.drawings.centring import BOX, fit, ink_box, place, thickened, trim
from pellucid.data.drawings.grouping import find_groups
from pellucid.data.drawings.ink import ink_mask
from pellucid.data.drawings.light import WIDEST_STROKE, evened, ink_is_dark, noise_level, shrunk, without_salt
from pellucid.data.drawings.patches import Group, Labels, Mask, widest_stroke
from pellucid.data.drawings.reading import Source, read_reduced

Picture = NDArray[np.float32]

# A 12-megapixel photo is searched at a third of its width and height; its strokes are measured at a seventh.
WORK_PIXELS = 1_500_000
PREVIEW_PIXELS = 300_000
# The strokes of a picture differ in width by less than this factor.
ROOMY = 2.2
# In pictures smaller than this, a single pixel may be part of a stroke.
LEAST_SALTED = 60
# The grey edges of digits up to SMALL pixels tall are part of their shape and are kept; those of digits over LARGE
# pixels are blur and are sharpened, since scaling down to 20x20 produces new ones.
SMALL, LARGE = 28, 90
# A picture with this ratio of noise to ink comes from a camera, so its grey edges are blur at any size.
GRAIN = 0.01


@dataclass(frozen=True, eq=False)
class Digit:
    """One digit found in a picture.

    Attributes
    ----------
    box : tuple of int
        Left, top, right and bottom in pixels of the picture; right and bottom are exclusive.
    pixels : array, shape (28, 28), float32 from 0 to 1
        The digit as in MNIST, with bright ink.
    steps : mapping of str to array, float32 from 0 to 1
        The intermediate pictures in order: "grey", "evened", "mask", "cut out", "scaled" and "centred". The first three
        show the digit with a margin, at the resolution of the search; the last is `pixels`.
    """

    box: tuple[int, int, int, int]
    pixels: Picture
    steps: Mapping[str, Picture]


@dataclass(frozen=True, eq=False)
class _Scene:
    """A picture at the resolution of the search, with the results for it."""

    factor: int
    grey: Picture
    contrast: Picture
    calm: Picture
    noise: float
    labels: Labels


def find_digits(picture: Source, *, dark_ink: bool | None = None, thicken: bool = True) -> list[Digit]:
    """Find the digits of a picture, row by row from left to right.

    Parameters
    ----------
    picture : path, bytes, file object or array
        In any form that `read_picture` accepts or returns.
    dark_ink : bool, optional
        Whether the ink is darker than the paper; by default determined from the picture.
    thicken : bool
        Widen strokes that would become thinner than nearly all in MNIST.

    Returns
    -------
    list of Digit
        Empty if nothing in the picture can be a digit.

    Raises
    ------
    DataError
        If it is not a picture, or is too small or too large; see `read_picture`.

    Examples
    --------
    >>> import numpy as np
    >>> sheet = np.full((60, 90), 230, np.uint8)
    >>> sheet[10:50, 20:26] = sheet[10:50, 60:66] = 40       # 11, in dark ink
    >>> [digit.box for digit in find_digits(sheet)]
    [(20, 10, 26, 50), (60, 10, 66, 50)]
    """
    grey, reduced = read_reduced(picture)
    factor = math.ceil(math.sqrt(grey.size / WORK_PIXELS))
    small = shrunk(grey, factor)
    if min(small.shape) >= LEAST_SALTED:
        small = without_salt(small)
    dark = ink_is_dark(small) if dark_ink is None else dark_ink
    contrast = evened(small, dark=dark, widest=_stroke_window(small, dark))
    mask, calm = ink_mask(contrast)
    groups, labels = find_groups(mask, calm)
    scene = _Scene(factor * reduced, small, contrast, calm, noise_level(calm), labels)
    return [_digit(scene, group, thicken) for group in groups]


def _stroke_window(grey: Picture, dark: bool) -> float:
    """Return a width in pixels a little above that of all strokes, so that wider shadows are removed."""
    factor = math.ceil(math.sqrt(grey.size / PREVIEW_PIXELS))
    small = shrunk(grey, factor)
    widest: float = WIDEST_STROKE * min(small.shape)
    while widest > 3:
        mask, _ = ink_mask(evened(small, dark=dark, widest=widest))
        stroke = widest_stroke(mask)
        if stroke:
            return min(widest, ROOMY * stroke + 4) * factor
        # Everything found is as wide as a desk or a shadow: treat it as paper.
        widest /= 2.5
    return float(WIDEST_STROKE * min(grey.shape))


def _digit(scene: _Scene, group: Group, thicken: bool) -> Digit:
    rows, columns = _view(group, scene.labels.shape)
    labels = scene.labels[rows, columns]
    mine = np.isin(labels, group.labels)
    ink, edge = _levels(scene.calm[rows, columns], mine, (labels > 0) & ~mine, group.size, scene.noise)
    left, top, right, bottom = ink_box(ink, edge)
    cut = ink[top:bottom, left:right].copy()
    scaled = fit(trim(thickened(cut)) if thicken else cut, BOX)
    steps = {
        "grey": scene.grey[rows, columns].copy(),
        "evened": np.clip(scene.contrast[rows, columns], 0, 1),
        "mask": mine.astype(np.float32),
        "cut out": cut,
        "scaled": scaled,
        "centred": place(scaled),
    }
    x, y, n = columns.start, rows.start, scene.factor
    box = ((x + left) * n, (y + top) * n, (x + right) * n, (y + bottom) * n)
    return Digit(box, steps["centred"], MappingProxyType(steps))


def _view(group: Group, shape: tuple[int, ...]) -> tuple[slice, slice]:
    """Return the rows and columns of a group's box with a margin."""
    margin = max(2, group.size // 8)
    rows = slice(max(0, group.top - margin), min(shape[0], group.bottom + margin))
    columns = slice(max(0, group.left - margin), min(shape[1], group.right + margin))
    return rows, columns


def _levels(calm: Picture, mine: Mask, others: Mask, size: int, noise: float) -> tuple[Picture, float]:
    """Return the ink of one digit, 0 to 1, and the least level that counts for its box."""
    full = float(np.percentile(calm[mine], 75))
    large = min(max((size - SMALL) / (LARGE - SMALL), 0.0), 1.0)
    steep = max(large, min(noise / (GRAIN * full), 1.0))
    low = max(0.25 * full * steep, 2.5 * noise)
    high = max(full * (1 - 0.2 * steep), 1.1 * low)
    near = ndimage.binary_dilation(mine, np.ones((3, 3)), iterations=2) & ~others
    ink = np.clip((calm - low) / (high - low), 0, 1) * near
    return ink.astype(np.float32), 0.4 * large
