"""Matrix product in registers: a block of four rows by two vectors stays in registers while the sum runs.

Every element of the result is one chain ``c = fma(a[i, 0], b[0, j], c) ...`` over k in rising order, whatever block
it falls into; so the bits do not depend on how rows and columns are shared among threads.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from pellucid.engine.compiler.kernels import kernel, shared
from pellucid.engine.compiler.signature import Float32s
from pellucid.engine.records import Matrix
from pellucid.engine.simd.lanes import LANES, fma, splat
from pellucid.engine.simd.panels import access
from pellucid.engine.simd.shuffles import turn_block

ROWS = 4
"""Rows of a block: four by two vectors are eight sums at a time, enough to hide the latency of an addition."""

WIDE = 2 * LANES

_ZERO = np.float32(0.0)


def _blocks(width: int, masked: bool) -> tuple[Callable[..., None], Callable[..., None]]:
    """Make the kernels for four rows, and for one, by ``width`` columns; masked: by the first ``count`` of them.

    Sums begin at ``s[si + i s_row]``, or at 0 where ``given`` is 0; ``kept`` columns are written.
    """
    fetch, _ = access(width, masked)
    _, put = access(width, True)

    @kernel
    def four(
        c: Any,
        ci: int,
        c_row: int,
        kept: int,
        s: Any,
        si: int,
        s_row: int,
        given: int,
        a: Any,
        ai: int,
        a_row: int,
        a_step: int,
        b: Any,
        bi: int,
        b_row: int,
        k: int,
        count: int,
    ) -> None:
        c0 = fetch(s, si, count) if given else splat(_ZERO, width)
        c1 = fetch(s, si + s_row, count) if given else c0
        c2 = fetch(s, si + 2 * s_row, count) if given else c0
        c3 = fetch(s, si + 3 * s_row, count) if given else c0
        for _ in range(k):
            v = fetch(b, bi, count)
            c0 = fma(splat(a[ai], width), v, c0)
            c1 = fma(splat(a[ai + a_row], width), v, c1)
            c2 = fma(splat(a[ai + 2 * a_row], width), v, c2)
            c3 = fma(splat(a[ai + 3 * a_row], width), v, c3)
            ai += a_step
            bi += b_row
        put(c, ci, c0, kept)
        put(c, ci + c_row, c1, kept)
        put(c, ci + 2 * c_row, c2, kept)
        put(c, ci + 3 * c_row, c3, kept)

    @kernel
    def one(
        c: Any,
        ci: int,
        kept: int,
        s: Any,
        si: int,
        given: int,
        a: Any,
        ai: int,
        a_step: int,
        b: Any,
        bi: int,
        b_row: int,
        k: int,
        count: int,
    ) -> None:
        c0 = fetch(s, si, count) if given else splat(_ZERO, width)
        for _ in range(k):
            c0 = fma(splat(a[ai], width), fetch(b, bi, count), c0)
            ai += a_step
            bi += b_row
        put(c, ci, c0, kept)

    return four, one


_four_wide, _one_wide = _blocks(WIDE, False)
_four_some, _one_some = _blocks(WIDE, True)
_four_few, _one_few = _blocks(LANES, True)


@kernel
def _product(
    c: Any,
    ci: int,
    c_row: int,
    spare: int,
    s: Any,
    si: int,
    s_row: int,
    given: int,
    a: Any,
    ai: int,
    a_row: int,
    a_step: int,
    b: Any,
    bi: int,
    b_row: int,
    m: int,
    n: int,
    k: int,
) -> None:
    """``C = S + A B``; ``spare`` columns of C past the last may be written too."""
    for j in range(0, n, WIDE):
        count, kept, bj = n - j, n - j + spare, bi + j
        i = 0
        while i + ROWS <= m:
            to, start, row = ci + i * c_row + j, si + i * s_row + j, ai + i * a_row
            if count >= WIDE:
                _four_wide(c, to, c_row, WIDE, s, start, s_row, given, a, row, a_row, a_step, b, bj, b_row, k, WIDE)
            elif count > LANES:
                _four_some(c, to, c_row, kept, s, start, s_row, given, a, row, a_row, a_step, b, bj, b_row, k, count)
            else:
                _four_few(c, to, c_row, kept, s, start, s_row, given, a, row, a_row, a_step, b, bj, b_row, k, count)
            i += ROWS
        while i < m:
            to, start, row = ci + i * c_row + j, si + i * s_row + j, ai + i * a_row
            if count >= WIDE:
                _one_wide(c, to, WIDE, s, start, given, a, row, a_step, b, bj, b_row, k, WIDE)
            elif count > LANES:
                _one_some(c, to, kept, s, start, given, a, row, a_step, b, bj, b_row, k, count)
            else:
                _one_few(c, to, kept, s, start, given, a, row, a_step, b, bj, b_row, k, count)
            i += 1


@shared
def add_product(
    c: Float32s,
    ci: int,
    c_row: int,
    a: Float32s,
    ai: int,
    a_row: int,
    a_step: int,
    b: Float32s,
    bi: int,
    b_row: int,
    m: int,
    n: int,
    k: int,
) -> None:
    """``C += A B`` with C (m, n), A (m, k), B (k, n), all float32, in memory c, a, b from elements ci, ai, bi on.

    C and B are stored by rows, ``c_row`` and ``b_row`` elements apart; element (i, p) of A is
    ``a[ai + i a_row + p a_step]``, so that a transposed A costs nothing.
    """
    _product(c, ci, c_row, 0, c, ci, c_row, 1, a, ai, a_row, a_step, b, bi, b_row, m, n, k)


@shared
def set_product(
    c: Float32s,
    ci: int,
    c_row: int,
    spare: int,
    s: Float32s,
    si: int,
    given: int,
    a: Float32s,
    ai: int,
    a_row: int,
    a_step: int,
    b: Float32s,
    bi: int,
    b_row: int,
    m: int,
    n: int,
    k: int,
) -> None:
    """``C = s + A B``, the row s (n,) at ``s[si]`` added to every row, or nothing where ``given`` is 0.

    The rest as for `add_product`; ``spare`` columns of C past the last may be written too, which saves masks.
    """
    _product(c, ci, c_row, spare, s, si, 0, given, a, ai, a_row, a_step, b, bi, b_row, m, n, k)


@shared
def transpose(y: Matrix, x: Matrix, m: int, n: int) -> None:
    """``Y = X'`` with X (m, n) and Y (n, m), both by rows, a square of lanes at a time."""
    whole_rows, whole_columns = m - m % LANES, n - n % LANES
    for j in range(0, whole_columns, LANES):
        for i in range(0, whole_rows, LANES):
            turn_block(y.memory, y.at + j * y.stride + i, y.stride, x.memory, x.at + i * x.stride + j, x.stride, LANES)
    for i in range(m):
        for j in range(whole_columns if i < whole_rows else 0, n):
            y.memory[y.at + j * y.stride + i] = x.memory[x.at + i * x.stride + j]
