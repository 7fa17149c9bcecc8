"""The gradient of a wide first layer over sparse inputs, column by column instead of image by image.

In `pellucid.engine.kernels.sparse.scatter_add`, every image reads and writes the weights of all its non-zero pixels.
The weights of a narrow layer stay in the cache, those of a wide layer do not. Here the entries of a tile are first
sorted by column. The weights of one pixel are then loaded once, stay in registers while every image with an entry there
adds to them, in the order of the images, and are stored once. Either way each weight is a sum of the same terms in the
same order, so the bits are the same.

The arena holds three arrays at SORTED, all as float32: the end of each column's entries (D,), the values of the
entries, and for each entry the number of its image within the tile.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from pellucid.engine.compiler.kernels import kernel
from pellucid.engine.compiler.signature import Float32s, Int64s
from pellucid.engine.kernels.sparse import normalized_at
from pellucid.engine.programs.table import (
    DELTAS,
    INPUTS,
    OUTPUTS,
    SORTED,
    SOURCE_STRIDE,
    SPARSE_BYTES_INPUT,
    STRIDE,
    TILE,
)
from pellucid.engine.records import Images, Matrix, Part, Tile, Vector
from pellucid.engine.simd.barrier import share
from pellucid.engine.simd.lanes import fma, splat
from pellucid.engine.simd.panels import BROAD, NARROW, access

_ZERO = np.float32(0.0)
_ONE = np.float32(1.0)


class Sorted(NamedTuple):
    """The entries of a tile by columns, in the arena: the ends of ``inputs`` columns, the values, and the images."""

    work: Float32s
    ends: int
    values: int
    images: int
    inputs: int


@kernel
def sort_by_column(table: Int64s, work: Float32s, images: Images, tile: Tile, part: Part) -> None:
    """Sort the entries of a tile's images by column; two threads take half of the columns each."""
    rank, size = part.rank, part.size
    if rank == 0:
        sort_half(table, work, images, tile, 0)
    if rank == 1 or size == 1:
        sort_half(table, work, images, tile, 1)


@kernel
def sort_half(table: Int64s, work: Float32s, images: Images, tile: Tile, half: int) -> None:
    """Count the entries of each column in the upper or lower half, and place them one column after the other."""
    ends = table[SORTED]
    sorted_values = ends + table[INPUTS]
    sorted_images = sorted_values + TILE * table[SOURCE_STRIDE]
    left = table[INPUTS] // 2 if half else 0
    right = table[INPUTS] if half else table[INPUTS] // 2
    place: Any = 0
    for column in range(left, right):
        work[ends + column] = _ZERO
    for i in range(tile.size):
        image = tile.order[tile.first + i]
        place += images.middles[image] - images.indptr[image] if half else 0
        begin = images.middles[image] if half else images.indptr[image]
        end = images.indptr[image + 1] if half else images.middles[image]
        for entry in range(begin, end):
            work[ends + np.int64(images.indices[entry])] += _ONE
    for column in range(left, right):
        count = np.int64(work[ends + column])
        work[ends + column] = np.float32(place)
        place += count
    for i in range(tile.size):
        image = tile.order[tile.first + i]
        begin = images.middles[image] if half else images.indptr[image]
        end = images.indptr[image + 1] if half else images.middles[image]
        entries, vi = images.data, 0
        if images.kind == SPARSE_BYTES_INPUT:
            entries, vi = work, normalized_at(table, i, images.indptr[image])
        for entry in range(begin, end):
            at = ends + np.int64(images.indices[entry])
            place = np.int64(work[at])
            work[at] = np.float32(place + 1)
            work[sorted_values + place] = entries[vi + entry]
            work[sorted_images + place] = np.float32(i)


def _panel(width: int, masked: bool) -> Callable[..., None]:
    """Make the kernel that visits all columns for two adjacent panels of ``width`` outputs, or for one masked panel."""
    fetch, put = access(width, masked)
    further = 0 if masked else width

    @kernel
    def panel(w: Matrix, entries: Sorted, deltas: Matrix, count: int) -> None:
        work = entries.work
        at = 0
        for column in range(entries.inputs):
            past = np.int64(work[entries.ends + column])
            if at < past:
                place = w.at + column * w.stride
                one = fetch(w.memory, place, count)
                other = fetch(w.memory, place + further, count)
                while at < past:
                    delta = deltas.at + np.int64(work[entries.images + at]) * deltas.stride
                    value = splat(work[entries.values + at], width)
                    one = fma(value, fetch(deltas.memory, delta, count), one)
                    other = fma(value, fetch(deltas.memory, delta + further, count), other)
                    at += 1
                put(w.memory, place + further, other, count)
                put(w.memory, place, one, count)

    return panel


_broad = _panel(BROAD, False)
_rest = _panel(NARROW, True)


@kernel
def scatter_add_columns(table: Int64s, into: Vector, work: Float32s, part: Part) -> None:
    """``into[weight] += x' delta`` for the first layer over sorted entries; a share of the outputs."""
    begin, end = share(part, table[OUTPUTS], 2 * BROAD)
    ends = table[SORTED]
    values = ends + table[INPUTS]
    entries = Sorted(work, ends, values, values + TILE * table[SOURCE_STRIDE], table[INPUTS])
    row, delta, stride = table[OUTPUTS], table[DELTAS], table[STRIDE]
    j = begin
    while j + 2 * BROAD <= end:
        _broad(Matrix(into.memory, into.at + j, row), entries, Matrix(work, delta + j, stride), BROAD)
        j += 2 * BROAD
    while j < end:
        _rest(Matrix(into.memory, into.at + j, row), entries, Matrix(work, delta + j, stride), end - j)
        j += NARROW
