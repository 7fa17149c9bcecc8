"""Losses of a tile: the loss of each image, whether it was read right, and the gradient by the output's sums.

docs/derivations/losses.md
"""

from __future__ import annotations

from typing import Any

import numpy as np

from pellucid.engine.compiler.kernels import kernel, shared
from pellucid.engine.compiler.signature import Float32, Float32s, Int64s
from pellucid.engine.kernels.activations import back
from pellucid.engine.kernels.functions import exp, log
from pellucid.engine.programs.table import CROSS_ENTROPY, SOFTMAX
from pellucid.engine.simd.lanes import (
    LANES,
    count_less,
    fill_rest,
    load,
    load_first,
    maximum,
    splat,
    store,
    sum_lanes,
)

_ZERO = np.float32(0.0)
_ONE = np.float32(1.0)
_TWO = np.float32(2.0)
_INFINITY = np.float32(np.inf)


@kernel
def _is_first(y: Any, row: int, width: int, target: int) -> bool:
    """The same where others are as large, one after another."""
    mine = y[row + target]
    for j in range(target):
        if not y[row + j] < mine:
            return False
    for j in range(target + 1, width):  # noqa: SIM110 (a generator cannot be compiled)
        if not y[row + j] <= mine:
            return False
    return True


@kernel
def is_right(y: Any, row: int, width: int, target: int) -> bool:
    """Whether ``target`` is the first index of the largest of ``y[row : row + width]``."""
    mine = y[row + target]
    less = 0
    for j in range(0, width, LANES):
        v = fill_rest(load_first(y, row + j, width - j, LANES), width - j, _INFINITY)
        less += count_less(v, splat(mine, LANES))
    return less == width - 1 or _is_first(y, row, width, target)


@shared
def softmax_cross_entropy(
    loss: Float32s,
    li: int,
    z: Float32s,
    zi: int,
    stride: int,
    targets: Int64s,
    ni: int,
    rows: int,
    top: Float32s,
    ti: int,
    mass: Float32s,
    mi: int,
) -> None:
    """``loss[n] = log(sum of exp z[n]) - z[n, target]``, from the maximum and the sum that softmax kept.

    Told from z and not from the probability, it is right even where the probability rounds to 0. Whole registers of
    losses are written.
    """
    for n in range(0, rows, LANES):
        store(loss, li + n, log(load(mass, mi + n, LANES)))
    for n in range(rows):
        # The difference first: large sums cancel exactly.
        loss[li + n] += top[ti + n] - z[zi + n * stride + targets[ni + n]]


@kernel
def sigmoid_cross_entropy(
    loss: Any, li: int, z: Any, zi: int, stride: int, targets: Any, ni: int, rows: int, width: int
) -> None:
    """``loss[n] = -sum over j of (t log y + (1 - t) log(1 - y))``, from z.

    That is the sum of ``log(1 + exp v) = max(v, 0) + log(1 + exp -|v|)`` with v = -z for the target and v = z for the
    others.
    """
    for n in range(rows):
        row = zi + n * stride
        total = splat(_ZERO, LANES)
        for j in range(0, width, LANES):
            place = targets[ni + n] - j
            sign = fill_rest(fill_rest(splat(_ONE, LANES), place, -_ONE), place + 1, _ONE)
            v = load_first(z, row + j, width - j, LANES) * sign
            size = maximum(v, splat(_ZERO, LANES) - v)
            tail = log(splat(_ONE, LANES) + exp(splat(_ZERO, LANES) - size))
            total = total + fill_rest(maximum(v, splat(_ZERO, LANES)) + tail, width - j, _ZERO)
        loss[li + n] = sum_lanes(total)


@kernel
def squared(
    loss: Any,
    li: int,
    d: Any,
    di: int,
    y: Any,
    yi: int,
    stride: int,
    targets: Any,
    ni: int,
    rows: int,
    width: int,
    scale: Any,
) -> None:
    """``loss[n] = sum over j of (y - t)**2``, and ``d = 2 (y - t) scale``, the gradient by the activations."""
    for n in range(rows):
        row = yi + n * stride
        total = _ZERO
        for j in range(width):
            difference = y[row + j]
            if j == targets[ni + n]:
                difference -= _ONE
            total += difference * difference
            d[di + n * stride + j] = _TWO * scale * difference
        loss[li + n] = total


@shared
def distance_to_target(
    d: Float32s, di: int, y: Float32s, yi: int, stride: int, targets: Int64s, ni: int, rows: int, scale: Float32
) -> None:
    """``d = (y - t) scale``: what cross-entropy sends back through softmax, or through sigmoid, to the sums."""
    for i in range(0, rows * stride, LANES):
        store(d, di + i, load(y, yi + i, LANES) * splat(scale, LANES))
    for n in range(rows):
        d[di + n * stride + targets[ni + n]] -= scale


@kernel
def lose(
    which: int,
    activation: int,
    loss: Float32s,
    li: int,
    d: Float32s,
    di: int,
    z: Float32s,
    zi: int,
    y: Float32s,
    yi: int,
    stride: int,
    targets: Int64s,
    ni: int,
    rows: int,
    width: int,
    scale: Float32,
    top: Float32s,
    ti: int,
    mass: Float32s,
    mi: int,
) -> None:
    """The loss of each of ``rows`` images, and the gradient of ``scale`` times their sum by the output's sums z.

    ``targets[ni]`` and on are the wanted classes of the rows; y (rows, width) are the outputs.
    """
    if which == CROSS_ENTROPY:
        if activation == SOFTMAX:
            softmax_cross_entropy(loss, li, z, zi, stride, targets, ni, rows, top, ti, mass, mi)
        else:
            sigmoid_cross_entropy(loss, li, z, zi, stride, targets, ni, rows, width)
        distance_to_target(d, di, y, yi, stride, targets, ni, rows, scale)
    else:
        squared(loss, li, d, di, y, yi, stride, targets, ni, rows, width, scale)
        back(activation, d, di, y, yi, stride, rows, width)
