"""Dropout: in training, each activation is set to 0 with a given probability, and the others are scaled up.

The random numbers are counter-based (Philox, `pellucid.engine.kernels.random`). The counter consists of the number of
the image among all that were ever trained on, the layer, and the index of the activation. The results therefore depend
neither on the thread that processes an image nor on interruptions of training. Derivation: docs/derivations/dropout.md

References
----------
Srivastava et al., "Dropout: a simple way to prevent neural networks from overfitting", 2014.
"""

from __future__ import annotations

import numpy as np

from pellucid.engine.compiler.kernels import kernel
from pellucid.engine.compiler.signature import Float32s, Int64s
from pellucid.engine.kernels.random import draw_four
from pellucid.engine.programs.table import (
    CHANCE,
    CHANNELS,
    DELTA_LINE,
    DELTA_PLANE,
    DELTA_STEP,
    DELTAS,
    HEIGHT,
    LINE,
    OUTPUTS,
    PLANE,
    SALT,
    SUMS,
    VALUES,
    WIDTH,
)
from pellucid.engine.records import Draws, Matrix, PlanesLayer
from pellucid.engine.simd.lanes import LANES, load, load_first, store, store_first

_ZERO = np.float32(0.0)
_ONE = np.float32(1.0)
_HALVES = np.float64(2.0**31)
_WHOLE = np.float64(1.0)


@kernel
def draw_factors(table: Int64s, row: int, work: Float32s, n: int, draws: Draws) -> None:
    """Draw the factors (activations, lanes), stored at the row's SUMS: 0, or 1 / (1 - rate).

    ``draws`` holds the number of the group's first image.
    """
    bound = np.float64(table[row + CHANCE]) / _HALVES - _WHOLE
    kept = _ONE / np.float32(_WHOLE - np.float64(table[row + CHANCE]) / (_HALVES + _HALVES))
    count = table[row + OUTPUTS]
    for first in range(0, count, 4):
        at = table[row + SUMS] + first * LANES
        for i in range(n):
            a, b, c, d = draw_four(draws.serial + i + (table[row + SALT] << 48), first // 4, draws.key)
            work[at + i] = kept if a >= bound else _ZERO
            work[at + LANES + i] = kept if b >= bound else _ZERO
            work[at + 2 * LANES + i] = kept if c >= bound else _ZERO
            work[at + 3 * LANES + i] = kept if d >= bound else _ZERO


@kernel
def drop_planes(layer: PlanesLayer, group: int, dropping: int) -> None:
    """Multiply the planes of the layer before by the factors; copy them where nothing is dropped."""
    table, row, before, work = layer
    factor = table[row + SUMS]
    for channel in range(table[row + CHANNELS]):
        for y in range(table[row + HEIGHT]):
            at = table[row + VALUES] + channel * table[row + PLANE] + y * table[row + LINE]
            x = table[before + VALUES] + channel * table[before + PLANE] + y * table[before + LINE]
            for _ in range(table[row + WIDTH]):
                v = load_first(work, x, group, LANES)
                store_first(work, at, v * load(work, factor, LANES) if dropping else v, group)
                at += group
                x += group
                factor += LANES


@kernel
def drop_planes_backward(layer: PlanesLayer) -> None:
    """Compute the deltas of the layer before: the deltas of this one times the factors."""
    table, row, before, work = layer
    factor = table[row + SUMS]
    for channel in range(table[row + CHANNELS]):
        for y in range(table[row + HEIGHT]):
            delta = table[row + DELTAS] + channel * table[row + DELTA_PLANE] + y * table[row + DELTA_LINE]
            into = table[before + DELTAS] + channel * table[before + DELTA_PLANE] + y * table[before + DELTA_LINE]
            for _ in range(table[row + WIDTH]):
                store(work, into, load(work, delta, LANES) * load(work, factor, LANES))
                delta += table[row + DELTA_STEP]
                into += table[before + DELTA_STEP]
                factor += LANES


@kernel
def drop_rows(y: Matrix, x: Matrix, factor: int, n: int, width: int, dropping: int) -> None:
    """``y = x`` times the factors (width, lanes), or ``y = x``, for rows of images: y and x (images, width)."""
    work = x.memory
    for i in range(n):
        for j in range(width):
            v = work[x.at + i * x.stride + j]
            y.memory[y.at + i * y.stride + j] = v * work[factor + j * LANES + i] if dropping else v
