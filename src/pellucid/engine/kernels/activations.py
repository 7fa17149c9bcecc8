"""Activation functions over a tile of activations, and their derivatives, told from the activation itself.

docs/derivations/activations.md
"""

from __future__ import annotations

from typing import Any

import numpy as np

from pellucid.engine.compiler.kernels import kernel, shared
from pellucid.engine.compiler.signature import Float32s
from pellucid.engine.kernels.functions import exp, sigmoid, tanh
from pellucid.engine.programs.table import RELU, SIGMOID, SOFTMAX, TANH
from pellucid.engine.simd.lanes import (
    LANES,
    fill_rest,
    load,
    load_first,
    max_lanes,
    maximum,
    splat,
    store,
    store_first,
    sum_lanes,
    where_less,
)
from pellucid.engine.simd.shuffles import turn_block

_ZERO = np.float32(0.0)
_ONE = np.float32(1.0)
_LOWEST = np.float32(-np.inf)


@shared
def activate(which: int, y: Float32s, yi: int, z: Float32s, zi: int, count: int) -> None:
    """``y = f(z)`` for every activation but softmax, over ``count`` elements, a multiple of the lane width."""
    if which == SIGMOID:
        for i in range(0, count, LANES):
            store(y, yi + i, sigmoid(load(z, zi + i, LANES)))
    elif which == RELU:
        # Written so that NaN stays NaN.
        for i in range(0, count, LANES):
            v = load(z, zi + i, LANES)
            store(y, yi + i, where_less(v, splat(_ZERO, LANES), splat(_ZERO, LANES), v))
    elif which == TANH:
        for i in range(0, count, LANES):
            store(y, yi + i, tanh(load(z, zi + i, LANES)))
    else:
        for i in range(0, count, LANES):
            store(y, yi + i, load(z, zi + i, LANES))


@kernel
def softmax_row(y: Any, yi: int, z: Any, zi: int, width: int, top: Any, ti: int, mass: Any, mi: int) -> None:
    """`softmax` of one row, its numbers in the lanes."""
    best = splat(_LOWEST, LANES)
    for j in range(0, width, LANES):
        best = maximum(best, fill_rest(load_first(z, zi + j, width - j, LANES), width - j, _LOWEST))
    highest = max_lanes(best)
    total = splat(_ZERO, LANES)
    for j in range(0, width, LANES):
        e = fill_rest(exp(load_first(z, zi + j, width - j, LANES) - splat(highest, LANES)), width - j, _ZERO)
        store_first(y, yi + j, e, width - j)
        total = total + e
    whole = sum_lanes(total)
    inverse = splat(_ONE / whole, LANES)
    for j in range(0, width, LANES):
        store_first(y, yi + j, load_first(y, yi + j, width - j, LANES) * inverse, width - j)
    top[ti] = highest
    mass[mi] = whole


@kernel
def softmax_rows(
    y: Any, yi: int, z: Any, zi: int, stride: int, width: int, top: Any, ti: int, mass: Any, mi: int, scratch: int
) -> None:
    """`softmax` of as many rows as there are lanes, a row in each lane, from z turned about at ``y[scratch]``.

    Sums are added up in the order of `softmax_row`, so that the bits are the same.
    """
    for j in range(0, width, LANES):
        turn_block(y, scratch + j * LANES, LANES, z, zi + j, stride, LANES)
    best = splat(_LOWEST, LANES)
    for j in range(width):
        best = maximum(best, load(y, scratch + j * LANES, LANES))
    for j in range(LANES):
        total = splat(_ZERO, LANES)
        for column in range(j, width, LANES):
            e = exp(load(y, scratch + column * LANES, LANES) - best)
            store(y, scratch + column * LANES, e)
            total = total + e
        store(y, yi + j * LANES, total)
    half = LANES // 2
    while half:
        for j in range(half):
            at = yi + j * LANES
            store(y, at, load(y, at, LANES) + load(y, at + half * LANES, LANES))
        half //= 2
    whole = load(y, yi, LANES)
    inverse = splat(_ONE, LANES) / whole
    for j in range(width):
        at = scratch + j * LANES
        store(y, at, load(y, at, LANES) * inverse)
    for j in range(0, width, LANES):
        turn_block(y, yi + j, stride, y, scratch + j * LANES, LANES, LANES)
    store(top, ti, best)
    store(mass, mi, whole)


@shared
def softmax(
    y: Float32s,
    yi: int,
    z: Float32s,
    zi: int,
    stride: int,
    rows: int,
    width: int,
    top: Float32s,
    ti: int,
    mass: Float32s,
    mi: int,
    scratch: int,
) -> None:
    """``y[n] = exp(z[n] - max z[n]) / sum``, row by row; ``top[n]`` keeps the maximum and ``mass[n]`` the sum.

    ``y[scratch ...]`` is a place of the size of y, whose rows are whole registers long, or there is none (-1). With it,
    what lies between ``width`` and the next row is not kept.
    """
    n = 0
    while scratch >= 0 and n + LANES <= rows:
        softmax_rows(y, yi + n * stride, z, zi + n * stride, stride, width, top, ti + n, mass, mi + n, scratch)
        n += LANES
    while n < rows:
        softmax_row(y, yi + n * stride, z, zi + n * stride, width, top, ti + n, mass, mi + n)
        n += 1


@shared
def through_activation(which: int, d: Float32s, di: int, y: Float32s, yi: int, count: int) -> None:
    """``d *= f'(z)`` with f' told from y = f(z), for every activation but softmax, over ``count`` elements."""
    if which == SIGMOID:
        for i in range(0, count, LANES):
            v = load(y, yi + i, LANES)
            store(d, di + i, load(d, di + i, LANES) * (v * (splat(_ONE, LANES) - v)))
    elif which == RELU:
        for i in range(0, count, LANES):
            v = load(y, yi + i, LANES)
            store(d, di + i, where_less(splat(_ZERO, LANES), v, load(d, di + i, LANES), splat(_ZERO, LANES)))
    elif which == TANH:
        for i in range(0, count, LANES):
            v = load(y, yi + i, LANES)
            store(d, di + i, load(d, di + i, LANES) * (splat(_ONE, LANES) - v * v))


@shared
def through_softmax(d: Float32s, di: int, y: Float32s, yi: int, stride: int, rows: int, width: int) -> None:
    """``d[n, j] = y[n, j] (d[n, j] - sum over i of d[n, i] y[n, i])``."""
    for n in range(rows):
        at = di + n * stride
        row = yi + n * stride
        total = splat(_ZERO, LANES)
        for j in range(0, width, LANES):
            total = total + load_first(d, at + j, width - j, LANES) * load_first(y, row + j, width - j, LANES)
        mean = splat(sum_lanes(total), LANES)
        for j in range(0, width, LANES):
            v = load_first(y, row + j, width - j, LANES)
            store_first(d, at + j, v * (load_first(d, at + j, width - j, LANES) - mean), width - j)


@kernel
def back(which: int, d: Float32s, di: int, y: Float32s, yi: int, stride: int, rows: int, width: int) -> None:
    """Turn ``d``, the gradient by the activations y (rows, width), into the gradient by the weighted sums."""
    if which == SOFTMAX:
        through_softmax(d, di, y, yi, stride, rows, width)
    else:
        through_activation(which, d, di, y, yi, rows * stride)
