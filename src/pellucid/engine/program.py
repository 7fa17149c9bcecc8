"""Run a program table: forward, backward and whole training loops, for any network of the layers it knows.

One tile of images goes layer by layer through the arena ``work``. Its head holds, for each image of the tile, softmax's
maximum and sum and the loss; the rest is laid out by the table (see `pellucid.engine.table`).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from pellucid.engine import dense, ink
from pellucid.engine.activations import activate, back, softmax
from pellucid.engine.columns import spread_columns
from pellucid.engine.compiler import kernel, shared
from pellucid.engine.crew import hand_over, meet, share, take_over
from pellucid.engine.lanes import LANES, claim, load, prefetch, splat, store
from pellucid.engine.losses import is_right, lose
from pellucid.engine.matmul import ROWS
from pellucid.engine.panels import NARROW
from pellucid.engine.table import (
    ACTIVATION,
    ALIGNMENT,
    BIAS,
    COLUMNS,
    DELTAS,
    DENSE_INPUT,
    INPUTS,
    LOWER,
    OUTPUTS,
    PACKED_INPUT,
    PARTED_BELOW,
    SOFTMAX,
    SORTED,
    SOURCE,
    SOURCE_STRIDE,
    STRIDE,
    SUMS,
    TILE,
    TRANSPOSED,
    TRANSPOSED_STRIDE,
    VALUES,
    WEIGHT,
)

TOP, MASS, LOSS = 0, TILE, 2 * TILE
"""Places in the arena's head: softmax's maximum and sum, and the loss, of each image of the tile."""


NEAR, FAR = 2, 8
"""How many images ahead ink is asked for, and where it begins: asking for ink takes that."""


@shared("IiFiii")
def finish_layer(table: Any, row: int, work: Any, n: int, rank: int, crew: int) -> None:
    """From the weighted sums of a tile of ``n`` images to the activations; a share of the images."""
    begin, end = share(rank, crew, n, 1)
    stride = table[row + STRIDE]
    z = table[row + SUMS] + begin * stride
    y = table[row + VALUES] + begin * stride
    if table[row + ACTIVATION] == SOFTMAX:
        scratch = table[row + DELTAS] + begin * stride
        softmax(
            work, y, work, z, stride, end - begin, table[row + OUTPUTS], work, TOP + begin, work, MASS + begin, scratch
        )
    else:
        activate(table[row + ACTIVATION], work, y, work, z, (end - begin) * stride)


@kernel
def whole_blocks(n: int) -> int:
    """Rows of a tile of ``n`` images, filled up to whole blocks of the matrix product.

    What the rows past the last hold does not matter; four rows together are as quick as one alone.
    """
    return (n + ROWS - 1) // ROWS * ROWS


@shared("IiFFiii")
def layer_sums(table: Any, row: int, p: Any, work: Any, n: int, rank: int, crew: int) -> None:
    """A dense layer's weighted sums over the tile of ``n`` images whose inputs stand in the arena."""
    dense.sums(
        work,
        table[row + SUMS],
        table[row + STRIDE],
        work,
        table[row + SOURCE],
        table[row + SOURCE_STRIDE],
        p,
        table[row + WEIGHT],
        table[row + BIAS],
        whole_blocks(n),
        table[row + INPUTS],
        table[row + OUTPUTS],
        rank,
        crew,
    )


