"""The entry points of sequence networks; `ENTRIES` gives each its kinds of arguments.

They are compiled apart from the others, the first time a sequence network is used.
"""

from __future__ import annotations

import numpy as np

from pellucid.engine.compiler.kernels import kernel
from pellucid.engine.compiler.signature import Float32s, Float64s
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
from pellucid.engine.records import Matrix, Moments, Program, Vector
from pellucid.engine.sequence_records import (
    Arena,
    ClippedDescent,
    Derivatives,
    Group,
    GroupGradients,
    Objective,
    Places,
    Reading,
    SequenceLearner,
    Sequences,
    Split,
    Steps,
    Tallies,
    Visits,
)
from pellucid.engine.simd.barrier import lesser, meet, share
from pellucid.engine.simd.lanes import LANES, load_first, max_lanes, splat, sqrt, store_first

_ZERO = np.float32(0.0)
_ONE = np.float32(1.0)


@kernel
def learn(
    program: Program,
    gradient: Vector,
    arena: Arena,
    sequences: Sequences,
    split: Split,
    objective: Objective,
    tallies: Float64s,
) -> None:
    """One group of a mini-batch: its gradient is added to ``gradient``.

    Summed loss and number right go to the group's two places among the tallies.
    """
    table, work, ints = program.table, arena.work, arena.ints
    all_at = table[GROUP]
    own_at = all_at + split.most
    times_at = own_at + table[GROUP]
    places = Places(all_at, own_at, times_at, times_at + table[LONGEST] + 2)
    n = choose(ints, places, sequences.starts, split)
    group = arrange(ints, places, sequences.starts, n)
    gather(table, work, sequences.frames, group)
    forward(program, work, group, False)
    right = judge(program, work, group, sequences, objective, True)
    tallies[2 * split.group] = add_losses(table, work, n)
    tallies[2 * split.group + 1] = right
    backward(program, gradient, work, group)


@kernel
def zero(g: Float32s, begin: int, end: int) -> None:
    """Zeros from ``begin`` to ``end``."""
    for i in range(begin, end, LANES):
        store_first(g, i, splat(_ZERO, LANES), end - i)


@kernel
def add_up(sums: GroupGradients, groups: int, norms: Float64s, begin: int, end: int, squares: bool) -> None:
    """Add the groups' gradients in their order; with ``squares`` those of each block of the sum too."""
    g, slopes, count = sums
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
def clip_to(g: Float32s, begin: int, end: int, norms: Float64s, count: int, most: float) -> None:
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
    learner: SequenceLearner, sequences: Sequences, steps: Steps, descent: ClippedDescent, tallies: Tallies
) -> None:
    """Train on the mini-batches ``begin`` to ``end`` of the epoch that visits the sequences in ``order``.

    The rest as in `pellucid.engine.programs.dense_entries.train`.
    """
    program, update, arena = learner
    g, slopes, first_moment, second_moment, count = update
    settings, rates, history = descent.schedule
    rank, crew, point = tallies.team.part.rank, tallies.team.part.size, tallies.team.barrier
    at = rank * SETTINGS
    for step in range(steps.begin, steps.end):
        settings[at + RATE] = rates[2 * (step - steps.begin)]
        settings[at + SECOND_SCALE] = rates[2 * (step - steps.begin) + 1]
        low = step * steps.batch
        high = lesser(low + steps.batch, steps.size)
        groups = groups_of(high - low)
        if rank < groups:
            prepare(program, arena.work, True)
        for group in range(rank, groups, crew):
            zero(slopes, group * count, (group + 1) * count)
            split = Split(steps.batch, steps.order, low, high, group, groups)
            objective = Objective(descent.loss, _ONE / np.float32(high - low))
            learn(program, Vector(slopes, group * count), arena, sequences, split, objective, tallies.groups)
        meet(point, crew)
        lost, right = np.float64(0.0), np.float64(0.0)
        for group in range(groups):
            lost += tallies.groups[2 * group]
            right += tallies.groups[2 * group + 1]
        if rank == 0:
            history[2 * (step - steps.begin)] = lost
            history[2 * (step - steps.begin) + 1] = right
        if not is_finite(lost):
            return
        mine, past = share(rank, crew, count, BLOCK)
        add_up(GroupGradients(g, slopes, count), groups, tallies.norms, mine, past, descent.clip > _ZERO)
        if descent.clip > _ZERO:
            meet(point, crew)
            clip_to(g, mine, past, tallies.norms, count, descent.clip)
        moments = Moments(g, first_moment, second_moment)
        optimize(descent.optimizer, program.parameters, moments, mine, past, Vector(settings, at))
        meet(point, crew)


