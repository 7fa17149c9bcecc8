"""The LSTM layer over one group of sequences: forward through time, and the gradients on the way back.

Letters: D inputs, H hidden units, U the same rounded up to whole lanes, n sequences of one moment. Frames are rows,
ordered by time (see `pellucid.engine.programs.sequence_table`), so one moment is a block of rows. The gates of LANES
units lie
side by side, input, forget, candidate and output, in a panel (frames, WIDTH); a layer has U / LANES panels, one after
another, and its parameters lie in panels too (`pellucid.engine.kernels.lstm_panels`). Whatever is padded stays 0 all
the way: a unit without weights has i = f = o = 1/2, g = 0 and c = h = 0.
Derivation: docs/derivations/lstm.md
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from pellucid.engine.compiler.kernels import kernel
from pellucid.engine.compiler.signature import Float32s
from pellucid.engine.kernels.functions import sigmoid, tanh
from pellucid.engine.kernels.lstm_panels import WIDTH, pack, panel_sums, turn, unpack
from pellucid.engine.kernels.matmul import add_product
from pellucid.engine.programs.sequence_table import (
    BEFORE,
    BENT,
    CARRY,
    CELLS,
    DIRECTIONS,
    GATES,
    GATES_EACH,
    GROUP,
    HIDDEN,
    INPUTS,
    PACKED,
    PACKED_SIZE,
    PACKED_SLOPES,
    ROWS,
    SLOPES,
    SOURCE,
    SOURCE_SLOPES,
    SOURCE_STRIDE,
    STRIDE,
    TURNED,
    TURNED_STRIDE,
    UNITS,
    VALUES,
    WEIGHT,
)
from pellucid.engine.records import Matrix, Strided, Vector
from pellucid.engine.sequence_records import Layer, Times
from pellucid.engine.simd.barrier import lesser
from pellucid.engine.simd.lanes import LANES, fma, load, load_first, splat, store, store_first

_CHUNK = 96
"""Frames whose share of the weights' gradient is added at a time: they fit the first cache."""

_ZERO = np.float32(0.0)
_ONE = np.float32(1.0)


class Cell(NamedTuple):
    """Where one panel of one frame stands: its gates, the cells it begins with, and tanh of those it ends with."""

    gates: int
    cells: int
    bent: int


class State(NamedTuple):
    """Where h and c of one panel of one frame stand, or the gradients by them."""

    hidden: int
    cells: int


class Moment(NamedTuple):
    """The ``size`` rows of one moment from ``first`` on, with ``known`` hidden values each, all or none.

    What each leaves for its next frame goes to row ``following`` and on, for the first ``going_on`` of them; the
    others end here, and leave it past the last row.
    """

    first: int
    size: int
    known: int
    following: int
    going_on: int


@kernel
def prepare(layer: Layer, p: Float32s, back: bool) -> None:
    """Pack a layer's parameters; for the way back also transpose them."""
    table, row, work = layer
    d, h, units = table[row + INPUTS], table[row + HIDDEN], table[row + UNITS]
    for direction in range(table[row + DIRECTIONS]):
        packed = table[row + PACKED] + direction * table[row + PACKED_SIZE]
        weight = table[row + WEIGHT] + direction * (d + h + 1) * GATES_EACH * h
        pack(Vector(work, packed), Vector(p, weight), d, h)
        if back:
            stride = table[row + TURNED_STRIDE]
            by_hidden = table[row + TURNED] + direction * GATES_EACH * units * (units + stride)
            turn(Matrix(work, by_hidden, units), Vector(work, packed), d, h, d + h + 1, units)
            if table[row + SOURCE_SLOPES] >= 0:
                by_inputs = Matrix(work, by_hidden + GATES_EACH * units * units, stride)
                turn(by_inputs, Vector(work, packed), 0, d, d + h + 1, units)


