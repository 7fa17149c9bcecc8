"""Sparse inputs: the first dense layer runs over the non-zero pixels of an image only.

A set of images is a sparse matrix by rows (CSR). The entries of image i are ``indptr[i]`` to ``indptr[i + 1]``; an
entry has the number of its input in ``indices`` and its value in ``data``. A pixel of 0 adds nothing to a weighted sum
and gives its weights no gradient, so leaving it out changes no result. ``middles[i]`` is the first entry of image i in
the lower half of the inputs. Two threads take one half each, and with it half of the weights: each half fits the
nearest cache of its thread and never moves between them.

Images of bytes are stored as bytes (``levels``), which takes a quarter of the memory traffic, and are converted to
floats when they are processed. Each half of such an image is padded to whole steps of SPARSE_STEP entries, with
background in the column of its last entry. Padding adds nothing either, and it spares the loops a remainder that the
processor would have to predict.

Weights are stored by input: the ``outputs`` weights of one pixel lie side by side and are one vector.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from pellucid.engine.compiler.kernels import kernel, shared
from pellucid.engine.compiler.signature import Float32, Float32s, UInt8s, UInt16s
from pellucid.engine.kernels.sparse_scan import quotient
from pellucid.engine.programs.table import LEVELS, SOURCE, SOURCE_STRIDE, SPARSE_BYTES_INPUT, SPARSE_STEP
from pellucid.engine.records import ByteImages, DenseRow, Images, Matrix, SparseByteRows, SparseRows, Vector
from pellucid.engine.simd.barrier import lesser
from pellucid.engine.simd.lanes import (
    LANES,
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
from pellucid.engine.simd.reductions import all_zero
from pellucid.engine.simd.shuffles import broadcast_lane, load_quad

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
    """Make the kernels that sum one panel of ``width`` outputs, over a whole image and over one half of it."""
    fetch, put = access(width, masked)

    @kernel
    def term(w: Matrix, indices: UInt16s, i: int, value: Any, count: int, total: Any) -> Any:
        return fma(value, fetch(w.memory, w.at + np.int64(indices[i]) * w.stride, count), total)

    @kernel
    def chains(a: Any, w: Matrix, row: Entries, count: int) -> Any:
        indices, data, vi, end = row.indices, row.data, row.at, row.end
        b = splat(_ZERO, width)
        c = b
        d = b
        i = row.begin
        while i + SPARSE_STEP <= end:
            quad = load_quad(data, vi + i, LANES)
            a = term(w, indices, i, broadcast_lane(quad, 0, width), count, a)
            b = term(w, indices, i + 1, broadcast_lane(quad, 1, width), count, b)
            c = term(w, indices, i + 2, broadcast_lane(quad, 2, width), count, c)
            d = term(w, indices, i + 3, broadcast_lane(quad, 3, width), count, d)
            i += SPARSE_STEP
        # Each remaining entry goes to its own chain, as if the step were padded.
        if i < end:
            a = term(w, indices, i, splat(data[vi + i], width), count, a)
        if i + 1 < end:
            b = term(w, indices, i + 1, splat(data[vi + i + 1], width), count, b)
        if i + 2 < end:
            c = term(w, indices, i + 2, splat(data[vi + i + 2], width), count, c)
        return (a + b) + (c + d)

    @kernel
    def whole(z: Vector, w: Matrix, row: Halves, bias: Vector, count: int) -> None:
        upper = chains(
            fetch(bias.memory, bias.at, count), w, Entries(row.indices, row.data, row.at, row.begin, row.middle), count
        )
        lower = chains(splat(_ZERO, width), w, Entries(row.indices, row.data, row.at, row.middle, row.end), count)
        put(z.memory, z.at, upper + lower, count)

    @kernel
    def half(z: Vector, w: Matrix, row: Entries, bias: Vector, biased: int, count: int) -> None:
        start = fetch(bias.memory, bias.at, count) if biased else splat(_ZERO, width)
        put(z.memory, z.at, chains(start, w, row, count), count)

    return whole, half


def _scatter_panel(width: int, masked: bool) -> Callable[..., None]:
    """Make the kernel that adds ``value * s`` to the weights of each non-zero pixel, for one panel of outputs."""
    fetch, put = access(width, masked)

    @kernel
    def panel(w: Matrix, row: Entries, s: Vector, count: int) -> None:
        lanes = fetch(s.memory, s.at, count)
        for i in range(row.begin, row.end):
            at = w.at + np.int64(row.indices[i]) * w.stride
            put(w.memory, at, fma(splat(row.data[row.at + i], width), lanes, fetch(w.memory, at, count)), count)

    return panel


_sum_broad, _ = _sum_panels(BROAD, False)
_sum_narrow, _sum_narrow_half = _sum_panels(NARROW, False)
_sum_rest, _sum_rest_half = _sum_panels(NARROW, True)
_scatter_broad = _scatter_panel(BROAD, False)
_scatter_narrow = _scatter_panel(NARROW, False)
_scatter_rest = _scatter_panel(NARROW, True)


@kernel
def weighted_sums(z: Vector, w: Matrix, row: Halves, bias: Vector, outputs: int) -> None:
    """``z[j] = bias[j] + sum over the entries of w[index, j] * value`` for one image; z and bias (outputs,).

    The sum consists of two halves, before and after ``middle``, so that two threads can take one each.
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
def half_sums(z: Vector, w: Matrix, row: Entries, bias: Vector, biased: int, outputs: int) -> None:
    """One half of `weighted_sums`: the upper one includes the bias, and both add up to the whole."""
    j = 0
    while j + NARROW <= outputs:
        _sum_narrow_half(
            Vector(z.memory, z.at + j), Matrix(w.memory, w.at + j, w.stride), row, Vector(bias.memory, bias.at + j),
            biased, NARROW,
        )  # fmt: skip
        j += NARROW
    if j < outputs:
        _sum_rest_half(
            Vector(z.memory, z.at + j), Matrix(w.memory, w.at + j, w.stride), row, Vector(bias.memory, bias.at + j),
            biased, outputs - j,
        )  # fmt: skip


