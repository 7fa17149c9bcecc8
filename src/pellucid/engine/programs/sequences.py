"""Run a sequence network's program over one group of sequences: arrange, forward, lose, backward.

The integers of a group stand one after another in ``ints``: the wanted class of each sequence, the sequences of the
whole mini-batch from the longest to the shortest, the group's own, the first row of each frame, and CTC's states.
"""

from __future__ import annotations

import numpy as np

from pellucid.engine.compiler.kernels import kernel
from pellucid.engine.compiler.signature import Float32s, Int64s
from pellucid.engine.kernels import ctc, dense, lstm
from pellucid.engine.kernels.activations import Normalizer, activate, back, softmax
from pellucid.engine.kernels.losses import Targets, distance_to_target, is_right, softmax_cross_entropy
from pellucid.engine.programs.sequence_table import (
    ACTIVATION,
    ALIGNMENT_WORK,
    BIAS,
    COLUMNS,
    CTC,
    DENSE,
    DIRECTIONS,
    FEATURES,
    FRAMES,
    INPUTS,
    LOSS,
    LSTM,
    MASS,
    MEAN,
    ONE_EACH,
    OPERATION,
    OUTPUTS,
    SLOPES,
    SOURCE,
    SOURCE_SLOPES,
    SOURCE_STRIDE,
    STRIDE,
    SUMS,
    TOP,
    TURNED,
    TURNED_STRIDE,
    VALUES,
    WEIGHT,
)
from pellucid.engine.programs.sequence_table import groups_of as table_groups_of
from pellucid.engine.programs.table import SOFTMAX
from pellucid.engine.records import Affine, Matrix, Part, Program, Sizes, Vector
from pellucid.engine.sequence_records import (
    Group,
    Labels,
    Layer,
    Member,
    Objective,
    Places,
    Sequences,
    Split,
    Times,
)
from pellucid.engine.simd.lanes import LANES, fma, load, load_first, splat, store, store_first

_ONE = np.float32(1.0)

groups_of = kernel(table_groups_of)


@kernel
def choose(ints: Int64s, places: Places, starts: Int64s, split: Split) -> int:
    """Sort a mini-batch by length, deal it to groups like cards, to and fro; how many fall to this group."""
    all_at, count = places.all_at, split.high - split.low
    for i in range(count):
        sequence = split.order[split.low + i]
        length = starts[sequence + 1] - starts[sequence]
        j = i
        while j > 0 and starts[ints[all_at + j - 1] + 1] - starts[ints[all_at + j - 1]] < length:
            ints[all_at + j] = ints[all_at + j - 1]
            j -= 1
        ints[all_at + j] = sequence
    own = 0
    for begin in range(0, count, split.groups):
        place = begin + (split.group if own % 2 == 0 else split.groups - 1 - split.group)
        if place < count:
            ints[places.own_at + own] = ints[all_at + place]
            own += 1
    return own


@kernel
def arrange(ints: Int64s, places: Places, starts: Int64s, n: int) -> Group:
    """Note the first row of every frame of a group whose ``n`` sequences are sorted by length."""
    own_at, times_at = places.own_at, places.times_at
    longest = starts[ints[own_at] + 1] - starts[ints[own_at]]
    row, active = 0, n
    for t in range(longest):
        while starts[ints[own_at + active - 1] + 1] - starts[ints[own_at + active - 1]] <= t:
            active -= 1
        ints[times_at + t] = row
        row += active
    ints[times_at + longest] = row
    return Group(ints, own_at, times_at, places.states_at, starts, longest, n)


@kernel
def gather(table: Int64s, work: Float32s, frames: Float32s, group: Group) -> None:
    """Bring a group's frames into the arena, ordered by time."""
    ints, times_at, longest = group.ints, group.times_at, group.longest
    d, stride = table[FEATURES], table[COLUMNS + SOURCE_STRIDE]
    for t in range(longest):
        row = ints[times_at + t]
        for s in range(ints[times_at + t + 1] - row):
            source = (group.starts[ints[group.own_at + s]] + t) * d
            into = table[FRAMES] + (row + s) * stride
            for j in range(0, d, LANES):
                store_first(work, into + j, load_first(frames, source + j, d - j, LANES), d - j)


