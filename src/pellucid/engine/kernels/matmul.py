"""Matrix product in registers: a block of four rows by two vectors stays in registers while the sum runs.

Every element of the result is one chain ``c = fma(a[i, 0], b[0, j], c) ...`` over k in rising order, whatever block
it falls into; so the bits do not depend on how rows and columns are shared among threads.
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
"""Rows of a block: four by two vectors are eight sums at a time, enough to hide the latency of an addition."""

WIDE = 2 * LANES

_ZERO = np.float32(0.0)


class Start(NamedTuple):
    """What the sums of every row begin with: ``row`` (n,), or zeros where ``given`` is 0."""

    row: Vector
    given: int


class _Begin(NamedTuple):
    """The same with a row of its own for every row of the product."""

    rows: Matrix
    given: int


def _blocks(width: int, masked: bool) -> tuple[Callable[..., None], Callable[..., None]]:
    """Make the kernels for four rows, and for one, by ``width`` columns; masked: by the first ``count`` of them.

    ``kept`` columns are written.
    """
    fetch, _ = access(width, masked)
    _, put = access(width, True)

    @kernel
    def four(c: Matrix, kept: int, begin: _Begin, a: Strided, b: Matrix, k: int, count: int) -> None:
        s, s_row = begin.rows.at, begin.rows.stride
        c0 = fetch(begin.rows.memory, s, count) if begin.given else splat(_ZERO, width)
        c1 = fetch(begin.rows.memory, s + s_row, count) if begin.given else c0
        c2 = fetch(begin.rows.memory, s + 2 * s_row, count) if begin.given else c0
        c3 = fetch(begin.rows.memory, s + 3 * s_row, count) if begin.given else c0
        bi, ai = b.at, a.at
        for _ in range(k):
            v = fetch(b.memory, bi, count)
            c0 = fma(splat(a.memory[ai], width), v, c0)
            c1 = fma(splat(a.memory[ai + a.row], width), v, c1)
            c2 = fma(splat(a.memory[ai + 2 * a.row], width), v, c2)
            c3 = fma(splat(a.memory[ai + 3 * a.row], width), v, c3)
            ai += a.step
            bi += b.stride
        put(c.memory, c.at, c0, kept)
        put(c.memory, c.at + c.stride, c1, kept)
        put(c.memory, c.at + 2 * c.stride, c2, kept)
        put(c.memory, c.at + 3 * c.stride, c3, kept)

    @kernel
    def one(c: Matrix, kept: int, begin: _Begin, a: Strided, b: Matrix, k: int, count: int) -> None:
        c0 = fetch(begin.rows.memory, begin.rows.at, count) if begin.given else splat(_ZERO, width)
        bi, ai = b.at, a.at
        for _ in range(k):
            c0 = fma(splat(a.memory[ai], width), fetch(b.memory, bi, count), c0)
            ai += a.step
            bi += b.stride
        put(c.memory, c.at, c0, kept)

    return four, one


_four_wide, _one_wide = _blocks(WIDE, False)
_four_some, _one_some = _blocks(WIDE, True)
_four_few, _one_few = _blocks(LANES, True)


@kernel
def _product(c: Matrix, spare: int, begin: _Begin, a: Strided, b: Matrix, m: int, n: int, k: int) -> None:
    """``C = S + A B``; ``spare`` columns of C past the last may be written too."""
    s = begin.rows
    for j in range(0, n, WIDE):
        count, kept = n - j, n - j + spare
        b_part = Matrix(b.memory, b.at + j, b.stride)
        i = 0
        while i + ROWS <= m:
            c_part = Matrix(c.memory, c.at + i * c.stride + j, c.stride)
            start = _Begin(Matrix(s.memory, s.at + i * s.stride + j, s.stride), begin.given)
            a_part = Strided(a.memory, a.at + i * a.row, a.row, a.step)
            if count >= WIDE:
                _four_wide(c_part, WIDE, start, a_part, b_part, k, WIDE)
            elif count > LANES:
                _four_some(c_part, kept, start, a_part, b_part, k, count)
            else:
                _four_few(c_part, kept, start, a_part, b_part, k, count)
            i += ROWS
        while i < m:
            c_part = Matrix(c.memory, c.at + i * c.stride + j, c.stride)
            start = _Begin(Matrix(s.memory, s.at + i * s.stride + j, s.stride), begin.given)
            a_part = Strided(a.memory, a.at + i * a.row, a.row, a.step)
            if count >= WIDE:
                _one_wide(c_part, WIDE, start, a_part, b_part, k, WIDE)
            elif count > LANES:
                _one_some(c_part, kept, start, a_part, b_part, k, count)
            else:
                _one_few(c_part, kept, start, a_part, b_part, k, count)
            i += 1


@shared
def add_product(c: Matrix, a: Strided, b: Matrix, m: int, n: int, k: int) -> None:
    """``C += A B`` with C (m, n), A (m, k), B (k, n)."""
    _product(c, 0, _Begin(c, 1), a, b, m, n, k)


@shared
def set_product(c: Matrix, spare: int, start: Start, a: Strided, b: Matrix, m: int, n: int, k: int) -> None:
    """``C = s + A B`` with C (m, n), A (m, k), B (k, n): the row s (n,) of ``start`` is added to every row.

    ``spare`` columns of C past the last may be written too, which saves masks.
    """
    _product(c, spare, _Begin(Matrix(start.row.memory, start.row.at, 0), start.given), a, b, m, n, k)


@shared
def transpose(y: Matrix, x: Matrix, m: int, n: int) -> None:
    """``Y = X'`` with X (m, n) and Y (n, m), both by rows, a square of lanes at a time."""
    whole_rows, whole_columns = m - m % LANES, n - n % LANES
    for j in range(0, whole_columns, LANES):
        for i in range(0, whole_rows, LANES):
            transpose_block(
                y.memory, y.at + j * y.stride + i, y.stride, x.memory, x.at + i * x.stride + j, x.stride, LANES
            )
    for i in range(m):
        for j in range(whole_columns if i < whole_rows else 0, n):
            y.memory[y.at + j * y.stride + i] = x.memory[x.at + i * x.stride + j]
