"""Run a program table: forward, backward and whole training loops, for any network of the layers it knows.

One tile of images goes layer by layer through the arena ``work``. Its head holds, for each image of the tile, softmax's
maximum and sum and the loss; the rest is laid out by the table (see `pellucid.engine.table`).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from pellucid.engine import dense, ink
from pellucid.engine.activations import activate, back, softmax
from pellucid.engine.compiler import kernel
from pellucid.engine.crew import meet, share
from pellucid.engine.lanes import LANES, load, splat, store
from pellucid.engine.losses import is_right, lose
from pellucid.engine.table import (
    ACTIVATION,
    BIAS,
    COLUMNS,
    DELTAS,
    INK_INPUT,
    INPUTS,
    OUTPUTS,
    SOFTMAX,
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


@kernel
def finish_layer(table: Any, row: int, work: Any, n: int, rank: int, crew: int) -> None:
    """From the weighted sums of a tile of ``n`` images to the activations; a share of the images."""
    begin, end = share(rank, crew, n, 1)
    stride = table[row + STRIDE]
    z = table[row + SUMS] + begin * stride
    y = table[row + VALUES] + begin * stride
    if table[row + ACTIVATION] == SOFTMAX:
        softmax(work, y, work, z, stride, end - begin, table[row + OUTPUTS], work, TOP + begin, work, MASS + begin)
    else:
        activate(table[row + ACTIVATION], work, y, work, z, (end - begin) * stride)


@kernel
def forward_from(
    layer: int, table: Any, layers: int, p: Any, work: Any, n: int, rank: int, crew: int, point: Any
) -> None:
    """Run the layers from ``layer`` on over the tile of ``n`` images whose inputs stand in the arena."""
    for i in range(layer, layers):
        row = i * COLUMNS
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
            n,
            table[row + INPUTS],
            table[row + OUTPUTS],
            rank,
            crew,
        )
        meet(point, crew)
        finish_layer(table, row, work, n, rank, crew)
        meet(point, crew)


@kernel
def forward_ink(
    table: Any,
    layers: int,
    p: Any,
    work: Any,
    starts: Any,
    columns: Any,
    values: Any,
    order: Any,
    first: int,
    n: int,
    ahead: int,
    rank: int,
    crew: int,
    point: Any,
) -> None:
    """Run the network over the images ``order[first : first + n]`` of an inked set, fetching ``ahead`` the next ones."""
    begin, end = share(rank, crew, n, 1)
    stride = table[STRIDE]
    for i in range(begin, end):
        image = order[first + i]
        if first + i + 2 < ahead:
            coming = order[first + i + 2]
            ink.fetch_ahead(columns, values, starts[coming], starts[coming + 1])
        ink.weighted_sums(
            work,
            table[SUMS] + i * stride,
            p,
            table[WEIGHT],
            table[OUTPUTS],
            columns,
            values,
            starts[image],
            starts[image + 1],
            p,
            table[BIAS],
            table[OUTPUTS],
        )
    meet(point, crew)
    finish_layer(table, 0, work, n, rank, crew)
    meet(point, crew)
    forward_from(1, table, layers, p, work, n, rank, crew, point)


@kernel
def copy_rows(work: Any, at: int, stride: int, x: Any, order: Any, first: int, n: int, width: int) -> None:
    """Lay the dense images ``order[first : first + n]`` of x (all, width) into the arena."""
    for i in range(n):
        source = order[first + i] * width
        for j in range(width):
            work[at + i * stride + j] = x[source + j]


@kernel
def forward(
    table: Any,
    layers: int,
    p: Any,
    work: Any,
    kind: int,
    starts: Any,
    columns: Any,
    values: Any,
    order: Any,
    first: int,
    n: int,
    ahead: int,
    rank: int,
    crew: int,
    point: Any,
) -> None:
    """Run the network over the images ``order[first : first + n]``; dense images are all in ``values``, by rows."""
    if kind == INK_INPUT:
        forward_ink(table, layers, p, work, starts, columns, values, order, first, n, ahead, rank, crew, point)
    else:
        begin, end = share(rank, crew, n, 1)
        stride = table[SOURCE_STRIDE]
        at = table[SOURCE] + begin * stride
        copy_rows(work, at, stride, values, order, first + begin, end - begin, table[INPUTS])
        meet(point, crew)
        forward_from(0, table, layers, p, work, n, rank, crew, point)


@kernel
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
def turn_all(table: Any, first: int, layers: int, p: Any, work: Any, rank: int, crew: int) -> None:
    """Refresh the transposed weights of the layers from ``first`` on."""
    for i in range(first, layers):
        row = i * COLUMNS
        dense.turn_weights(
            work,
            table[row + TRANSPOSED],
            table[row + TRANSPOSED_STRIDE],
            p,
            table[row + WEIGHT],
            table[row + INPUTS],
            table[row + OUTPUTS],
            rank,
            crew,
        )


@kernel
def backward(table: Any, layers: int, g: Any, work: Any, n: int, rank: int, crew: int, point: Any) -> None:
    """From the deltas of the last layer back to those of the first, adding up every gradient but the first layer's."""
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
        dense.input_gradient(
            work,
            table[before + DELTAS],
            source_stride,
            work,
            delta,
            stride,
            work,
            table[row + TRANSPOSED],
            table[row + TRANSPOSED_STRIDE],
            n,
            d,
            k,
            rank,
            crew,
        )
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
    columns: Any,
    values: Any,
    order: Any,
    first: int,
    n: int,
    rank: int,
    crew: int,
) -> None:
    """Add up the gradient of the first layer's weights and bias."""
    delta, stride, k = table[DELTAS], table[STRIDE], table[OUTPUTS]
    dense.bias_gradient(g, table[BIAS], work, delta, stride, n, k, rank, crew)
    if kind == INK_INPUT:
        spread_ink(table, g, work, starts, columns, values, order, first, n, rank, crew)
    else:
        dense.weight_gradient(
            g,
            table[WEIGHT],
            work,
            table[SOURCE],
            table[SOURCE_STRIDE],
            work,
            delta,
            stride,
            n,
            table[INPUTS],
            k,
            rank,
            crew,
        )


