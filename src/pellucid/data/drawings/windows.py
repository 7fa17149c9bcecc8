"""The least and the greatest levels in square windows, and pictures of fewer pixels.

Levels are compared as 16-bit integers, of which processors compare many at once; those of 8-bit pictures stay exact.
A window of n pixels takes log2 n comparisons per pixel: the extremes of two windows of n give those of one of 2n.
"""

from __future__ import annotations

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.float32]
Words = NDArray[np.uint16]
Level = TypeVar("Level", bound=np.generic)

WHITE = 65535


def words_of(picture: Picture) -> Words:
    """Return levels from 0 to 1 as integers from 0 to `WHITE`; those beyond are clipped.

    Examples
    --------
    >>> words_of(np.array([[0, 0.5, 1.5]], np.float32))
    array([[    0, 32768, 65535]], dtype=uint16)
    """
    return (np.clip(picture, 0, 1) * np.float32(WHITE) + np.float32(0.5)).astype(np.uint16)


def picture_of(words: Words) -> Picture:
    """Return integers from 0 to `WHITE` as levels from 0 to 1."""
    return words * np.float32(1 / WHITE)


def extreme(most: np.ufunc, levels: NDArray[Level], side: int) -> NDArray[Level]:
    """Return the extreme (``most`` is `numpy.maximum` or `numpy.minimum`) of all windows that are inside.

    Examples
    --------
    >>> extreme(np.maximum, np.array([[1, 0, 0, 5], [0, 2, 0, 0]]), 2)
    array([[2, 2, 5]])
    """
    return _along_rows(most, _along_columns(most, levels, side), side)


def highest(levels: NDArray[Level], side: int) -> NDArray[Level]:
    """Return the greatest level in the window of an odd ``side`` around each pixel, of what is inside the picture."""
    return extreme(np.maximum, np.pad(levels, side // 2, mode="edge"), side)


def opened(words: Words, side: int) -> Words:
    """Remove bright structures narrower than `side`; those at the border are assumed to continue beyond it."""
    beyond = np.pad(words, side - 1, mode="edge")
    return extreme(np.maximum, extreme(np.minimum, beyond, side), side)


def closed(words: Words, side: int) -> Words:
    """Remove dark structures narrower than `side`."""
    return WHITE - opened(WHITE - words, side)


def shrunk(picture: Picture, factor: int) -> Picture:
    """Average blocks of (factor, factor) pixels; incomplete blocks at the right and lower edge are dropped."""
    if factor <= 1:
        return picture
    rows, columns = max(1, picture.shape[0] // factor), max(1, picture.shape[1] // factor)
    tall, wide = min(factor, picture.shape[0]), min(factor, picture.shape[1])
    whole = picture[: rows * tall, : columns * wide]
    across = whole[:, ::wide].copy()
    for column in range(1, wide):
        across += whole[:, column::wide]
    total = across[::tall].copy()
    for row in range(1, tall):
        total += across[row::tall]
    total *= np.float32(1 / (tall * wide))
    return total


def _along_columns(most: np.ufunc, levels: NDArray[Level], side: int) -> NDArray[Level]:
    reach = 1
    while 2 * reach <= side:
        levels = most(levels[:-reach], levels[reach:])
        reach *= 2
    return most(levels[: reach - side], levels[side - reach :]) if reach < side else levels


def _along_rows(most: np.ufunc, levels: NDArray[Level], side: int) -> NDArray[Level]:
    reach = 1
    while 2 * reach <= side:
        levels = most(levels[:, :-reach], levels[:, reach:])
        reach *= 2
    return most(levels[:, : reach - side], levels[:, side - reach :]) if reach < side else levels
