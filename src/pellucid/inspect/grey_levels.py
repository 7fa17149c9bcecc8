"""Pictures with fewer grey levels: every pixel is rounded to one of some evenly spaced ones, from paper to full ink."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from pellucid.data.dataset import Dataset
from pellucid.errors import ConfigurationError
from pellucid.programs.images import to_unit

FEWEST, MOST = 2, 256
"""Paper and full ink alone; and as many as a byte has."""

_AT_ONCE = 4096
"""Images that are rounded in one go."""


def rounded(pixels: NDArray[np.float32], levels: int) -> NDArray[np.float32]:
    """Return pixels from 0 to 1, of any shape, each rounded to the nearest of evenly spaced levels.

    Raises
    ------
    ConfigurationError
        If there are fewer than two levels, or more than a byte has.

    Examples
    --------
    >>> rounded(np.array([0.0, 0.2, 0.4, 0.9], np.float32), 3).tolist()
    [0.0, 0.0, 0.5, 1.0]
    """
    found: NDArray[np.float32] = _numbers(pixels, levels) / np.float32(levels - 1)
    return found


def with_grey_levels(data: Dataset, levels: int) -> Dataset:
    """Return the same images with fewer grey levels: each pixel is a whole number from 0 to ``levels - 1``.

    Raises
    ------
    ConfigurationError
        As `rounded`; also if the numbers of the images are no levels from paper to full ink.

    Examples
    --------
    >>> data = Dataset(np.array([[[0, 20], [120, 255]]], np.uint8), [0])
    >>> with_grey_levels(data, 10)
    <Dataset data: 1 images of 2x2, levels 0 to 9 (uint8), 1 classes: 0 1>
    >>> with_grey_levels(data, 10).images.tolist()
    [[[0, 1], [4, 9]]]
    """
    if data.level_range is None:
        raise ConfigurationError(
            "Expected images with levels from paper to full ink, got numbers as they are: declare their level_range."
        )
    images: Any = data.images
    found = np.empty(images.shape, np.uint8)
    if images.dtype == np.uint8:
        every = to_unit(np.arange(256, dtype=np.uint8)[:, None], data.level_range)
        table = _numbers(every, levels).astype(np.uint8).reshape(256)
    for begin in range(0, len(found), _AT_ONCE):
        some = np.asarray(images[begin : begin + _AT_ONCE])
        if images.dtype == np.uint8:
            found[begin : begin + _AT_ONCE] = table[some]
        else:
            flat = to_unit(some.reshape(len(some), -1), data.level_range)
            found[begin : begin + _AT_ONCE] = _numbers(flat, levels).reshape(some.shape)
    return Dataset(
        found, data.targets, classes=data.classes, level_range=(0, levels - 1), weight=data.weight,
        task="classes" if data.has_classes else "values", memory_limit=data.memory_limit, name=data.name,
        source=data.source, licence=data.licence,
    )  # fmt: skip


def levels_present(data: Dataset) -> int:
    """Return how many different levels the pixels of all images have.

    Examples
    --------
    >>> levels_present(Dataset(np.array([[[0, 20], [20, 255]]], np.uint8), [0]))
    3
    """
    images: Any = data.images
    found: NDArray[Any] = np.zeros(0, images.dtype)
    for begin in range(0, len(images), _AT_ONCE):
        some = np.asarray(images[begin : begin + _AT_ONCE])
        own = np.flatnonzero(np.bincount(some.reshape(-1), minlength=256)) if some.dtype == np.uint8 else some
        found = np.union1d(found, own)
    return len(found)


def _numbers(pixels: NDArray[np.float32], levels: int) -> NDArray[np.float32]:
    """The number of the nearest level for each pixel, from 0."""
    if not FEWEST <= levels <= MOST:
        raise ConfigurationError(f"Expected {FEWEST} to {MOST} grey levels, got {levels}: choose a number in between.")
    found: NDArray[np.float32] = np.rint(np.clip(pixels, 0, 1) * np.float32(levels - 1))
    return found