@kernel
def activate_gates(work: Float32s, z: int) -> None:
    """One panel of one frame: from the sums of the gates to the gates, in place; frames do not wait for each other."""
    store(work, z, sigmoid(load(work, z, LANES)))
    store(work, z + LANES, sigmoid(load(work, z + LANES, LANES)))
    store(work, z + 2 * LANES, tanh(load(work, z + 2 * LANES, LANES)))
    store(work, z + 3 * LANES, sigmoid(load(work, z + 3 * LANES, LANES)))


@kernel
def cell(work: Float32s, at: Cell, following: State, values: int, count: int) -> None:
    """One panel of one frame: from the gates to c = f c + i g and h = o tanh c.

    c and h go to where the next frame looks for them, ``following``; h also goes to ``values``, the first ``count``
    lanes of it.
    """
    i, f = load(work, at.gates, LANES), load(work, at.gates + LANES, LANES)
    g, o = load(work, at.gates + 2 * LANES, LANES), load(work, at.gates + 3 * LANES, LANES)
    c = fma(f, load(work, at.cells, LANES), i * g)
    t = tanh(c)
    h = o * t
    store(work, following.cells, c)
    store(work, following.hidden, h)
    store(work, at.bent, t)
    store_first(work, values, h, count)


@kernel
def through_cell(work: Float32s, at: Cell, slopes: int, count: int, carry: State) -> None:
    """One panel of one frame on the way back: the gates give way to the gradients by their sums.

    ``carry`` holds what comes back through time by h and by c; ``slopes`` what comes from above by h, ``count`` lanes
    of it. The gradient by c goes on to the frame before.
    """
    i, f = load(work, at.gates, LANES), load(work, at.gates + LANES, LANES)
    g, o = load(work, at.gates + 2 * LANES, LANES), load(work, at.gates + 3 * LANES, LANES)
    t = load(work, at.bent, LANES)
    one = splat(_ONE, LANES)
    dh = load(work, carry.hidden, LANES) + load_first(work, slopes, count, LANES)
    dc = load(work, carry.cells, LANES) + dh * o * (one - t * t)
    store(work, at.gates, dc * g * (i * (one - i)))
    store(work, at.gates + LANES, dc * load(work, at.cells, LANES) * (f * (one - f)))
    store(work, at.gates + 2 * LANES, dc * i * (one - g * g))
    store(work, at.gates + 3 * LANES, dh * t * (o * (one - o)))
    store(work, carry.cells, dc * f)


@kernel
def clear(work: Float32s, begin: int, count: int) -> None:
    """Zeros in ``count`` places, a multiple of the lane width."""
    for i in range(begin, begin + count, LANES):
        store(work, i, splat(_ZERO, LANES))


@kernel
def begin_at(layer: Layer, direction: int, times: Times, carry: bool) -> None:
    """Put h and c before each sequence's first frame: 0, or with ``carry`` what the last frames left."""
    table, row, work = layer
    ints, ti, longest = times
    units, rows = table[row + UNITS], table[ROWS]
    shift = direction * (rows + table[GROUP]) * units
    group = ints[ti + 1] - ints[ti]
    s = 0
    # Backwards, the longest sequences begin first.
    for step in range(longest):
        t = longest - 1 - step if direction == 1 else 0
        n = ints[ti + t + 1] - ints[ti + t]
        while s < n:
            first = (ints[ti + t] + s) * units + shift
            last = (rows + s) * units + shift
            for j in range(0, units, LANES):
                for base in (table[row + BEFORE], table[row + CELLS]):
                    v = load(work, base + last + j, LANES) if carry else splat(_ZERO, LANES)
                    store(work, base + first + j, v)
            s += 1
        if s == group:
            return


@kernel
def by_inputs(layer: Layer, direction: int, count: int) -> None:
    """The gates' sums of ``count`` frames, as far as bias and inputs say: they wait for no other frame."""
    table, row, work = layer
    d, stride = table[row + INPUTS], table[row + SOURCE_STRIDE]
    rows, high = table[ROWS], d + table[row + HIDDEN]
    z = table[row + GATES] + direction * rows * GATES_EACH * table[row + UNITS]
    w = table[row + PACKED] + direction * table[row + PACKED_SIZE]
    for _ in range(0, table[row + UNITS], LANES):
        start = Matrix(work, w + high * WIDTH, 0)
        panel_sums(Vector(work, z), start, Strided(work, table[row + SOURCE], stride, 1), Vector(work, w), count, d)
        z += rows * WIDTH
        w += (high + 1) * WIDTH


