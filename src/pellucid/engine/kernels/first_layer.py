"""The first dense layer over sparse or dense images: its weighted sums, and the gradient of its weights.

Where the layer is narrow, two threads take half of the pixels each, and half of the weights (`splits_pixels`).
"""

from __future__ import annotations

from typing import Any

from pellucid.engine.compiler.kernels import kernel
from pellucid.engine.compiler.signature import Float32s, Int64s
from pellucid.engine.kernels import dense, sparse
from pellucid.engine.kernels.sparse import Entries, Halves
from pellucid.engine.kernels.sparse_columns import scatter_add_columns
from pellucid.engine.programs.dense import layer_sums
from pellucid.engine.programs.table import (
    ALIGNMENT,
    BIAS,
    DELTAS,
    DENSE_INPUT,
    INPUTS,
    LOWER,
    OUTPUTS,
    SORTED,
    SOURCE,
    SOURCE_STRIDE,
    SPARSE_BYTES_INPUT,
    SPLIT_PIXELS_BELOW,
    STRIDE,
    SUMS,
    WEIGHT,
)
from pellucid.engine.records import Images, Interval, Matrix, Part, Program, Range, Sizes, Team, Tile, Vector
from pellucid.engine.simd.barrier import lesser, share, wait
from pellucid.engine.simd.lanes import LANES, load, prefetch, prefetch_write, store
from pellucid.engine.simd.panels import NARROW

PANEL = 64
"""Outputs of a wide layer that are summed at a time."""

NEAR, FAR = 2, 8
"""How many images ahead the entries of an image are prefetched, and their offsets."""


@kernel
def splits_pixels(table: Any, kind: int, threads: int) -> bool:
    """Whether two threads split the pixels of the first layer, as they do if it is narrow.

    The layers behind it are then too small to split their outputs with a barrier after each layer; see `share_images`.
    """
    return kind != DENSE_INPUT and threads > 1 and table[OUTPUTS] < SPLIT_PIXELS_BELOW


@kernel
def half_of_weights(table: Any, rank: int) -> tuple[int, int]:
    """The range of parameters that holds the first layer's weights for thread ``rank``'s half of the pixels."""
    cut = table[WEIGHT] + table[INPUTS] // 2 * table[OUTPUTS]
    return table[WEIGHT] if rank == 0 else cut, cut if rank == 0 else table[BIAS]


@kernel
def share_images(n: int, rank: int, together: bool) -> tuple[int, int]:
    """The range of a tile's images, in whole registers, that thread ``rank`` of two processes behind the first layer.

    Unless both threads work ``together`` there, the first one takes all images.
    """
    cut = n // (2 * ALIGNMENT) * ALIGNMENT if together else n
    return 0 if rank == 0 else cut, cut if rank == 0 else n


