"""Ink by columns: the gradient of a wide first layer, one pixel's weights after the other.

Image by image (`pellucid.engine.kernels.sparse.spread`) every image reads and writes the weights of all its inked
pixels: for a
narrow layer they stay in the cache, for a wide one they do not. So a tile's ink is sorted by column first. The weights
of one pixel are then fetched once, stay in registers while all images that have ink there add to them, in the order of
the images, and are stored once. Each weight adds up the same terms in the same order either way: the bits are the same.

The arena holds at SORTED, all as float32: where the entries of each column end (D,); the entries' values; and the place
of each entry's image in the tile.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from pellucid.engine.compiler.kernels import kernel
from pellucid.engine.kernels.sparse import unpacked_at
from pellucid.engine.programs.table import (
    DELTAS,
    INPUTS,
    OUTPUTS,
    PACKED_INPUT,
    SORTED,
    SOURCE_STRIDE,
    STRIDE,
    TILE,
)
from pellucid.engine.simd.barrier import share
from pellucid.engine.simd.lanes import fma, splat
from pellucid.engine.simd.panels import BROAD, NARROW, access

_ZERO = np.float32(0.0)
_ONE = np.float32(1.0)


@kernel
def sort_ink(
    table: Any,
    work: Any,
    kind: int,
    starts: Any,
    middles: Any,
    columns: Any,
    values: Any,
    order: Any,
    first: int,
    n: int,
    rank: int,
    crew: int,
) -> None:
    """Sort the ink of the images ``order[first : first + n]`` by column; two threads take half of the columns each."""
    if rank == 0:
        sort_half(table, work, kind, starts, middles, columns, values, order, first, n, 0)
    if rank == 1 or crew == 1:
        sort_half(table, work, kind, starts, middles, columns, values, order, first, n, 1)


@kernel
def sort_half(
    table: Any,
    work: Any,
    kind: int,
    starts: Any,
    middles: Any,
    columns: Any,
    values: Any,
    order: Any,
    first: int,
    n: int,
    half: int,
) -> None:
    """Count the entries of each column in the upper or lower half, and lay them out one column after the other."""
    ends = table[SORTED]
    sorted_values = ends + table[INPUTS]
    sorted_images = sorted_values + TILE * table[SOURCE_STRIDE]
    left = table[INPUTS] // 2 if half else 0
    right = table[INPUTS] if half else table[INPUTS] // 2
    place: Any = 0
    for column in range(left, right):
        work[ends + column] = _ZERO
    for i in range(n):
        image = order[first + i]
        place += middles[image] - starts[image] if half else 0
        begin = middles[image] if half else starts[image]
        end = starts[image + 1] if half else middles[image]
        for entry in range(begin, end):
            work[ends + np.int64(columns[entry])] += _ONE
    for column in range(left, right):
        count = np.int64(work[ends + column])
        work[ends + column] = np.float32(place)
        place += count
    for i in range(n):
        image = order[first + i]
        begin = middles[image] if half else starts[image]
        end = starts[image + 1] if half else middles[image]
        entries, vi = values, 0
        if kind == PACKED_INPUT:
            entries, vi = work, unpacked_at(table, i, starts[image])
        for entry in range(begin, end):
            at = ends + np.int64(columns[entry])
            place = np.int64(work[at])
            work[at] = np.float32(place + 1)
            work[sorted_values + place] = entries[vi + entry]
            work[sorted_images + place] = np.float32(i)


def _panel(width: int, masked: bool) -> Callable[..., None]:
    """Make the kernel that goes through all columns for two panels of ``width`` outputs side by side, or one masked."""
    fetch, put = access(width, masked)
    further = 0 if masked else width

    @kernel
    def panel(
        w: Any,
        wi: int,
        w_row: int,
        work: Any,
        ends: int,
        values: int,
        images: int,
        d: int,
        deltas: int,
        stride: int,
        count: int,
    ) -> None:
        at = 0
        for column in range(d):
            past = np.int64(work[ends + column])
            if at < past:
                place = wi + column * w_row
                one = fetch(w, place, count)
                other = fetch(w, place + further, count)
                while at < past:
                    delta = deltas + np.int64(work[images + at]) * stride
                    value = splat(work[values + at], width)
                    one = fma(value, fetch(work, delta, count), one)
                    other = fma(value, fetch(work, delta + further, count), other)
                    at += 1
                put(w, place + further, other, count)
                put(w, place, one, count)

    return panel


_broad = _panel(BROAD, False)
_rest = _panel(NARROW, True)


@kernel
def spread_columns(table: Any, into: Any, wi: int, work: Any, rank: int, crew: int) -> None:
    """``into[wi + weight] += x' delta`` for the first layer over ink that has been sorted; a share of the outputs."""
    begin, end = share(rank, crew, table[OUTPUTS], 2 * BROAD)
    ends = table[SORTED]
    values = ends + table[INPUTS]
    images = values + TILE * table[SOURCE_STRIDE]
    d, row, delta, stride = table[INPUTS], table[OUTPUTS], table[DELTAS], table[STRIDE]
    j = begin
    while j + 2 * BROAD <= end:
        _broad(into, wi + j, row, work, ends, values, images, d, delta + j, stride, BROAD)
        j += 2 * BROAD
    while j < end:
        _rest(into, wi + j, row, work, ends, values, images, d, delta + j, stride, end - j)
        j += NARROW
