"""Minimal filtering: a convolution in training, with about a third of the multiplications.

A tile of m outputs of a line, and the m + K - 1 inputs under them, are told by their values at as many points, where
one product a point and filter column replaces the m K of the sum (Toom 1963, Winograd 1980). All of it, the change to
points, the products and the way back, is `correlate` with other distances, so a pass is a list of correlations behind
the table's rows. Results differ from the plain sum by rounding only. Derivation: docs/derivations/minimal.md
"""

from __future__ import annotations

from typing import Any

import numpy as np

from pellucid.engine.compiler.kernels import kernel
from pellucid.engine.compiler.signature import Float32s, Int64s
from pellucid.engine.kernels import planes
from pellucid.engine.kernels.conv2d import EVERYWHERE, LENGTH, VECTORS, Description, correlate, weight_gradient
from pellucid.engine.kernels.matmul import transpose
from pellucid.engine.kernels.winograd_table import (
    BACK,
    CLIPPED,
    CODE,
    FACTOR,
    FILTER_STRIDE,
    FILTERS,
    FOLD,
    FOLDED,
    FORWARD,
    INTO,
    MADE,
    OFFSET,
    OFFSETS,
    POINTS,
    PREPARE,
    PRODUCTS,
    READY,
    SEEN,
    SLOPES,
    SOURCE,
    STEP,
    TAPS,
    TURN,
    TURNED,
)
from pellucid.engine.programs.table import BIAS, CHANNELS, MINIMAL, WEIGHT
from pellucid.engine.records import Matrix, Vector

_ZERO = np.float32(0.0)
_ONE = np.float32(1.0)
_LOWEST = np.float32(-np.inf)
_ALONE = 0


@kernel
def run_pass(work: Float32s, code: Int64s, at: int) -> None:
    """One correlation after another."""
    step = at + 1
    for _ in range(code[at]):
        told = code[step + CODE]
        correlate(
            Vector(work, code[step + INTO]),
            Matrix(work, code[step + OFFSET], _ALONE),
            Vector(work, code[step + FACTOR]),
            Vector(work, code[step + SOURCE]),
            Description(code, told),
            _ZERO if code[step + CLIPPED] else _LOWEST,
            EVERYWHERE,
            code[told + LENGTH],
        )
        step += STEP


@kernel
def prepare(table: Int64s, row: int, p: Float32s, work: Float32s) -> None:
    """The weights at points, once they have changed: U = G w.

    While a bias is 0, as it begins, sums over empty places are 0, and no slope may hang on how 0 is rounded.
    """
    at = table[row + MINIMAL]
    taps, filters = table[at + TAPS], table[at + FILTERS]
    ready = _ONE
    for o in range(table[row + CHANNELS]):
        bias = p[table[row + BIAS] + o]
        work[table[at + OFFSETS] + o] = bias
        if bias == _ZERO:
            ready = _ZERO
    work[table[at + READY]] = ready
    transpose(
        Matrix(work, table[at + TURNED], table[at + FILTER_STRIDE]), Matrix(p, table[row + WEIGHT], taps), filters, taps
    )
    run_pass(work, table, table[at + PREPARE])


@kernel
def serves(table: Int64s, row: int, work: Float32s) -> Any:
    """Whether the convolution is to be done so in this step of training."""
    at = table[row + MINIMAL]
    return at > 0 and work[table[at + READY]] > _ZERO


@kernel
def forward(table: Int64s, row: int, work: Float32s) -> None:
    """The weighted sums: V = B'x for every tile, products with U, and z = A' of them."""
    run_pass(work, table, table[table[row + MINIMAL] + FORWARD])


@kernel
def backward(table: Int64s, row: int, g: Vector, work: Float32s, asked: bool) -> None:
    """Gradients of a group, each step the transpose of one forward: of the weights, to ``g`` on, and of x."""
    at = table[row + MINIMAL]
    taps, stride = table[at + TAPS], table[at + FILTER_STRIDE]
    run_pass(work, table, table[at + TURN])
    planes.clear(work, table[at + SLOPES], table[at + POINTS] * stride)
    products = table[at + PRODUCTS]
    weight_gradient(
        Vector(work, table[at + SLOPES]),
        Vector(work, table[at + MADE]),
        Vector(work, table[at + SEEN]),
        Description(table, products),
        EVERYWHERE,
        table[products + VECTORS],
    )
    run_pass(work, table, table[at + FOLD])
    for i in range(table[at + FILTERS]):
        for j in range(taps):
            g.memory[g.at + i * taps + j] += work[table[at + FOLDED] + j * stride + i]
    if asked:
        run_pass(work, table, table[at + BACK])
