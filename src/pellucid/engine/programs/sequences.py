"""Run a sequence network's program over one group of sequences: select, forward, loss, backward.

The integers of a group follow each other in ``ints``: the target class of each sequence, the sequences of the
mini-batch from the longest to the shortest, those of the group, the first row of each time step, and the classes of
CTC's states.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from pellucid.engine.compiler.kernels import kernel
from pellucid.engine.compiler.signature import Float32, Float32s, Int64s
from pellucid.engine.kernels import ctc, dense, gru, lstm, rnn
from pellucid.engine.kernels.activations import Normalizer, activate, activate_backward, softmax
from pellucid.engine.kernels.functions import log
from pellucid.engine.kernels.losses import TargetClasses, cross_entropy_backward, is_correct, softmax_cross_entropy
from pellucid.engine.kernels.vectors import clear
from pellucid.engine.programs.sequence_table import (
    ACTIVATION,
    ALIGNMENT_WORK,
    BIAS,
    COLUMNS,
    CTC,
    DENSE,
    DIRECTIONS,
    FEATURES,
    FRAME_CROSS_ENTROPY,
    FRAMES,
    GRADIENTS,
    GRU,
    INPUTS,
    LOSS,
    LSTM,
    MAXIMA,
    MEAN,
    OPERATION,
    OUTPUTS,
    PER_SEQUENCE,
    REDUCED,
    RNN,
    SOURCE,
    SOURCE_GRADIENTS,
    SOURCE_STRIDE,
    STRIDE,
    SUMS,
    TOTALS,
    TRANSPOSED,
    TRANSPOSED_STRIDE,
    VALUES,
    WEIGHT,
)
from pellucid.engine.programs.sequence_table import group_count as table_group_count
from pellucid.engine.programs.table import LINEAR, SOFTMAX
from pellucid.engine.records import Affine, Matrix, Part, Program, Sizes, Vector
from pellucid.engine.sequence_records import (
    Group,
    Labels,
    Layer,
    Member,
    Objective,
    Offsets,
    Sequences,
    Split,
    Times,
)
from pellucid.engine.simd.lanes import LANES, fma, load, load_first, splat, store, store_first
from pellucid.engine.simd.reductions import sum_lanes

_ZERO = np.float32(0.0)
_ONE = np.float32(1.0)

group_count = kernel(table_group_count)


@kernel
def select_group(ints: Int64s, offsets: Offsets, starts: Int64s, split: Split) -> int:
    """Sort a mini-batch by length and write this group's sequences; return their number.

    Sequences are assigned to groups in turn, forward and then backward, so that groups have similar numbers of frames.
    """
    batch_at, count = offsets.batch_at, split.high - split.low
    for i in range(count):
        sequence = split.order[split.low + i]
        length = starts[sequence + 1] - starts[sequence]
        j = i
        while j > 0 and starts[ints[batch_at + j - 1] + 1] - starts[ints[batch_at + j - 1]] < length:
            ints[batch_at + j] = ints[batch_at + j - 1]
            j -= 1
        ints[batch_at + j] = sequence
    taken = 0
    for begin in range(0, count, split.groups):
        position = begin + (split.group if taken % 2 == 0 else split.groups - 1 - split.group)
        if position < count:
            ints[offsets.group_at + taken] = ints[batch_at + position]
            taken += 1
    return taken


@kernel
def index_rows(ints: Int64s, offsets: Offsets, starts: Int64s, n: int) -> Group:
    """Write the first row of each time step of a group of ``n`` sequences sorted by length."""
    group_at, times_at = offsets.group_at, offsets.times_at
    longest = starts[ints[group_at] + 1] - starts[ints[group_at]]
    row, active = 0, n
    for t in range(longest):
        while starts[ints[group_at + active - 1] + 1] - starts[ints[group_at + active - 1]] <= t:
            active -= 1
        ints[times_at + t] = row
        row += active
    ints[times_at + longest] = row
    return Group(ints, group_at, times_at, offsets.states_at, starts, longest, n)


@kernel
def gather_frames(table: Int64s, work: Float32s, frames: Float32s, group: Group) -> None:
    """Copy a group's frames into the arena, ordered by time."""
    ints, times_at, longest = group.ints, group.times_at, group.longest
    d, stride = table[FEATURES], table[COLUMNS + SOURCE_STRIDE]
    for t in range(longest):
        row = ints[times_at + t]
        for s in range(ints[times_at + t + 1] - row):
            source = (group.starts[ints[group.group_at + s]] + t) * d
            into = table[FRAMES] + (row + s) * stride
            for j in range(0, d, LANES):
                store_first(work, into + j, load_first(frames, source + j, d - j, LANES), d - j)


