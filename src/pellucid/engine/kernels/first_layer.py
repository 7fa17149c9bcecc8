"""The first dense layer, over images as ink or dense: its weighted sums, and the gradient of its weights.

Where it is narrow, two threads take half of the pixels each, and with them half of the weights (`by_parts`).
"""

from __future__ import annotations

from typing import Any

from pellucid.engine.compiler.kernels import kernel
from pellucid.engine.kernels import dense
from pellucid.engine.kernels import sparse as ink
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
def ink_sums(
    table: Any,
    p: Any,
    work: Any,
    kind: int,
    starts: Any,
    middles: Any,
    columns: Any,
    values: Any,
    levels: Any,
    low: Any,
    span: Any,
    order: Any,
    first: int,
    n: int,
    ahead: int,
    rank: int,
    crew: int,
    point: Any,
) -> None:
    """The first layer's weighted sums of the images ``order[first : first + n]``; a share of the images.

    A wide layer's are taken a panel of outputs after the other, whose weights stay in the second cache for all images;
    a share of the panels.
    """
    begin, end = share(rank, crew, n, 1)
    wide = table[SORTED] != 0
    for i in range(begin, end):
        image = order[first + i]
        if first + i + FAR < ahead:
            prefetch(starts, order[first + i + FAR])
            prefetch(middles, order[first + i + FAR])
        if first + i + NEAR < ahead:
            coming = order[first + i + NEAR]
            ink.fetch_ahead(kind, columns, values, levels, starts[coming], starts[coming + 1])
        if kind == PACKED_INPUT:
            at = ink.unpacked_at(table, i, starts[image])
            ink.unpack(work, at, levels, starts[image], starts[image + 1], low, span)
        if not wide:
            panel_sums(table, p, work, kind, starts, middles, columns, values, image, i, 0, table[OUTPUTS])
    if wide:
        meet(point, crew)
        begin, end = share(rank, crew, table[OUTPUTS], PANEL)
        for j in range(begin, end, PANEL):
            for i in range(n):
                count = lesser(PANEL, end - j)
                panel_sums(table, p, work, kind, starts, middles, columns, values, order[first + i], i, j, count)


@kernel
def panel_sums(
    table: Any,
    p: Any,
    work: Any,
    kind: int,
    starts: Any,
    middles: Any,
    columns: Any,
    values: Any,
    image: int,
    i: int,
    j: int,
    count: int,
) -> None:
    """The weighted sums of ``count`` outputs from ``j`` on, of an image that is the tile's i."""
    entries, vi = values, 0
    if kind == PACKED_INPUT:
        entries, vi = work, ink.unpacked_at(table, i, starts[image])
    ink.weighted_sums(
        work,
        table[SUMS] + i * table[STRIDE] + j,
        p,
        table[WEIGHT] + j,
        table[OUTPUTS],
        columns,
        entries,
        vi,
        starts[image],
        middles[image],
        starts[image + 1],
        p,
        table[BIAS] + j,
        count,
    )


