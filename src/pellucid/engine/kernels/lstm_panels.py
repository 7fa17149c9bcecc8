"""Panels of gates: what is known of the four gates of LANES units, side by side, WIDTH floats in a row; sums over them.

Letters as in `pellucid.engine.kernels.lstm`. A layer's parameters are packed panel by panel, each (D + H + 1, WIDTH):
weights by input, weights by hidden unit, bias.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pellucid.engine.compiler.kernels import kernel
from pellucid.engine.compiler.signature import Float32s
from pellucid.engine.kernels.matmul import transpose
from pellucid.engine.programs.sequence_table import GATES_EACH
from pellucid.engine.records import Matrix
from pellucid.engine.simd.blocks import load_block, outer, store_block
from pellucid.engine.simd.lanes import LANES, load, load_first, store, store_first

WIDTH = GATES_EACH * LANES
"""Floats in a row of a panel."""

BLOCK_ROWS = 4
"""Rows of a block of sums that stays in registers."""

BLOCK_COLUMNS = 2 if LANES == 8 else 4
"""Its columns, in lanes: AVX has 16 registers, the others have 32."""


@kernel
def pack(work: Float32s, packed: int, p: Float32s, weight: int, d: int, h: int) -> None:
    """Copy one direction's parameters (D + H + 1, 4, H) from ``p[weight]`` on into panels."""
    at = packed
    for j in range(0, h, LANES):
        for k in range(d + h + 1):
            row = weight + k * GATES_EACH * h + j
            for gate in range(GATES_EACH):
                store(work, at, load_first(p, row + gate * h, h - j, LANES))
                at += LANES


@kernel
def unpack(g: Float32s, weight: int, work: Float32s, packed: int, d: int, h: int) -> None:
    """The way back: ``g[weight ...]`` (D + H + 1, 4, H) from panels."""
    at = packed
    for j in range(0, h, LANES):
        for k in range(d + h + 1):
            row = weight + k * GATES_EACH * h + j
            for gate in range(GATES_EACH):
                store_first(g, row + gate * h, load(work, at, LANES), h - j)
                at += LANES


@kernel
def turn(
    work: Float32s, turned: int, turned_row: int, packed: int, first: int, count: int, rows: int, units: int
) -> None:
    """The rows ``first`` to ``first + count`` of every panel (rows, WIDTH), transposed: (4 U, count)."""
    for panel in range(units // LANES):
        transpose(
            Matrix(work, turned + panel * WIDTH * turned_row, turned_row),
            Matrix(work, packed + (panel * rows + first) * WIDTH, WIDTH),
            count,
            WIDTH,
        )


def _block_sums(rows: int, columns: int) -> Callable[..., None]:
    @kernel
    def sums(work: Any, z: int, start: int, start_row: int, a: int, a_row: int, a_step: int, w: int, k: int) -> None:
        block = load_block(work, start, start_row, LANES, rows, columns, LANES)
        for _ in range(k):
            block = outer(block, work, a, a_row, work, w, LANES)
            a += a_step
            w += WIDTH
        store_block(work, z, WIDTH, LANES, block)

    return sums


_some_sums, _one_sums = _block_sums(BLOCK_ROWS, BLOCK_COLUMNS), _block_sums(1, GATES_EACH)


@kernel
def panel_sums(
    work: Float32s, z: int, start: int, start_row: int, a: int, a_row: int, a_step: int, w: int, n: int, k: int
) -> None:
    """``Z = S + A W``: z (n, WIDTH) and W (k, WIDTH) by rows, those of S ``start_row`` apart.

    Element (s, p) of A is ``work[a + s a_row + p a_step]``.
    """
    s = 0
    while s < n:
        if s + BLOCK_ROWS <= n:
            for j in range(0, WIDTH, BLOCK_COLUMNS * LANES):
                _some_sums(work, z + j, start + j, start_row, a, a_row, a_step, w + j, k)
            rows = BLOCK_ROWS
        else:
            _one_sums(work, z, start, start_row, a, a_row, a_step, w, k)
            rows = 1
        z += rows * WIDTH
        start += rows * start_row
        a += rows * a_row
        s += rows
