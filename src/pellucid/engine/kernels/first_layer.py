"""The first dense layer, over images as ink or dense: its weighted sums, and the gradient of its weights.

Where it is narrow, two threads take half of the pixels each, and with them half of the weights (`by_parts`).
"""

from __future__ import annotations

from typing import Any

from pellucid.engine.compiler.kernels import kernel
from pellucid.engine.compiler.signature import Float32s, Int64s
from pellucid.engine.kernels import dense
from pellucid.engine.kernels import sparse as ink
from pellucid.engine.kernels.sparse import Entries, Halves
from pellucid.engine.kernels.sparse_columns import spread_columns
from pellucid.engine.programs.dense import layer_sums
from pellucid.engine.programs.table import (
    ALIGNMENT,
    BIAS,
    DELTAS,
    DENSE_INPUT,
    INPUTS,
    LOWER,
    OUTPUTS,
    PACKED_INPUT,
    PARTED_BELOW,
    SORTED,
    SOURCE,
    SOURCE_STRIDE,
    STRIDE,
    SUMS,
    WEIGHT,
)
from pellucid.engine.records import Images, Matrix, Part, Program, Range, Sizes, Team, Tile, Vector
from pellucid.engine.simd.barrier import lesser, meet, share
from pellucid.engine.simd.lanes import LANES, claim, load, prefetch, store
from pellucid.engine.simd.panels import NARROW

PANEL = 64
"""Outputs of a wide layer whose sums are taken at a time."""

NEAR, FAR = 2, 8
"""How many images ahead ink is asked for, and where it begins: asking for ink takes that."""


@kernel
def by_parts(table: Any, kind: int, crew: int) -> bool:
    """Whether two threads split the pixels of the first layer: so it is where that is narrow.

    What comes behind is then too little to be shared by outputs, with a meeting between the layers: see `share_images`.
    """
    return kind != DENSE_INPUT and crew > 1 and table[OUTPUTS] < PARTED_BELOW


@kernel
def half_of_weights(table: Any, rank: int) -> tuple[int, int]:
    """The range of parameters that are the first layer's weights of thread ``rank``'s half of the pixels."""
    cut = table[WEIGHT] + table[INPUTS] // 2 * table[OUTPUTS]
    return table[WEIGHT] if rank == 0 else cut, cut if rank == 0 else table[BIAS]


@kernel
def share_images(n: int, rank: int, together: bool) -> tuple[int, int]:
    """The images of a tile that are thread ``rank``'s of two behind the first layer: whole registers of them.

    All are the first thread's where the two are not ``together`` there.
    """
    cut = n // (2 * ALIGNMENT) * ALIGNMENT if together else n
    return 0 if rank == 0 else cut, cut if rank == 0 else n


