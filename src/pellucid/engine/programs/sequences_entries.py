"""The entry points of sequence networks; `ENTRIES` gives each its kinds of arguments.

They are compiled apart from the others, the first time a sequence network is used.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from pellucid.engine.compiler.kernels import kernel
from pellucid.engine.compiler.signature import Float32, Float32s, Float64s, Int64s
from pellucid.engine.kernels.optimizers import RATE, SECOND_SCALE, optimize
from pellucid.engine.programs.dense_entries import is_finite
from pellucid.engine.programs.sequence_table import (
    BLOCK,
    CLASSES,
    COLUMNS,
    FEATURES,
    GROUP,
    LONGEST,
    REDUCED,
    SOURCE_SLOPES,
    SOURCE_STRIDE,
    STRIDE,
    VALUES,
)
from pellucid.engine.programs.sequences import (
    add_losses,
    arrange,
    backward,
    choose,
    forward,
    gather,
    groups_of,
    judge,
    prepare,
)
from pellucid.engine.programs.table import SETTINGS
from pellucid.engine.records import Moments, Vector
from pellucid.engine.simd.barrier import lesser, meet, share
from pellucid.engine.simd.lanes import LANES, load_first, max_lanes, splat, sqrt, store_first

_ZERO = np.float32(0.0)
_ONE = np.float32(1.0)


@kernel
def learn(
    table: Any,
    layers: int,
    p: Any,
    g: Any,
    gi: int,
    work: Any,
    ints: Any,
    frames: Any,
    starts: Any,
    labels: Any,
    label_starts: Any,
    room: int,
    order: Any,
    low: int,
    high: int,
    group: int,
    groups: int,
    loss: int,
    scale: Any,
    tallies: Any,
) -> None:
    """One group of the mini-batch ``order[low : high]``: its gradient to ``g[gi ...]``.

    Summed loss and number right go to ``tallies[2 group ...]``.
    """
    all_at = table[GROUP]
    own_at = all_at + room
    times_at = own_at + table[GROUP]
    states_at = times_at + table[LONGEST] + 2
    n = choose(ints, all_at, own_at, starts, order, low, high, group, groups)
    longest = arrange(ints, own_at, times_at, starts, n)
    gather(table, work, frames, starts, ints, own_at, times_at, longest)
    forward(table, layers, p, work, ints, own_at, times_at, starts, longest, n, False)
    right = judge(
        table, layers, work, ints, own_at, times_at, states_at, n, starts, labels, label_starts, loss, scale, True
    )
    tallies[2 * group] = add_losses(table, work, n)
    tallies[2 * group + 1] = right
    backward(table, layers, g, gi, work, ints, own_at, times_at, starts, longest, n)


@kernel
def zero(g: Any, begin: int, end: int) -> None:
    """Zeros from ``begin`` to ``end``."""
    for i in range(begin, end, LANES):
        store_first(g, i, splat(_ZERO, LANES), end - i)


@kernel
def add_up(g: Any, slopes: Any, groups: int, count: int, norms: Any, begin: int, end: int, squares: Any) -> None:
    """Add the groups' gradients (groups, count) in their order; with ``squares`` those of each block of the sum too."""
    for block in range(begin, end, BLOCK):
        total = np.float64(0.0)
        past = lesser(block + BLOCK, end)
        for i in range(block, past, LANES):
            v = load_first(g, i, past - i, LANES)
            for group in range(groups):
                v = v + load_first(slopes, group * count + i, past - i, LANES)
            store_first(g, i, v, past - i)
        for i in range(block, past if squares else block):
            total += np.float64(g[i]) * np.float64(g[i])
        norms[block // BLOCK] = total


@kernel
def clip_to(g: Any, begin: int, end: int, norms: Any, count: int, most: float) -> None:
    """Shorten the gradient, of which this is a part, to a norm of at most ``most``."""
    total = np.float64(0.0)
    for block in range((count + BLOCK - 1) // BLOCK):
        total += norms[block]
    norm = np.float64(max_lanes(sqrt(splat(np.float32(total), LANES))))
    if norm > most:
        factor = splat(np.float32(most / norm), LANES)
        for i in range(begin, end, LANES):
            store_first(g, i, load_first(g, i, end - i, LANES) * factor, end - i)


@kernel
def train(
    table: Int64s,
    layers: int,
    p: Float32s,
    g: Float32s,
    slopes: Float32s,
    first_moment: Float32s,
    second_moment: Float32s,
    count: int,
    work: Float32s,
    ints: Int64s,
    frames: Float32s,
    starts: Int64s,
    labels: Int64s,
    label_starts: Int64s,
    order: Int64s,
    sequences: int,
    batch: int,
    begin: int,
    end: int,
    loss: int,
    optimizer: int,
    clip: Float32,
    settings: Float32s,
    rates: Float32s,
    history: Float64s,
    tallies: Float64s,
    norms: Float64s,
    rank: int,
    crew: int,
    point: Int64s,
) -> None:
    """Train on the batches ``begin`` to ``end`` of the epoch that visits the sequences in ``order``.

    ``slopes`` has a gradient for each group of a batch, ``tallies`` two numbers; ``work`` and ``ints`` are each
    thread's own. ``clip`` of 0 clips nothing. The rest as in `pellucid.engine.programs.dense_entries.train`.
    """
    at = rank * SETTINGS
    for step in range(begin, end):
        settings[at + RATE] = rates[2 * (step - begin)]
        settings[at + SECOND_SCALE] = rates[2 * (step - begin) + 1]
        low = step * batch
        high = lesser(low + batch, sequences)
        groups = groups_of(high - low)
        if rank < groups:
            prepare(table, layers, p, work, True)
        for group in range(rank, groups, crew):
            zero(slopes, group * count, (group + 1) * count)
            learn(
                table, layers, p, slopes, group * count, work, ints, frames, starts, labels, label_starts, batch, order,
                low, high, group, groups, loss, _ONE / np.float32(high - low), tallies,
            )  # fmt: skip
        meet(point, crew)
        lost, right = np.float64(0.0), np.float64(0.0)
        for group in range(groups):
            lost += tallies[2 * group]
            right += tallies[2 * group + 1]
        if rank == 0:
            history[2 * (step - begin)] = lost
            history[2 * (step - begin) + 1] = right
        if not is_finite(lost):
            return
        mine, past = share(rank, crew, count, BLOCK)
        add_up(g, slopes, groups, count, norms, mine, past, clip > _ZERO)
        if clip > _ZERO:
            meet(point, crew)
            clip_to(g, mine, past, norms, count, clip)
        moments = Moments(g, first_moment, second_moment)
        optimize(optimizer, p, moments, mine, past, Vector(settings, at))
        meet(point, crew)


@kernel
def give(
    table: Any,
    layers: int,
    work: Any,
    ints: Any,
    own_at: int,
    times_at: int,
    starts: Any,
    n: int,
    longest: int,
    outputs: Any,
) -> None:
    """Copy a group's outputs to their places: one row a frame, in the order of ``starts``, or one a sequence."""
    row = layers * COLUMNS
    k, stride, values = table[CLASSES], table[row + STRIDE], table[row + VALUES]
    if table[REDUCED]:
        for s in range(n):
            for j in range(k):
                outputs[ints[own_at + s] * k + j] = work[values + s * stride + j]
        return
    scatter(outputs, work, values, stride, k, ints, own_at, times_at, starts, longest)


@kernel
def scatter(
    into: Any,
    work: Any,
    source: int,
    stride: int,
    k: int,
    ints: Any,
    own_at: int,
    times_at: int,
    starts: Any,
    longest: int,
) -> None:
    """Copy rows ordered by time to rows ordered by sequence, (frames, k)."""
    for t in range(longest):
        first = ints[times_at + t]
        for s in range(ints[times_at + t + 1] - first):
            place = (starts[ints[own_at + s]] + t) * k
            row = source + (first + s) * stride
            for j in range(0, k, LANES):
                store_first(into, place + j, load_first(work, row + j, k - j, LANES), k - j)


@kernel
def read(
    table: Int64s,
    layers: int,
    p: Float32s,
    work: Float32s,
    ints: Int64s,
    frames: Float32s,
    starts: Int64s,
    labels: Int64s,
    label_starts: Int64s,
    order: Int64s,
    sequences: int,
    loss: int,
    carry: int,
    outputs: Float32s,
    keep: int,
    history: Float64s,
) -> None:
    """Read the sequences in ``order``, a group at a time.

    With ``keep``, ``outputs`` receives what the network answers: (all frames, K), or (all sequences, K). With a
    ``loss`` of at least 0, ``history`` (2,) receives summed losses and the number read right. With ``carry`` the
    layers go on from where the sequence read last had ended.
    """
    all_at = table[GROUP]
    own_at = all_at + table[GROUP]
    times_at = own_at + table[GROUP]
    states_at = times_at + table[LONGEST] + 2
    prepare(table, layers, p, work, False)
    for low in range(0, sequences, table[GROUP]):
        high = lesser(low + table[GROUP], sequences)
        n = choose(ints, all_at, own_at, starts, order, low, high, 0, 1)
        longest = arrange(ints, own_at, times_at, starts, n)
        gather(table, work, frames, starts, ints, own_at, times_at, longest)
        forward(table, layers, p, work, ints, own_at, times_at, starts, longest, n, carry != 0)
        if loss >= 0:
            right = judge(
                table, layers, work, ints, own_at, times_at, states_at, n, starts, labels, label_starts, loss, _ONE,
                False,
            )  # fmt: skip
            history[0] += add_losses(table, work, n)
            history[1] += right
        if keep != 0:
            give(table, layers, work, ints, own_at, times_at, starts, n, longest, outputs)


@kernel
def gradient(
    table: Int64s,
    layers: int,
    p: Float32s,
    g: Float32s,
    slopes: Float32s,
    count: int,
    work: Float32s,
    ints: Int64s,
    frames: Float32s,
    starts: Int64s,
    labels: Int64s,
    label_starts: Int64s,
    order: Int64s,
    sequences: int,
    loss: int,
    dx: Float32s,
    history: Float64s,
) -> None:
    """The gradient of the mean loss over all sequences: by every parameter, added to g, and by every input.

    ``slopes`` (parameters,) is scratch; ``dx`` (all frames, D) receives the gradient by the inputs.
    """
    group, first = table[GROUP], COLUMNS
    own_at = group + group
    times_at = own_at + group
    prepare(table, layers, p, work, True)
    for low in range(0, sequences, group):
        high = lesser(low + group, sequences)
        zero(slopes, 0, count)
        learn(
            table, layers, p, slopes, 0, work, ints, frames, starts, labels, label_starts, group, order, low, high,
            0, 1, loss, _ONE / np.float32(sequences), history,
        )  # fmt: skip
        history[2] += history[0]
        history[3] += history[1]
        for i in range(0, count, LANES):
            v = load_first(g, i, count - i, LANES) + load_first(slopes, i, count - i, LANES)
            store_first(g, i, v, count - i)
        longest = starts[ints[own_at] + 1] - starts[ints[own_at]]
        scatter(
            dx, work, table[first + SOURCE_SLOPES], table[first + SOURCE_STRIDE], table[FEATURES], ints, own_at,
            times_at, starts, longest,
        )  # fmt: skip


ENTRIES = {
    "train": train,
    "read": read,
    "gradient": gradient,
}
