"""Panels of gates: the four gates of LANES units side by side, WIDTH floats a row, and matrix products over them.

Letters as in `pellucid.engine.kernels.lstm`. A layer's parameters are packed panel by panel, each (D + H + 1, WIDTH):
input weights, hidden weights, bias.
"""

from __future__ import annotations

from collections.abc import Callable

from pellucid.engine.compiler.kernels import kernel
from pellucid.engine.kernels.matmul import transpose
from pellucid.engine.programs.sequence_table import GATE_COUNT
from pellucid.engine.records import Matrix, Strided, Vector
from pellucid.engine.simd.blocks import load_block, outer, store_block
from pellucid.engine.simd.lanes import LANES, load, load_first, store, store_first

WIDTH = GATE_COUNT * LANES
"""Floats in a row of a panel."""

BLOCK_ROWS = 4
"""Rows of a block of sums in registers."""

BLOCK_COLUMNS = 2 if LANES == 8 else 4
"""Columns of such a block, in vectors: AVX has 16 registers, the others have 32."""


@kernel
def pack(packed: Vector, parameters: Vector, d: int, h: int) -> None:
    """Copy one direction's parameters (D + H + 1, 4, H) into panels."""
    at = packed.at
    for j in range(0, h, LANES):
        for k in range(d + h + 1):
            row = parameters.at + k * GATE_COUNT * h + j
            for gate in range(GATE_COUNT):
                store(packed.memory, at, load_first(parameters.memory, row + gate * h, h - j, LANES))
                at += LANES


@kernel
def unpack(parameters: Vector, packed: Vector, d: int, h: int) -> None:
    """The inverse of `pack`: parameters (D + H + 1, 4, H) from panels."""
    at = packed.at
    for j in range(0, h, LANES):
        for k in range(d + h + 1):
            row = parameters.at + k * GATE_COUNT * h + j
            for gate in range(GATE_COUNT):
                store_first(parameters.memory, row + gate * h, load(packed.memory, at, LANES), h - j)
                at += LANES


@kernel
def transpose_panels(transposed: Matrix, packed: Vector, first: int, count: int, rows: int, units: int) -> None:
    """Transpose rows ``first`` to ``first + count`` of every panel (rows, WIDTH): (4 U, count)."""
    for panel in range(units // LANES):
        transpose(
            Matrix(transposed.memory, transposed.at + panel * WIDTH * transposed.stride, transposed.stride),
            Matrix(packed.memory, packed.at + (panel * rows + first) * WIDTH, WIDTH),
            count,
            WIDTH,
        )


def _block_sums(rows: int, columns: int) -> Callable[..., None]:
    @kernel
    def sums(z: Vector, start: Matrix, a: Strided, w: Vector, k: int) -> None:
        ai = a.at
        wi = w.at
        block = load_block(start.memory, start.at, start.stride, LANES, rows, columns, LANES)
        for _ in range(k):
            block = outer(block, a.memory, ai, a.row, w.memory, wi, LANES)
            ai += a.step
            wi += WIDTH
        store_block(z.memory, z.at, WIDTH, LANES, block)

    return sums


_some_sums, _one_sums = _block_sums(BLOCK_ROWS, BLOCK_COLUMNS), _block_sums(1, GATE_COUNT)


@kernel
def panel_sums(z: Vector, start: Matrix, a: Strided, w: Vector, n: int, k: int) -> None:
    """``Z = S + A W``: Z (n, WIDTH) and W (k, WIDTH) by rows, A (n, k), and S (n, WIDTH) in ``start``."""
    zi = z.at
    si = start.at
    ai = a.at
    s = 0
    while s < n:
        if s + BLOCK_ROWS <= n:
            for j in range(0, WIDTH, BLOCK_COLUMNS * LANES):
                _some_sums(
                    Vector(z.memory, zi + j),
                    Matrix(start.memory, si + j, start.stride),
                    Strided(a.memory, ai, a.row, a.step),
                    Vector(w.memory, w.at + j),
                    k,
                )
            rows = BLOCK_ROWS
        else:
            _one_sums(
                Vector(z.memory, zi), Matrix(start.memory, si, start.stride), Strided(a.memory, ai, a.row, a.step), w, k
            )
            rows = 1
        zi += rows * WIDTH
        si += rows * start.stride
        ai += rows * a.row
        s += rows