@kernel
def give(program: Program, work: Float32s, group: Group, outputs: Float32s) -> None:
    """Copy a group's outputs to their places: one row a frame, in the order of ``starts``, or one a sequence."""
    table, row, ints = program.table, program.rows * COLUMNS, group.ints
    k, stride, values = table[CLASSES], table[row + STRIDE], table[row + VALUES]
    if table[REDUCED]:
        for s in range(group.size):
            for j in range(k):
                outputs[ints[group.own_at + s] * k + j] = work[values + s * stride + j]
        return
    scatter(outputs, Matrix(work, values, stride), k, group)


@kernel
def scatter(into: Float32s, rows: Matrix, k: int, group: Group) -> None:
    """Copy rows ordered by time to rows ordered by sequence, (frames, k)."""
    ints, times_at, longest = group.ints, group.times_at, group.longest
    for t in range(longest):
        first = ints[times_at + t]
        for s in range(ints[times_at + t + 1] - first):
            place = (group.starts[ints[group.own_at + s]] + t) * k
            row = rows.at + (first + s) * rows.stride
            for j in range(0, k, LANES):
                store_first(into, place + j, load_first(rows.memory, row + j, k - j, LANES), k - j)


@kernel
def read(program: Program, arena: Arena, sequences: Sequences, visits: Visits, reading: Reading) -> None:
    """Read the sequences in ``order``, a group at a time.

    With ``keep``, ``outputs`` receives what the network answers: (all frames, K), or (all sequences, K). With a
    ``loss`` of at least 0, ``history`` (2,) receives summed losses and the number read right. With ``carry`` the
    layers go on from where the sequence read last had ended.
    """
    table, work, ints = program.table, arena.work, arena.ints
    all_at = table[GROUP]
    own_at = all_at + table[GROUP]
    times_at = own_at + table[GROUP]
    places = Places(all_at, own_at, times_at, times_at + table[LONGEST] + 2)
    prepare(program, work, False)
    for low in range(0, visits.size, table[GROUP]):
        high = lesser(low + table[GROUP], visits.size)
        n = choose(ints, places, sequences.starts, Split(0, visits.order, low, high, 0, 1))
        group = arrange(ints, places, sequences.starts, n)
        gather(table, work, sequences.frames, group)
        forward(program, work, group, reading.carry != 0)
        if reading.loss >= 0:
            right = judge(program, work, group, sequences, Objective(reading.loss, _ONE), False)
            reading.history[0] += add_losses(table, work, n)
            reading.history[1] += right
        if reading.keep != 0:
            give(program, work, group, reading.outputs)


@kernel
def gradient(
    program: Program,
    sums: GroupGradients,
    arena: Arena,
    sequences: Sequences,
    visits: Visits,
    loss: int,
    derivatives: Derivatives,
) -> None:
    """The gradient of the mean loss over all sequences: by every parameter, added to ``sums``, and by every input.

    ``sums.groups`` (parameters,) is scratch; ``derivatives.inputs`` (all frames, D) is filled.
    """
    table, work, ints, starts, history = program.table, arena.work, arena.ints, sequences.starts, derivatives.history
    g, slopes, count = sums
    group, first = table[GROUP], COLUMNS
    own_at = group + group
    times_at = own_at + group
    prepare(program, work, True)
    for low in range(0, visits.size, group):
        high = lesser(low + group, visits.size)
        zero(slopes, 0, count)
        split, objective = Split(group, visits.order, low, high, 0, 1), Objective(loss, _ONE / np.float32(visits.size))
        learn(program, Vector(slopes, 0), arena, sequences, split, objective, history)
        history[2] += history[0]
        history[3] += history[1]
        for i in range(0, count, LANES):
            v = load_first(g, i, count - i, LANES) + load_first(slopes, i, count - i, LANES)
            store_first(g, i, v, count - i)
        longest = starts[ints[own_at] + 1] - starts[ints[own_at]]
        rows = Matrix(work, table[first + SOURCE_SLOPES], table[first + SOURCE_STRIDE])
        scattered = Group(ints, own_at, times_at, 0, starts, longest, 0)
        scatter(derivatives.inputs, rows, table[FEATURES], scattered)


ENTRIES = {
    "train": train,
    "read": read,
    "gradient": gradient,
}
