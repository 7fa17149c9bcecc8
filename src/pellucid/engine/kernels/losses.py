"""Losses of a tile: each image's loss, whether its prediction is correct, and the gradient by the output sums.

Derivation: docs/derivations/losses.md
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from pellucid.engine.compiler.kernels import kernel, shared
from pellucid.engine.compiler.signature import Float32, Float32s, Int64s
from pellucid.engine.kernels.activations import Normalizer, activate_backward
from pellucid.engine.kernels.functions import exp, log
from pellucid.engine.programs.table import (
    BINARY_CROSS_ENTROPY,
    CROSS_ENTROPY,
    HUBER,
    LINEAR,
    MEAN_ABSOLUTE,
    MEAN_SQUARED,
    SOFT_CROSS_ENTROPY,
    SOFTMAX,
)
from pellucid.engine.records import Matrix, Vector
from pellucid.engine.simd.lanes import (
    LANES,
    absolute,
    copysign,
    fill_rest,
    load,
    load_first,
    maximum,
    minimum,
    splat,
    store,
    store_first,
    where_less,
)
from pellucid.engine.simd.reductions import count_less, sum_lanes

_ZERO = np.float32(0.0)
_ONE = np.float32(1.0)
_TWO = np.float32(2.0)
_HALF = np.float32(0.5)
_INFINITY = np.float32(np.inf)


class TargetClasses(NamedTuple):
    """The target class of row n is ``memory[at + n]``."""

    memory: Int64s
    at: int


class TargetValues(NamedTuple):
    """The target values (width,) of row n are those of example ``order[first + n]`` in ``memory`` (N, width)."""

    memory: Float32s
    order: Int64s
    first: int


class Outputs(NamedTuple):
    """The last layer's output for ``rows`` examples: sums z and activations y = f(z), (rows, width) with one stride.

    ``kept`` is what softmax stored of each row.
    """

    activation: int
    z: Vector
    y: Matrix
    rows: int
    width: int
    kept: Normalizer


@kernel
def _is_first(y: Vector, width: int, target: int) -> bool:
    """`is_correct`, one element after another; needed where other elements are as large."""
    mine = y.memory[y.at + target]
    for j in range(target):
        if not y.memory[y.at + j] < mine:
            return False
    for j in range(target + 1, width):  # noqa: SIM110 (a generator cannot be compiled)
        if not y.memory[y.at + j] <= mine:
            return False
    return True


@kernel
def is_correct(y: Vector, width: int, target: int) -> bool:
    """Whether ``target`` is the first index of the largest of y (width,)."""
    mine = y.memory[y.at + target]
    less = 0
    for j in range(0, width, LANES):
        v = fill_rest(load_first(y.memory, y.at + j, width - j, LANES), width - j, _INFINITY)
        less += count_less(v, splat(mine, LANES))
    return less == width - 1 or _is_first(y, width, target)


@shared
def softmax_cross_entropy(loss: Vector, z: Matrix, targets: TargetClasses, rows: int, kept: Normalizer) -> None:
    """``loss[n] = log(sum of exp z[n]) - z[n, target]``, from the maximum and the sum that softmax stored.

    Computed from z and not from the probability, it is accurate even where the probability rounds to 0. Whole registers
    of losses are written.
    """
    top, mass = kept.maximum, kept.total
    for n in range(0, rows, LANES):
        store(loss.memory, loss.at + n, log(load(mass.memory, mass.at + n, LANES)))
    for n in range(rows):
        # The difference comes first, because large values cancel exactly.
        loss.memory[loss.at + n] += (
            top.memory[top.at + n] - z.memory[z.at + n * z.stride + targets.memory[targets.at + n]]
        )


@kernel
def sigmoid_cross_entropy(loss: Vector, z: Matrix, targets: TargetClasses, rows: int, width: int) -> None:
    """``loss[n] = -sum over j of (t log y + (1 - t) log(1 - y))``, from z.

    That is the sum of ``log(1 + exp v) = max(v, 0) + log(1 + exp -|v|)`` with v = -z for the target and v = z for the
    others.
    """
    for n in range(rows):
        row = z.at + n * z.stride
        total = splat(_ZERO, LANES)
        for j in range(0, width, LANES):
            position = targets.memory[targets.at + n] - j
            sign = fill_rest(fill_rest(splat(_ONE, LANES), position, -_ONE), position + 1, _ONE)
            v = load_first(z.memory, row + j, width - j, LANES) * sign
            size = maximum(v, splat(_ZERO, LANES) - v)
            tail = log(splat(_ONE, LANES) + exp(splat(_ZERO, LANES) - size))
            total = total + fill_rest(maximum(v, splat(_ZERO, LANES)) + tail, width - j, _ZERO)
        loss.memory[loss.at + n] = sum_lanes(total)


@kernel
def squared_error(
    loss: Vector, d: Vector, y: Matrix, targets: TargetClasses, rows: int, width: int, scale: Float32
) -> None:
    """``loss[n] = sum over j of (y - t)**2``, and ``d = 2 (y - t) scale``, the gradient by the activations."""
    for n in range(rows):
        row = y.at + n * y.stride
        total = _ZERO
        for j in range(width):
            difference = y.memory[row + j]
            if j == targets.memory[targets.at + n]:
                difference -= _ONE
            total += difference * difference
            d.memory[d.at + n * y.stride + j] = _TWO * scale * difference
        loss.memory[loss.at + n] = total


@shared
def cross_entropy_backward(d: Vector, y: Matrix, targets: TargetClasses, rows: int, scale: Float32) -> None:
    """``d = (y - t) scale``, the gradient of cross-entropy by the sums of softmax or sigmoid outputs.

    d and y have the same stride.
    """
    for i in range(0, rows * y.stride, LANES):
        store(d.memory, d.at + i, load(y.memory, y.at + i, LANES) * splat(scale, LANES))
    for n in range(rows):
        d.memory[d.at + n * y.stride + targets.memory[targets.at + n]] -= scale


@kernel
def loss_backward(code: int, loss: Vector, d: Vector, outputs: Outputs, targets: TargetClasses, scale: Float32) -> None:
    """Each example's loss, and d, the gradient of ``scale`` times the summed loss by the sums z."""
    activation, y, rows, width = outputs.activation, outputs.y, outputs.rows, outputs.width
    if code == CROSS_ENTROPY:
        z = Matrix(outputs.z.memory, outputs.z.at, y.stride)
        if activation == SOFTMAX:
            softmax_cross_entropy(loss, z, targets, rows, outputs.kept)
        else:
            sigmoid_cross_entropy(loss, z, targets, rows, width)
        cross_entropy_backward(d, y, targets, rows, scale)
    else:
        squared_error(loss, d, y, targets, rows, width, scale)
        activate_backward(activation, d, y, rows, width)