@kernel
def ink_part_sums(
    table: Any,
    p: Any,
    work: Any,
    kind: int,
    starts: Any,
    middles: Any,
    columns: Any,
    values: Any,
    levels: Any,
    low: Any,
    span: Any,
    order: Any,
    first: int,
    n: int,
    ahead: int,
    rank: int,
) -> None:
    """One half of the pixels: thread 0 takes the upper one into SUMS, thread 1 the lower one into LOWER."""
    claim_rows(work, table[SUMS] if rank == 0 else table[LOWER], n * table[STRIDE])
    for i in range(n):
        image = order[first + i]
        if first + i + FAR < ahead:
            prefetch(starts, order[first + i + FAR])
            prefetch(middles, order[first + i + FAR])
        if first + i + NEAR < ahead:
            coming = order[first + i + NEAR]
            begin = starts[coming] if rank == 0 else middles[coming]
            end = middles[coming] if rank == 0 else starts[coming + 1]
            ink.fetch_ahead(kind, columns, values, levels, begin, end)
        begin = starts[image] if rank == 0 else middles[image]
        end = middles[image] if rank == 0 else starts[image + 1]
        entries, vi = values, 0
        if kind == PACKED_INPUT:
            entries, vi = work, half_unpacked_at(table, i, begin, rank)
            ink.unpack(work, vi, levels, begin, end, low, span)
        z = (table[SUMS] if rank == 0 else table[LOWER]) + i * table[STRIDE]
        biased = 1 if rank == 0 else 0
        ink.part_sums(
            work,
            z,
            p,
            table[WEIGHT],
            table[OUTPUTS],
            columns,
            entries,
            vi,
            begin,
            end,
            p,
            table[BIAS],
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
def first_sums(
    table: Any,
    p: Any,
    work: Any,
    kind: int,
    starts: Any,
    middles: Any,
    columns: Any,
    values: Any,
    levels: Any,
    low: Any,
    span: Any,
    order: Any,
    first: int,
    n: int,
    ahead: int,
    rank: int,
    crew: int,
    point: Any,
) -> None:
    """The first layer's weighted sums of the images ``order[first : first + n]``; dense images stand in ``values``."""
    if kind == DENSE_INPUT:
        begin, end = share(rank, crew, n, 1)
        at = table[SOURCE] + begin * table[SOURCE_STRIDE]
        copy_rows(work, at, table[SOURCE_STRIDE], values, order, first + begin, end - begin, table[INPUTS])
        meet(point, crew)
        layer_sums(table, 0, p, work, 0, n, rank, crew)
    else:
        ink_sums(
            table,
            p,
            work,
            kind,
            starts,
            middles,
            columns,
            values,
            levels,
            low,
            span,
            order,
            first,
            n,
            ahead,
            rank,
            crew,
            point,
        )


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
def copy_rows(work: Any, at: int, stride: int, x: Any, order: Any, first: int, n: int, width: int) -> None:
    """Lay the dense images ``order[first : first + n]`` of x (all, width) into the arena."""
    for i in range(n):
        source = order[first + i] * width
        for j in range(width):
            work[at + i * stride + j] = x[source + j]


@kernel
def first_gradient(
    table: Any,
    g: Any,
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
    """Add up the gradient of the first layer's weights; a wide layer's over ink sorted by `sort_ink`."""
    if kind != DENSE_INPUT and table[SORTED] != 0:
        spread_columns(table, g, table[WEIGHT], work, rank, crew)
    elif kind != DENSE_INPUT:
        spread_ink(table, g, work, kind, starts, middles, columns, values, order, first, n, rank, crew)
    else:
        dense.weight_gradient(
            g,
            table[WEIGHT],
            work,
            table[SOURCE],
            table[SOURCE_STRIDE],
            work,
            table[DELTAS],
            table[STRIDE],
            n,
            table[INPUTS],
            table[OUTPUTS],
            rank,
            crew,
        )


@kernel
def first_bias_gradient(table: Any, g: Any, work: Any, n: int, rank: int, crew: int) -> None:
    """Add up the gradient of the first layer's bias."""
    dense.bias_gradient(g, table[BIAS], work, table[DELTAS], table[STRIDE], n, table[OUTPUTS], rank, crew)


@kernel
def spread_ink(
    table: Any,
    into: Any,
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
    """``into[weight] += x' delta`` for the first layer over ink; a share of the outputs, or of the pixels."""
    begin, end = share(rank, crew, table[OUTPUTS], NARROW)
    parted = by_parts(table, kind, crew)
    if parted:
        begin, end = 0, table[OUTPUTS]
        fetch_rows(work, table[DELTAS], n * table[STRIDE])
    for i in range(n):
        image = order[first + i]
        low, high = starts[image], starts[image + 1]
        if parted:
            low = low if rank == 0 else middles[image]
            high = middles[image] if rank == 0 else high
        entries, vi = values, 0
        if kind == PACKED_INPUT:
            entries, vi = work, half_unpacked_at(table, i, low, rank) if parted else ink.unpacked_at(table, i, low)
        ink.spread(
            into,
            table[WEIGHT] + begin,
            table[OUTPUTS],
            columns,
            entries,
            vi,
            low,
            high,
            work,
            table[DELTAS] + i * table[STRIDE] + begin,
            end - begin,
        )