@kernel
def scatter_add(w: Matrix, row: Entries, s: Vector, outputs: int) -> None:
    """``w[index, j] += value * s[j]`` for each entry of one image; s (outputs,).

    With s the layer's delta this adds to the gradient. With s = -rate * delta it is the step of plain gradient descent
    itself, and the gradient of the first layer is never stored.
    """
    j = 0
    while j + BROAD <= outputs:
        _scatter_broad(Matrix(w.memory, w.at + j, w.stride), row, Vector(s.memory, s.at + j), BROAD)
        j += BROAD
    while j + NARROW <= outputs:
        _scatter_narrow(Matrix(w.memory, w.at + j, w.stride), row, Vector(s.memory, s.at + j), NARROW)
        j += NARROW
    if j < outputs:
        _scatter_rest(Matrix(w.memory, w.at + j, w.stride), row, Vector(s.memory, s.at + j), outputs - j)


@kernel
def prefetch_entries(images: Images, begin: int, end: int) -> None:
    """Prefetch the entries of one image while others are processed: shuffled images lie far apart in memory.

    The entries of an average digit are prefetched without a loop, because the processor could not predict its length.
    """
    if images.kind == SPARSE_BYTES_INPUT:
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
def normalized_at(table: Any, i: int, start: int) -> Any:
    """The arena offset of the floats of the tile's image i, minus ``start``, the index of the image's first entry.

    They take the place of dense inputs: an image has no more entries than inputs, except for the padding.
    """
    return table[SOURCE] + i * table[SOURCE_STRIDE] - start


@shared
def normalize_entries(to: Vector, levels: UInt8s, begin: int, end: int, background: Float32, span: Float32) -> None:
    """``to[i] = (levels[i] - background) / span`` for the entries from ``begin`` to ``end``.

    The last register is written whole, including its lanes past the end.
    """
    offset, divisor = splat(background, LANES), splat(span, LANES)
    inverse = splat(_ONE, LANES) / divisor
    for i in range(begin, end, LANES):
        v = quotient(load_bytes(levels, i, LANES) - offset, divisor, inverse)
        store(to.memory, to.at + i, v)


@kernel
def collect(rows: SparseRows, at: int, image: DenseRow) -> int:
    """Write the non-zero pixels of one dense image from entry ``at`` on; return the entry past the last.

    One entry past the last may be written too.
    """
    indices, data, inputs = rows.indices, rows.data, image.size
    small, floats, xi, background = image.small, image.floats, image.at, image.background
    begin = at
    offset = splat(background, LANES)
    i = 0
    while i < inputs:
        past = i + LANES
        if past <= inputs:
            v = load_bytes(small, xi + i, LANES) if image.kind == LEVELS else load(floats, xi + i, LANES)
            if all_zero(v - offset):
                i = past
                continue
        else:
            past = inputs
        while i < past:
            # Always written, but kept only if it is not background: there is no branch to mispredict.
            level = np.float32(small[xi + i]) if image.kind == LEVELS else floats[xi + i]
            indices[at] = i
            data[at] = level
            at += level != background
            i += 1
    if background != _ZERO or image.span != _ONE:
        for i in range(begin, at, LANES):
            v = (load_first(data, i, at - i, LANES) - offset) / splat(image.span, LANES)
            store_first(data, i, v, at - i)
    return at


@kernel
def first_from(indices: Any, begin: int, end: int, column: int) -> int:
    """The first of the entries from ``begin`` to ``end`` whose index is at least ``column``."""
    while begin < end:
        middle = (begin + end) // 2
        if indices[middle] < column:
            begin = middle + 1
        else:
            end = middle
    return begin


@kernel
def collect_bytes(rows: SparseByteRows, entry: int, images: ByteImages) -> None:
    """Write the non-zero pixels of images of bytes from ``entry`` on; one entry past the last may be written too."""
    width = images.width
    rows.indptr[0] = entry
    for image in range(images.size):
        x = image * width
        entry = collect_half(rows, entry, images, x, 0, width // 2)
        rows.middles[image] = entry
        entry = collect_half(rows, entry, images, x, width // 2, width)
        rows.indptr[image + 1] = entry


@kernel
def collect_half(rows: SparseByteRows, at: int, images: ByteImages, x: int, begin: int, end: int) -> int:
    """Write the non-zero ones of the inputs ``begin`` to ``end`` of the image at ``images.small[x]``.

    The entries are padded to whole steps. Returns the entry past the last.
    """
    indices, levels, small, background = rows.indices, rows.levels, images.small, images.background
    first = at
    offset = splat(np.float32(background), LANES)
    i = begin
    while i < end:
        past = lesser(i + LANES, end)
        if i + LANES <= end and all_zero(load_bytes(small, x + i, LANES) - offset):
            i = past
            continue
        while i < past:
            # Always written, but kept only if it is not background: there is no branch to mispredict.
            indices[at] = i
            levels[at] = small[x + i]
            at += small[x + i] != background
            i += 1
    while (at - first) % SPARSE_STEP:
        indices[at] = indices[at - 1]
        levels[at] = background
        at += 1
    return at
