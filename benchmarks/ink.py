"""Real digits as ink: cropped, scaled, drawn with a pen, put on pages and in frames; for the benchmark of reading."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

Picture = NDArray[np.float32]
Random = np.random.Generator


class Digits(NamedTuple):
    """Real digits (N, H, W), 0 to 1 with bright ink, and what they are."""

    images: Picture
    labels: NDArray[np.int64]


class Case(NamedTuple):
    """A picture as it is read, and the digits in it in reading order."""

    picture: NDArray[Any]
    text: str


Kind = Callable[[Random, Digits, int], Iterator[Case]]


# Ink


def cropped(ink: Picture) -> Picture:
    rows, columns = np.flatnonzero((ink > 0.1).any(axis=1)), np.flatnonzero((ink > 0.1).any(axis=0))
    return ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def scaled(ink: Picture, height: float) -> Picture:
    """Return the cropped digit with its longer side scaled to ``height`` pixels."""
    cut = cropped(ink)
    factor = height / max(cut.shape)
    size = (max(3, round(cut.shape[1] * factor)), max(3, round(cut.shape[0] * factor)))
    how = Image.Resampling.BICUBIC if factor > 1 else Image.Resampling.BOX
    return np.asarray(np.clip(np.asarray(Image.fromarray(cut).resize(size, how)), 0, 1), np.float32)


def penned(ink: Picture, height: float, pen: float) -> Picture:
    """Return the digit as a pen of ``pen`` pixels draws it, ``height`` pixels tall: its centre line, widened."""
    factor = 4
    large = np.pad(scaled(ink, height * factor) > 0.5, 2 * factor)
    away = ndimage.distance_transform_edt(~thinned(large))
    drawn = np.clip(pen * factor / 2 + 0.5 - away, 0, 1)
    rows, columns = (n // factor for n in drawn.shape)
    blocks = drawn[: rows * factor, : columns * factor].reshape(rows, factor, columns, factor)
    return cropped(np.asarray(blocks.mean(axis=(1, 3)), np.float32))


def thinned(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the centre lines of a mask, by the method of Zhang and Suen (1984)."""
    mask = np.pad(mask, 1)
    while True:
        before = np.count_nonzero(mask)
        for first in (True, False):
            ring = [np.roll(mask, shift, (0, 1)) for shift in _AROUND]
            neighbours = np.sum(ring, axis=0)
            rises = np.sum([~a & b for a, b in zip(ring, ring[1:] + ring[:1], strict=True)], axis=0)
            north, east, south, west = ring[0], ring[2], ring[4], ring[6]
            if first:
                open_sides = ~(north & east & south) & ~(east & south & west)
            else:
                open_sides = ~(north & east & west) & ~(north & south & west)
            mask = mask & ~((neighbours >= 2) & (neighbours <= 6) & (rises == 1) & open_sides)
        if np.count_nonzero(mask) == before:
            return mask[1:-1, 1:-1]


_AROUND = ((1, 0), (1, -1), (0, -1), (-1, -1), (-1, 0), (-1, 1), (0, 1), (1, 1))


def put(page: Picture, part: Picture, top: float, left: float) -> None:
    """Draw ink on a page, with its upper left corner at a place."""
    y, x = max(0, round(top)), max(0, round(left))
    view = page[y : y + part.shape[0], x : x + part.shape[1]]
    np.maximum(view, part[: view.shape[0], : view.shape[1]], out=view)


def dark(ink: Picture) -> NDArray[np.uint8]:
    return np.asarray(np.round(245 - 215 * np.clip(ink, 0, 1)), np.uint8)


def light(ink: Picture) -> NDArray[np.uint8]:
    return np.asarray(np.round(25 + 215 * np.clip(ink, 0, 1)), np.uint8)


def frame(ink: Picture, top: int, left: int, bottom: int, right: int, width: int, level: float = 1.0) -> None:
    for rows, columns in (
        (slice(top, top + width), slice(left, right)),
        (slice(bottom - width, bottom), slice(left, right)),
        (slice(top, bottom), slice(left, left + width)),
        (slice(top, bottom), slice(right - width, right)),
    ):
        np.maximum(ink[rows, columns], level, out=ink[rows, columns])


def put_in(rng: Random, ink: Picture, part: Picture, cell: tuple[int, int, int, int], width: int) -> None:
    top, left, height, across = cell
    free = [room - n - 2 * width - 4 for room, n in zip((height, across), part.shape, strict=True)]
    down, along = (max(0, room) * rng.uniform(0.2, 0.8) + width + 2 for room in free)
    put(ink, part, top + down, left + along)
