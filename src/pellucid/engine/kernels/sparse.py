"""Ink, not paper: the first dense layer runs over an image's non-zero pixels only.

A set of images is three arrays: ``starts`` (N + 1), and for each non-zero pixel its ``columns`` entry (which input) and
its ``values`` entry (its level). Image i has the entries from ``starts[i]`` up to ``starts[i + 1]``. A black pixel adds
nothing to a weighted sum and gives its weights no gradient, so leaving it out changes no result. ``middles[i]`` is
image i's first entry in the lower half of the inputs: two threads take one half each, and with it half of the
weights, which then fit the cache nearest to each and are never handed to and fro.

Images of bytes are packed: their ``levels`` stay bytes, a quarter of the memory to wait for, and become floats image
by image as they are met. Each half of a packed image is filled up to whole steps of INK_STEP entries, by paper in the
column of its last ink; that adds nothing either, and leaves the loops no odd ends to guess.

Weights are stored by input: the ``outputs`` weights that leave one pixel lie side by side and are one vector.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from pellucid.engine.compiler.kernels import kernel, shared
from pellucid.engine.compiler.signature import Float32, Float32s, UInt8s, UInt16s
from pellucid.engine.kernels.sparse_scan import quotient
from pellucid.engine.programs.table import INK_STEP, LEVELS, PACKED_INPUT, SOURCE, SOURCE_STRIDE
from pellucid.engine.records import DenseRow, Images, Levels, Matrix, PackedRows, Rows, Vector
from pellucid.engine.simd.barrier import lesser
from pellucid.engine.simd.lanes import (
    LANES,
    all_zero,
    fma,
    load,
    load_bytes,
    load_first,
    prefetch,
    splat,
    store,
    store_first,
)
from pellucid.engine.simd.panels import BROAD, NARROW, access
from pellucid.engine.simd.shuffles import load_four, one_of

_ZERO = np.float32(0.0)
_ONE = np.float32(1.0)


class Entries(NamedTuple):
    """Entries ``begin`` to ``end`` of sparse rows: ``indices[begin : end]`` and ``data[at + begin : at + end]``."""

    indices: UInt16s
    data: Float32s
    at: int
    begin: int
    end: int


class Halves(NamedTuple):
    """One image's entries: those of the upper half of its inputs end at ``middle``."""

    indices: UInt16s
    data: Float32s
    at: int
    begin: int
    middle: int
    end: int


def _sum_panels(width: int, masked: bool) -> tuple[Callable[..., None], Callable[..., None]]:
    """Make the kernels that sum one panel of ``width`` outputs, over a whole image and over one part of it."""
    fetch, put = access(width, masked)

    @kernel
    def term(w: Matrix, columns: UInt16s, i: int, value: Any, count: int, total: Any) -> Any:
        return fma(value, fetch(w.memory, w.at + np.int64(columns[i]) * w.stride, count), total)

    @kernel
    def chains(a: Any, w: Matrix, row: Entries, count: int) -> Any:
        columns, values, vi, end = row.indices, row.data, row.at, row.end
        b = splat(_ZERO, width)
        c = b
        d = b
        i = row.begin
        while i + INK_STEP <= end:
            four = load_four(values, vi + i, LANES)
            a = term(w, columns, i, one_of(four, 0, width), count, a)
            b = term(w, columns, i + 1, one_of(four, 1, width), count, b)
            c = term(w, columns, i + 2, one_of(four, 2, width), count, c)
            d = term(w, columns, i + 3, one_of(four, 3, width), count, d)
            i += INK_STEP
        # Each to its own chain, as if the step were filled up.
        if i < end:
            a = term(w, columns, i, splat(values[vi + i], width), count, a)
        if i + 1 < end:
            b = term(w, columns, i + 1, splat(values[vi + i + 1], width), count, b)
        if i + 2 < end:
            c = term(w, columns, i + 2, splat(values[vi + i + 2], width), count, c)
        return (a + b) + (c + d)

    @kernel
    def whole(z: Vector, w: Matrix, row: Halves, bias: Vector, count: int) -> None:
        upper = chains(
            fetch(bias.memory, bias.at, count), w, Entries(row.indices, row.data, row.at, row.begin, row.middle), count
        )
        lower = chains(splat(_ZERO, width), w, Entries(row.indices, row.data, row.at, row.middle, row.end), count)
        put(z.memory, z.at, upper + lower, count)

    @kernel
    def part(z: Vector, w: Matrix, row: Entries, bias: Vector, biased: int, count: int) -> None:
        start = fetch(bias.memory, bias.at, count) if biased else splat(_ZERO, width)
        put(z.memory, z.at, chains(start, w, row, count), count)

    return whole, part


