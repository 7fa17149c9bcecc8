"""The entry points of sequence networks, which are compiled to a separate object file."""

from __future__ import annotations

import numpy as np

from pellucid.engine.compiler.kernels import kernel
from pellucid.engine.compiler.signature import Float32s, Float64s
from pellucid.engine.kernels.losses import sum_losses
from pellucid.engine.kernels.optimizers import optimize_groups, set_rates
from pellucid.engine.kernels.vectors import is_finite
from pellucid.engine.programs.sequence_table import (
    BLOCK,
    CLASSES,
    COLUMNS,
    FEATURES,
    GROUP,
    LONGEST,
    LOSS,
    REDUCED,
    SOURCE_GRADIENTS,
    SOURCE_STRIDE,
    STRIDE,
    VALUES,
)
from pellucid.engine.programs.sequences import (
    backward,
    evaluate_loss,
    forward,
    gather_frames,
    group_count,
    index_rows,
    prepare,
    select_group,
)
from pellucid.engine.records import Interval, Matrix, Moments, Program, Vector
from pellucid.engine.sequence_records import (
    Arena,
    ClippedDescent,
    Group,
    GroupGradients,
    InputGradient,
    Objective,
    Offsets,
    Reading,
    Selection,
    SequenceLearner,
    Sequences,
    Split,
    Steps,
    Totals,
)
from pellucid.engine.simd.barrier import lesser, share, should_stop, wait
from pellucid.engine.simd.lanes import LANES, load_first, splat, sqrt, store_first
from pellucid.engine.simd.reductions import max_lanes

_ZERO = np.float32(0.0)
_ONE = np.float32(1.0)


@kernel
def group_gradient(
    program: Program,
    gradient: Vector,
    arena: Arena,
    sequences: Sequences,
    split: Split,
    objective: Objective,
    totals: Float64s,
) -> None:
    """Add the gradient of one group of a mini-batch to ``gradient``.

    The group's summed loss and number of correct predictions go to its two elements of ``totals``.
    """
    table, work, ints = program.table, arena.work, arena.ints
    batch_at = table[GROUP]
    group_at = batch_at + split.capacity
    times_at = group_at + table[GROUP]
    offsets = Offsets(batch_at, group_at, times_at, times_at + table[LONGEST] + 2)
    n = select_group(ints, offsets, sequences.starts, split)
    group = index_rows(ints, offsets, sequences.starts, n)
    gather_frames(table, work, sequences.frames, group)
    forward(program, work, group, False)
    correct = evaluate_loss(program, work, group, sequences, objective, True)
    totals[2 * split.group] = sum_losses(Vector(work, table[LOSS]), n)
    totals[2 * split.group + 1] = correct
    backward(program, gradient, work, group)


@kernel
def fill_zeros(g: Float32s, begin: int, end: int) -> None:
    """Write zeros from ``begin`` to ``end``."""
    for i in range(begin, end, LANES):
        store_first(g, i, splat(_ZERO, LANES), end - i)


