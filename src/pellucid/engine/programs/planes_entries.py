"""The engine's entry points for tables of any layers: whole loops over groups of images.

A mini-batch is cut into at most SHARDS parts of whole groups, by its size alone. Each part has a gradient of its own,
made by one thread; the parts are then added in their order. So the bits are the same on any number of threads.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from pellucid.engine.compiler.kernels import kernel
from pellucid.engine.compiler.signature import Float32, Float32s, Float64s, Int64s, UInt8s, UInt16s
from pellucid.engine.kernels import planes
from pellucid.engine.kernels import sparse_scan as lines
from pellucid.engine.kernels.optimizers import RATE, SECOND_SCALE, optimize
from pellucid.engine.kernels.random import NO_DRAWS, Draws, Key
from pellucid.engine.programs.dense import add_losses, count_right, hand_out, judge
from pellucid.engine.programs.dense_entries import is_finite
from pellucid.engine.programs.planes import backward, forward, place_images, prepare
from pellucid.engine.programs.table import (
    CHANNELS,
    COLUMNS,
    DELTA_LINE,
    DELTA_PLANE,
    DELTA_STEP,
    DELTAS,
    FLOATS,
    HEIGHT,
    INK,
    INPUT_PLANES,
    OPERATION,
    OUTPUTS,
    SETTINGS,
    SHARDS,
    SOURCE,
    STRIDE,
    VALUES,
    WIDTH,
)
from pellucid.engine.records import DenseRow, Images, Program, Vector
from pellucid.engine.simd.barrier import await_all, finish, lesser, meet, share, take
from pellucid.engine.simd.lanes import LANES, load_first, splat, store_first, sum_lanes

_ZERO = np.float32(0.0)
_ONE = np.float32(1.0)
_FIRST = 0
_STEP = 1
_TRAINING = 1
_READING = 0


@kernel
def gather(g: Any, count: int, parts: int, begin: int, end: int) -> None:
    """Add the gradients of all parts, ``count`` floats apart, to the first, from ``begin`` to ``end``; clear them."""
    for i in range(begin, end, LANES):
        total = load_first(g, i, end - i, LANES)
        for part in range(1, parts):
            total = total + load_first(g, part * count + i, end - i, LANES)
            store_first(g, part * count + i, splat(_ZERO, LANES), end - i)
        store_first(g, i, total, end - i)


@kernel
def train_tiles(
    table: Int64s,
    rows: int,
    p: Float32s,
    g: Float32s,
    first_moment: Float32s,
    second_moment: Float32s,
    count: int,
    work: Float32s,
    wanted: Int64s,
    parts: Float64s,
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
    batch: int,
    begin: int,
    end: int,
    loss: int,
    optimizer: int,
    settings: Float32s,
    rates: Float32s,
    history: Float64s,
    serial: int,
    key0: int,
    key1: int,
    rank: int,
    crew: int,
    point: Int64s,
) -> None:
    """Train on the batches ``begin`` to ``end`` of the epoch that visits the images in ``order``; see `entries.train`.

    ``work`` and ``wanted`` are this thread's own; ``g`` (SHARDS, count) and ``parts`` (SHARDS, 2), loss and number
    right of each part of a batch, are shared. ``serial`` is the number of the epoch's first image among all that were
    ever trained on; with the keys it tells what dropout drops.
    """
    at = rank * SETTINGS
    for step in range(begin, end):
        settings[at + RATE] = rates[2 * (step - begin)]
        settings[at + SECOND_SCALE] = rates[2 * (step - begin) + 1]
        since = step * batch
        until = lesser(since + batch, images)
        groups = (until - since + LANES - 1) // LANES
        shards = lesser(SHARDS, groups)
        prepare(Program(table, rows, p), work)
        for shard in range(shards * rank // crew, shards * (rank + 1) // crew):
            parts[2 * shard] = 0.0
            parts[2 * shard + 1] = 0.0
            past = lesser(since + groups * (shard + 1) // shards * LANES, until)
            for first in range(since + groups * shard // shards * LANES, past, LANES):
                n = lesser(LANES, past - first)
                place_images(
                    table,
                    work,
                    LANES,
                    Images(kind, starts, middles, columns, values, levels, low, span),
                    order,
                    first,
                    n,
                )
                forward(Program(table, rows, p), work, LANES, n, _TRAINING, Draws(serial + first, Key(key0, key1)))
                judge(table, rows, work, targets, wanted, order, first, 0, n, loss, _ONE / np.float32(until - since))
                parts[2 * shard] += add_losses(work, n)
                parts[2 * shard + 1] += count_right(table, rows, work, wanted, 0, n)
                backward(Program(table, rows, p), Vector(g, shard * count), work, n)
        meet(point, crew)
        lost = np.float64(0.0)
        right = np.float64(0.0)
        for shard in range(shards):
            lost += parts[2 * shard]
            right += parts[2 * shard + 1]
        if rank == 0:
            history[2 * (step - begin)] = lost
            history[2 * (step - begin) + 1] = right
        if not is_finite(lost):
            return
        mine, past = share(rank, crew, count, LANES)
        gather(g, count, shards, mine, past)
        optimize(optimizer, p, g, first_moment, second_moment, mine, past, settings, at)
        meet(point, crew)


@kernel
def evaluate_tiles(
    table: Int64s,
    rows: int,
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
    first: int,
    past: int,
    loss: int,
    history: Float64s,
) -> None:
    """Read the images ``first`` to ``past``, and add up losses and right ones in ``history`` (2,).

    A ``loss`` of -1 only reads.
    """
    for begin in range(first, past, LANES):
        n = lesser(LANES, past - begin)
        place_images(
            table, work, LANES, Images(kind, starts, middles, columns, values, levels, low, span), order, begin, n
        )
        forward(Program(table, rows, p), work, LANES, n, _READING, NO_DRAWS)
        if loss >= 0:
            judge(table, rows, work, targets, wanted, order, begin, 0, n, loss, _ONE)
            history[0] += add_losses(work, n)
            history[1] += count_right(table, rows, work, wanted, 0, n)


@kernel
def read_tiles(
    table: Int64s,
    rows: int,
    p: Float32s,
    work: Float32s,
    group: int,
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
    """Read ``images`` dense images (images, width) of any levels, as one of a crew that takes ``group`` at a time.

    Of the crew it is as in `pellucid.engine.programs.dense_entries.read`.

    ``outputs`` (images, K) receives the outputs, and ``doubts`` (1,) NaN if an image holds a number that is not
    finite, else 0.
    """
    last = (rows - 1) * COLUMNS
    outs = table[last + OUTPUTS]
    in_planes = table[OPERATION] == INPUT_PLANES
    doubt = splat(_ZERO, LANES)
    first = take(point, crew, -group, group)
    while first < images:
        n = lesser(group, images - first)
        for i in range(n):
            place = i if in_planes else i * table[STRIDE]
            x = (first + i) * width
            lines.unit_line(Vector(work, table[SOURCE]), DenseRow(kind, small, floats, x, width, low, span))
            if kind == FLOATS:
                for j in range(0, width, LANES):
                    v = load_first(work, table[SOURCE] + j, width - j, LANES)
                    doubt = doubt + (v - v)
            planes.place_line(table, work, Vector(work, table[SOURCE]), place, group if in_planes else _STEP)
        if table[INK]:
            planes.find_ink(table, work)
        forward(Program(table, rows, p), work, group, n, _READING, NO_DRAWS)
        hand_out(outputs, first * outs, outs, work, table[last + VALUES], table[last + STRIDE], n)
        doubts[0] = sum_lanes(doubt)
        finish(point, crew, n)
        first = take(point, crew, first, group)
    if rank == 0:
        await_all(point, crew, images)


@kernel
def take_input_deltas(table: Any, work: Any, dx: Any, first: int, n: int) -> None:
    """Lay the deltas of the images out in lines: dx (all, inputs), from image ``first`` on."""
    width = table[OUTPUTS]
    if table[OPERATION] != INPUT_PLANES:
        for i in range(n):
            for j in range(width):
                dx[(first + i) * width + j] = work[table[DELTAS] + i * table[STRIDE] + j]
        return
    at = 0
    for channel in range(table[CHANNELS]):
        for y in range(table[HEIGHT]):
            delta = table[DELTAS] + channel * table[DELTA_PLANE] + y * table[DELTA_LINE]
            for _ in range(table[WIDTH]):
                for i in range(n):
                    dx[(first + i) * width + at] = work[delta + i]
                delta += table[DELTA_STEP]
                at += 1


@kernel
def gradient_tiles(
    table: Int64s,
    rows: int,
    p: Float32s,
    g: Float32s,
    work: Float32s,
    wanted: Int64s,
    dx: Float32s,
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
) -> None:
    """The gradient of the mean loss over ``images`` images: by every parameter, added to g, and by every input.

    ``dx`` (images, D) receives the gradient by the inputs. Nothing is dropped.
    """
    for first in range(0, images, LANES):
        n = lesser(LANES, images - first)
        place_images(
            table, work, LANES, Images(kind, starts, middles, columns, values, levels, low, span), order, first, n
        )
        forward(Program(table, rows, p), work, LANES, n, _TRAINING, NO_DRAWS)
        judge(table, rows, work, targets, wanted, order, first, 0, n, loss, _ONE / np.float32(images))
        history[0] += add_losses(work, n)
        history[1] += count_right(table, rows, work, wanted, 0, n)
        backward(Program(table, rows, p), Vector(g, _FIRST), work, n)
        take_input_deltas(table, work, dx, first, n)


ENTRIES = {
    "train_tiles": train_tiles,
    "evaluate_tiles": evaluate_tiles,
    "read_tiles": read_tiles,
    "gradient_tiles": gradient_tiles,
}