@kernel
def half_unpacked_at(table: Any, i: int, start: int, rank: int) -> Any:
    """The same for the half of thread ``rank``.

    The lower half has a place of its own: thread 1 may be at the next images while thread 0 is still at these.
    """
    return ink.unpacked_at(table, i, start) + rank * (table[SOURCE_STRIDE] // 2)


@kernel
def ink_sums(program: Program, work: Float32s, images: Images, tile: Tile, team: Team) -> None:
    """The first layer's weighted sums of a tile's images; a share of the images.

    A wide layer's are taken a panel of outputs after the other, whose weights stay in the second cache for all images;
    a share of the panels.
    """
    table, rank, size = program.table, team.part.rank, team.part.size
    begin, end = share(rank, size, tile.size, 1)
    wide = table[SORTED] != 0
    for i in range(begin, end):
        image = tile.order[tile.first + i]
        if tile.first + i + FAR < tile.total:
            prefetch(images.indptr, tile.order[tile.first + i + FAR])
            prefetch(images.middles, tile.order[tile.first + i + FAR])
        if tile.first + i + NEAR < tile.total:
            coming = tile.order[tile.first + i + NEAR]
            ink.fetch_ahead(images, images.indptr[coming], images.indptr[coming + 1])
        if images.kind == PACKED_INPUT:
            to = Vector(work, ink.unpacked_at(table, i, images.indptr[image]))
            ink.unpack(
                to, images.levels, images.indptr[image], images.indptr[image + 1], images.background, images.span
            )
        if not wide:
            panel_sums(program, work, images, image, i, Range(0, table[OUTPUTS]))
    if wide:
        meet(team.barrier, size)
        begin, end = share(rank, size, table[OUTPUTS], PANEL)
        for j in range(begin, end, PANEL):
            for i in range(tile.size):
                count = lesser(PANEL, end - j)
                panel_sums(program, work, images, tile.order[tile.first + i], i, Range(j, count))


@kernel
def panel_sums(program: Program, work: Float32s, images: Images, image: int, i: int, outputs: Range) -> None:
    """The weighted sums of some outputs, of an image that is the tile's i."""
    table, p, j = program.table, program.parameters, outputs.begin
    entries, vi = images.data, 0
    if images.kind == PACKED_INPUT:
        entries, vi = work, ink.unpacked_at(table, i, images.indptr[image])
    ink.weighted_sums(
        Vector(work, table[SUMS] + i * table[STRIDE] + j),
        Matrix(p, table[WEIGHT] + j, table[OUTPUTS]),
        Halves(images.indices, entries, vi, images.indptr[image], images.middles[image], images.indptr[image + 1]),
        Vector(p, table[BIAS] + j),
        outputs.size,
    )


@kernel
def ink_part_sums(program: Program, work: Float32s, images: Images, tile: Tile, rank: int) -> None:
    """One half of the pixels: thread 0 takes the upper one into SUMS, thread 1 the lower one into LOWER."""
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
            ink.fetch_ahead(images, begin, end)
        begin = images.indptr[image] if rank == 0 else images.middles[image]
        end = images.middles[image] if rank == 0 else images.indptr[image + 1]
        entries, vi = images.data, 0
        if images.kind == PACKED_INPUT:
            entries, vi = work, half_unpacked_at(table, i, begin, rank)
            ink.unpack(Vector(work, vi), images.levels, begin, end, images.background, images.span)
        z = (table[SUMS] if rank == 0 else table[LOWER]) + i * table[STRIDE]
        biased = 1 if rank == 0 else 0
        ink.part_sums(
            Vector(work, z),
            Matrix(p, table[WEIGHT], table[OUTPUTS]),
            Entries(images.indices, entries, vi, begin, end),
            Vector(p, table[BIAS]),
            biased,
            table[OUTPUTS],
        )


@kernel
def join_parts(table: Any, work: Any, begin: int, end: int, rank: int) -> None:
    """Add up both halves' sums of the images from ``begin`` to ``end``: upper and lower, whichever thread it is."""
    stride = table[STRIDE]
    fetch_rows(work, (table[LOWER] if rank == 0 else table[SUMS]) + begin * stride, (end - begin) * stride)
    for i in range(begin * stride, end * stride, LANES):
        z = table[SUMS] + i
        store(work, z, load(work, z, LANES) + load(work, table[LOWER] + i, LANES))


@kernel
def first_sums(program: Program, work: Float32s, images: Images, tile: Tile, team: Team) -> None:
    """The first layer's weighted sums of a tile's images; dense images stand in ``images.data``."""
    table, rank, size = program.table, team.part.rank, team.part.size
    if images.kind == DENSE_INPUT:
        begin, end = share(rank, size, tile.size, 1)
        to = Matrix(work, table[SOURCE] + begin * table[SOURCE_STRIDE], table[SOURCE_STRIDE])
        copy_rows(to, images.data, Tile(tile.order, tile.first + begin, end - begin, tile.total), table[INPUTS])
        meet(team.barrier, size)
        layer_sums(table, 0, program.parameters, work, 0, tile.size, rank, size)
    else:
        ink_sums(program, work, images, tile, team)


@kernel
def fetch_rows(work: Any, at: int, count: int) -> None:
    """Ask for what another thread has just written: waiting for one line after another costs more than the work."""
    for i in range(at, at + count, ALIGNMENT):
        prefetch(work, i)


@kernel
def claim_rows(work: Any, at: int, count: int) -> None:
    """Ask for the place of results that another thread has read, before they are there to be written."""
    for i in range(at, at + count, ALIGNMENT):
        claim(work, i)


@kernel
def copy_rows(to: Matrix, x: Float32s, tile: Tile, width: int) -> None:
    """Lay a tile's dense images, of x (all, width), into rows of the arena."""
    for i in range(tile.size):
        source = tile.order[tile.first + i] * width
        for j in range(width):
            to.memory[to.at + i * to.stride + j] = x[source + j]


@kernel
def first_gradient(table: Int64s, g: Float32s, work: Float32s, images: Images, tile: Tile, part: Part) -> None:
    """Add up the gradient of the first layer's weights; a wide layer's over ink sorted by `sort_ink`."""
    if images.kind != DENSE_INPUT and table[SORTED] != 0:
        spread_columns(table, Vector(g, table[WEIGHT]), work, part)
    elif images.kind != DENSE_INPUT:
        spread_ink(table, g, work, images, tile, part)
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
    """Add up the gradient of the first layer's bias."""
    by_bias = Vector(g, table[BIAS])
    dense.bias_gradient(by_bias, Matrix(work, table[DELTAS], table[STRIDE]), n, table[OUTPUTS], part)


@kernel
def spread_ink(table: Int64s, into: Float32s, work: Float32s, images: Images, tile: Tile, part: Part) -> None:
    """``into[weight] += x' delta`` for the first layer over ink; a share of the outputs, or of the pixels."""
    begin, end = share(part.rank, part.size, table[OUTPUTS], NARROW)
    parted = by_parts(table, images.kind, part.size)
    if parted:
        begin, end = 0, table[OUTPUTS]
        fetch_rows(work, table[DELTAS], tile.size * table[STRIDE])
    for i in range(tile.size):
        image = tile.order[tile.first + i]
        low, high = images.indptr[image], images.indptr[image + 1]
        if parted:
            low = low if part.rank == 0 else images.middles[image]
            high = images.middles[image] if part.rank == 0 else high
        entries, vi = images.data, 0
        if images.kind == PACKED_INPUT:
            entries, vi = work, half_unpacked_at(table, i, low, part.rank) if parted else ink.unpacked_at(table, i, low)
        ink.spread(
            Matrix(into, table[WEIGHT] + begin, table[OUTPUTS]),
            Entries(images.indices, entries, vi, low, high),
            Vector(work, table[DELTAS] + i * table[STRIDE] + begin),
            end - begin,
        )