@kernel
def reduce(layer: Layer, group: Group, back_too: bool) -> None:
    """From all frames of each sequence to one row: their mean, or what each direction says at its last frame.

    With ``back_too`` the other way: every frame's gradient from that of its sequence.
    """
    table, row, work = layer
    ints, own_at, times_at, starts = group.ints, group.own_at, group.times_at, group.starts
    k, stride = table[row + INPUTS], table[row + STRIDE]
    half = k // table[row + DIRECTIONS]
    mean = table[row + OPERATION] == MEAN
    many, one = table[row + SOURCE], table[row + VALUES]
    if back_too:
        many, one = table[row + SOURCE_SLOPES], table[row + SLOPES]
        lstm.clear(work, many, ints[times_at + starts[ints[own_at] + 1] - starts[ints[own_at]]] * stride)
    else:
        lstm.clear(work, one, group.size * stride)
    for s in range(group.size):
        frames = starts[ints[own_at + s] + 1] - starts[ints[own_at + s]]
        share = splat(_ONE / np.float32(frames), LANES)
        for t in range(frames):
            frame, answer = many + (ints[times_at + t] + s) * stride, one + s * stride
            source, into = (answer, frame) if back_too else (frame, answer)
            if mean:
                for j in range(0, stride, LANES):
                    store(work, into + j, fma(load(work, source + j, LANES), share, load(work, into + j, LANES)))
            else:
                low = 0 if t == frames - 1 else half
                high = k if t == 0 else half
                for j in range(low, high):
                    work[into + j] = work[source + j]


@kernel
def prepare(program: Program, work: Float32s, back_too: bool) -> None:
    """Lay out the parameters as the layers want them, once for all groups of a step."""
    table, layers, p = program
    for i in range(1, layers + 1):
        row = i * COLUMNS
        if table[row + OPERATION] == LSTM:
            lstm.prepare(Layer(table, row, work), p, back_too)
        elif table[row + OPERATION] == DENSE and back_too and table[row + SOURCE_SLOPES] >= 0:
            dense.turn_weights(
                Matrix(work, table[row + TURNED], table[row + TURNED_STRIDE]),
                Vector(p, table[row + WEIGHT]),
                table[row + INPUTS],
                table[row + OUTPUTS],
                Part(0, 1),
            )


@kernel
def dense_forward(layer: Layer, p: Float32s, rows: int) -> None:
    """A dense layer over so many rows."""
    table, row, work = layer
    stride, k = table[row + STRIDE], table[row + OUTPUTS]
    z, y = table[row + SUMS], table[row + VALUES]
    dense.sums(
        Matrix(work, z, stride),
        Matrix(work, table[row + SOURCE], table[row + SOURCE_STRIDE]),
        Affine(p, table[row + WEIGHT], table[row + BIAS]),
        Sizes(rows, table[row + INPUTS], k),
        Part(0, 1),
    )
    if table[row + ACTIVATION] == SOFTMAX:
        kept = Normalizer(Vector(work, table[TOP]), Vector(work, table[MASS]))
        softmax(Vector(work, y), Matrix(work, z, stride), rows, k, kept, table[row + SLOPES])
    else:
        activate(table[row + ACTIVATION], Vector(work, y), Vector(work, z), rows * stride)


@kernel
def forward(program: Program, work: Float32s, group: Group, carry: bool) -> None:
    """Every layer over a group whose frames stand in the arena."""
    table, layers, p = program
    times = Times(group.ints, group.times_at, group.longest)
    for i in range(1, layers + 1):
        row = i * COLUMNS
        operation = table[row + OPERATION]
        if operation == LSTM:
            lstm.forward(Layer(table, row, work), times, carry)
        elif operation == DENSE:
            rows = group.size if table[row + ONE_EACH] else times.ints[times.at + times.longest]
            dense_forward(Layer(table, row, work), p, rows)
        else:
            reduce(Layer(table, row, work), group, False)


