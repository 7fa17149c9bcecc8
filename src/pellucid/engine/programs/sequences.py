"""Run a sequence network's program over one group of sequences: arrange, forward, lose, backward.

The integers of a group stand one after another in ``ints``: the wanted class of each sequence, the sequences of the
whole mini-batch from the longest to the shortest, the group's own, the first row of each frame, and CTC's states.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from pellucid.engine.compiler.kernels import kernel
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
from pellucid.engine.records import Affine, Labels, Layer, Matrix, Member, Part, Sizes, Times, Vector
from pellucid.engine.simd.lanes import LANES, fma, load, load_first, splat, store, store_first

_ONE = np.float32(1.0)

groups_of = kernel(table_groups_of)


@kernel
def choose(
    ints: Any, all_at: int, own_at: int, starts: Any, order: Any, low: int, high: int, group: int, groups: int
) -> int:
    """Sort a mini-batch by length, deal it to ``groups`` like cards, to and fro; how many fall to ``group``."""
    count = high - low
    for i in range(count):
        sequence = order[low + i]
        length = starts[sequence + 1] - starts[sequence]
        j = i
        while j > 0 and starts[ints[all_at + j - 1] + 1] - starts[ints[all_at + j - 1]] < length:
            ints[all_at + j] = ints[all_at + j - 1]
            j -= 1
        ints[all_at + j] = sequence
    own = 0
    for begin in range(0, count, groups):
        place = begin + (group if own % 2 == 0 else groups - 1 - group)
        if place < count:
            ints[own_at + own] = ints[all_at + place]
            own += 1
    return own


@kernel
def arrange(ints: Any, own_at: int, times_at: int, starts: Any, n: int) -> Any:
    """The first row of every frame of a group sorted by length; how many frames the longest sequence has."""
    longest = starts[ints[own_at] + 1] - starts[ints[own_at]]
    row, active = 0, n
    for t in range(longest):
        while starts[ints[own_at + active - 1] + 1] - starts[ints[own_at + active - 1]] <= t:
            active -= 1
        ints[times_at + t] = row
        row += active
    ints[times_at + longest] = row
    return longest


@kernel
def gather(
    table: Any, work: Any, frames: Any, starts: Any, ints: Any, own_at: int, times_at: int, longest: int
) -> None:
    """Bring a group's frames into the arena, ordered by time."""
    d, stride = table[FEATURES], table[COLUMNS + SOURCE_STRIDE]
    for t in range(longest):
        row = ints[times_at + t]
        for s in range(ints[times_at + t + 1] - row):
            source = (starts[ints[own_at + s]] + t) * d
            into = table[FRAMES] + (row + s) * stride
            for j in range(0, d, LANES):
                store_first(work, into + j, load_first(frames, source + j, d - j, LANES), d - j)


@kernel
def reduce(
    table: Any, row: int, work: Any, ints: Any, own_at: int, times_at: int, starts: Any, n: int, back_too: bool
) -> None:
    """From all frames of each sequence to one row: their mean, or what each direction says at its last frame.

    With ``back_too`` the other way: every frame's gradient from that of its sequence.
    """
    k, stride = table[row + INPUTS], table[row + STRIDE]
    half = k // table[row + DIRECTIONS]
    mean = table[row + OPERATION] == MEAN
    many, one = table[row + SOURCE], table[row + VALUES]
    if back_too:
        many, one = table[row + SOURCE_SLOPES], table[row + SLOPES]
        lstm.clear(work, many, ints[times_at + starts[ints[own_at] + 1] - starts[ints[own_at]]] * stride)
    else:
        lstm.clear(work, one, n * stride)
    for s in range(n):
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
def prepare(table: Any, layers: int, p: Any, work: Any, back_too: bool) -> None:
    """Lay out the parameters as the layers want them, once for all groups of a step."""
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
def dense_forward(table: Any, row: int, p: Any, work: Any, rows: int) -> None:
    """A dense layer over so many rows."""
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
def forward(
    table: Any,
    layers: int,
    p: Any,
    work: Any,
    ints: Any,
    own_at: int,
    times_at: int,
    starts: Any,
    longest: int,
    n: int,
    carry: bool,
) -> None:
    """Every layer over a group whose frames stand in the arena."""
    for i in range(1, layers + 1):
        row = i * COLUMNS
        operation = table[row + OPERATION]
        if operation == LSTM:
            lstm.forward(Layer(table, row, work), Times(ints, times_at, longest), carry)
        elif operation == DENSE:
            dense_forward(table, row, p, work, n if table[row + ONE_EACH] else ints[times_at + longest])
        else:
            reduce(table, row, work, ints, own_at, times_at, starts, n, False)