@kernel
def _value_terms(code: int, z: Any, y: Any, target: Any) -> Any:
    """The loss of each output, and its derivative by y, or for cross-entropies by the sum z; before any scaling."""
    zero, one = splat(_ZERO, LANES), splat(_ONE, LANES)
    difference = y - target
    if code == MEAN_SQUARED:
        return difference * difference, difference + difference
    if code == MEAN_ABSOLUTE:
        sign = where_less(difference, zero, splat(-_ONE, LANES), where_less(zero, difference, one, zero))
        return absolute(difference), sign
    if code == HUBER:
        near = minimum(absolute(difference), one)
        return near * (absolute(difference) - near * splat(_HALF, LANES)), copysign(near, difference)
    if code == BINARY_CROSS_ENTROPY:
        tail = log(one + exp(zero - absolute(z)))
        return maximum(z, zero) - z * target + tail, difference
    return y * target, target


@kernel
def value_losses(code: int, loss: Vector, d: Vector, outputs: Outputs, targets: TargetValues, scale: Float32) -> None:
    """The mean over the outputs (for LINEAR the sum) of `_value_terms`, and d, the gradient by activations or sums."""
    y, width = outputs.y, outputs.width
    share = _ONE if code == LINEAR else _ONE / np.float32(width)
    for n in range(outputs.rows):
        row, target = n * y.stride, targets.order[targets.first + n] * width
        total = splat(_ZERO, LANES)
        for j in range(0, width, LANES):
            wanted = load_first(targets.memory, target + j, width - j, LANES)
            z = load_first(outputs.z.memory, outputs.z.at + row + j, width - j, LANES)
            term, slope = _value_terms(code, z, load_first(y.memory, y.at + row + j, width - j, LANES), wanted)
            total = total + fill_rest(term, width - j, _ZERO)
            store_first(d.memory, d.at + row + j, slope * splat(share * scale, LANES), width - j)
        loss.memory[loss.at + n] = share * sum_lanes(total)


