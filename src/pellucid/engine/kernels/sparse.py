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
from typing import Any

import numpy as np

from pellucid.engine.compiler.kernels import kernel, shared
from pellucid.engine.compiler.signature import Float32, Float32s, UInt8s, UInt16s
from pellucid.engine.kernels.sparse_scan import quotient
from pellucid.engine.programs.table import INK_STEP, LEVELS, PACKED_INPUT, SOURCE, SOURCE_STRIDE
from pellucid.engine.records import Levels, PackedRows
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


def _sum_panels(width: int, masked: bool) -> tuple[Callable[..., None], Callable[..., None]]:
    """Make the kernels that sum one panel of ``width`` outputs, over a whole image and over one part of it."""
    fetch, put = access(width, masked)

    @kernel
    def term(w: Any, wi: int, w_row: int, columns: Any, i: int, value: Any, count: int, total: Any) -> Any:
        return fma(value, fetch(w, wi + np.int64(columns[i]) * w_row, count), total)

    @kernel
    def chains(
        a: Any, w: Any, wi: int, w_row: int, columns: Any, values: Any, vi: int, begin: int, end: int, count: int
    ) -> Any:
        b = splat(_ZERO, width)
        c = b
        d = b
        i = begin
        while i + INK_STEP <= end:
            four = load_four(values, vi + i, LANES)
            a = term(w, wi, w_row, columns, i, one_of(four, 0, width), count, a)
            b = term(w, wi, w_row, columns, i + 1, one_of(four, 1, width), count, b)
            c = term(w, wi, w_row, columns, i + 2, one_of(four, 2, width), count, c)
            d = term(w, wi, w_row, columns, i + 3, one_of(four, 3, width), count, d)
            i += INK_STEP
        # Each to its own chain, as if the step were filled up.
        if i < end:
            a = term(w, wi, w_row, columns, i, splat(values[vi + i], width), count, a)
        if i + 1 < end:
            b = term(w, wi, w_row, columns, i + 1, splat(values[vi + i + 1], width), count, b)
        if i + 2 < end:
            c = term(w, wi, w_row, columns, i + 2, splat(values[vi + i + 2], width), count, c)
        return (a + b) + (c + d)

    @kernel
    def whole(
        z: Any,
        zi: int,
        w: Any,
        wi: int,
        w_row: int,
        columns: Any,
        values: Any,
        vi: int,
        begin: int,
        middle: int,
        end: int,
        bias: Any,
        bi: int,
        count: int,
    ) -> None:
        upper = chains(fetch(bias, bi, count), w, wi, w_row, columns, values, vi, begin, middle, count)
        lower = chains(splat(_ZERO, width), w, wi, w_row, columns, values, vi, middle, end, count)
        put(z, zi, upper + lower, count)

    @kernel
    def part(
        z: Any,
        zi: int,
        w: Any,
        wi: int,
        w_row: int,
        columns: Any,
        values: Any,
        vi: int,
        begin: int,
        end: int,
        bias: Any,
        bi: int,
        biased: int,
        count: int,
    ) -> None:
        start = fetch(bias, bi, count) if biased else splat(_ZERO, width)
        put(z, zi, chains(start, w, wi, w_row, columns, values, vi, begin, end, count), count)

    return whole, part


def _spread_panel(width: int, masked: bool) -> Callable[..., None]:
    """Make the kernel that adds ``value * s`` to the weights of each inked pixel, for one panel of outputs."""
    fetch, put = access(width, masked)

    @kernel
    def panel(
        w: Any,
        wi: int,
        w_row: int,
        columns: Any,
        values: Any,
        vi: int,
        begin: int,
        end: int,
        s: Any,
        si: int,
        count: int,
    ) -> None:
        lanes = fetch(s, si, count)
        for i in range(begin, end):
            at = wi + np.int64(columns[i]) * w_row
            put(w, at, fma(splat(values[vi + i], width), lanes, fetch(w, at, count)), count)

    return panel


_sum_broad, _ = _sum_panels(BROAD, False)
_sum_narrow, _sum_narrow_part = _sum_panels(NARROW, False)
_sum_rest, _sum_rest_part = _sum_panels(NARROW, True)
_spread_broad = _spread_panel(BROAD, False)
_spread_narrow = _spread_panel(NARROW, False)
_spread_rest = _spread_panel(NARROW, True)


@kernel
def weighted_sums(
    z: Float32s,
    zi: int,
    w: Float32s,
    wi: int,
    w_row: int,
    columns: UInt16s,
    values: Float32s,
    vi: int,
    begin: int,
    middle: int,
    end: int,
    bias: Float32s,
    bi: int,
    outputs: int,
) -> None:
    """``z[j] = bias[j] + sum over the inked pixels of w[column, j] * value`` for one image; z and bias (outputs,).

    Its entries are ``columns[begin : end]`` and ``values[vi + begin : vi + end]``, here and below. The sum is taken in
    two parts, above and below ``middle``, so that two threads can take one each.
    """
    j = 0
    while j + BROAD <= outputs:
        _sum_broad(z, zi + j, w, wi + j, w_row, columns, values, vi, begin, middle, end, bias, bi + j, BROAD)
        j += BROAD
    while j + NARROW <= outputs:
        _sum_narrow(z, zi + j, w, wi + j, w_row, columns, values, vi, begin, middle, end, bias, bi + j, NARROW)
        j += NARROW
    if j < outputs:
        _sum_rest(z, zi + j, w, wi + j, w_row, columns, values, vi, begin, middle, end, bias, bi + j, outputs - j)


