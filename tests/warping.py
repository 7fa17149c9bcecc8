"""Augmentation in plain Python and float64: the draws and the warp, one pixel at a time."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
WORD = 2**32


def philox(counter: Sequence[int], key: Sequence[int]) -> list[int]:
    """Philox 4x32-10, as in its paper."""
    a, b, c, d = counter
    k, m = key
    for _ in range(10):
        first, second = 0xD2511F53 * a, 0xCD9E8D57 * c
        a, b, c, d = (second >> 32) ^ b ^ k, second % WORD, (first >> 32) ^ d ^ m, first % WORD
        k, m = (k + 0x9E3779B9) % WORD, (m + 0xBB67AE85) % WORD
    return [a, b, c, d]


@dataclass
class Sizes:
    """The largest shift (pixels), rotation (radians), change of scale, shear, and factor of the field."""

    shift: float = 0.0
    rotation: float = 0.0
    scale: float = 0.0
    shear: float = 0.0
    elastic: float = 0.0


@dataclass
class Draw:
    """The draws of one image; ``windows`` are the (row, column) in the field for x and y."""

    shift: tuple[float, float]
    rotation: float
    scale: float
    shear: float
    bend: tuple[float, float]
    windows: tuple[tuple[int, int], tuple[int, int]]


def draw(image: int, key: Sequence[int], sizes: Sizes, side: int = 1) -> Draw:
    words = [philox([image % WORD, image // WORD, call, 0], key) for call in range(3)]
    (a, b, c, d), (e, f, g, _) = ([word / 2**31 - 1 for word in four] for four in words[:2])
    at = [int(word / 2**32 * side) for word in words[2]]
    return Draw(
        (sizes.shift * a, sizes.shift * b), sizes.rotation * c, 1 + sizes.scale * d, sizes.shear * e,
        (sizes.elastic * f, sizes.elastic * g), ((at[0], at[1]), (at[2], at[3])),
    )  # fmt: skip


def way(it: Draw) -> Array:
    """Return the matrix from the old image to the new, about the centre: shear, then scale, then rotation."""
    turn = np.array([[math.cos(it.rotation), -math.sin(it.rotation)], [math.sin(it.rotation), math.cos(it.rotation)]])
    return np.asarray(turn @ (it.scale * np.eye(2)) @ np.array([[1.0, it.shear], [0.0, 1.0]]))


def level(image: Array, x: float, y: float) -> float:
    """Interpolate the image (H, W) between its pixels; 0 outside."""
    total = 0.0
    left, top = math.floor(x), math.floor(y)
    for row in (top, top + 1):
        for column in (left, left + 1):
            if 0 <= row < image.shape[0] and 0 <= column < image.shape[1]:
                total += (1 - abs(x - column)) * (1 - abs(y - row)) * image[row, column]
    return total


def warp(image: Array, it: Draw, torus: Array | None = None) -> Array:
    """Augment the image (H, W), with 0 as paper, by one draw."""
    height, width = image.shape
    centre = np.array([(width - 1) / 2, (height - 1) / 2])
    back = np.linalg.inv(way(it))
    new = np.zeros_like(image)
    for v in range(height):
        for u in range(width):
            x, y = back @ (np.array([u, v]) - centre - it.shift) + centre
            if torus is not None:
                along_x, along_y = (
                    factor * torus[(row + v) % len(torus), (column + u) % len(torus)]
                    for factor, (row, column) in zip(it.bend, it.windows, strict=True)
                )
                x, y = x + along_x, y + along_y
            new[v, u] = level(image, x, y)
    return new