@kernel
def soft_cross_entropy(loss: Vector, d: Vector, outputs: Outputs, targets: TargetValues, scale: Float32) -> None:
    """``loss[n] = log(sum of exp z[n]) - t z[n]`` and ``d = (y - t) scale``; target probabilities t sum to 1."""
    y, z, width = outputs.y, outputs.z, outputs.width
    top, mass = outputs.kept.maximum, outputs.kept.total
    for n in range(0, outputs.rows, LANES):
        store(loss.memory, loss.at + n, log(load(mass.memory, mass.at + n, LANES)))
    for n in range(outputs.rows):
        row, target = n * y.stride, targets.order[targets.first + n] * width
        total, best = splat(_ZERO, LANES), splat(top.memory[top.at + n], LANES)
        for j in range(0, width, LANES):
            wanted = load_first(targets.memory, target + j, width - j, LANES)
            # The difference comes first, because large values cancel exactly.
            term = wanted * (best - load_first(z.memory, z.at + row + j, width - j, LANES))
            total = total + fill_rest(term, width - j, _ZERO)
            slope = load_first(y.memory, y.at + row + j, width - j, LANES) - wanted
            store_first(d.memory, d.at + row + j, slope * splat(scale, LANES), width - j)
        loss.memory[loss.at + n] += sum_lanes(total)


@shared
def values_backward(
    code: int, loss: Vector, d: Vector, outputs: Outputs, targets: TargetValues, scale: Float32
) -> None:
    """`loss_backward` for the losses that compare outputs with target values."""
    if code == SOFT_CROSS_ENTROPY:
        soft_cross_entropy(loss, d, outputs, targets, scale)
    else:
        value_losses(code, loss, d, outputs, targets, scale)
        if code != BINARY_CROSS_ENTROPY:
            activate_backward(outputs.activation, d, outputs.y, outputs.rows, outputs.width)


@kernel
def agree(y: Vector, width: int, targets: Vector) -> bool:
    """Whether every output is on the same side of one half as its target."""
    for j in range(width):  # noqa: SIM110 (a generator cannot be compiled)
        if (y.memory[y.at + j] > _HALF) != (targets.memory[targets.at + j] > _HALF):
            return False
    return True


@kernel
def first_of_largest(values: Vector, width: int) -> int:
    """The first index of the largest of ``width`` values."""
    best = 0
    for j in range(1, width):
        if values.memory[values.at + j] > values.memory[values.at + best]:
            best = j
    return best


@shared
def weigh(loss: Vector, d: Matrix, rows: int, weights: Float32s, examples: Int64s, first: int) -> None:
    """Multiply the losses and the gradients ``d`` of rows by the weights of the examples ``examples[first]`` and on."""
    for n in range(rows):
        weight = weights[examples[first + n]]
        loss.memory[loss.at + n] *= weight
        for j in range(d.at + n * d.stride, d.at + (n + 1) * d.stride, LANES):
            store(d.memory, j, load(d.memory, j, LANES) * splat(weight, LANES))


@kernel
def sum_losses(losses: Vector, n: int) -> float:
    """The sum of ``n`` losses, added in order in float64."""
    total = np.float64(0.0)
    for i in range(n):
        total += np.float64(losses.memory[losses.at + i])
    return total