@kernel
def dense_backward(layer: Layer, gradient: Vector, rows: int, last: bool) -> None:
    """The gradients of a dense layer; the last layer's slopes are by its sums already."""
    table, row, work = layer
    g, gi = gradient
    stride, k, d = table[row + STRIDE], table[row + OUTPUTS], table[row + INPUTS]
    delta = table[row + SLOPES]
    source, source_stride = table[row + SOURCE], table[row + SOURCE_STRIDE]
    if not last:
        values = Matrix(work, table[row + VALUES], stride)
        back(table[row + ACTIVATION], Vector(work, delta), values, rows, k)
    by_sums, inputs = Matrix(work, delta, stride), Matrix(work, source, source_stride)
    dense.bias_gradient(Vector(g, gi + table[row + BIAS]), by_sums, rows, k, Part(0, 1))
    dense.weight_gradient(Vector(g, gi + table[row + WEIGHT]), inputs, by_sums, Sizes(rows, d, k), Part(0, 1))
    if table[row + SOURCE_SLOPES] >= 0:
        dense.input_gradient(
            Matrix(work, table[row + SOURCE_SLOPES], source_stride),
            by_sums,
            Matrix(work, table[row + TURNED], table[row + TURNED_STRIDE]),
            Sizes(rows, d, k),
            Part(0, 1),
        )


@kernel
def backward(program: Program, gradient: Vector, work: Float32s, group: Group) -> None:
    """Every layer's gradient, last layer first, to ``gradient``."""
    table, layers, _ = program
    times = Times(group.ints, group.times_at, group.longest)
    for step in range(layers):
        row = (layers - step) * COLUMNS
        operation = table[row + OPERATION]
        if operation == LSTM:
            lstm.backward(Layer(table, row, work), gradient, times)
        elif operation == DENSE:
            rows = group.size if table[row + ONE_EACH] else times.ints[times.at + times.longest]
            dense_backward(Layer(table, row, work), gradient, rows, step == 0)
        else:
            reduce(Layer(table, row, work), group, True)


@kernel
def judge(
    program: Program, work: Float32s, group: Group, sequences: Sequences, objective: Objective, back_too: bool
) -> int:
    """The loss of every sequence of a group, and how many are right, from the last layer's outputs.

    With ``back_too`` also the gradient of ``objective.scale`` times the sum of the losses.
    """
    table, row = program.table, program.rows * COLUMNS
    _, starts, labels, label_starts = sequences
    ints, own_at, times = group.ints, group.own_at, Times(group.ints, group.times_at, group.longest)
    stride, k = table[row + STRIDE], table[row + OUTPUTS]
    z, y, d = table[row + SUMS], table[row + VALUES], table[row + SLOPES]
    right = 0
    if objective.loss == CTC:
        for s in range(group.size):
            member = ints[own_at + s]
            frames = starts[member + 1] - starts[member]
            begin, count = label_starts[member], label_starts[member + 1] - label_starts[member]
            own, wanted = Member(times, s, frames), Labels(labels, begin, count)
            scratch = table[ALIGNMENT_WORK]
            outputs = ctc.Outputs(z, y, d, stride, k, table[TOP], table[MASS])
            work[table[LOSS] + s] = ctc.alignment_loss(
                work, scratch, outputs, own, wanted, group.states_at, objective.scale, back_too
            )
            if ctc.spells(work, outputs, own, wanted):
                right += 1
        return right
    for s in range(group.size):
        ints[s] = labels[label_starts[ints[own_at + s]]]
    targets, kept = Targets(ints, 0), Normalizer(Vector(work, table[TOP]), Vector(work, table[MASS]))
    softmax_cross_entropy(Vector(work, table[LOSS]), Matrix(work, z, stride), targets, group.size, kept)
    if back_too:
        distance_to_target(Vector(work, d), Matrix(work, y, stride), targets, group.size, objective.scale)
    for s in range(group.size):
        if is_right(Vector(work, y + s * stride), k, ints[s]):
            right += 1
    return right


@kernel
def add_losses(table: Int64s, work: Float32s, n: int) -> float:
    """The sum of a group's losses, in float64, in the group's order."""
    total = np.float64(0.0)
    for s in range(n):
        total += np.float64(work[table[LOSS] + s])
    return total