def _spread_panel(width: int, masked: bool) -> Callable[..., None]:
    """Make the kernel that adds ``value * s`` to the weights of each inked pixel, for one panel of outputs."""
    fetch, put = access(width, masked)

    @kernel
    def panel(w: Matrix, row: Entries, s: Vector, count: int) -> None:
        lanes = fetch(s.memory, s.at, count)
        for i in range(row.begin, row.end):
            at = w.at + np.int64(row.indices[i]) * w.stride
            put(w.memory, at, fma(splat(row.data[row.at + i], width), lanes, fetch(w.memory, at, count)), count)

    return panel


_sum_broad, _ = _sum_panels(BROAD, False)
_sum_narrow, _sum_narrow_part = _sum_panels(NARROW, False)
_sum_rest, _sum_rest_part = _sum_panels(NARROW, True)
_spread_broad = _spread_panel(BROAD, False)
_spread_narrow = _spread_panel(NARROW, False)
_spread_rest = _spread_panel(NARROW, True)


@kernel
def weighted_sums(z: Vector, w: Matrix, row: Halves, bias: Vector, outputs: int) -> None:
    """``z[j] = bias[j] + sum over the inked pixels of w[column, j] * value`` for one image; z and bias (outputs,).

    The sum is taken in two parts, above and below ``middle``, so that two threads can take one each.
    """
    j = 0
    while j + BROAD <= outputs:
        _sum_broad(
            Vector(z.memory, z.at + j), Matrix(w.memory, w.at + j, w.stride), row, Vector(bias.memory, bias.at + j),
            BROAD,
        )  # fmt: skip
        j += BROAD
    while j + NARROW <= outputs:
        _sum_narrow(
            Vector(z.memory, z.at + j), Matrix(w.memory, w.at + j, w.stride), row, Vector(bias.memory, bias.at + j),
            NARROW,
        )  # fmt: skip
        j += NARROW
    if j < outputs:
        _sum_rest(
            Vector(z.memory, z.at + j), Matrix(w.memory, w.at + j, w.stride), row, Vector(bias.memory, bias.at + j),
            outputs - j,
        )  # fmt: skip


@kernel
def part_sums(z: Vector, w: Matrix, row: Entries, bias: Vector, biased: int, outputs: int) -> None:
    """One part of `weighted_sums`: the upper one carries the bias, and the two parts add up to the whole."""
    j = 0
    while j + NARROW <= outputs:
        _sum_narrow_part(
            Vector(z.memory, z.at + j), Matrix(w.memory, w.at + j, w.stride), row, Vector(bias.memory, bias.at + j),
            biased, NARROW,
        )  # fmt: skip
        j += NARROW
    if j < outputs:
        _sum_rest_part(
            Vector(z.memory, z.at + j), Matrix(w.memory, w.at + j, w.stride), row, Vector(bias.memory, bias.at + j),
            biased, outputs - j,
        )  # fmt: skip


@kernel
def spread(w: Matrix, row: Entries, s: Vector, outputs: int) -> None:
    """``w[column, j] += value * s[j]`` for each inked pixel of one image; s (outputs,).

    With s the layer's delta this adds up the gradient; with s = -rate * delta it is the step of plain gradient
    descent itself, and no gradient of the first layer is ever stored.
    """
    j = 0
    while j + BROAD <= outputs:
        _spread_broad(Matrix(w.memory, w.at + j, w.stride), row, Vector(s.memory, s.at + j), BROAD)
        j += BROAD
    while j + NARROW <= outputs:
        _spread_narrow(Matrix(w.memory, w.at + j, w.stride), row, Vector(s.memory, s.at + j), NARROW)
        j += NARROW
    if j < outputs:
        _spread_rest(Matrix(w.memory, w.at + j, w.stride), row, Vector(s.memory, s.at + j), outputs - j)


