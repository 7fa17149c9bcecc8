"""Matrix product in registers: a block of four rows by two vectors stays in registers while the sum runs.

Every element of the result is one chain ``c = fma(a[i, 0], b[0, j], c) ...`` over k in rising order, whatever block
it falls into; so the bits do not depend on how rows and columns are shared among threads.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pellucid.engine.compiler import kernel, shared
from pellucid.engine.lanes import LANES, fma, splat
from pellucid.engine.panels import access

ROWS = 4
"""Rows of a block: four by two vectors are eight sums at a time, enough to hide the latency of an addition."""

WIDE = 2 * LANES


def _blocks(width: int, masked: bool) -> tuple[Callable[..., None], Callable[..., None]]:
    """Make the kernels for four rows, and for one, by ``width`` columns; masked: by the first ``count`` of them."""
    fetch, put = access(width, masked)

    @kernel
    def four(
        c: Any,
        ci: int,
        c_row: int,
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
        c0 = fetch(c, ci, count)
        c1 = fetch(c, ci + c_row, count)
        c2 = fetch(c, ci + 2 * c_row, count)
        c3 = fetch(c, ci + 3 * c_row, count)
        for _ in range(k):
            v = fetch(b, bi, count)
            c0 = fma(splat(a[ai], width), v, c0)
            c1 = fma(splat(a[ai + a_row], width), v, c1)
            c2 = fma(splat(a[ai + 2 * a_row], width), v, c2)
            c3 = fma(splat(a[ai + 3 * a_row], width), v, c3)
            ai += a_step
            bi += b_row
        put(c, ci, c0, count)
        put(c, ci + c_row, c1, count)
        put(c, ci + 2 * c_row, c2, count)
        put(c, ci + 3 * c_row, c3, count)

    @kernel
    def one(c: Any, ci: int, a: Any, ai: int, a_step: int, b: Any, bi: int, b_row: int, k: int, count: int) -> None:
        c0 = fetch(c, ci, count)
        for _ in range(k):
            c0 = fma(splat(a[ai], width), fetch(b, bi, count), c0)
            ai += a_step
            bi += b_row
        put(c, ci, c0, count)

    return four, one


_four_wide, _one_wide = _blocks(WIDE, False)
_four_some, _one_some = _blocks(LANES, True)


@shared("FiiFiiiFiiiii")
def add_product(
    c: Any,
    ci: int,
    c_row: int,
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
    """``C += A B`` with C (m, n), A (m, k), B (k, n), all float32, in memory c, a, b from elements ci, ai, bi on.

    C and B are stored by rows, ``c_row`` and ``b_row`` elements apart; element (i, p) of A is
    ``a[ai + i a_row + p a_step]``, so that a transposed A costs nothing.
    """
    j = 0
    while j < n:
        count = n - j
        wide = count >= WIDE
        i = 0
        while i + ROWS <= m:
            if wide:
                _four_wide(c, ci + i * c_row + j, c_row, a, ai + i * a_row, a_row, a_step, b, bi + j, b_row, k, WIDE)
            else:
                _four_some(c, ci + i * c_row + j, c_row, a, ai + i * a_row, a_row, a_step, b, bi + j, b_row, k, count)
            i += ROWS
        while i < m:
            if wide:
                _one_wide(c, ci + i * c_row + j, a, ai + i * a_row, a_step, b, bi + j, b_row, k, WIDE)
            else:
                _one_some(c, ci + i * c_row + j, a, ai + i * a_row, a_step, b, bi + j, b_row, k, count)
            i += 1
        j += WIDE if wide else LANES


@shared("FiiFiiii")
def transpose(y: Any, yi: int, y_row: int, x: Any, xi: int, x_row: int, m: int, n: int) -> None:
    """``Y = X'`` with X (m, n) and Y (n, m), both by rows. Blocks of 16 columns keep both sides in the cache."""
    for begin in range(0, n, 16):
        for i in range(m):
            for j in range(begin, begin + 16 if begin + 16 < n else n):
                y[yi + j * y_row + i] = x[xi + i * x_row + j]