@kernel
def reduce_frames(layer: Layer, group: Group, is_backward: bool) -> None:
    """Reduce each sequence's frames to one row: their mean, or the output of each direction at its last frame.

    With ``is_backward`` distribute the gradient of that row to the frames.
    """
    table, row, work = layer
    ints, group_at, times_at, starts = group.ints, group.group_at, group.times_at, group.starts
    k, stride = table[row + INPUTS], table[row + STRIDE]
    half = k // table[row + DIRECTIONS]
    mean = table[row + OPERATION] == MEAN
    frame_rows, sequence_rows = table[row + SOURCE], table[row + VALUES]
    if is_backward:
        frame_rows, sequence_rows = table[row + SOURCE_GRADIENTS], table[row + GRADIENTS]
        clear(work, frame_rows, ints[times_at + starts[ints[group_at] + 1] - starts[ints[group_at]]] * stride)
    else:
        clear(work, sequence_rows, group.size * stride)
    for s in range(group.size):
        frames = starts[ints[group_at + s] + 1] - starts[ints[group_at + s]]
        share = splat(_ONE / np.float32(frames), LANES)
        for t in range(frames):
            frame, answer = frame_rows + (ints[times_at + t] + s) * stride, sequence_rows + s * stride
            source, into = (answer, frame) if is_backward else (frame, answer)
            if mean:
                for j in range(0, stride, LANES):
                    store(work, into + j, fma(load(work, source + j, LANES), share, load(work, into + j, LANES)))
            else:
                low = 0 if t == frames - 1 else half
                high = k if t == 0 else half
                for j in range(low, high):
                    work[into + j] = work[source + j]


@kernel
def prepare(program: Program, work: Float32s, with_gradient: bool) -> None:
    """Pack and transpose the parameters, once for all groups of a step."""
    table, layers, p = program
    for i in range(1, layers + 1):
        row = i * COLUMNS
        operation = table[row + OPERATION]
        if operation == LSTM:
            lstm.prepare(Layer(table, row, work), p, with_gradient)
        elif operation == GRU:
            gru.prepare(Layer(table, row, work), p, with_gradient)
        elif operation == RNN:
            rnn.prepare(Layer(table, row, work), p, with_gradient)
        elif operation == DENSE and with_gradient and table[row + SOURCE_GRADIENTS] >= 0:
            dense.transpose_weights(
                Matrix(work, table[row + TRANSPOSED], table[row + TRANSPOSED_STRIDE]),
                Vector(p, table[row + WEIGHT]),
                table[row + INPUTS],
                table[row + OUTPUTS],
                Part(0, 1),
            )


@kernel
def dense_forward(layer: Layer, p: Float32s, rows: int) -> None:
    """A dense layer over ``rows`` rows."""
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
        kept = Normalizer(Vector(work, table[MAXIMA]), Vector(work, table[TOTALS]))
        softmax(Vector(work, y), Matrix(work, z, stride), rows, k, kept, table[row + GRADIENTS])
    else:
        activate(table[row + ACTIVATION], Vector(work, y), Vector(work, z), rows * stride)


@kernel
def forward(program: Program, work: Float32s, group: Group, carry: bool) -> None:
    """Run every layer over a group; its frames are in the arena."""
    table, layers, p = program
    times = Times(group.ints, group.times_at, group.longest)
    for i in range(1, layers + 1):
        row = i * COLUMNS
        operation = table[row + OPERATION]
        if operation == LSTM:
            lstm.forward(Layer(table, row, work), times, carry)
        elif operation == GRU:
            gru.forward(Layer(table, row, work), times, carry)
        elif operation == RNN:
            rnn.forward(Layer(table, row, work), times, carry)
        elif operation == DENSE:
            rows = group.size if table[row + PER_SEQUENCE] else times.ints[times.at + times.longest]
            dense_forward(Layer(table, row, work), p, rows)
        else:
            reduce_frames(Layer(table, row, work), group, False)


