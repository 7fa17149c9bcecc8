"""The first dense layer over dense images of any levels, which finds their non-zero pixels while it reads them once.

The list of these pixels is kept for one image only. Inputs are examined in quads, four at a time. With no more than
NARROW outputs, a quad with one non-zero pixel is processed whole: finding single pixels would cost more than
multiplying by the zeros of their neighbours.
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
    fma,
    load,
    load_bytes,
    prefetch,
    splat,
    store,
)
from pellucid.engine.simd.panels import BROAD, NARROW, access
from pellucid.engine.simd.reductions import all_zero
from pellucid.engine.simd.shuffles import (
    append_nonzero_quads,
    append_numbers,
    broadcast_lane,
    load_quad,
    nonzero,
    nonzero_quads,
    nonzero_quads_of_bytes,
    number_at,
)

QUAD = 4

CHUNK = 1 << 16
"""Largest number of inputs that are scanned together: their indices have 16 bits."""

_ZERO = np.float32(0.0)
_ONE = np.float32(1.0)
_STEP = 8 * QUAD


def _division(width: int) -> Callable[..., Any]:
    """Make the division of ``width`` lanes."""

    @kernel
    def divide(v: Any, divisor: Any, inverse: Any) -> Any:
        """``v / divisor`` for finite lanes, the same bits in a third of the time; ``inverse`` is ``1 / divisor``.

        One Newton step from the product; fma gives its error exactly (Markstein 1990).
        """
        q = v * inverse
        return fma(fma(splat(-_ZERO, width) - q, divisor, v), inverse, q)

    return divide


quotient = _division(LANES)
_quotient_of_quad = _division(QUAD)


class Quads(NamedTuple):
    """The numbers of the quads that are not all background: ``size`` uint16 from float ``memory[at]`` on."""

    memory: Float32s
    at: int
    size: int


class Values(NamedTuple):
    """``size`` floats from element ``at`` of ``memory`` on."""

    memory: Float32s
    at: int
    size: int


class NonZero(NamedTuple):
    """The non-zero inputs of an image: entries ``begin`` to ``end`` of the list of uint16 at ``memory[at]``."""

    memory: Float32s
    at: int
    begin: int
    end: int


@shared
def normalize_row(y: Vector, image: DenseRow) -> None:
    """``y = (levels - background) / span`` for one image."""
    small, floats, xi, inputs = image.small, image.floats, image.at, image.size
    offset, divisor = splat(image.background, LANES), splat(image.span, LANES)
    inverse = splat(_ONE, LANES) / divisor
    i = 0
    while i + LANES <= inputs:
        if image.kind == LEVELS:
            v = quotient(load_bytes(small, xi + i, LANES) - offset, divisor, inverse)
        else:
            v = (load(floats, xi + i, LANES) - offset) / divisor
        store(y.memory, y.at + i, v)
        i += LANES
    while i < inputs:
        level = np.float32(small[xi + i]) if image.kind == LEVELS else floats[xi + i]
        y.memory[y.at + i] = (level - image.background) / image.span
        i += 1


@kernel
def find_quads(quads: Vector, image: DenseRow, ahead: int) -> int:
    """List the quads of an image that are not all background, as uint16 from ``quads`` on; return how many.

    Eight places past the last may be written too. No branch depends on the image, because the processor could not
    predict it. The inputs ``ahead`` elements further on are prefetched. Inputs past the last whole quad are left out.
    An image has at most `CHUNK` inputs here.
    """
    kind, small, floats, xi, background = image.kind, image.small, image.floats, image.at, image.background
    memory, base = quads.memory, quads.at
    found = 0
    whole = image.size // QUAD * QUAD
    i = 0
    if kind == LEVELS:
        byte = np.int64(background)
        while i + _STEP <= whole:
            prefetch(small, xi + ahead + i)
            found += append_numbers(memory, base, found, i // QUAD, nonzero_quads_of_bytes(small, xi + i, byte))
            i += _STEP
    else:
        while i + _STEP <= whole:
            prefetch(floats, xi + ahead + i)
            prefetch(floats, xi + ahead + i + ALIGNMENT)
            found += append_nonzero_quads(memory, base, found, i // QUAD, floats, xi + i, background)
            i += _STEP
    if i > 0 and i < whole:
        # The last step begins early enough to be whole, and skips the quads that were examined before.
        last = whole - _STEP
        if kind == LEVELS:
            chosen = nonzero_quads_of_bytes(small, xi + last, np.int64(background))
        else:
            chosen = nonzero_quads(load(floats, xi + last, _STEP), background)
        found += append_numbers(memory, base, found, i // QUAD, chosen >> (i - last) // QUAD)
        i = whole
    while i < whole:
        quad = load_bytes(small, xi + i, QUAD) if kind == LEVELS else load(floats, xi + i, QUAD)
        found += append_numbers(memory, base, found, i // QUAD, 0 if all_zero(quad - splat(background, QUAD)) else 1)
        i += QUAD
    return found


@kernel
def normalize_quads(y: Vector, quads: Quads, image: DenseRow) -> None:
    """`normalize_row` for the quads that `find_quads` listed and the inputs past the last quad; the rest stays."""
    kind, small, floats, xi, inputs = image.kind, image.small, image.floats, image.at, image.size
    offset, divisor = splat(image.background, QUAD), splat(image.span, QUAD)
    inverse = splat(_ONE, QUAD) / divisor
    for k in range(quads.size):
        i = QUAD * number_at(quads.memory, quads.at, k)
        if kind == LEVELS:
            v = _quotient_of_quad(load_bytes(small, xi + i, QUAD) - offset, divisor, inverse)
        else:
            v = (load(floats, xi + i, QUAD) - offset) / divisor
        store(y.memory, y.at + i, v)
    for i in range(inputs // QUAD * QUAD, inputs):
        level = np.float32(small[xi + i]) if kind == LEVELS else floats[xi + i]
        y.memory[y.at + i] = (level - image.background) / image.span


@kernel
def find_nonzero(quads: Quads, x: Values) -> int:
    """List the non-zero inputs of an image behind its quads, in the same format; return how many.

    Only the listed quads are examined. Eight places past the last may be written too.
    """
    at = quads.size
    for k in range(quads.size):
        i = QUAD * number_at(quads.memory, quads.at, k)
        at += append_numbers(quads.memory, quads.at, at, i, nonzero(load(x.memory, x.at + i, QUAD)))
    for i in range(x.size // QUAD * QUAD, x.size):
        at += append_numbers(quads.memory, quads.at, at, i, 1 if x.memory[x.at + i] != _ZERO else 0)
    return at - quads.size


def _by_quads(masked: bool) -> Callable[..., None]:
    """Make the kernel that sums NARROW outputs, or the first few of them, in four chains."""
    fetch, put = access(NARROW, masked)

    @kernel
    def sums(z: Vector, w: Matrix, quads: Quads, x: Values, bias: Vector, count: int) -> None:
        a = fetch(bias.memory, bias.at, count)
        b = splat(_ZERO, NARROW)
        c = b
        d = b
        for k in range(quads.size):
            i = QUAD * number_at(quads.memory, quads.at, k)
            quad = load_quad(x.memory, x.at + i, LANES)
            at = w.at + i * w.stride
            a = fma(broadcast_lane(quad, 0, NARROW), fetch(w.memory, at, count), a)
            b = fma(broadcast_lane(quad, 1, NARROW), fetch(w.memory, at + w.stride, count), b)
            c = fma(broadcast_lane(quad, 2, NARROW), fetch(w.memory, at + 2 * w.stride, count), c)
            d = fma(broadcast_lane(quad, 3, NARROW), fetch(w.memory, at + 3 * w.stride, count), d)
        for i in range(x.size // QUAD * QUAD, x.size):
            a = fma(splat(x.memory[x.at + i], NARROW), fetch(w.memory, w.at + i * w.stride, count), a)
        put(z.memory, z.at, (a + b) + (c + d), count)

    return sums


def _by_inputs(width: int, masked: bool) -> Callable[..., None]:
    """Make the kernel that sums one panel of ``width`` outputs, in four chains."""
    fetch, put = access(width, masked)

    @kernel
    def term(w: Matrix, pixels: NonZero, k: int, x: Values, count: int, total: Any) -> Any:
        i = number_at(pixels.memory, pixels.at, k)
        return fma(splat(x.memory[x.at + i], width), fetch(w.memory, w.at + i * w.stride, count), total)

    @kernel
    def sums(z: Vector, w: Matrix, pixels: NonZero, x: Values, bias: Vector, count: int) -> None:
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


_narrow_by_quads = _by_quads(False)
_rest_by_quads = _by_quads(True)
_broad = _by_inputs(BROAD, False)
_narrow = _by_inputs(NARROW, False)
_rest = _by_inputs(NARROW, True)


@kernel
def weighted_sums(z: Vector, w: Matrix, quads: Quads, x: Values, bias: Vector, outputs: int) -> None:
    """``z = x W + b`` for one image x (inputs,) with the quads that `find_quads` listed.

    z and bias (outputs,), W (inputs, outputs). Behind the quads there is room for a number for each input, and 8 more.
    """
    if outputs == NARROW:
        _narrow_by_quads(z, w, quads, x, bias, NARROW)
        return
    if outputs < NARROW:
        _rest_by_quads(z, w, quads, x, bias, outputs)
        return
    pixels = NonZero(quads.memory, quads.at, quads.size, quads.size + find_nonzero(quads, x))
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
