"""Winograd's minimal filtering: convolutions in training with about a third of the multiplications.

A tile of m outputs of a line, and the m + K - 1 inputs that they depend on, are represented by their values at
m + K - 1 points. There, one product per point replaces the m K products of the sum, for each line of a filter (Toom
1963, Winograd 1980). The transform to the points, the products and the transform back are all calls of `correlate`
with suitable distances, so a pass is a list of correlations stored behind the rows of the table. Results differ from
the plain sum only by rounding. Derivation: docs/derivations/winograd.md
"""

from __future__ import annotations

from typing import Any

import numpy as np

from pellucid.engine.compiler.kernels import kernel
from pellucid.engine.compiler.signature import Float32s, Int64s
from pellucid.engine.kernels.conv2d import EVERYWHERE, LENGTH, VECTORS, Layout, correlate, weight_gradient
from pellucid.engine.kernels.matmul import transpose
from pellucid.engine.kernels.vectors import clear
from pellucid.engine.kernels.winograd_table import (
    BACKWARD,
    BIAS_AT,
    BIASES,
    CLIPPED,
    FACTOR,
    FILTER_STRIDE,
    FILTERS,
    FORWARD,
    GRADIENT,
    LAYOUT,
    POINT_GRADIENT,
    POINT_INPUT,
    POINT_OUTPUT,
    POINTS,
    PRODUCTS,
    READY,
    RESULT,
    SOURCE,
    STEP,
    TAPS,
    TRANSFORM_DELTAS,
    TRANSFORM_GRADIENT,
    TRANSFORM_WEIGHTS,
    TRANSPOSED,
)
from pellucid.engine.programs.table import BIAS, CHANNELS, WEIGHT, WINOGRAD
from pellucid.engine.records import Matrix, Vector

_ZERO = np.float32(0.0)
_ONE = np.float32(1.0)
_LOWEST = np.float32(-np.inf)
_ALONE = 0


@kernel
def run_pass(work: Float32s, code: Int64s, at: int) -> None:
    """Run the correlations of a pass one after another."""
    step = at + 1
    for _ in range(code[at]):
        begin = code[step + LAYOUT]
        correlate(
            Vector(work, code[step + RESULT]),
            Matrix(work, code[step + BIAS_AT], _ALONE),
            Vector(work, code[step + FACTOR]),
            Vector(work, code[step + SOURCE]),
            Layout(code, begin),
            _ZERO if code[step + CLIPPED] else _LOWEST,
            EVERYWHERE,
            code[begin + LENGTH],
        )
        step += STEP


@kernel
def prepare(table: Int64s, row: int, p: Float32s, work: Float32s) -> None:
    """Transform the weights to the points after they have changed: U = G w.

    A layer with a bias of exactly 0, the initial value, takes plain sums instead: over empty inputs the sums are then
    exactly 0, and the derivative of ReLU must not depend on how a 0 was rounded.
    """
    at = table[row + WINOGRAD]
    taps, filters = table[at + TAPS], table[at + FILTERS]
    ready = _ONE
    for o in range(table[row + CHANNELS]):
        bias = p[table[row + BIAS] + o]
        work[table[at + BIASES] + o] = bias
        if bias == _ZERO:
            ready = _ZERO
    work[table[at + READY]] = ready
    transpose(
        Matrix(work, table[at + TRANSPOSED], table[at + FILTER_STRIDE]),
        Matrix(p, table[row + WEIGHT], taps),
        filters,
        taps,
    )
    run_pass(work, table, table[at + TRANSFORM_WEIGHTS])


@kernel
def is_ready(table: Int64s, row: int, work: Float32s) -> Any:
    """Whether this step of training computes the convolution at the points."""
    at = table[row + WINOGRAD]
    return at > 0 and work[table[at + READY]] > _ZERO


@kernel
def forward(table: Int64s, row: int, work: Float32s) -> None:
    """Compute the weighted sums: V = B'x for every tile, the products M with U, and z = A'M."""
    run_pass(work, table, table[table[row + WINOGRAD] + FORWARD])


@kernel
def backward(table: Int64s, row: int, g: Vector, work: Float32s, propagate: bool) -> None:
    """Compute the gradients by the weights, added to ``g``, and by x if ``propagate``: the transposes of `forward`."""
    at = table[row + WINOGRAD]
    taps, stride = table[at + TAPS], table[at + FILTER_STRIDE]
    run_pass(work, table, table[at + TRANSFORM_DELTAS])
    clear(work, table[at + POINT_GRADIENT], table[at + POINTS] * stride)
    products = table[at + PRODUCTS]
    weight_gradient(
        Vector(work, table[at + POINT_GRADIENT]),
        Vector(work, table[at + POINT_OUTPUT]),
        Vector(work, table[at + POINT_INPUT]),
        Layout(table, products),
        EVERYWHERE,
        table[products + VECTORS],
    )
    run_pass(work, table, table[at + TRANSFORM_GRADIENT])
    for i in range(table[at + FILTERS]):
        for j in range(taps):
            g.memory[g.at + i * taps + j] += work[table[at + GRADIENT] + j * stride + i]
    if propagate:
        run_pass(work, table, table[at + BACKWARD])