@kernel
def dense_backward(layer: Layer, gradient: Vector, rows: int, last: bool) -> None:
    """The gradients of a dense layer; for the last layer, the arena already has the gradient by its sums."""
    table, row, work = layer
    g, gi = gradient
    stride, k, d = table[row + STRIDE], table[row + OUTPUTS], table[row + INPUTS]
    delta = table[row + GRADIENTS]
    source, source_stride = table[row + SOURCE], table[row + SOURCE_STRIDE]
    if not last:
        values = Matrix(work, table[row + VALUES], stride)
        activate_backward(table[row + ACTIVATION], Vector(work, delta), values, rows, k)
    sum_gradients, inputs = Matrix(work, delta, stride), Matrix(work, source, source_stride)
    dense.bias_gradient(Vector(g, gi + table[row + BIAS]), sum_gradients, rows, k, Part(0, 1))
    dense.weight_gradient(Vector(g, gi + table[row + WEIGHT]), inputs, sum_gradients, Sizes(rows, d, k), Part(0, 1))
    if table[row + SOURCE_GRADIENTS] >= 0:
        dense.input_gradient(
            Matrix(work, table[row + SOURCE_GRADIENTS], source_stride),
            sum_gradients,
            Matrix(work, table[row + TRANSPOSED], table[row + TRANSPOSED_STRIDE]),
            Sizes(rows, d, k),
            Part(0, 1),
        )


@kernel
def backward(program: Program, gradient: Vector, work: Float32s, group: Group) -> None:
    """Write the gradient by the parameters of every layer, last layer first, to ``gradient``."""
    table, layers, _ = program
    times = Times(group.ints, group.times_at, group.longest)
    for step in range(layers):
        row = (layers - step) * COLUMNS
        operation = table[row + OPERATION]
        if operation == LSTM:
            lstm.backward(Layer(table, row, work), gradient, times)
        elif operation == GRU:
            gru.backward(Layer(table, row, work), gradient, times)
        elif operation == RNN:
            rnn.backward(Layer(table, row, work), gradient, times)
        elif operation == DENSE:
            rows = group.size if table[row + PER_SEQUENCE] else times.ints[times.at + times.longest]
            dense_backward(Layer(table, row, work), gradient, rows, step == 0)
        else:
            reduce_frames(Layer(table, row, work), group, True)


@kernel
def evaluate_frames(
    program: Program, work: Float32s, group: Group, sequences: Sequences, scale: Float32, with_gradient: bool
) -> Any:
    """Write the mean loss of each sequence's frames; return the sum of the shares of frames that are predicted.

    With ``with_gradient`` also write the gradient of ``scale`` times the sum of the losses.
    """
    table, row = program.table, program.rows * COLUMNS
    starts, labels, label_starts = sequences.starts, sequences.labels, sequences.label_starts
    ints, times_at = group.ints, group.times_at
    stride, k = table[row + STRIDE], table[row + OUTPUTS]
    z, y, d = table[row + SUMS], table[row + VALUES], table[row + GRADIENTS]
    top, mass = table[MAXIMA], table[TOTALS]
    rows = ints[times_at + group.longest]
    for r in range(0, rows, LANES):
        store(work, mass + r, log(load(work, mass + r, LANES)))
    right = np.float64(0.0)
    for s in range(group.size):
        i = ints[group.group_at + s]
        frames, begin = starts[i + 1] - starts[i], label_starts[i]
        share = scale / np.float32(frames)
        lost = np.float32(0.0)
        correct = 0
        for t in range(frames):
            place = ints[times_at + t] + s
            target = labels[begin + t]
            # The difference comes first, because large values cancel exactly.
            lost += work[mass + place] + (work[top + place] - work[z + place * stride + target])
            if is_correct(Vector(work, y + place * stride), k, target):
                correct += 1
            if with_gradient:
                for j in range(0, stride, LANES):
                    store(work, d + place * stride + j, load(work, y + place * stride + j, LANES) * splat(share, LANES))
                work[d + place * stride + target] -= share
        work[table[LOSS] + s] = lost / np.float32(frames)
        right += correct / np.float64(frames)
    return right


