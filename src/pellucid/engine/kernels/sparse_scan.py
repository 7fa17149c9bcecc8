"""The first dense layer over images as they come: dense, laid out in lines, of any levels.

Its ink is found as it comes, and kept only until the image has been through the layer. It is looked for four inputs at
a time. Where there are no more than NARROW outputs, a four that holds one inked pixel is taken whole: finding single
pixels would cost more than their neighbours' zeros do.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from pellucid.engine.compiler.kernels import kernel, shared
from pellucid.engine.compiler.signature import Float32, Float32s, UInt8s
from pellucid.engine.programs.table import ALIGNMENT, LEVELS
from pellucid.engine.simd.lanes import (
    LANES,
    all_zero,
    fma,
    load,
    load_bytes,
    prefetch,
    splat,
    store,
)
from pellucid.engine.simd.panels import BROAD, NARROW, access
from pellucid.engine.simd.shuffles import (
    inked,
    inked_fours,
    inked_fours_of_bytes,
    keep,
    keep_inked_fours,
    load_four,
    number_at,
    one_of,
)

FOUR = 4

PART = 1 << 16
"""Inputs that are looked at together, at most: their numbers have 16 bits."""

_ZERO = np.float32(0.0)
_ONE = np.float32(1.0)
_STEP = 8 * FOUR


def _division(width: int) -> Callable[..., Any]:
    """Make the division of ``width`` lanes."""

    @kernel
    def divide(v: Any, divisor: Any, inverse: Any) -> Any:
        """``v / divisor`` for finite lanes, the same bits in a third of the time; ``inverse`` is ``1 / divisor``.

        One step of Newton's from the product, with its error told exactly by fma (Markstein 1990).
        """
        q = v * inverse
        return fma(fma(splat(-_ZERO, width) - q, divisor, v), inverse, q)

    return divide


quotient = _division(LANES)
_quotient_of_four = _division(FOUR)


@shared
def unit_line(
    line: Float32s,
    li: int,
    kind: int,
    small: UInt8s,
    floats: Float32s,
    xi: int,
    inputs: int,
    low: Float32,
    span: Float32,
) -> None:
    """``line = (levels - low) / span`` for one image at ``small[xi]`` (bytes, kind LEVELS) or ``floats[xi]``."""
    paper, whole = splat(low, LANES), splat(span, LANES)
    inverse = splat(_ONE, LANES) / whole
    i = 0
    while i + LANES <= inputs:
        if kind == LEVELS:
            v = quotient(load_bytes(small, xi + i, LANES) - paper, whole, inverse)
        else:
            v = (load(floats, xi + i, LANES) - paper) / whole
        store(line, li + i, v)
        i += LANES
    while i < inputs:
        level = np.float32(small[xi + i]) if kind == LEVELS else floats[xi + i]
        line[li + i] = (level - low) / span
        i += 1


@kernel
def find_fours(
    fours: Any, base: int, kind: int, small: Any, floats: Any, xi: int, inputs: int, low: Any, ahead: int
) -> int:
    """List which fours of an image hold any ink, as 16-bit integers from ``fours[base]`` on; return how many.

    Eight places past the last may be written too. No branch depends on the image: where ink is cannot be predicted.
    What lies ``ahead`` elements further on is asked for on the way. Inputs past the last whole four are left out, and
    there are no more than `PART`.
    """
    found = 0
    whole = inputs // FOUR * FOUR
    i = 0
    if kind == LEVELS:
        paper = np.int64(low)
        while i + _STEP <= whole:
            prefetch(small, xi + ahead + i)
            found += keep(fours, base, found, i // FOUR, inked_fours_of_bytes(small, xi + i, paper))
            i += _STEP
    else:
        while i + _STEP <= whole:
            prefetch(floats, xi + ahead + i)
            prefetch(floats, xi + ahead + i + ALIGNMENT)
            found += keep_inked_fours(fours, base, found, i // FOUR, floats, xi + i, low)
            i += _STEP
    if i > 0 and i < whole:
        # The last step begins where it is whole, and leaves out what was seen.
        last = whole - _STEP
        if kind == LEVELS:
            chosen = inked_fours_of_bytes(small, xi + last, np.int64(low))
        else:
            chosen = inked_fours(load(floats, xi + last, _STEP), low)
        found += keep(fours, base, found, i // FOUR, chosen >> (i - last) // FOUR)
        i = whole
    while i < whole:
        four = load_bytes(small, xi + i, FOUR) if kind == LEVELS else load(floats, xi + i, FOUR)
        found += keep(fours, base, found, i // FOUR, 0 if all_zero(four - splat(low, FOUR)) else 1)
        i += FOUR
    return found


@kernel
def unit_fours(
    line: Float32s,
    li: int,
    fours: Float32s,
    base: int,
    found: int,
    kind: int,
    small: UInt8s,
    floats: Float32s,
    xi: int,
    inputs: int,
    low: Float32,
    span: Float32,
) -> None:
    """`unit_line` for the fours that `find_fours` found, and the inputs past the last whole four; the rest stays."""
    paper, whole = splat(low, FOUR), splat(span, FOUR)
    inverse = splat(_ONE, FOUR) / whole
    for k in range(found):
        i = FOUR * number_at(fours, base, k)
        if kind == LEVELS:
            v = _quotient_of_four(load_bytes(small, xi + i, FOUR) - paper, whole, inverse)
        else:
            v = (load(floats, xi + i, FOUR) - paper) / whole
        store(line, li + i, v)
    for i in range(inputs // FOUR * FOUR, inputs):
        level = np.float32(small[xi + i]) if kind == LEVELS else floats[xi + i]
        line[li + i] = (level - low) / span


@kernel
def find_pixels(fours: Any, base: int, found: int, x: Any, xi: int, inputs: int) -> int:
    """List which inputs of an image are not 0 behind its ``found`` fours, as they are listed; return how many.

    They are looked for where `find_fours` found any. Eight places past the last may be written too.
    """
    at = found
    for k in range(found):
        i = FOUR * number_at(fours, base, k)
        at += keep(fours, base, at, i, inked(load(x, xi + i, FOUR)))
    for i in range(inputs // FOUR * FOUR, inputs):
        at += keep(fours, base, at, i, 1 if x[xi + i] != _ZERO else 0)
    return at - found


def _by_fours(masked: bool) -> Callable[..., None]:
    """Make the kernel that sums NARROW outputs, or the first few of them, in four chains."""
    fetch, put = access(NARROW, masked)

    @kernel
    def sums(
        z: Any,
        zi: int,
        w: Any,
        wi: int,
        w_row: int,
        fours: Any,
        base: int,
        found: int,
        x: Any,
        xi: int,
        inputs: int,
        bias: Any,
        bi: int,
        count: int,
    ) -> None:
        a = fetch(bias, bi, count)
        b = splat(_ZERO, NARROW)
        c = b
        d = b
        for k in range(found):
            i = FOUR * number_at(fours, base, k)
            four = load_four(x, xi + i, LANES)
            at = wi + i * w_row
            a = fma(one_of(four, 0, NARROW), fetch(w, at, count), a)
            b = fma(one_of(four, 1, NARROW), fetch(w, at + w_row, count), b)
            c = fma(one_of(four, 2, NARROW), fetch(w, at + 2 * w_row, count), c)
            d = fma(one_of(four, 3, NARROW), fetch(w, at + 3 * w_row, count), d)
        for i in range(inputs // FOUR * FOUR, inputs):
            a = fma(splat(x[xi + i], NARROW), fetch(w, wi + i * w_row, count), a)
        put(z, zi, (a + b) + (c + d), count)

    return sums


def _by_pixels(width: int, masked: bool) -> Callable[..., None]:
    """Make the kernel that sums one panel of ``width`` outputs, in four chains."""
    fetch, put = access(width, masked)

    @kernel
    def term(
        w: Any, wi: int, w_row: int, columns: Any, base: int, k: int, x: Any, xi: int, count: int, total: Any
    ) -> Any:
        i = number_at(columns, base, k)
        return fma(splat(x[xi + i], width), fetch(w, wi + i * w_row, count), total)

    @kernel
    def sums(
        z: Any,
        zi: int,
        w: Any,
        wi: int,
        w_row: int,
        columns: Any,
        base: int,
        begin: int,
        end: int,
        x: Any,
        xi: int,
        bias: Any,
        bi: int,
        count: int,
    ) -> None:
        a = fetch(bias, bi, count)
        b = splat(_ZERO, width)
        c = b
        d = b
        k = begin
        while k + 4 <= end:
            a = term(w, wi, w_row, columns, base, k, x, xi, count, a)
            b = term(w, wi, w_row, columns, base, k + 1, x, xi, count, b)
            c = term(w, wi, w_row, columns, base, k + 2, x, xi, count, c)
            d = term(w, wi, w_row, columns, base, k + 3, x, xi, count, d)
            k += 4
        while k < end:
            a = term(w, wi, w_row, columns, base, k, x, xi, count, a)
            k += 1
        put(z, zi, (a + b) + (c + d), count)

    return sums


_narrow_by_fours = _by_fours(False)
_rest_by_fours = _by_fours(True)
_broad = _by_pixels(BROAD, False)
_narrow = _by_pixels(NARROW, False)
_rest = _by_pixels(NARROW, True)


@kernel
def weighted_sums(
    z: Float32s,
    zi: int,
    w: Float32s,
    wi: int,
    w_row: int,
    fours: Float32s,
    base: int,
    found: int,
    x: Float32s,
    xi: int,
    inputs: int,
    bias: Float32s,
    bi: int,
    outputs: int,
) -> None:
    """``z = x W + b`` for one image x (inputs,) with the fours that `find_fours` found.

    z and bias (outputs,), W (inputs, outputs). Behind the fours there is room for as many numbers as inputs, and 8.
    """
    if outputs == NARROW:
        _narrow_by_fours(z, zi, w, wi, w_row, fours, base, found, x, xi, inputs, bias, bi, NARROW)
        return
    if outputs < NARROW:
        _rest_by_fours(z, zi, w, wi, w_row, fours, base, found, x, xi, inputs, bias, bi, outputs)
        return
    end = found + find_pixels(fours, base, found, x, xi, inputs)
    j = 0
    while j + BROAD <= outputs:
        _broad(z, zi + j, w, wi + j, w_row, fours, base, found, end, x, xi, bias, bi + j, BROAD)
        j += BROAD
    while j + NARROW <= outputs:
        _narrow(z, zi + j, w, wi + j, w_row, fours, base, found, end, x, xi, bias, bi + j, NARROW)
        j += NARROW
    if j < outputs:
        _rest(z, zi + j, w, wi + j, w_row, fours, base, found, end, x, xi, bias, bi + j, outputs - j)
