"""Find the digits of a grey picture, and keep all intermediate pictures."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from pellucid.data.drawings import ndimage
from pellucid.data.drawings.centring import BOX, fit, ink_box, place, thickened, trim
from pellucid.data.drawings.grouping import find_groups
from pellucid.data.drawings.ink import ink_mask
from pellucid.data.drawings.light import WIDEST_STROKE, evened
from pellucid.data.drawings.margins import with_margin
from pellucid.data.drawings.noise import noise_level, without_impulses, without_salt
from pellucid.data.drawings.patches import Group, Labels, Mask, is_of, stroke_widths
from pellucid.data.drawings.polarity import ink_is_dark
from pellucid.data.drawings.reading import Source, read_reduced
from pellucid.data.drawings.stripes import without_stripes
from pellucid.data.drawings.windows import Picture, shrunk

# A 12-megapixel photo is searched at a third of its width and height; its strokes are measured at a seventh.
WORK_PIXELS = 1_500_000
PREVIEW_PIXELS = 300_000
# The strokes of a picture differ in width by less than this factor; those of this width show well in a preview.
ROOMY = 2.2
CLEAR_STROKE = 4
# In narrower windows than this, noise is ink.
NARROWEST = 6
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
    margin: int
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
    return find_in_steps(picture, dark_ink=dark_ink, thicken=thicken)[1]


def find_in_steps(
    picture: Source, *, dark_ink: bool | None = None, thicken: bool = True
) -> tuple[Mapping[str, Picture], list[Digit]]:
    """Do the same as `find_digits`, and return the intermediate pictures of the whole picture too.

    Returns
    -------
    mapping of str to array, float32 from 0 to 1
        "grey", with a margin if one was added, "evened", "ink" and "digits", at the resolution of the search.
    list of Digit
        What `find_digits` returns.

    Examples
    --------
    >>> import numpy as np
    >>> sheet = np.full((60, 90), 230, np.uint8)
    >>> sheet[10:50, 20:26] = 40
    >>> steps, digits = find_in_steps(sheet)
    >>> {name: step.shape for name, step in steps.items()}, len(digits)
    ({'grey': (60, 90), 'evened': (60, 90), 'ink': (60, 90), 'digits': (60, 90)}, 1)
    """
    grey, reduced = read_reduced(picture)
    factor = math.ceil(math.sqrt(grey.size / WORK_PIXELS))
    small = shrunk(grey, factor)
    small = without_salt(small) if min(small.shape) >= LEAST_SALTED else without_impulses(small)
    small = without_stripes(small)
    dark = ink_is_dark(small) if dark_ink is None else dark_ink
    small, margin = with_margin(small, dark=dark)
    widest, coarser = (None, 1) if margin else _scale(small, dark)  # the paper of the margin is even
    small, factor = shrunk(small, coarser), factor * coarser
    contrast = evened(small, dark=dark, widest=widest)
    mask, calm = ink_mask(contrast)
    groups, labels = find_groups(mask, calm)
    scene = _Scene(factor * reduced, margin, small, contrast, calm, noise_level(calm), labels)
    chosen = np.zeros(int(labels.max()) + 1, np.float32)
    chosen[[number for group in groups for number in group.labels]] = 1
    steps = {
        "grey": small,
        "evened": np.clip(contrast, 0, 1),
        "ink": mask.astype(np.float32),
        "digits": chosen[labels],
    }
    return MappingProxyType(steps), [_digit(scene, group, thicken) for group in groups]


def _scale(grey: Picture, dark: bool) -> tuple[float, int]:
    """Return a width a little above that of all strokes, and a factor by which the picture is reduced for the search.

    Shadows that are wider are removed. The width is in pixels of the reduced picture. Where nearly all strokes are
    wide enough, the search needs no more pixels than the preview.
    """
    factor = math.ceil(math.sqrt(grey.size / PREVIEW_PIXELS))
    small = shrunk(grey, factor)
    widest: float = WIDEST_STROKE * min(small.shape)
    while widest > NARROWEST:
        mask, _ = ink_mask(evened(small, dark=dark, widest=widest))
        widths = stroke_widths(mask)
        if len(widths):
            thin, wide = np.percentile(widths, (10, 75))
            window = float(min(widest, ROOMY * wide + 4))
            return (window, factor) if thin >= CLEAR_STROKE else (window * factor, 1)
        # Everything found is as wide as a desk or a shadow: treat it as paper.
        widest /= 2.5
    return float(WIDEST_STROKE * min(grey.shape)), 1


def _digit(scene: _Scene, group: Group, thicken: bool) -> Digit:
    rows, columns = _view(group, scene.labels.shape)
    labels = scene.labels[rows, columns]
    mine = is_of(labels, group.labels)
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
    x, y = columns.start - scene.margin, rows.start - scene.margin
    height, width = (n - 2 * scene.margin for n in scene.grey.shape)
    inside = max(0, x + left), max(0, y + top), min(width, x + right), min(height, y + bottom)
    box = tuple(edge * scene.factor for edge in inside)
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
    near = ndimage.binary_dilation(mine, np.ones((5, 5))) & ~others
    ink = np.clip((calm - low) / (high - low), 0, 1) * near
    return ink.astype(np.float32), 0.4 * large