@kernel
def part_sums(
    z: Float32s,
    zi: int,
    w: Float32s,
    wi: int,
    w_row: int,
    columns: UInt16s,
    values: Float32s,
    vi: int,
    begin: int,
    end: int,
    bias: Float32s,
    bi: int,
    biased: int,
    outputs: int,
) -> None:
    """One part of `weighted_sums`: the upper one carries the bias, and the two parts add up to the whole."""
    j = 0
    while j + NARROW <= outputs:
        _sum_narrow_part(z, zi + j, w, wi + j, w_row, columns, values, vi, begin, end, bias, bi + j, biased, NARROW)
        j += NARROW
    if j < outputs:
        _sum_rest_part(z, zi + j, w, wi + j, w_row, columns, values, vi, begin, end, bias, bi + j, biased, outputs - j)


@kernel
def spread(
    w: Float32s,
    wi: int,
    w_row: int,
    columns: UInt16s,
    values: Float32s,
    vi: int,
    begin: int,
    end: int,
    s: Float32s,
    si: int,
    outputs: int,
) -> None:
    """``w[column, j] += value * s[j]`` for each inked pixel of one image; s (outputs,).

    With s the layer's delta this adds up the gradient; with s = -rate * delta it is the step of plain gradient
    descent itself, and no gradient of the first layer is ever stored.
    """
    j = 0
    while j + BROAD <= outputs:
        _spread_broad(w, wi + j, w_row, columns, values, vi, begin, end, s, si + j, BROAD)
        j += BROAD
    while j + NARROW <= outputs:
        _spread_narrow(w, wi + j, w_row, columns, values, vi, begin, end, s, si + j, NARROW)
        j += NARROW
    if j < outputs:
        _spread_rest(w, wi + j, w_row, columns, values, vi, begin, end, s, si + j, outputs - j)


@kernel
def fetch_ahead(kind: int, columns: Any, values: Any, levels: Any, begin: int, end: int) -> None:
    """Ask for one image's ink while others are worked on: shuffled images lie far apart in memory.

    As much as a digit mostly has is asked for at once: how often a loop turns cannot be predicted.
    """
    if kind == PACKED_INPUT:
        for i in range(3):
            prefetch(levels, begin + 64 * i)
        for i in range(begin + 192, end, 64):
            prefetch(levels, i)
    else:
        for i in range(begin, end, 16):
            prefetch(values, i)
    for i in range(6):
        prefetch(columns, begin + 32 * i)
    for i in range(begin + 192, end, 32):
        prefetch(columns, i)


@kernel
def unpacked_at(table: Any, i: int, start: int) -> Any:
    """Where the values of the tile's image i lie in the arena, counted as if its entry ``start``, the first, were 0.

    They lie where dense inputs would: an image has no more entries than inputs, but for those that fill up.
    """
    return table[SOURCE] + i * table[SOURCE_STRIDE] - start


@shared
def unpack(values: Float32s, vi: int, levels: UInt8s, begin: int, end: int, low: Float32, span: Float32) -> None:
    """``values[vi + i] = (levels[i] - low) / span`` for the entries from ``begin`` to ``end``.

    The last register is written whole, whatever it holds past the end.
    """
    paper, whole = splat(low, LANES), splat(span, LANES)
    inverse = splat(_ONE, LANES) / whole
    for i in range(begin, end, LANES):
        v = quotient(load_bytes(levels, i, LANES) - paper, whole, inverse)
        store(values, vi + i, v)


@kernel
def collect(
    columns: Any, values: Any, at: int, kind: int, small: Any, floats: Any, xi: int, inputs: int, low: Any, span: Any
) -> int:
    """Write the ink of one dense image from entry ``at`` on; return the entry past the last.

    The image is ``small[xi : xi + inputs]`` (bytes, kind LEVELS) or ``floats[...]``; an entry's value is
    ``(level - low) / span``. One entry past the last may be written too.
    """
    begin = at
    paper = splat(low, LANES)
    i = 0
    while i < inputs:
        past = i + LANES
        if past <= inputs:
            v = load_bytes(small, xi + i, LANES) if kind == LEVELS else load(floats, xi + i, LANES)
            if all_zero(v - paper):
                i = past
                continue
        else:
            past = inputs
        while i < past:
            # Always written, stepped past only if it is ink: no branch to predict.
            level = np.float32(small[xi + i]) if kind == LEVELS else floats[xi + i]
            columns[at] = i
            values[at] = level
            at += level != low
            i += 1
    if low != _ZERO or span != _ONE:
        for i in range(begin, at, LANES):
            v = (load_first(values, i, at - i, LANES) - paper) / splat(span, LANES)
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