@kernel
def half_normalized_at(table: Any, i: int, start: int, rank: int) -> Any:
    """`pellucid.engine.kernels.sparse.normalized_at` for the half of thread ``rank``.

    The lower half has its own place: thread 1 may reach the next images while thread 0 still processes these.
    """
    return sparse.normalized_at(table, i, start) + rank * (table[SOURCE_STRIDE] // 2)


@kernel
def sparse_sums(program: Program, work: Float32s, images: Images, tile: Tile, team: Team) -> None:
    """The first layer's weighted sums of a tile's images; a share of the images.

    A wide layer is computed panel by panel, so that the weights of a panel stay in the second-level cache for all
    images; each thread computes a share of the panels.
    """
    table = program.table
    begin, end = share(team.part, tile.size, 1)
    wide = table[SORTED] != 0
    for i in range(begin, end):
        image = tile.order[tile.first + i]
        if tile.first + i + FAR < tile.total:
            prefetch(images.indptr, tile.order[tile.first + i + FAR])
            prefetch(images.middles, tile.order[tile.first + i + FAR])
        if tile.first + i + NEAR < tile.total:
            coming = tile.order[tile.first + i + NEAR]
            sparse.prefetch_entries(images, images.indptr[coming], images.indptr[coming + 1])
        if images.kind == SPARSE_BYTES_INPUT:
            to = Vector(work, sparse.normalized_at(table, i, images.indptr[image]))
            sparse.normalize_entries(
                to, images.levels, images.indptr[image], images.indptr[image + 1], images.background, images.span
            )
        if not wide:
            panel_sums(program, work, images, image, i, Range(0, table[OUTPUTS]))
    if wide:
        wait(team)
        begin, end = share(team.part, table[OUTPUTS], PANEL)
        for j in range(begin, end, PANEL):
            for i in range(tile.size):
                count = lesser(PANEL, end - j)
                panel_sums(program, work, images, tile.order[tile.first + i], i, Range(j, count))


@kernel
def panel_sums(program: Program, work: Float32s, images: Images, image: int, i: int, outputs: Range) -> None:
    """The weighted sums of a range of outputs, for image ``image``, which is number ``i`` of the tile."""
    table, p, j = program.table, program.parameters, outputs.begin
    entries, vi = images.data, 0
    if images.kind == SPARSE_BYTES_INPUT:
        entries, vi = work, sparse.normalized_at(table, i, images.indptr[image])
    sparse.weighted_sums(
        Vector(work, table[SUMS] + i * table[STRIDE] + j),
        Matrix(p, table[WEIGHT] + j, table[OUTPUTS]),
        Halves(images.indices, entries, vi, images.indptr[image], images.middles[image], images.indptr[image + 1]),
        Vector(p, table[BIAS] + j),
        outputs.size,
    )


@kernel
def sparse_half_sums(program: Program, work: Float32s, images: Images, tile: Tile, rank: int) -> None:
    """The sums over one half of the pixels: over the upper half to SUMS by thread 0, over the lower to LOWER by 1."""
    table, p = program.table, program.parameters
    claim_rows(work, table[SUMS] if rank == 0 else table[LOWER], tile.size * table[STRIDE])
    for i in range(tile.size):
        image = tile.order[tile.first + i]
        if tile.first + i + FAR < tile.total:
            prefetch(images.indptr, tile.order[tile.first + i + FAR])
            prefetch(images.middles, tile.order[tile.first + i + FAR])
        if tile.first + i + NEAR < tile.total:
            coming = tile.order[tile.first + i + NEAR]
            begin = images.indptr[coming] if rank == 0 else images.middles[coming]
            end = images.middles[coming] if rank == 0 else images.indptr[coming + 1]
            sparse.prefetch_entries(images, begin, end)
        begin = images.indptr[image] if rank == 0 else images.middles[image]
        end = images.middles[image] if rank == 0 else images.indptr[image + 1]
        entries, vi = images.data, 0
        if images.kind == SPARSE_BYTES_INPUT:
            entries, vi = work, half_normalized_at(table, i, begin, rank)
            sparse.normalize_entries(Vector(work, vi), images.levels, begin, end, images.background, images.span)
        z = (table[SUMS] if rank == 0 else table[LOWER]) + i * table[STRIDE]
        biased = 1 if rank == 0 else 0
        sparse.half_sums(
            Vector(work, z),
            Matrix(p, table[WEIGHT], table[OUTPUTS]),
            Entries(images.indices, entries, vi, begin, end),
            Vector(p, table[BIAS]),
            biased,
            table[OUTPUTS],
        )


@kernel
def join_parts(table: Any, work: Any, begin: int, end: int, rank: int) -> None:
    """Add the sums over both halves of the images ``begin`` to ``end``: on either thread, the upper plus the lower."""
    stride = table[STRIDE]
    fetch_rows(work, (table[LOWER] if rank == 0 else table[SUMS]) + begin * stride, (end - begin) * stride)
    for i in range(begin * stride, end * stride, LANES):
        z = table[SUMS] + i
        store(work, z, load(work, z, LANES) + load(work, table[LOWER] + i, LANES))


@kernel
def first_sums(program: Program, work: Float32s, images: Images, tile: Tile, team: Team) -> None:
    """The first layer's weighted sums of a tile's images; dense images are rows of ``images.data``."""
    table = program.table
    if images.kind == DENSE_INPUT:
        begin, end = share(team.part, tile.size, 1)
        to = Matrix(work, table[SOURCE] + begin * table[SOURCE_STRIDE], table[SOURCE_STRIDE])
        copy_rows(to, images.data, Tile(tile.order, tile.first + begin, end - begin, tile.total), table[INPUTS])
        wait(team)
        layer_sums(table, 0, program.parameters, work, Interval(0, tile.size), team.part)
    else:
        sparse_sums(program, work, images, tile, team)


@kernel
def fetch_rows(work: Any, at: int, count: int) -> None:
    """Prefetch what another thread has just written: waiting for single cache lines costs more than the work."""
    for i in range(at, at + count, ALIGNMENT):
        prefetch(work, i)


@kernel
def claim_rows(work: Any, at: int, count: int) -> None:
    """Claim the cache lines of results that another thread has read, before the results are written."""
    for i in range(at, at + count, ALIGNMENT):
        prefetch_write(work, i)


@kernel
def copy_rows(to: Matrix, x: Float32s, tile: Tile, width: int) -> None:
    """Copy a tile's dense images from x (all, width) to rows of the arena."""
    for i in range(tile.size):
        source = tile.order[tile.first + i] * width
        for j in range(width):
            to.memory[to.at + i * to.stride + j] = x[source + j]


@kernel
def first_gradient(table: Int64s, g: Float32s, work: Float32s, images: Images, tile: Tile, part: Part) -> None:
    """Add to the gradient of the first layer's weights; for a wide layer, entries are sorted by `sort_by_column`."""
    if images.kind != DENSE_INPUT and table[SORTED] != 0:
        scatter_add_columns(table, Vector(g, table[WEIGHT]), work, part)
    elif images.kind != DENSE_INPUT:
        scatter_add_images(table, g, work, images, tile, part)
    else:
        dense.weight_gradient(
            Vector(g, table[WEIGHT]),
            Matrix(work, table[SOURCE], table[SOURCE_STRIDE]),
            Matrix(work, table[DELTAS], table[STRIDE]),
            Sizes(tile.size, table[INPUTS], table[OUTPUTS]),
            part,
        )


@kernel
def first_bias_gradient(table: Int64s, g: Float32s, work: Float32s, n: int, part: Part) -> None:
    """Add to the gradient of the first layer's bias."""
    by_bias = Vector(g, table[BIAS])
    dense.bias_gradient(by_bias, Matrix(work, table[DELTAS], table[STRIDE]), n, table[OUTPUTS], part)


@kernel
def scatter_add_images(table: Int64s, into: Float32s, work: Float32s, images: Images, tile: Tile, part: Part) -> None:
    """``into[weight] += x' delta`` for the first layer over sparse images; a share of the outputs, or of the pixels."""
    begin, end = share(part, table[OUTPUTS], NARROW)
    split = splits_pixels(table, images.kind, part.size)
    if split:
        begin, end = 0, table[OUTPUTS]
        fetch_rows(work, table[DELTAS], tile.size * table[STRIDE])
    for i in range(tile.size):
        image = tile.order[tile.first + i]
        low, high = images.indptr[image], images.indptr[image + 1]
        if split:
            low = low if part.rank == 0 else images.middles[image]
            high = images.middles[image] if part.rank == 0 else high
        entries, vi = images.data, 0
        if images.kind == SPARSE_BYTES_INPUT:
            at = half_normalized_at(table, i, low, part.rank) if split else sparse.normalized_at(table, i, low)
            entries, vi = work, at
        sparse.scatter_add(
            Matrix(into, table[WEIGHT] + begin, table[OUTPUTS]),
            Entries(images.indices, entries, vi, low, high),
            Vector(work, table[DELTAS] + i * table[STRIDE] + begin),
            end - begin,
        )