@kernel
def by_parts(table: Any, kind: int, crew: int) -> bool:
    """Whether two threads split the pixels of the first layer, and the first of them does all the rest alone.

    So it is where the first layer is narrow: the rest is then too little to be worth meeting for.
    """
    return kind != DENSE_INPUT and crew > 1 and table[OUTPUTS] < PARTED_BELOW


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
) -> None:
    """The first layer's weighted sums of the images ``order[first : first + n]``; a share of the images."""
    begin, end = share(rank, crew, n, 1)
    for i in range(begin, end):
        image = order[first + i]
        if first + i + FAR < ahead:
            prefetch(starts, order[first + i + FAR])
            prefetch(middles, order[first + i + FAR])
        if first + i + NEAR < ahead:
            coming = order[first + i + NEAR]
            ink.fetch_ahead(kind, columns, values, levels, starts[coming], starts[coming + 1])
        entries, vi = values, 0
        if kind == PACKED_INPUT:
            entries, vi = work, ink.unpacked_at(table, i, starts[image])
            ink.unpack(work, vi, levels, starts[image], starts[image + 1], low, span)
        ink.weighted_sums(
            work,
            table[SUMS] + i * table[STRIDE],
            p,
            table[WEIGHT],
            table[OUTPUTS],
            columns,
            entries,
            vi,
            starts[image],
            middles[image],
            starts[image + 1],
            p,
            table[BIAS],
            table[OUTPUTS],
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
    if rank == 1:
        claim_rows(work, table[LOWER], n * table[STRIDE])
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
        layer_sums(table, 0, p, work, n, rank, crew)
    elif by_parts(table, kind, crew):
        ink_part_sums(
            table, p, work, kind, starts, middles, columns, values, levels, low, span, order, first, n, ahead, rank
        )
        if rank == 1:
            hand_over(point, rank)
        else:
            take_over(point, rank)
            fetch_rows(work, table[LOWER], n * table[STRIDE])
            claim_rows(work, table[DELTAS], n * table[STRIDE])
            for i in range(0, n * table[STRIDE], LANES):
                z = table[SUMS] + i
                store(work, z, load(work, z, LANES) + load(work, table[LOWER] + i, LANES))
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
def forward_from_sums(table: Any, layers: int, p: Any, work: Any, n: int, rank: int, crew: int, point: Any) -> None:
    """From the first layer's weighted sums of a tile to the network's outputs."""
    meet(point, crew)
    finish_layer(table, 0, work, n, rank, crew)
    meet(point, crew)
    for i in range(1, layers):
        row = i * COLUMNS
        layer_sums(table, row, p, work, n, rank, crew)
        meet(point, crew)
        finish_layer(table, row, work, n, rank, crew)
        meet(point, crew)


@kernel
def forward(
    table: Any,
    layers: int,
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
    """Run the network over the images ``order[first : first + n]``."""
    first_sums(
        table, p, work, kind, starts, middles, columns, values, levels, low, span, order, first, n, ahead, rank, crew,
        point,
    )  # fmt: skip
    forward_from_sums(table, layers, p, work, n, rank, crew, point)


@shared("IiFIIIiiif")
def judge(
    table: Any, layers: int, work: Any, targets: Any, wanted: Any, order: Any, first: int, n: int, loss: int, scale: Any
) -> None:
    """Losses of the tile, and the deltas of the last layer: gradients of ``scale`` times the losses' sum.

    ``wanted`` (tile,) receives the class that each image of the tile should be.
    """
    row = (layers - 1) * COLUMNS
    for i in range(n):
        wanted[i] = targets[order[first + i]]
    lose(
        loss,
        table[row + ACTIVATION],
        work,
        LOSS,
        work,
        table[row + DELTAS],
        work,
        table[row + SUMS],
        work,
        table[row + VALUES],
        table[row + STRIDE],
        wanted,
        n,
        table[row + OUTPUTS],
        scale,
        work,
        TOP,
        work,
        MASS,
    )


@kernel
def count_right(table: Any, layers: int, work: Any, wanted: Any, n: int) -> int:
    """How many images of the tile have their largest output at the wanted class."""
    row = (layers - 1) * COLUMNS
    right = 0
    for i in range(n):
        if is_right(work, table[row + VALUES] + i * table[row + STRIDE], table[row + OUTPUTS], wanted[i]):
            right += 1
    return right


@kernel
def add_losses(work: Any, n: int) -> float:
    """The sum of the tile's losses, in float64, in the order of the images."""
    total = np.float64(0.0)
    for i in range(n):
        total += np.float64(work[LOSS + i])
    return total


@kernel
def turn_all(table: Any, layers: int, p: Any, work: Any, n: int, rank: int, crew: int) -> None:
    """Refresh the transposed weights of the layers but the first, where `backward` of n images asks for them."""
    for i in range(1, layers):
        row = i * COLUMNS
        d, k = table[row + INPUTS], table[row + OUTPUTS]
        if not dense.by_images(n, d, k):
            turned, turned_stride = table[row + TRANSPOSED], table[row + TRANSPOSED_STRIDE]
            dense.turn_weights(work, turned, turned_stride, p, table[row + WEIGHT], d, k, rank, crew)


@kernel
def backward(
    table: Any, layers: int, p: Any, g: Any, work: Any, n: int, most: int, rank: int, crew: int, point: Any
) -> None:
    """From the deltas of the last layer back to those of the first, adding up every gradient but the first layer's.

    ``most`` is the images that `turn_all` was told of: n, or those of a tile before.
    """
    for i in range(layers - 1, 0, -1):
        row = i * COLUMNS
        before = row - COLUMNS
        delta, stride = table[row + DELTAS], table[row + STRIDE]
        source, source_stride = table[row + SOURCE], table[row + SOURCE_STRIDE]
        d, k = table[row + INPUTS], table[row + OUTPUTS]
        dense.bias_gradient(g, table[row + BIAS], work, delta, stride, n, k, rank, crew)
        dense.weight_gradient(
            g, table[row + WEIGHT], work, source, source_stride, work, delta, stride, n, d, k, rank, crew
        )
        into, turned, turned_stride = table[before + DELTAS], table[row + TRANSPOSED], table[row + TRANSPOSED_STRIDE]
        if dense.by_images(most, d, k):
            dense.input_gradient_by_images(
                work, into, source_stride, work, delta, stride, p, table[row + WEIGHT], turned, n, d, k, rank, crew,
                point,
            )  # fmt: skip
        else:
            dense.input_gradient(
                work, into, source_stride, work, delta, stride, work, turned, turned_stride, whole_blocks(n), d, k,
                rank, crew,
            )  # fmt: skip
        meet(point, crew)
        begin, end = share(rank, crew, n, 1)
        back(
            table[before + ACTIVATION],
            work,
            table[before + DELTAS] + begin * source_stride,
            work,
            source + begin * source_stride,
            source_stride,
            end - begin,
            d,
        )
        meet(point, crew)


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
        begin = 0
        end = table[OUTPUTS]
        if rank == 1:
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


@kernel
def scale_deltas(table: Any, work: Any, n: int, factor: Any, rank: int, crew: int) -> None:
    """Multiply the first layer's deltas: by -rate they become its step, and `spread_ink` descends by itself."""
    begin, end = share(rank, crew, n * table[STRIDE], LANES)
    for i in range(table[DELTAS] + begin, table[DELTAS] + end, LANES):
        store(work, i, load(work, i, LANES) * splat(factor, LANES))