@kernel
def moment(layer: Layer, direction: int, at: Moment) -> None:
    """One moment of one direction."""
    table, row, work = layer
    first, n = at.first, at.size
    d, h, units, rows = table[row + INPUTS], table[row + HIDDEN], table[row + UNITS], table[ROWS]
    shift = direction * (rows + table[GROUP])
    states, cells = table[row + BEFORE] + shift * units, table[row + CELLS] + shift * units
    packed = table[row + PACKED] + direction * table[row + PACKED_SIZE] + d * WIDTH
    gates = table[row + GATES] + direction * rows * GATES_EACH * units + first * WIDTH
    bent = table[row + BENT] + (direction * rows + first) * units
    values = table[row + VALUES] + first * table[row + STRIDE] + direction * h
    for j in range(0, units, LANES):
        z, w = gates + rows * GATES_EACH * j, packed + (d + h + 1) * GATES_EACH * j
        if at.known > 0:
            before = Strided(work, states + first * units, units, 1)
            panel_sums(Vector(work, z), Matrix(work, z, WIDTH), before, Vector(work, w), n, at.known)
        for s in range(n):
            activate_gates(work, z + s * WIDTH)
        for s in range(n):
            after = (at.following + s if s < at.going_on else rows + s) * units + j
            cell(
                work,
                Cell(z + s * WIDTH, cells + (first + s) * units + j, bent + s * units + j),
                State(states + after, cells + after),
                values + s * table[row + STRIDE] + j,
                h - j,
            )


@kernel
def forward(layer: Layer, times: Times, carry: bool) -> None:
    """Run the layer over a group."""
    table, row, _ = layer
    ints, ti, longest = times
    for direction in range(table[row + DIRECTIONS]):
        begin_at(layer, direction, times, carry)
        by_inputs(layer, direction, ints[ti + longest])
        for step in range(longest):
            t = longest - 1 - step if direction == 1 else step
            first, n = ints[ti + t], ints[ti + t + 1] - ints[ti + t]
            if direction == 1:
                following = ints[ti + t - 1] if t > 0 else first
                going_on = n if t > 0 else 0
            else:
                following = ints[ti + t + 1]
                going_on = ints[ti + t + 2] - following if t + 1 < longest else 0
            known = table[row + HIDDEN] if step > 0 or carry else 0  # before that they are 0
            moment(layer, direction, Moment(first, n, known, following, going_on))


@kernel
def moment_back(layer: Layer, direction: int, first: int, n: int, more: bool) -> None:
    """The gradients of one moment, by the gates' sums, by c and, if ``more`` is to come, h of the frames before."""
    table, row, work = layer
    h, units, rows = table[row + HIDDEN], table[row + UNITS], table[ROWS]
    gates = table[row + GATES] + direction * rows * GATES_EACH * units + first * WIDTH
    cells = table[row + CELLS] + (direction * (rows + table[GROUP]) + first) * units
    bent = table[row + BENT] + (direction * rows + first) * units
    slopes = table[row + SLOPES] + first * table[row + STRIDE] + direction * h
    by_state, by_cell = table[row + CARRY], table[row + CARRY] + table[GROUP] * units
    for j in range(0, units, LANES):
        for s in range(n):
            through_cell(
                work,
                Cell(gates + rows * GATES_EACH * j + s * WIDTH, cells + s * units + j, bent + s * units + j),
                slopes + s * table[row + STRIDE] + j,
                h - j,
                State(by_state + s * units + j, by_cell + s * units + j),
            )
    if not more:
        return
    clear(work, by_state, n * units)
    turned = table[row + TURNED] + direction * GATES_EACH * units * (units + table[row + TURNED_STRIDE])
    # A panel of the sums at a time: its part of the weights stays in the first cache for all sequences.
    for k in range(0, GATES_EACH * units, WIDTH):
        part, weights = Strided(work, gates + rows * k, WIDTH, 1), Matrix(work, turned + k * units, units)
        add_product(Matrix(work, by_state, units), part, weights, n, units, WIDTH)


