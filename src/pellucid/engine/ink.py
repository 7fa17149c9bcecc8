"""Ink, not paper: the first dense layer runs over an image's non-zero pixels only.

A set of images is three arrays: ``starts`` (N + 1), and for each non-zero pixel its ``columns`` entry (which input) and
its ``values`` entry (its level). Image i has the entries from ``starts[i]`` up to ``starts[i + 1]``. A black pixel adds
nothing to a weighted sum and gives its weights no gradient, so leaving it out changes no result. ``middles[i]`` is
image i's first entry in the lower half of the inputs: two threads take one half each, and with it half of the
weights, which then fit the cache nearest to each and are never handed to and fro.

Weights are stored by input: the ``outputs`` weights that leave one pixel lie side by side and are one vector.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from pellucid.engine.compiler import kernel
from pellucid.engine.lanes import (
    LANES,
    all_zero,
    fma,
    load,
    load_bytes,
    load_first,
    prefetch,
    splat,
    store_first,
)
from pellucid.engine.panels import BROAD, NARROW, access
from pellucid.engine.table import LEVELS

_ZERO = np.float32(0.0)
_ONE = np.float32(1.0)


def _sum_panels(width: int, masked: bool) -> tuple[Callable[..., None], Callable[..., None]]:
    """Make the kernels that sum one panel of ``width`` outputs, over a whole image and over one part of it.

    Four chains hide the latency of the additions.
    """
    fetch, put = access(width, masked)

    @kernel
    def chains(a: Any, w: Any, wi: int, w_row: int, columns: Any, values: Any, begin: int, end: int, count: int) -> Any:
        b = splat(_ZERO, width)
        c = b
        d = b
        i = begin
        while i + 4 <= end:
            a = fma(splat(values[i], width), fetch(w, wi + np.int64(columns[i]) * w_row, count), a)
            b = fma(splat(values[i + 1], width), fetch(w, wi + np.int64(columns[i + 1]) * w_row, count), b)
            c = fma(splat(values[i + 2], width), fetch(w, wi + np.int64(columns[i + 2]) * w_row, count), c)
            d = fma(splat(values[i + 3], width), fetch(w, wi + np.int64(columns[i + 3]) * w_row, count), d)
            i += 4
        while i < end:
            a = fma(splat(values[i], width), fetch(w, wi + np.int64(columns[i]) * w_row, count), a)
            i += 1
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
        begin: int,
        middle: int,
        end: int,
        bias: Any,
        bi: int,
        count: int,
    ) -> None:
        upper = chains(fetch(bias, bi, count), w, wi, w_row, columns, values, begin, middle, count)
        lower = chains(splat(_ZERO, width), w, wi, w_row, columns, values, middle, end, count)
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
        begin: int,
        end: int,
        bias: Any,
        bi: int,
        biased: int,
        count: int,
    ) -> None:
        start = fetch(bias, bi, count) if biased else splat(_ZERO, width)
        put(z, zi, chains(start, w, wi, w_row, columns, values, begin, end, count), count)

    return whole, part


def _spread_panel(width: int, masked: bool) -> Callable[..., None]:
    """Make the kernel that adds ``value * s`` to the weights of each inked pixel, for one panel of outputs."""
    fetch, put = access(width, masked)

    @kernel
    def panel(
        w: Any, wi: int, w_row: int, columns: Any, values: Any, begin: int, end: int, s: Any, si: int, count: int
    ) -> None:
        lanes = fetch(s, si, count)
        for i in range(begin, end):
            at = wi + np.int64(columns[i]) * w_row
            put(w, at, fma(splat(values[i], width), lanes, fetch(w, at, count)), count)

    return panel


_sum_broad, _ = _sum_panels(BROAD, False)
_sum_narrow, _sum_narrow_part = _sum_panels(NARROW, False)
_sum_rest, _sum_rest_part = _sum_panels(NARROW, True)
_spread_broad = _spread_panel(BROAD, False)
_spread_narrow = _spread_panel(NARROW, False)
_spread_rest = _spread_panel(NARROW, True)


@kernel
def weighted_sums(
    z: Any,
    zi: int,
    w: Any,
    wi: int,
    w_row: int,
    columns: Any,
    values: Any,
    begin: int,
    middle: int,
    end: int,
    bias: Any,
    bi: int,
    outputs: int,
) -> None:
    """``z[j] = bias[j] + sum over the inked pixels of w[column, j] * value`` for one image; z and bias (outputs,).

    The sum is taken in two parts, above and below ``middle``, so that two threads can take one each.
    """
    j = 0
    while j + BROAD <= outputs:
        _sum_broad(z, zi + j, w, wi + j, w_row, columns, values, begin, middle, end, bias, bi + j, BROAD)
        j += BROAD
    while j + NARROW <= outputs:
        _sum_narrow(z, zi + j, w, wi + j, w_row, columns, values, begin, middle, end, bias, bi + j, NARROW)
        j += NARROW
    if j < outputs:
        _sum_rest(z, zi + j, w, wi + j, w_row, columns, values, begin, middle, end, bias, bi + j, outputs - j)


@kernel
def part_sums(
    z: Any,
    zi: int,
    w: Any,
    wi: int,
    w_row: int,
    columns: Any,
    values: Any,
    begin: int,
    end: int,
    bias: Any,
    bi: int,
    biased: int,
    outputs: int,
) -> None:
    """One part of `weighted_sums`: the upper one carries the bias, and the two parts add up to the whole."""
    j = 0
    while j + NARROW <= outputs:
        _sum_narrow_part(z, zi + j, w, wi + j, w_row, columns, values, begin, end, bias, bi + j, biased, NARROW)
        j += NARROW
    if j < outputs:
        _sum_rest_part(z, zi + j, w, wi + j, w_row, columns, values, begin, end, bias, bi + j, biased, outputs - j)


@kernel
def spread(
    w: Any, wi: int, w_row: int, columns: Any, values: Any, begin: int, end: int, s: Any, si: int, outputs: int
) -> None:
    """``w[column, j] += value * s[j]`` for each inked pixel of one image; s (outputs,).

    With s the layer's delta this adds up the gradient; with s = -rate * delta it is the step of plain gradient
    descent itself, and no gradient of the first layer is ever stored.
    """
    j = 0
    while j + BROAD <= outputs:
        _spread_broad(w, wi + j, w_row, columns, values, begin, end, s, si + j, BROAD)
        j += BROAD
    while j + NARROW <= outputs:
        _spread_narrow(w, wi + j, w_row, columns, values, begin, end, s, si + j, NARROW)
        j += NARROW
    if j < outputs:
        _spread_rest(w, wi + j, w_row, columns, values, begin, end, s, si + j, outputs - j)


@kernel
def fetch_ahead(columns: Any, values: Any, begin: int, end: int) -> None:
    """Ask for one image's ink while others are worked on: shuffled images lie far apart in memory."""
    for i in range(begin, end, 16):
        prefetch(values, i)
    for i in range(begin, end, 32):
        prefetch(columns, i)


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