@kernel
def spread_ink(
    table: Any,
    into: Any,
    work: Any,
    starts: Any,
    columns: Any,
    values: Any,
    order: Any,
    first: int,
    n: int,
    rank: int,
    crew: int,
) -> None:
    """``into[weight] += x' delta`` for the first layer over ink; a share of the outputs."""
    begin, end = share(rank, crew, table[OUTPUTS], ink.NARROW)
    for i in range(n):
        image = order[first + i]
        ink.spread(
            into,
            table[WEIGHT] + begin,
            table[OUTPUTS],
            columns,
            values,
            starts[image],
            starts[image + 1],
            work,
            table[DELTAS] + i * table[STRIDE] + begin,
            end - begin,
        )


@kernel
def descend_ink(
    table: Any,
    p: Any,
    g: Any,
    work: Any,
    starts: Any,
    columns: Any,
    values: Any,
    order: Any,
    first: int,
    n: int,
    rate: Any,
    rank: int,
    crew: int,
    point: Any,
) -> None:
    """Plain gradient descent on the first layer's weights, straight from the ink: no gradient is stored."""
    dense.bias_gradient(g, table[BIAS], work, table[DELTAS], table[STRIDE], n, table[OUTPUTS], rank, crew)
    meet(point, crew)
    begin, end = share(rank, crew, n * table[STRIDE], LANES)
    for i in range(table[DELTAS] + begin, table[DELTAS] + end, LANES):
        store(work, i, load(work, i, LANES) * splat(-rate, LANES))
    meet(point, crew)
    spread_ink(table, p, work, starts, columns, values, order, first, n, rank, crew)
