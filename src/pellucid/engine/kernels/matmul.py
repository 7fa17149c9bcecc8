"""Matrix products with the sums in registers: four rows by two vectors of the result at a time.

Every element of the result is one chain ``c = fma(a[i, 0], b[0, j], c) ...`` over k in ascending order, whichever block
it is in. So the bits do not depend on how rows and columns are shared among threads.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from pellucid.engine.compiler.kernels import kernel, shared
from pellucid.engine.records import Matrix, Strided, Vector
from pellucid.engine.simd.lanes import LANES, fma, splat
from pellucid.engine.simd.panels import access
from pellucid.engine.simd.shuffles import transpose_block

ROWS = 4
"""Rows of a block: four rows by two vectors are eight sums at a time, enough to hide the latency of an addition."""

WIDE = 2 * LANES
"""Columns of a block."""

_ZERO = np.float32(0.0)


class InitialRow(NamedTuple):
    """The initial value of every row of a product: ``row`` (n,), or zeros if ``given`` is 0."""

    row: Vector
    given: int


class _InitialRows(NamedTuple):
    """The same with one initial row for each row of the product, (m, n)."""

    rows: Matrix
    given: int


def _blocks(width: int, masked: bool) -> tuple[Callable[..., None], Callable[..., None]]:
    """Make the kernels for blocks of four rows, and of one, by ``width`` columns.

    Masked kernels read the first ``count`` columns only. Both kinds write the first ``written`` columns.
    """
    fetch, _ = access(width, masked)
    _, put = access(width, True)

    @kernel
    def four_rows(c: Matrix, written: int, initial: _InitialRows, a: Strided, b: Matrix, k: int, count: int) -> None:
        s, s_row = initial.rows.at, initial.rows.stride
        c0 = fetch(initial.rows.memory, s, count) if initial.given else splat(_ZERO, width)
        c1 = fetch(initial.rows.memory, s + s_row, count) if initial.given else c0
        c2 = fetch(initial.rows.memory, s + 2 * s_row, count) if initial.given else c0
        c3 = fetch(initial.rows.memory, s + 3 * s_row, count) if initial.given else c0
        bi, ai = b.at, a.at
        for _ in range(k):
            v = fetch(b.memory, bi, count)
            c0 = fma(splat(a.memory[ai], width), v, c0)
            c1 = fma(splat(a.memory[ai + a.row], width), v, c1)
            c2 = fma(splat(a.memory[ai + 2 * a.row], width), v, c2)
            c3 = fma(splat(a.memory[ai + 3 * a.row], width), v, c3)
            ai += a.step
            bi += b.stride
        put(c.memory, c.at, c0, written)
        put(c.memory, c.at + c.stride, c1, written)
        put(c.memory, c.at + 2 * c.stride, c2, written)
        put(c.memory, c.at + 3 * c.stride, c3, written)

    @kernel
    def one_row(c: Matrix, written: int, initial: _InitialRows, a: Strided, b: Matrix, k: int, count: int) -> None:
        c0 = fetch(initial.rows.memory, initial.rows.at, count) if initial.given else splat(_ZERO, width)
        bi, ai = b.at, a.at
        for _ in range(k):
            c0 = fma(splat(a.memory[ai], width), fetch(b.memory, bi, count), c0)
            ai += a.step
            bi += b.stride
        put(c.memory, c.at, c0, written)

    return four_rows, one_row


_four_wide, _one_wide = _blocks(WIDE, False)
_four_masked, _one_masked = _blocks(WIDE, True)
_four_narrow, _one_narrow = _blocks(LANES, True)


@kernel
def _product(c: Matrix, padding: int, initial: _InitialRows, a: Strided, b: Matrix, m: int, n: int, k: int) -> None:
    """``C = S + A B`` with the initial rows S; ``padding`` columns of C past the last may be overwritten."""
    s = initial.rows
    for j in range(0, n, WIDE):
        count, written = n - j, n - j + padding
        b_part = Matrix(b.memory, b.at + j, b.stride)
        i = 0
        while i + ROWS <= m:
            c_part = Matrix(c.memory, c.at + i * c.stride + j, c.stride)
            start = _InitialRows(Matrix(s.memory, s.at + i * s.stride + j, s.stride), initial.given)
            a_part = Strided(a.memory, a.at + i * a.row, a.row, a.step)
            if count >= WIDE:
                _four_wide(c_part, WIDE, start, a_part, b_part, k, WIDE)
            elif count > LANES:
                _four_masked(c_part, written, start, a_part, b_part, k, count)
            else:
                _four_narrow(c_part, written, start, a_part, b_part, k, count)
            i += ROWS
        while i < m:
            c_part = Matrix(c.memory, c.at + i * c.stride + j, c.stride)
            start = _InitialRows(Matrix(s.memory, s.at + i * s.stride + j, s.stride), initial.given)
            a_part = Strided(a.memory, a.at + i * a.row, a.row, a.step)
            if count >= WIDE:
                _one_wide(c_part, WIDE, start, a_part, b_part, k, WIDE)
            elif count > LANES:
                _one_masked(c_part, written, start, a_part, b_part, k, count)
            else:
                _one_narrow(c_part, written, start, a_part, b_part, k, count)
            i += 1


@shared
def add_product(c: Matrix, a: Strided, b: Matrix, m: int, n: int, k: int) -> None:
    """``C += A B`` with C (m, n), A (m, k), B (k, n)."""
    _product(c, 0, _InitialRows(c, 1), a, b, m, n, k)


@shared
def set_product(c: Matrix, padding: int, initial: InitialRow, a: Strided, b: Matrix, m: int, n: int, k: int) -> None:
    """``C = s + A B`` with C (m, n), A (m, k), B (k, n); the initial row s (n,) is added to every row.

    ``padding`` columns of C past the last may be overwritten, which saves masks.
    """
    _product(c, padding, _InitialRows(Matrix(initial.row.memory, initial.row.at, 0), initial.given), a, b, m, n, k)


@shared
def transpose(y: Matrix, x: Matrix, m: int, n: int) -> None:
    """``Y = X'`` with X (m, n) and Y (n, m), in squares of LANES by LANES elements."""
    whole_rows, whole_columns = m - m % LANES, n - n % LANES
    for j in range(0, whole_columns, LANES):
        for i in range(0, whole_rows, LANES):
            transpose_block(
                y.memory, y.at + j * y.stride + i, y.stride, x.memory, x.at + i * x.stride + j, x.stride, LANES
            )
    for i in range(m):
        for j in range(whole_columns if i < whole_rows else 0, n):
            y.memory[y.at + j * y.stride + i] = x.memory[x.at + i * x.stride + j]
