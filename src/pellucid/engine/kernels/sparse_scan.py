"""The first dense layer over images as they come: dense, laid out in lines, of any levels.

Its ink is found as it comes, and kept only until the image has been through the layer. It is looked for four inputs at
a time. Where there are no more than NARROW outputs, a four that holds one inked pixel is taken whole: finding single
pixels would cost more than their neighbours' zeros do.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from pellucid.engine.compiler.kernels import kernel, shared
from pellucid.engine.compiler.signature import Float32s
from pellucid.engine.programs.table import ALIGNMENT, LEVELS
from pellucid.engine.records import DenseRow, Matrix, Vector
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


class Fours(NamedTuple):
    """Which fours of an image hold ink: ``size`` 16-bit integers from float ``memory[at]`` on."""

    memory: Float32s
    at: int
    size: int


class Line(NamedTuple):
    """``size`` floats from element ``at`` of ``memory`` on."""

    memory: Float32s
    at: int
    size: int


class Found(NamedTuple):
    """The inputs of an image that are not 0: those that ``memory[at]`` lists, from number ``begin`` to ``end``."""

    memory: Float32s
    at: int
    begin: int
    end: int


@shared
def unit_line(line: Vector, image: DenseRow) -> None:
    """``line = (levels - background) / span`` for one image."""
    small, floats, xi, inputs = image.small, image.floats, image.at, image.size
    paper, whole = splat(image.background, LANES), splat(image.span, LANES)
    inverse = splat(_ONE, LANES) / whole
    i = 0
    while i + LANES <= inputs:
        if image.kind == LEVELS:
            v = quotient(load_bytes(small, xi + i, LANES) - paper, whole, inverse)
        else:
            v = (load(floats, xi + i, LANES) - paper) / whole
        store(line.memory, line.at + i, v)
        i += LANES
    while i < inputs:
        level = np.float32(small[xi + i]) if image.kind == LEVELS else floats[xi + i]
        line.memory[line.at + i] = (level - image.background) / image.span
        i += 1


@kernel
def find_fours(fours: Vector, image: DenseRow, ahead: int) -> int:
    """List which fours of an image hold any ink, as 16-bit integers from ``fours`` on; return how many.

    Eight places past the last may be written too. No branch depends on the image: where ink is cannot be predicted.
    What lies ``ahead`` elements further on is asked for on the way. Inputs past the last whole four are left out, and
    there are no more than `PART`.
    """
    kind, small, floats, xi, low = image.kind, image.small, image.floats, image.at, image.background
    memory, base = fours.memory, fours.at
    found = 0
    whole = image.size // FOUR * FOUR
    i = 0
    if kind == LEVELS:
        paper = np.int64(low)
        while i + _STEP <= whole:
            prefetch(small, xi + ahead + i)
            found += keep(memory, base, found, i // FOUR, inked_fours_of_bytes(small, xi + i, paper))
            i += _STEP
    else:
        while i + _STEP <= whole:
            prefetch(floats, xi + ahead + i)
            prefetch(floats, xi + ahead + i + ALIGNMENT)
            found += keep_inked_fours(memory, base, found, i // FOUR, floats, xi + i, low)
            i += _STEP
    if i > 0 and i < whole:
        # The last step begins where it is whole, and leaves out what was seen.
        last = whole - _STEP
        if kind == LEVELS:
            chosen = inked_fours_of_bytes(small, xi + last, np.int64(low))
        else:
            chosen = inked_fours(load(floats, xi + last, _STEP), low)
        found += keep(memory, base, found, i // FOUR, chosen >> (i - last) // FOUR)
        i = whole
    while i < whole:
        four = load_bytes(small, xi + i, FOUR) if kind == LEVELS else load(floats, xi + i, FOUR)
        found += keep(memory, base, found, i // FOUR, 0 if all_zero(four - splat(low, FOUR)) else 1)
        i += FOUR
    return found


@kernel
def unit_fours(line: Vector, fours: Fours, image: DenseRow) -> None:
    """`unit_line` for the fours that `find_fours` found, and the inputs past the last whole four; the rest stays."""
    kind, small, floats, xi, inputs = image.kind, image.small, image.floats, image.at, image.size
    paper, whole = splat(image.background, FOUR), splat(image.span, FOUR)
    inverse = splat(_ONE, FOUR) / whole
    for k in range(fours.size):
        i = FOUR * number_at(fours.memory, fours.at, k)
        if kind == LEVELS:
            v = _quotient_of_four(load_bytes(small, xi + i, FOUR) - paper, whole, inverse)
        else:
            v = (load(floats, xi + i, FOUR) - paper) / whole
        store(line.memory, line.at + i, v)
    for i in range(inputs // FOUR * FOUR, inputs):
        level = np.float32(small[xi + i]) if kind == LEVELS else floats[xi + i]
        line.memory[line.at + i] = (level - image.background) / image.span


@kernel
def find_pixels(fours: Fours, x: Line) -> int:
    """List which inputs of an image are not 0 behind its fours, as they are listed; return how many.

    They are looked for where `find_fours` found any. Eight places past the last may be written too.
    """
    at = fours.size
    for k in range(fours.size):
        i = FOUR * number_at(fours.memory, fours.at, k)
        at += keep(fours.memory, fours.at, at, i, inked(load(x.memory, x.at + i, FOUR)))
    for i in range(x.size // FOUR * FOUR, x.size):
        at += keep(fours.memory, fours.at, at, i, 1 if x.memory[x.at + i] != _ZERO else 0)
    return at - fours.size


def _by_fours(masked: bool) -> Callable[..., None]:
    """Make the kernel that sums NARROW outputs, or the first few of them, in four chains."""
    fetch, put = access(NARROW, masked)

    @kernel
    def sums(z: Vector, w: Matrix, fours: Fours, x: Line, bias: Vector, count: int) -> None:
        a = fetch(bias.memory, bias.at, count)
        b = splat(_ZERO, NARROW)
        c = b
        d = b
        for k in range(fours.size):
            i = FOUR * number_at(fours.memory, fours.at, k)
            four = load_four(x.memory, x.at + i, LANES)
            at = w.at + i * w.stride
            a = fma(one_of(four, 0, NARROW), fetch(w.memory, at, count), a)
            b = fma(one_of(four, 1, NARROW), fetch(w.memory, at + w.stride, count), b)
            c = fma(one_of(four, 2, NARROW), fetch(w.memory, at + 2 * w.stride, count), c)
            d = fma(one_of(four, 3, NARROW), fetch(w.memory, at + 3 * w.stride, count), d)
        for i in range(x.size // FOUR * FOUR, x.size):
            a = fma(splat(x.memory[x.at + i], NARROW), fetch(w.memory, w.at + i * w.stride, count), a)
        put(z.memory, z.at, (a + b) + (c + d), count)

    return sums


def _by_pixels(width: int, masked: bool) -> Callable[..., None]:
    """Make the kernel that sums one panel of ``width`` outputs, in four chains."""
    fetch, put = access(width, masked)

    @kernel
    def term(w: Matrix, pixels: Found, k: int, x: Line, count: int, total: Any) -> Any:
        i = number_at(pixels.memory, pixels.at, k)
        return fma(splat(x.memory[x.at + i], width), fetch(w.memory, w.at + i * w.stride, count), total)

    @kernel
    def sums(z: Vector, w: Matrix, pixels: Found, x: Line, bias: Vector, count: int) -> None:
        a = fetch(bias.memory, bias.at, count)
        b = splat(_ZERO, width)
        c = b
        d = b
        k = pixels.begin
        while k + 4 <= pixels.end:
            a = term(w, pixels, k, x, count, a)
            b = term(w, pixels, k + 1, x, count, b)
            c = term(w, pixels, k + 2, x, count, c)
            d = term(w, pixels, k + 3, x, count, d)
            k += 4
        while k < pixels.end:
            a = term(w, pixels, k, x, count, a)
            k += 1
        put(z.memory, z.at, (a + b) + (c + d), count)

    return sums


_narrow_by_fours = _by_fours(False)
_rest_by_fours = _by_fours(True)
_broad = _by_pixels(BROAD, False)
_narrow = _by_pixels(NARROW, False)
_rest = _by_pixels(NARROW, True)


@kernel
def weighted_sums(z: Vector, w: Matrix, fours: Fours, x: Line, bias: Vector, outputs: int) -> None:
    """``z = x W + b`` for one image x (inputs,) with the fours that `find_fours` found.

    z and bias (outputs,), W (inputs, outputs). Behind the fours there is room for as many numbers as inputs, and 8.
    """
    if outputs == NARROW:
        _narrow_by_fours(z, w, fours, x, bias, NARROW)
        return
    if outputs < NARROW:
        _rest_by_fours(z, w, fours, x, bias, outputs)
        return
    pixels = Found(fours.memory, fours.at, fours.size, fours.size + find_pixels(fours, x))
    j = 0
    while j + BROAD <= outputs:
        _broad(
            Vector(z.memory, z.at + j), Matrix(w.memory, w.at + j, w.stride), pixels, x,
            Vector(bias.memory, bias.at + j), BROAD,
        )  # fmt: skip
        j += BROAD
    while j + NARROW <= outputs:
        _narrow(
            Vector(z.memory, z.at + j), Matrix(w.memory, w.at + j, w.stride), pixels, x,
            Vector(bias.memory, bias.at + j), NARROW,
        )  # fmt: skip
        j += NARROW
    if j < outputs:
        _rest(
            Vector(z.memory, z.at + j), Matrix(w.memory, w.at + j, w.stride), pixels, x,
            Vector(bias.memory, bias.at + j), outputs - j,
        )  # fmt: skip
