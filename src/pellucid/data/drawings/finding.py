"""From a grey picture to its digits, with every picture on the way kept to be shown."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from pellucid.data.drawings.centring import BOX, fit, ink_box, place, thickened, trim
from pellucid.data.drawings.grouping import Group, Labels, find_groups
from pellucid.data.drawings.ink import ink_mask
from pellucid.data.drawings.light import evened, ink_is_dark, noise_level, shrunk
from pellucid.data.drawings.reading import read_picture

Picture = NDArray[np.float32]

# A 12-megapixel photo is searched at a third of its width and height.
WORK_PIXELS = 1_500_000
# Digits up to SMALL pixels tall carry their shape in grey edges, which are kept as they are; in those over LARGE
# pixels a grey edge is blur, and is steepened, since scaling down to 20x20 makes edges of its own.
SMALL, LARGE = 28, 90


@dataclass(frozen=True, eq=False)
class Digit:
    """One digit found in a picture.

    Attributes
    ----------
    box : tuple of int
        Left, top, right and bottom in the picture's pixels; right and bottom lie one past the last pixel.
    pixels : array, shape (28, 28), float32 in 0..1
        The digit as MNIST would hold it, ink bright.
    steps : mapping of str to array
        The pictures on the way, first to last: "grey", "evened", "mask", "cut out", "scaled" and "centred". The first
        three show the digit with a margin, at the size at which the picture was searched.
    """

    box: tuple[int, int, int, int]
    pixels: Picture
    steps: Mapping[str, NDArray[Any]]


@dataclass(frozen=True)
class _Scene:
    """A picture at the size it is searched at, and what was made of it."""

    factor: int
    grey: Picture
    contrast: Picture
    calm: Picture
    mask: NDArray[np.bool_]
    labels: Labels


def find_digits(picture: NDArray[Any], *, dark_ink: bool | None = None, thicken: bool = True) -> list[Digit]:
    """Find the separate digits of a picture, row by row from left to right.

    Parameters
    ----------
    picture : array
        As `read_picture` gives it or takes it.
    dark_ink : bool, optional
        Whether ink is darker than paper. Told from the picture where it is not given.
    thicken : bool
        Widen strokes that would come out thinner than nearly all of MNIST's.

    Returns
    -------
    list of Digit
        Empty where nothing in the picture can be a digit.

    Raises
    ------
    DataError
        Not a picture, or one that is too small or too large; see `read_picture`.

    Examples
    --------
    >>> import numpy as np
    >>> sheet = np.full((60, 90), 230, np.uint8)
    >>> sheet[10:50, 20:26] = sheet[10:50, 60:66] = 40       # 11, in dark ink
    >>> [digit.box for digit in find_digits(sheet)]
    [(20, 10, 26, 50), (60, 10, 66, 50)]
    """
    grey = read_picture(picture)
    factor = math.ceil(math.sqrt(grey.size / WORK_PIXELS))
    small = shrunk(grey, factor)
    dark = ink_is_dark(small) if dark_ink is None else dark_ink
    contrast = evened(small, dark=dark)
    mask, calm = ink_mask(contrast)
    groups, labels = find_groups(mask)
    scene = _Scene(factor, small, contrast, calm, mask, labels)
    return [_digit(scene, group, thicken) for group in groups]


def _digit(scene: _Scene, group: Group, thicken: bool) -> Digit:
    margin = max(2, group.size // 8)
    height, width = scene.labels.shape
    rows = slice(max(0, group.top - margin), min(height, group.bottom + margin))
    columns = slice(max(0, group.left - margin), min(width, group.right + margin))
    view = (rows, columns)
    mine = np.isin(scene.labels[view], group.labels)
    ink, edge = _soft(scene.calm[view], mine, (scene.labels[view] > 0) & ~mine, group.size)
    left, top, right, bottom = ink_box(ink, edge)
    cut = ink[top:bottom, left:right]
    cut = trim(thickened(cut, BOX)) if thicken else cut
    scaled = fit(cut, BOX)
    centred = place(scaled)
    steps = {
        "grey": scene.grey[view].copy(),
        "evened": np.maximum(scene.contrast[view], 0),
        "mask": mine.astype(np.float32),
        "cut out": cut.copy(),
        "scaled": scaled,
        "centred": centred,
    }
    corner = (columns.start + left, rows.start + top, columns.start + right, rows.start + bottom)
    return Digit(tuple(scene.factor * n for n in corner), centred, MappingProxyType(steps))  # type: ignore[arg-type]


def _soft(calm: Picture, mine: NDArray[np.bool_], others: NDArray[np.bool_], size: int) -> tuple[Picture, float]:
    """Grey levels of one digit's ink, and the level from which on they count for its box."""
    large = min(max((size - SMALL) / (LARGE - SMALL), 0.0), 1.0)
    full = float(np.percentile(calm[mine], 90))
    low = max(0.25 * full * large, 2.5 * noise_level(calm))
    high = max(full * (1 - 0.2 * large), 1.1 * low)
    near = ndimage.binary_dilation(mine, np.ones((3, 3)), iterations=2) & ~others
    ink = np.clip((calm - low) / (high - low), 0, 1) * near
    return ink.astype(np.float32), 0.4 * large