@kernel
def parameter_slopes(layer: Layer, direction: int, first: int, n: int) -> None:
    """Add to the gradient by one direction's parameters, in panels, what ``n`` frames from ``first`` on say."""
    table, row, work = layer
    d, h, units, rows = table[row + INPUTS], table[row + HIDDEN], table[row + UNITS], table[ROWS]
    into = table[row + PACKED_SLOPES] + direction * table[row + PACKED_SIZE]
    stride = table[row + SOURCE_STRIDE]
    source = table[row + SOURCE] + first * stride
    states = table[row + BEFORE] + (direction * (rows + table[GROUP]) + first) * units
    gates = table[row + GATES] + direction * rows * GATES_EACH * units + first * WIDTH
    for j in range(0, units, LANES):
        c, z = into + (d + h + 1) * GATES_EACH * j, gates + rows * GATES_EACH * j
        inputs, hidden = Strided(work, source, 1, stride), Strided(work, states, 1, units)
        panel_sums(Vector(work, c), Matrix(work, c, WIDTH), inputs, Vector(work, z), d, n)
        panel_sums(Vector(work, c + d * WIDTH), Matrix(work, c + d * WIDTH, WIDTH), hidden, Vector(work, z), h, n)
        by_bias = c + (d + h) * WIDTH
        total = load(work, by_bias, WIDTH)
        for s in range(n):
            total = total + load(work, z + s * WIDTH, WIDTH)
        store(work, by_bias, total)


@kernel
def through_time(layer: Layer, direction: int, times: Times) -> None:
    """One direction back through time, then the gradient by its parameters."""
    table, row, work = layer
    ints, ti, longest = times
    clear(work, table[row + CARRY], 2 * table[GROUP] * table[row + UNITS])
    clear(work, table[row + PACKED_SLOPES] + direction * table[row + PACKED_SIZE], table[row + PACKED_SIZE])
    for step in range(longest):
        t = step if direction == 1 else longest - 1 - step
        first = ints[ti + t]
        moment_back(layer, direction, first, ints[ti + t + 1] - first, step + 1 < longest)
    for begin in range(0, ints[ti + longest], _CHUNK):
        parameter_slopes(layer, direction, begin, lesser(_CHUNK, ints[ti + longest] - begin))


@kernel
def backward(layer: Layer, gradient: Vector, times: Times) -> None:
    """From the gradients by the outputs to those by the inputs, and by all parameters, to ``gradient``."""
    table, row, work = layer
    d, h, units, count = (
        table[row + INPUTS],
        table[row + HIDDEN],
        table[row + UNITS],
        times.ints[times.at + times.longest],
    )
    into, stride = table[row + SOURCE_SLOPES], table[row + SOURCE_STRIDE]
    if into >= 0:
        clear(work, into, count * stride)
    for direction in range(table[row + DIRECTIONS]):
        through_time(layer, direction, times)
        size = (d + h + 1) * GATES_EACH * h
        packed = table[row + PACKED_SLOPES] + direction * table[row + PACKED_SIZE]
        weights = Vector(gradient.memory, gradient.at + table[row + WEIGHT] + direction * size)
        unpack(weights, Vector(work, packed), d, h)
        if into >= 0:
            width = GATES_EACH * units
            turned = table[row + TURNED] + direction * width * (units + table[row + TURNED_STRIDE]) + width * units
            gates = table[row + GATES] + direction * table[ROWS] * width
            for k in range(0, width, WIDTH):
                part = Strided(work, gates + table[ROWS] * k, WIDTH, 1)
                part_weights = Matrix(work, turned + k * table[row + TURNED_STRIDE], table[row + TURNED_STRIDE])
                add_product(Matrix(work, into, stride), part, part_weights, count, d, WIDTH)
