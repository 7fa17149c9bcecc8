"""The engine's entry points: whole loops, called from Python once for many batches.

`ENTRIES` gives each its kinds of arguments (the letters of `pellucid.engine.compiler.kernels.compile_entries`).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from pellucid.engine.compiler.kernels import kernel
from pellucid.engine.compiler.signature import Float32, Float32s, Float64s, Int64s, UInt8s, UInt16s
from pellucid.engine.kernels import dense, functions
from pellucid.engine.kernels import sparse as ink
from pellucid.engine.kernels import sparse_scan as lines
from pellucid.engine.kernels.augment import augment
from pellucid.engine.kernels.first_layer import (
    by_parts,
    first_bias_gradient,
    first_gradient,
    first_sums,
    half_of_weights,
    ink_part_sums,
    join_parts,
    share_images,
)
from pellucid.engine.kernels.optimizers import RATE, SECOND_SCALE, optimize
from pellucid.engine.kernels.sparse_columns import sort_ink
from pellucid.engine.programs.dense import (
    add_losses,
    add_slopes,
    count_right,
    forward_from_sums,
    hand_out,
    judge,
    send_back,
    turn_all,
    whole_blocks,
)
from pellucid.engine.programs.table import (
    BIAS,
    COLUMNS,
    DELTAS,
    DENSE_INPUT,
    FLOATS,
    INPUTS,
    OUTPUTS,
    SETTINGS,
    SORTED,
    SOURCE,
    SOURCE_STRIDE,
    STRIDE,
    SUMS,
    TILE,
    TOGETHER_FROM,
    VALUES,
    WEIGHT,
)
from pellucid.engine.simd.barrier import await_all, exchange, finish, lesser, meet, share, take
from pellucid.engine.simd.lanes import LANES, load_first, prefetch, splat, sum_lanes

_ZERO = np.float32(0.0)
_ONE = np.float32(1.0)


@kernel
def is_finite(x: float) -> bool:
    """Neither NaN nor infinite."""
    return bool(x - x == 0.0)


@kernel
def step_own(
    table: Any,
    layers: int,
    p: Any,
    g: Any,
    first_moment: Any,
    second_moment: Any,
    optimizer: int,
    settings: Any,
    rank: int,
    own: int,
    apart: int,
) -> None:
    """A step on what thread ``rank`` of two has added up by itself: its half of the first layer, and its own layers."""
    at = rank * SETTINGS
    low, high = half_of_weights(table, rank)
    optimize(optimizer, p, g, first_moment, second_moment, low, high, settings, at)
    if rank == 0:
        low, high = table[BIAS], table[BIAS] + table[OUTPUTS]
        optimize(optimizer, p, g, first_moment, second_moment, low, high, settings, at)
    for i in range(own, layers, apart):
        row = i * COLUMNS
        low, high = table[row + WEIGHT], table[row + BIAS] + table[row + OUTPUTS]
        optimize(optimizer, p, g, first_moment, second_moment, low, high, settings, at)


@kernel
def train(
    table: Int64s,
    layers: int,
    p: Float32s,
    g: Float32s,
    first_moment: Float32s,
    second_moment: Float32s,
    count: int,
    work: Float32s,
    wanted: Int64s,
    kind: int,
    starts: Int64s,
    middles: Int64s,
    columns: UInt16s,
    values: Float32s,
    levels: UInt8s,
    paper: Float32,
    span: Float32,
    order: Int64s,
    targets: Int64s,
    images: int,
    batch: int,
    begin: int,
    end: int,
    loss: int,
    optimizer: int,
    direct: int,
    settings: Float32s,
    rates: Float32s,
    history: Float64s,
    rank: int,
    crew: int,
    point: Int64s,
) -> None:
    """Train on the batches ``begin`` to ``end`` of the epoch that visits the images in ``order``.

    ``settings`` has SETTINGS floats a thread; ``rates`` two a step (the learning rate, and Adam's scale of the second
    moment). ``history`` receives the summed loss and the number read right, two float64 a step. A loss that is not
    finite ends the loop before the step: the rest of ``history`` stays as it was. ``direct``: plain descent, all deltas
    multiplied by -rate from the start, so that what is added up for a gradient goes straight to the parameters (only
    for batches of at most one tile). ``wanted`` has one place more than a tile, where a second thread tells how many
    it has seen read right.
    """
    at = rank * SETTINGS
    # Where two threads share the first layer by pixels, each is its own crew for the rest. Together they share the
    # images, and every layer has one of them for its gradient and its step; else the first does it all.
    parted = by_parts(table, kind, crew)
    together = batch >= TOGETHER_FROM
    mine, rest = (0, 1) if parted else (rank, crew)
    own, apart = 1, 1
    if parted and together:
        own, apart = 2 - rank, 2
    elif parted and rank == 1:
        own = layers
    into = p if direct else g
    for step in range(begin, end):
        settings[at + RATE] = rates[2 * (step - begin)]
        settings[at + SECOND_SCALE] = rates[2 * (step - begin) + 1]
        since = step * batch
        until = lesser(since + batch, images)
        most = lesser(TILE, until - since)
        turn_all(table, layers, p, work, most, own, apart, mine, rest)
        lost = np.float64(0.0)
        right = 0
        for first in range(since, until, TILE):
            n = lesser(TILE, until - first)
            low, high = 0, n
            for i in range(n):
                prefetch(targets, order[first + i])
            if parted:
                ink_part_sums(
                    table, p, work, kind, starts, middles, columns, values, levels, paper, span, order, first, n,
                    images, rank,
                )  # fmt: skip
                exchange(point, rank)
                low, high = share_images(n, rank, together)
                join_parts(table, work, low, high, rank)
            else:
                first_sums(
                    table, p, work, kind, starts, middles, columns, values, levels, paper, span, order, first, n,
                    images, rank, crew, point,
                )  # fmt: skip
            forward_from_sums(table, layers, p, work, low, high, mine, rest, point)
            if mine == 0:
                scale = (-settings[at + RATE] if direct else _ONE) / np.float32(until - since)
                judge(table, layers, work, targets, wanted, order, first, low, high, loss, scale)
                right += count_right(table, layers, work, wanted, low, high)
            meet(point, rest)
            send_back(table, layers, p, work, low, high, most, mine, rest, point)
            if parted:
                if rank == 1:
                    wanted[TILE] = right
                exchange(point, rank)
            meet(point, rest)
            lost += add_losses(work, n)
            if rank == 0:
                history[2 * (step - begin)] = lost
                history[2 * (step - begin) + 1] = right + wanted[TILE]
            if not is_finite(lost):
                return
            add_slopes(table, layers, into, work, n, own, apart, mine, rest)
            if mine == rank:
                first_bias_gradient(table, into, work, n, mine, rest)
            if kind != DENSE_INPUT and table[SORTED] != 0:
                sort_ink(table, work, kind, starts, middles, columns, values, order, first, n, rank, crew)
                meet(point, rest)
            first_gradient(table, into, work, kind, starts, middles, columns, values, order, first, n, rank, crew)
            meet(point, rest)
        if direct:
            continue
        if parted:
            step_own(table, layers, p, g, first_moment, second_moment, optimizer, settings, rank, own, apart)
        else:
            low, high = share(rank, crew, count, LANES)
            optimize(optimizer, p, g, first_moment, second_moment, low, high, settings, at)
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
    forward_from_sums(table, layers, p, work, 0, n, rank, crew, point)


@kernel
def evaluate(
    table: Int64s,
    layers: int,
    p: Float32s,
    work: Float32s,
    wanted: Int64s,
    kind: int,
    starts: Int64s,
    middles: Int64s,
    columns: UInt16s,
    values: Float32s,
    levels: UInt8s,
    low: Float32,
    span: Float32,
    order: Int64s,
    targets: Int64s,
    images: int,
    loss: int,
    history: Float64s,
    rank: int,
    crew: int,
    point: Int64s,
) -> None:
    """Read ``images`` images, and add up losses and right ones in ``history`` (2,); ``loss`` of -1 only reads."""
    for first in range(0, images, TILE):
        n = lesser(TILE, images - first)
        forward(
            table, layers, p, work, kind, starts, middles, columns, values, levels, low, span, order, first, n, images,
            rank, crew, point,
        )  # fmt: skip
        if loss >= 0:
            judge(table, layers, work, targets, wanted, order, first, 0, n, loss, _ONE)
            history[0] += add_losses(work, n)
            history[1] += count_right(table, layers, work, wanted, 0, n)


@kernel
def read(
    table: Int64s,
    layers: int,
    p: Float32s,
    work: Float32s,
    kind: int,
    small: UInt8s,
    floats: Float32s,
    low: Float32,
    span: Float32,
    images: int,
    width: int,
    outputs: Float32s,
    doubts: Float32s,
    rank: int,
    crew: int,
    point: Int64s,
) -> None:
    """Read ``images`` dense images (images, width) of any levels, as one of a crew that takes some at a time.

    The first of them, of rank 0, stays until all is read; the others may come late, or not at all.

    ``outputs`` (images, K) receives the outputs, and ``doubts`` (1,) NaN if the first layer met a number that is not
    finite, else 0 (as it was, where nothing was read).
    """
    row = (layers - 1) * COLUMNS
    outs, hidden, stride = table[row + OUTPUTS], table[OUTPUTS], table[STRIDE]
    as_is = kind == FLOATS and low == _ZERO and span == _ONE
    doubt = splat(_ZERO, LANES)
    source, fours = table[SOURCE], table[SOURCE] + table[SOURCE_STRIDE]
    # Some at a time that whoever is last is not waited for long.
    most = TILE if crew == 1 else lesser(TILE // 2, whole_blocks((images + 4 * crew - 1) // (4 * crew)))
    first = take(point, crew, -most, most)
    while first < images:
        n = lesser(most, images - first)
        for i in range(n):
            z = table[SUMS] + i * stride
            for begin in range(0, width, lines.PART):
                x, size = (first + i) * width + begin, lesser(lines.PART, width - begin)
                found = lines.find_fours(work, fours, kind, small, floats, x, size, low, width if images > 1 else 0)
                line, at = floats, x
                if not as_is:
                    line, at = work, source
                    lines.unit_fours(work, source, work, fours, found, kind, small, floats, x, size, low, span)
                start, si = p, table[BIAS]
                if begin > 0:
                    start, si = work, z
                w = table[WEIGHT] + begin * hidden
                lines.weighted_sums(work, z, p, w, hidden, work, fours, found, line, at, size, start, si, hidden)
            for j in range(0, hidden, LANES):
                v = load_first(work, z + j, hidden - j, LANES)
                doubt = doubt + (v - v)
        forward_from_sums(table, layers, p, work, 0, n, 0, 1, point)
        hand_out(outputs, first * outs, outs, work, table[row + VALUES], table[row + STRIDE], n)
        doubts[0] = sum_lanes(doubt)
        finish(point, crew, n)
        first = take(point, crew, first, most)
    if rank == 0:
        await_all(point, crew, images)


@kernel
def gradient(
    table: Int64s,
    layers: int,
    p: Float32s,
    g: Float32s,
    work: Float32s,
    wanted: Int64s,
    dx: Float32s,
    turned: Float32s,
    kind: int,
    starts: Int64s,
    middles: Int64s,
    columns: UInt16s,
    values: Float32s,
    levels: UInt8s,
    low: Float32,
    span: Float32,
    order: Int64s,
    targets: Int64s,
    images: int,
    loss: int,
    history: Float64s,
    rank: int,
    crew: int,
    point: Int64s,
) -> None:
    """The gradient of the mean loss over ``images`` images: by every parameter, added to g, and by every input.

    ``dx`` (images, D) receives the gradient by the inputs; ``turned`` (K, D) is scratch for the first layer's weights.
    """
    scale = _ONE / np.float32(images)
    d, k = table[INPUTS], table[OUTPUTS]
    most = lesser(TILE, images)
    turn_all(table, layers, p, work, most, 1, 1, rank, crew)
    dense.turn_weights(turned, 0, d, p, table[WEIGHT], d, k, rank, crew)
    for first in range(0, images, TILE):
        n = lesser(TILE, images - first)
        forward(
            table, layers, p, work, kind, starts, middles, columns, values, levels, low, span, order, first, n, images,
            rank, crew, point,
        )  # fmt: skip
        judge(table, layers, work, targets, wanted, order, first, 0, n, loss, scale)
        history[0] += add_losses(work, n)
        history[1] += count_right(table, layers, work, wanted, 0, n)
        send_back(table, layers, p, work, 0, n, most, rank, crew, point)
        add_slopes(table, layers, g, work, n, 1, 1, rank, crew)
        first_bias_gradient(table, g, work, n, rank, crew)
        if kind != DENSE_INPUT and table[SORTED] != 0:
            sort_ink(table, work, kind, starts, middles, columns, values, order, first, n, rank, crew)
            meet(point, crew)
        first_gradient(table, g, work, kind, starts, middles, columns, values, order, first, n, rank, crew)
        dense.input_gradient(dx, first * d, d, work, table[DELTAS], table[STRIDE], turned, 0, d, n, d, k, rank, crew)


@kernel
def collect(
    columns: UInt16s,
    values: Float32s,
    starts: Int64s,
    middles: Int64s,
    kind: int,
    small: UInt8s,
    floats: Float32s,
    low: Float32,
    span: Float32,
    count: int,
    width: int,
) -> None:
    """The ink of ``count`` dense images (count, width).

    Fills ``starts`` (count + 1), ``middles`` (count,), ``columns`` and ``values``.
    """
    at = 0
    starts[0] = 0
    for i in range(count):
        at = ink.collect(columns, values, at, kind, small, floats, i * width, width, low, span)
        starts[i + 1] = at
        middles[i] = ink.first_from(columns, starts[i], at, width // 2)


@kernel
def apply(which: int, y: Float32s, x: Float32s, count: int) -> None:
    """One of the functions of `pellucid.engine.kernels.functions` over ``count`` elements, for tests."""
    functions.apply(which, y, x, count)


ENTRIES = {
    "train": train,
    "evaluate": evaluate,
    "read": read,
    "gradient": gradient,
    "collect": collect,
    "pack": ink.pack,
    "apply": apply,
    "augment": augment,
}