@kernel
def add_group_gradients(
    sums: GroupGradients, groups: int, norms: Float64s, begin: int, end: int, squares: bool
) -> None:
    """Add the groups' gradients in order; with ``squares`` also sum the squares of each block of the result."""
    g, group_gradients, count = sums
    for block in range(begin, end, BLOCK):
        total = np.float64(0.0)
        block_end = lesser(block + BLOCK, end)
        for i in range(block, block_end, LANES):
            v = load_first(g, i, block_end - i, LANES)
            for group in range(groups):
                v = v + load_first(group_gradients, group * count + i, block_end - i, LANES)
            store_first(g, i, v, block_end - i)
        for i in range(block, block_end if squares else block):
            total += np.float64(g[i]) * np.float64(g[i])
        norms[block // BLOCK] = total


@kernel
def clip_gradient(g: Float32s, begin: int, end: int, norms: Float64s, count: int, max_norm: float) -> None:
    """Scale a part of the gradient so that the norm of the whole gradient is at most ``max_norm``."""
    total = np.float64(0.0)
    for block in range((count + BLOCK - 1) // BLOCK):
        total += norms[block]
    norm = np.float64(max_lanes(sqrt(splat(np.float32(total), LANES))))
    if norm > max_norm:
        factor = splat(np.float32(max_norm / norm), LANES)
        for i in range(begin, end, LANES):
            store_first(g, i, load_first(g, i, end - i, LANES) * factor, end - i)


@kernel
def train(
    learner: SequenceLearner, sequences: Sequences, steps: Steps, descent: ClippedDescent, totals: Totals
) -> None:
    """Train on the mini-batches ``begin`` to ``end`` of the epoch that visits the sequences in ``order``.

    The other arguments are those of `pellucid.engine.programs.dense_entries.train`.
    """
    program, update, arena = learner
    g, group_gradients, first_moment, second_moment, count = update
    history = descent.schedule.history
    rank, threads = totals.team.part
    for step in range(steps.begin, steps.end):
        set_rates(descent.schedule, rank, step - steps.begin)
        low = step * steps.batch
        high = lesser(low + steps.batch, steps.size)
        groups = group_count(high - low)
        if rank < groups:
            prepare(program, arena.work, True)
        for group in range(rank, groups, threads):
            if should_stop(totals.team):
                totals.groups[2 * group] = np.nan
                continue
            fill_zeros(group_gradients, group * count, (group + 1) * count)
            split = Split(steps.batch, steps.order, low, high, group, groups)
            objective = Objective(descent.loss, _ONE / np.float32(high - low))
            group_gradient(
                program, Vector(group_gradients, group * count), arena, sequences, split, objective, totals.groups
            )
        wait(totals.team)
        loss, correct = np.float64(0.0), np.float64(0.0)
        for group in range(groups):
            loss += totals.groups[2 * group]
            correct += totals.groups[2 * group + 1]
        if rank == 0:
            history[2 * (step - steps.begin)] = loss
            history[2 * (step - steps.begin) + 1] = correct
        if not is_finite(loss):
            return
        begin, end = share(totals.team.part, count, BLOCK)
        add_group_gradients(
            GroupGradients(g, group_gradients, count), groups, totals.norms, begin, end, descent.clip > _ZERO
        )
        if descent.clip > _ZERO:
            wait(totals.team)
            clip_gradient(g, begin, end, totals.norms, count, descent.clip)
        moments = Moments(g, first_moment, second_moment)
        optimize_groups(descent.optimizer, program.parameters, moments, Interval(begin, end), descent.schedule, rank)
        wait(totals.team)


@kernel
def copy_outputs(program: Program, work: Float32s, group: Group, outputs: Float32s) -> None:
    """Copy a group's outputs to the caller's array: a row per frame, in the order of ``starts``, or per sequence."""
    table, row, ints = program.table, program.rows * COLUMNS, group.ints
    k, stride, values = table[CLASSES], table[row + STRIDE], table[row + VALUES]
    if table[REDUCED]:
        for s in range(group.size):
            for j in range(k):
                outputs[ints[group.group_at + s] * k + j] = work[values + s * stride + j]
        return
    scatter_rows(outputs, Matrix(work, values, stride), k, group)


@kernel
def scatter_rows(into: Float32s, rows: Matrix, k: int, group: Group) -> None:
    """Copy rows ordered by time to rows (frames, k) ordered by sequence."""
    ints, times_at, longest = group.ints, group.times_at, group.longest
    for t in range(longest):
        first = ints[times_at + t]
        for s in range(ints[times_at + t + 1] - first):
            target = (group.starts[ints[group.group_at + s]] + t) * k
            row = rows.at + (first + s) * rows.stride
            for j in range(0, k, LANES):
                store_first(into, target + j, load_first(rows.memory, row + j, k - j, LANES), k - j)


@kernel
def read(program: Program, arena: Arena, sequences: Sequences, selection: Selection, reading: Reading) -> None:
    """Run the network on the sequences in ``order``, a group at a time.

    With ``keep``, the network's outputs go to ``outputs``: (all frames, K), or (all sequences, K). With a ``loss`` of
    at least 0, the summed loss and the number of correct predictions are added to ``history`` (2,). With ``carry`` the
    layers start from the final state of the previous call.
    """
    table, work, ints = program.table, arena.work, arena.ints
    batch_at = table[GROUP]
    group_at = batch_at + table[GROUP]
    times_at = group_at + table[GROUP]
    offsets = Offsets(batch_at, group_at, times_at, times_at + table[LONGEST] + 2)
    prepare(program, work, False)
    for low in range(0, selection.size, table[GROUP]):
        high = lesser(low + table[GROUP], selection.size)
        n = select_group(ints, offsets, sequences.starts, Split(0, selection.order, low, high, 0, 1))
        group = index_rows(ints, offsets, sequences.starts, n)
        gather_frames(table, work, sequences.frames, group)
        forward(program, work, group, reading.carry != 0)
        if reading.loss >= 0:
            correct = evaluate_loss(program, work, group, sequences, Objective(reading.loss, _ONE), False)
            reading.history[0] += sum_losses(Vector(work, table[LOSS]), n)
            reading.history[1] += correct
        if reading.keep != 0:
            copy_outputs(program, work, group, reading.outputs)


@kernel
def gradient(
    program: Program,
    sums: GroupGradients,
    arena: Arena,
    sequences: Sequences,
    selection: Selection,
    loss: int,
    input_gradient: InputGradient,
) -> None:
    """The gradient of the mean loss over all sequences by the parameters, added to ``sums``, and by the inputs.

    ``sums.groups`` (parameters,) is scratch; ``input_gradient.inputs`` (all frames, D) is filled.
    """
    table, work, ints, starts, history = program.table, arena.work, arena.ints, sequences.starts, input_gradient.history
    g, group_gradients, count = sums
    group, first = table[GROUP], COLUMNS
    group_at = group + group
    times_at = group_at + group
    prepare(program, work, True)
    for low in range(0, selection.size, group):
        high = lesser(low + group, selection.size)
        fill_zeros(group_gradients, 0, count)
        split = Split(group, selection.order, low, high, 0, 1)
        objective = Objective(loss, _ONE / np.float32(selection.size))
        group_gradient(program, Vector(group_gradients, 0), arena, sequences, split, objective, history)
        history[2] += history[0]
        history[3] += history[1]
        for i in range(0, count, LANES):
            v = load_first(g, i, count - i, LANES) + load_first(group_gradients, i, count - i, LANES)
            store_first(g, i, v, count - i)
        longest = starts[ints[group_at] + 1] - starts[ints[group_at]]
        rows = Matrix(work, table[first + SOURCE_GRADIENTS], table[first + SOURCE_STRIDE])
        frames = Group(ints, group_at, times_at, 0, starts, longest, 0)
        scatter_rows(input_gradient.inputs, rows, table[FEATURES], frames)


ENTRIES = {
    "train": train,
    "read": read,
    "gradient": gradient,
}