@kernel
def evaluate_linear(program: Program, work: Float32s, group: Group, sequences: Sequences, scale: Float32) -> None:
    """Each sequence's sum of outputs times cotangents, and the gradient of ``scale`` times it.

    That is the gradient by the sums of a dense layer, or by the outputs of another.
    """
    table, row, cotangents = program.table, program.rows * COLUMNS, sequences.cotangents
    ints, times_at, reduced = group.ints, group.times_at, table[REDUCED]
    stride, k = table[row + STRIDE], table[row + OUTPUTS]
    y, d = table[row + VALUES], table[row + GRADIENTS]
    rows = group.size if reduced else ints[times_at + group.longest]
    clear(work, d, rows * stride)
    for s in range(group.size):
        i = ints[group.group_at + s]
        frames = 1 if reduced else group.starts[i + 1] - group.starts[i]
        first = i if reduced else group.starts[i]
        total = splat(_ZERO, LANES)
        for t in range(frames):
            place = s if reduced else ints[times_at + t] + s
            for j in range(0, k, LANES):
                c = load_first(cotangents, (first + t) * k + j, k - j, LANES)
                total = fma(c, load_first(work, y + place * stride + j, k - j, LANES), total)
                store_first(work, d + place * stride + j, c * splat(scale, LANES), k - j)
        work[table[LOSS] + s] = sum_lanes(total)
    if table[row + OPERATION] == DENSE:
        activate_backward(table[row + ACTIVATION], Vector(work, d), Matrix(work, y, stride), rows, k)


@kernel
def evaluate_loss(
    program: Program, work: Float32s, group: Group, sequences: Sequences, objective: Objective, with_gradient: bool
) -> Any:
    """Write the loss of each sequence of a group; return the number of correct predictions, a share of each sequence.

    With ``with_gradient`` also write the gradient of ``objective.scale`` times the sum of the losses.
    """
    table, row = program.table, program.rows * COLUMNS
    starts, labels, label_starts = sequences.starts, sequences.labels, sequences.label_starts
    ints, group_at, times = group.ints, group.group_at, Times(group.ints, group.times_at, group.longest)
    stride, k = table[row + STRIDE], table[row + OUTPUTS]
    z, y, d = table[row + SUMS], table[row + VALUES], table[row + GRADIENTS]
    correct = np.float64(0.0)
    if objective.loss == CTC:
        for s in range(group.size):
            i = ints[group_at + s]
            frames = starts[i + 1] - starts[i]
            begin, count = label_starts[i], label_starts[i + 1] - label_starts[i]
            member, target = Member(times, s, frames), Labels(labels, begin, count)
            scratch = table[ALIGNMENT_WORK]
            outputs = ctc.Outputs(z, y, d, stride, k, table[MAXIMA], table[TOTALS])
            work[table[LOSS] + s] = ctc.ctc_loss(
                work, scratch, outputs, member, target, group.states_at, objective.scale, with_gradient
            )
            if ctc.decodes_to(work, outputs, member, target):
                correct += 1.0
        return correct
    if objective.loss == FRAME_CROSS_ENTROPY:
        return evaluate_frames(program, work, group, sequences, objective.scale, with_gradient)
    if objective.loss == LINEAR:
        evaluate_linear(program, work, group, sequences, objective.scale)
        return correct
    for s in range(group.size):
        ints[s] = labels[label_starts[ints[group_at + s]]]
    targets, kept = TargetClasses(ints, 0), Normalizer(Vector(work, table[MAXIMA]), Vector(work, table[TOTALS]))
    softmax_cross_entropy(Vector(work, table[LOSS]), Matrix(work, z, stride), targets, group.size, kept)
    if with_gradient:
        cross_entropy_backward(Vector(work, d), Matrix(work, y, stride), targets, group.size, objective.scale)
    for s in range(group.size):
        if is_correct(Vector(work, y + s * stride), k, ints[s]):
            correct += 1.0
    return correct
