"""Activation functions over a tile, and their derivatives, computed from the activations.

Derivation: docs/derivations/activations.md
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from pellucid.engine.compiler.kernels import kernel, shared
from pellucid.engine.kernels.functions import exp, sigmoid, tanh
from pellucid.engine.programs.table import RELU, SIGMOID, SOFTMAX, TANH
from pellucid.engine.records import Matrix, Vector
from pellucid.engine.simd.lanes import (
    LANES,
    fill_rest,
    load,
    load_first,
    maximum,
    splat,
    store,
    store_first,
    where_less,
)
from pellucid.engine.simd.reductions import max_lanes, sum_lanes
from pellucid.engine.simd.shuffles import transpose_block

_ZERO = np.float32(0.0)
_ONE = np.float32(1.0)
_LOWEST = np.float32(-np.inf)


class Normalizer(NamedTuple):
    """What softmax stores of each row z: ``max z``, and ``sum exp(z - max z)``."""

    maximum: Vector
    total: Vector


@shared
def activate(activation: int, y: Vector, z: Vector, count: int) -> None:
    """``y = f(z)`` for every activation but softmax, over ``count`` elements, a multiple of the lane width."""
    if activation == SIGMOID:
        for i in range(0, count, LANES):
            store(y.memory, y.at + i, sigmoid(load(z.memory, z.at + i, LANES)))
    elif activation == RELU:
        # In this order of operands NaN stays NaN.
        for i in range(0, count, LANES):
            v = load(z.memory, z.at + i, LANES)
            store(y.memory, y.at + i, where_less(v, splat(_ZERO, LANES), splat(_ZERO, LANES), v))
    elif activation == TANH:
        for i in range(0, count, LANES):
            store(y.memory, y.at + i, tanh(load(z.memory, z.at + i, LANES)))
    else:
        for i in range(0, count, LANES):
            store(y.memory, y.at + i, load(z.memory, z.at + i, LANES))


@kernel
def softmax_row(y: Vector, z: Vector, width: int, kept: Normalizer) -> None:
    """`softmax` of one row (width,), LANES of its elements at a time."""
    best = splat(_LOWEST, LANES)
    for j in range(0, width, LANES):
        best = maximum(best, fill_rest(load_first(z.memory, z.at + j, width - j, LANES), width - j, _LOWEST))
    highest = max_lanes(best)
    total = splat(_ZERO, LANES)
    for j in range(0, width, LANES):
        v = load_first(z.memory, z.at + j, width - j, LANES)
        e = fill_rest(exp(v - splat(highest, LANES)), width - j, _ZERO)
        store_first(y.memory, y.at + j, e, width - j)
        total = total + e
    whole = sum_lanes(total)
    inverse = splat(_ONE / whole, LANES)
    for j in range(0, width, LANES):
        v = load_first(y.memory, y.at + j, width - j, LANES)
        store_first(y.memory, y.at + j, v * inverse, width - j)
    kept.maximum.memory[kept.maximum.at] = highest
    kept.total.memory[kept.total.at] = whole


@kernel
def softmax_rows(y: Vector, z: Matrix, width: int, kept: Normalizer, scratch: int) -> None:
    """`softmax` of LANES rows at once, one in each lane; ``y.memory[scratch ...]`` holds the transpose of z.

    Sums are added in the order of `softmax_row`, so the bits are the same.
    """
    memory = y.memory
    for j in range(0, width, LANES):
        transpose_block(memory, scratch + j * LANES, LANES, z.memory, z.at + j, z.stride, LANES)
    best = splat(_LOWEST, LANES)
    for j in range(width):
        best = maximum(best, load(memory, scratch + j * LANES, LANES))
    for j in range(LANES):
        total = splat(_ZERO, LANES)
        for column in range(j, width, LANES):
            e = exp(load(memory, scratch + column * LANES, LANES) - best)
            store(memory, scratch + column * LANES, e)
            total = total + e
        store(memory, y.at + j * LANES, total)
    half = LANES // 2
    while half:
        for j in range(half):
            at = y.at + j * LANES
            store(memory, at, load(memory, at, LANES) + load(memory, at + half * LANES, LANES))
        half //= 2
    whole = load(memory, y.at, LANES)
    inverse = splat(_ONE, LANES) / whole
    for j in range(width):
        at = scratch + j * LANES
        store(memory, at, load(memory, at, LANES) * inverse)
    for j in range(0, width, LANES):
        transpose_block(memory, y.at + j, z.stride, memory, scratch + j * LANES, LANES, LANES)
    store(kept.maximum.memory, kept.maximum.at, best)
    store(kept.total.memory, kept.total.at, whole)


@shared
def softmax(y: Vector, z: Matrix, rows: int, width: int, kept: Normalizer, scratch: int) -> None:
    """``y[n] = exp(z[n] - max z[n]) / sum`` for each row; y and z have the same stride.

    ``scratch`` is the offset of a second array of y's size in the memory of y, or -1 if there is none. With scratch,
    rows must be whole registers long, and the elements between ``width`` and the next row are overwritten.
    """
    n = 0
    while scratch >= 0 and n + LANES <= rows:
        softmax_rows(
            Vector(y.memory, y.at + n * z.stride),
            Matrix(z.memory, z.at + n * z.stride, z.stride),
            width,
            Normalizer(Vector(kept.maximum.memory, kept.maximum.at + n), Vector(kept.total.memory, kept.total.at + n)),
            scratch,
        )
        n += LANES
    while n < rows:
        softmax_row(
            Vector(y.memory, y.at + n * z.stride),
            Vector(z.memory, z.at + n * z.stride),
            width,
            Normalizer(Vector(kept.maximum.memory, kept.maximum.at + n), Vector(kept.total.memory, kept.total.at + n)),
        )
        n += 1


@shared
def elementwise_backward(activation: int, d: Vector, y: Vector, count: int) -> None:
    """``d *= f'(z)`` with f' computed from y = f(z), for every activation but softmax, over ``count`` elements."""
    if activation == SIGMOID:
        for i in range(0, count, LANES):
            v = load(y.memory, y.at + i, LANES)
            store(d.memory, d.at + i, load(d.memory, d.at + i, LANES) * (v * (splat(_ONE, LANES) - v)))
    elif activation == RELU:
        for i in range(0, count, LANES):
            v = load(y.memory, y.at + i, LANES)
            delta = load(d.memory, d.at + i, LANES)
            store(d.memory, d.at + i, where_less(splat(_ZERO, LANES), v, delta, splat(_ZERO, LANES)))
    elif activation == TANH:
        for i in range(0, count, LANES):
            v = load(y.memory, y.at + i, LANES)
            store(d.memory, d.at + i, load(d.memory, d.at + i, LANES) * (splat(_ONE, LANES) - v * v))


@shared
def softmax_backward(d: Vector, y: Matrix, rows: int, width: int) -> None:
    """``d[n, j] = y[n, j] (d[n, j] - sum over i of d[n, i] y[n, i])``; d and y have the same stride."""
    for n in range(rows):
        at = d.at + n * y.stride
        row = y.at + n * y.stride
        total = splat(_ZERO, LANES)
        for j in range(0, width, LANES):
            delta = load_first(d.memory, at + j, width - j, LANES)
            total = total + delta * load_first(y.memory, row + j, width - j, LANES)
        mean = splat(sum_lanes(total), LANES)
        for j in range(0, width, LANES):
            v = load_first(y.memory, row + j, width - j, LANES)
            delta = load_first(d.memory, at + j, width - j, LANES)
            store_first(d.memory, at + j, v * (delta - mean), width - j)


@kernel
def activate_backward(activation: int, d: Vector, y: Matrix, rows: int, width: int) -> None:
    """Replace ``d``, the gradient by the activations y (rows, width), with the gradient by the weighted sums."""
    if activation == SOFTMAX:
        softmax_backward(d, y, rows, width)
    else:
        elementwise_backward(activation, d, Vector(y.memory, y.at), rows * y.stride)
