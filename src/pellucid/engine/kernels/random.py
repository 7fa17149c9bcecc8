"""Counter-based random numbers, and the affine map and displacement that augmentation draws from them.

A number is a hash of a key and a counter, so that the numbers of any image can be computed in any order, on any thread.

References
----------
Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3", 2011: Philox, four words, ten rounds.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from pellucid.engine.compiler.kernels import kernel
from pellucid.engine.compiler.signature import Float32s
from pellucid.engine.records import Key

SHIFT, ROTATION, SCALE, SHEAR, ELASTIC, REACH = range(6)
"""Indices into the settings: the largest shift (pixels), rotation (radians), change of scale, shear, and factor of the
field; then the largest displacement in the field itself."""


class AffineMap(NamedTuple):
    """The old position of the new image's pixel (u, v): ``x = xu u + xv v + x0`` and ``y = yu u + yv v + y0``."""

    xu: float
    xv: float
    x0: float
    yu: float
    yv: float
    y0: float


class Displacement(NamedTuple):
    """The factors of the displacements along x and y, and the offsets of their windows in the field."""

    along_x: float
    along_y: float
    window_x: int
    window_y: int


_UNIT = np.float64(2.0**-31)
_WHOLE = np.float64(1.0)
_HALF = np.float64(0.5)


@kernel
def draw_four(number: int, call: int, key: Key) -> Any:
    """Draw four float64 from [-1, 1) for the counter (low and high word of number, call, 0) and the key.

    All are int64 that hold 32-bit words. Products wrap around in 64 bits; their sign does not matter, because only
    masked halves are used.
    """
    key0, key1 = key
    a, b, c, d = number & 0xFFFFFFFF, (number >> 32) & 0xFFFFFFFF, call & 0xFFFFFFFF, 0
    for _ in range(10):
        first, second = 0xD2511F53 * a, 0xCD9E8D57 * c
        a, c = ((second >> 32) & 0xFFFFFFFF) ^ b ^ key0, ((first >> 32) & 0xFFFFFFFF) ^ d ^ key1
        b, d = second & 0xFFFFFFFF, first & 0xFFFFFFFF
        key0, key1 = (key0 + 0x9E3779B9) & 0xFFFFFFFF, (key1 + 0xBB67AE85) & 0xFFFFFFFF
    return (
        np.float64(a) * _UNIT - _WHOLE,
        np.float64(b) * _UNIT - _WHOLE,
        np.float64(c) * _UNIT - _WHOLE,
        np.float64(d) * _UNIT - _WHOLE,
    )


@kernel
def cos_sin(angle: float) -> Any:
    """Cosine and sine of up to half a turn, within 2e-9: series for a sixty-fourth of the angle, doubled six times."""
    part = angle * np.float64(1 / 64)
    square = part * part
    c = _WHOLE - square * (_HALF - square * np.float64(1 / 24))
    s = part * (_WHOLE - square * (np.float64(1 / 6) - square * np.float64(1 / 120)))
    for _ in range(6):
        c, s = c * c - s * s, (c + c) * s
    return c, s


@kernel
def draw_affine(settings: Float32s, image: int, key: Key, height: int, width: int) -> AffineMap:
    """Draw the map from positions in the new image to positions in the old one.

    An image is sheared, scaled and rotated about its centre, and then shifted; this is the inverse of that.
    """
    a, b, c, d = draw_four(image, 0, key)
    e, _, _, _ = draw_four(image, 1, key)
    across, down = (np.float64(width) - _WHOLE) * _HALF, (np.float64(height) - _WHOLE) * _HALF
    to_x, to_y = across + np.float64(settings[SHIFT]) * a, down + np.float64(settings[SHIFT]) * b
    cosine, sine = cos_sin(np.float64(settings[ROTATION]) * c)
    back = _WHOLE / (_WHOLE + np.float64(settings[SCALE]) * d)
    shear = np.float64(settings[SHEAR]) * e
    xu, xv = (cosine + shear * sine) * back, (sine - shear * cosine) * back
    yu, yv = -sine * back, cosine * back
    return AffineMap(xu, xv, across - xu * to_x - xv * to_y, yu, yv, down - yu * to_x - yv * to_y)


@kernel
def draw_displacement(settings: Float32s, side: int, row: int, image: int, key: Key) -> Displacement:
    """Draw the factors of the displacements along x and y, and the offsets of their windows in the field.

    ``row`` is the number of floats from one row of the field to the next.
    """
    _, a, b, _ = draw_four(image, 1, key)
    c, d, e, f = draw_four(image, 2, key)
    half, factor = np.float64(side) * _HALF, np.float64(settings[ELASTIC])
    window_x: Any = np.int64((c + _WHOLE) * half) * row + np.int64((d + _WHOLE) * half)
    window_y: Any = np.int64((e + _WHOLE) * half) * row + np.int64((f + _WHOLE) * half)
    return Displacement(factor * a, factor * b, window_x, window_y)