@kernel
def dense_backward(table: Any, row: int, g: Any, gi: int, work: Any, rows: int, last: bool) -> None:
    """The gradients of a dense layer; the last layer's slopes are by its sums already."""
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
def backward(
    table: Any,
    layers: int,
    g: Any,
    gi: int,
    work: Any,
    ints: Any,
    own_at: int,
    times_at: int,
    starts: Any,
    longest: int,
    n: int,
) -> None:
    """Every layer's gradient, last layer first, to ``g[gi ...]``."""
    for step in range(layers):
        row = (layers - step) * COLUMNS
        operation = table[row + OPERATION]
        if operation == LSTM:
            lstm.backward(Layer(table, row, work), Vector(g, gi), Times(ints, times_at, longest))
        elif operation == DENSE:
            rows = n if table[row + ONE_EACH] else ints[times_at + longest]
            dense_backward(table, row, g, gi, work, rows, step == 0)
        else:
            reduce(table, row, work, ints, own_at, times_at, starts, n, True)


@kernel
def judge(
    table: Any,
    layers: int,
    work: Any,
    ints: Any,
    own_at: int,
    times_at: int,
    states_at: int,
    n: int,
    starts: Any,
    labels: Any,
    label_starts: Any,
    loss: int,
    scale: Any,
    back_too: bool,
) -> int:
    """The loss of every sequence of a group, the gradient that ``scale`` times their sum sends back; number right.

    ``labels[label_starts[m] ...]`` are the labels of sequence m, one of them where the outputs are one row each.
    """
    row = layers * COLUMNS
    stride, k = table[row + STRIDE], table[row + OUTPUTS]
    z, y, d = table[row + SUMS], table[row + VALUES], table[row + SLOPES]
    right = 0
    if loss == CTC:
        for s in range(n):
            member = ints[own_at + s]
            frames = starts[member + 1] - starts[member]
            begin, count = label_starts[member], label_starts[member + 1] - label_starts[member]
            own, wanted = Member(Times(ints, times_at, 0), s, frames), Labels(labels, begin, count)
            scratch = table[ALIGNMENT_WORK]
            outputs = ctc.Outputs(z, y, d, stride, k, table[TOP], table[MASS])
            work[table[LOSS] + s] = ctc.alignment_loss(work, scratch, outputs, own, wanted, states_at, scale, back_too)
            if ctc.spells(work, outputs, own, wanted):
                right += 1
        return right
    for s in range(n):
        ints[s] = labels[label_starts[ints[own_at + s]]]
    targets, kept = Targets(ints, 0), Normalizer(Vector(work, table[TOP]), Vector(work, table[MASS]))
    softmax_cross_entropy(Vector(work, table[LOSS]), Matrix(work, z, stride), targets, n, kept)
    if back_too:
        distance_to_target(Vector(work, d), Matrix(work, y, stride), targets, n, scale)
    for s in range(n):
        if is_right(Vector(work, y + s * stride), k, ints[s]):
            right += 1
    return right


@kernel
def add_losses(table: Any, work: Any, n: int) -> float:
    """The sum of a group's losses, in float64, in the group's order."""
    total = np.float64(0.0)
    for s in range(n):
        total += np.float64(work[table[LOSS] + s])
    return total