@kernel
def fetch_ahead(images: Images, begin: int, end: int) -> None:
    """Ask for one image's ink while others are worked on: shuffled images lie far apart in memory.

    As much as a digit mostly has is asked for at once: how often a loop turns cannot be predicted.
    """
    if images.kind == PACKED_INPUT:
        for i in range(3):
            prefetch(images.levels, begin + 64 * i)
        for i in range(begin + 192, end, 64):
            prefetch(images.levels, i)
    else:
        for i in range(begin, end, 16):
            prefetch(images.data, i)
    for i in range(6):
        prefetch(images.indices, begin + 32 * i)
    for i in range(begin + 192, end, 32):
        prefetch(images.indices, i)


@kernel
def unpacked_at(table: Any, i: int, start: int) -> Any:
    """Where the values of the tile's image i lie in the arena, counted as if its entry ``start``, the first, were 0.

    They lie where dense inputs would: an image has no more entries than inputs, but for those that fill up.
    """
    return table[SOURCE] + i * table[SOURCE_STRIDE] - start


@shared
def unpack(to: Vector, levels: UInt8s, begin: int, end: int, background: Float32, span: Float32) -> None:
    """``to[i] = (levels[i] - background) / span`` for the entries from ``begin`` to ``end``.

    The last register is written whole, whatever it holds past the end.
    """
    paper, whole = splat(background, LANES), splat(span, LANES)
    inverse = splat(_ONE, LANES) / whole
    for i in range(begin, end, LANES):
        v = quotient(load_bytes(levels, i, LANES) - paper, whole, inverse)
        store(to.memory, to.at + i, v)


@kernel
def collect(rows: Rows, at: int, image: DenseRow) -> int:
    """Write the ink of one dense image from entry ``at`` on; return the entry past the last.

    One entry past the last may be written too.
    """
    columns, values, inputs = rows.indices, rows.data, image.size
    small, floats, xi, low = image.small, image.floats, image.at, image.background
    begin = at
    paper = splat(low, LANES)
    i = 0
    while i < inputs:
        past = i + LANES
        if past <= inputs:
            v = load_bytes(small, xi + i, LANES) if image.kind == LEVELS else load(floats, xi + i, LANES)
            if all_zero(v - paper):
                i = past
                continue
        else:
            past = inputs
        while i < past:
            # Always written, stepped past only if it is ink: no branch to predict.
            level = np.float32(small[xi + i]) if image.kind == LEVELS else floats[xi + i]
            columns[at] = i
            values[at] = level
            at += level != low
            i += 1
    if low != _ZERO or image.span != _ONE:
        for i in range(begin, at, LANES):
            v = (load_first(values, i, at - i, LANES) - paper) / splat(image.span, LANES)
            store_first(values, i, v, at - i)
    return at


@kernel
def first_from(columns: Any, begin: int, end: int, column: int) -> int:
    """The first of the entries from ``begin`` to ``end`` that is in ``column`` or past it."""
    while begin < end:
        middle = (begin + end) // 2
        if columns[middle] < column:
            begin = middle + 1
        else:
            end = middle
    return begin


@kernel
def pack(rows: PackedRows, entry: int, images: Levels) -> None:
    """Pack images from ``entry`` on; may write one entry more."""
    width = images.width
    rows.indptr[0] = entry
    for image in range(images.size):
        x = image * width
        entry = pack_half(rows, entry, images, x, 0, width // 2)
        rows.middles[image] = entry
        entry = pack_half(rows, entry, images, x, width // 2, width)
        rows.indptr[image + 1] = entry


@kernel
def pack_half(rows: PackedRows, at: int, images: Levels, x: int, begin: int, end: int) -> int:
    """Pack the inputs from ``begin`` to ``end`` of the image at ``images.small[x]``; return the entry past the last."""
    columns, levels, small, paper = rows.indices, rows.levels, images.small, images.background
    first = at
    nothing = splat(np.float32(paper), LANES)
    i = begin
    while i < end:
        past = lesser(i + LANES, end)
        if i + LANES <= end and all_zero(load_bytes(small, x + i, LANES) - nothing):
            i = past
            continue
        while i < past:
            # Always written, stepped past only if it is ink: no branch to predict.
            columns[at] = i
            levels[at] = small[x + i]
            at += small[x + i] != paper
            i += 1
    while (at - first) % INK_STEP:
        columns[at] = columns[at - 1]
        levels[at] = paper
        at += 1
    return at
