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

from typing import Any

import numpy as np

from pellucid.engine.compiler.kernels import kernel
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
from pellucid.engine.simd.barrier import lesser
from pellucid.engine.simd.lanes import LANES, fma, load, load_first, splat, store, store_first

_CHUNK = 96
"""Frames whose share of the weights' gradient is added at a time: they fit the first cache."""

_ZERO = np.float32(0.0)
_ONE = np.float32(1.0)


@kernel
def prepare(table: Any, row: int, p: Any, work: Any, back: bool) -> None:
    """Pack a layer's parameters; for the way back also transpose them."""
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
def activate_gates(work: Any, z: int) -> None:
    """One panel of one frame: from the sums of the gates to the gates, in place; frames do not wait for each other."""
    store(work, z, sigmoid(load(work, z, LANES)))
    store(work, z + LANES, sigmoid(load(work, z + LANES, LANES)))
    store(work, z + 2 * LANES, tanh(load(work, z + 2 * LANES, LANES)))
    store(work, z + 3 * LANES, sigmoid(load(work, z + 3 * LANES, LANES)))


@kernel
def cell(work: Any, z: int, cells: int, next_cells: int, next_states: int, bent: int, values: int, count: int) -> None:
    """One panel of one frame: from the gates at z to c = f c + i g and h = o tanh c.

    c and h go to where the next frame looks for them; h also goes to
    ``values``, the first ``count`` lanes of it.
    """
    i, f = load(work, z, LANES), load(work, z + LANES, LANES)
    g, o = load(work, z + 2 * LANES, LANES), load(work, z + 3 * LANES, LANES)
    c = fma(f, load(work, cells, LANES), i * g)
    t = tanh(c)
    h = o * t
    store(work, next_cells, c)
    store(work, next_states, h)
    store(work, bent, t)
    store_first(work, values, h, count)


@kernel
def through_cell(
    work: Any, z: int, cells: int, bent: int, slopes: int, count: int, by_state: int, by_cell: int
) -> None:
    """One panel of one frame on the way back: the gates give way to the gradients by their sums.

    ``by_state`` and ``by_cell`` hold what comes back through time by h and by c; ``slopes`` what comes from above by
    h, ``count`` lanes of it. ``by_cell`` goes on to the frame before.
    """
    i, f = load(work, z, LANES), load(work, z + LANES, LANES)
    g, o = load(work, z + 2 * LANES, LANES), load(work, z + 3 * LANES, LANES)
    t = load(work, bent, LANES)
    one = splat(_ONE, LANES)
    dh = load(work, by_state, LANES) + load_first(work, slopes, count, LANES)
    dc = load(work, by_cell, LANES) + dh * o * (one - t * t)
    store(work, z, dc * g * (i * (one - i)))
    store(work, z + LANES, dc * load(work, cells, LANES) * (f * (one - f)))
    store(work, z + 2 * LANES, dc * i * (one - g * g))
    store(work, z + 3 * LANES, dh * t * (o * (one - o)))
    store(work, by_cell, dc * f)


@kernel
def clear(work: Any, begin: int, count: int) -> None:
    """Zeros in ``count`` places, a multiple of the lane width."""
    for i in range(begin, begin + count, LANES):
        store(work, i, splat(_ZERO, LANES))


@kernel
def begin_at(table: Any, row: int, work: Any, direction: int, times: Any, ti: int, longest: int, carry: bool) -> None:
    """Put h and c before each sequence's first frame: 0, or with ``carry`` what the last frames left."""
    units, rows = table[row + UNITS], table[ROWS]
    shift = direction * (rows + table[GROUP]) * units
    group = times[ti + 1] - times[ti]
    s = 0
    # Backwards, the longest sequences begin first.
    for step in range(longest):
        t = longest - 1 - step if direction == 1 else 0
        n = times[ti + t + 1] - times[ti + t]
        while s < n:
            first = (times[ti + t] + s) * units + shift
            last = (rows + s) * units + shift
            for j in range(0, units, LANES):
                for base in (table[row + BEFORE], table[row + CELLS]):
                    v = load(work, base + last + j, LANES) if carry else splat(_ZERO, LANES)
                    store(work, base + first + j, v)
            s += 1
        if s == group:
            return


@kernel
def by_inputs(table: Any, row: int, work: Any, direction: int, count: int) -> None:
    """The gates' sums of ``count`` frames, as far as bias and inputs say: they wait for no other frame."""
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
def moment(
    table: Any, row: int, work: Any, direction: int, first: int, n: int, known: int, following: int, going_on: int
) -> None:
    """One moment of one direction: the rows ``first`` to ``first + n``, with ``known`` hidden values each, all or none.

    What each leaves for its next frame goes to row ``following`` and on, for the first ``going_on`` of them; the
    others end here, and leave it past the last row.
    """
    d, h, units, rows = table[row + INPUTS], table[row + HIDDEN], table[row + UNITS], table[ROWS]
    shift = direction * (rows + table[GROUP])
    states, cells = table[row + BEFORE] + shift * units, table[row + CELLS] + shift * units
    packed = table[row + PACKED] + direction * table[row + PACKED_SIZE] + d * WIDTH
    gates = table[row + GATES] + direction * rows * GATES_EACH * units + first * WIDTH
    bent = table[row + BENT] + (direction * rows + first) * units
    values = table[row + VALUES] + first * table[row + STRIDE] + direction * h
    for j in range(0, units, LANES):
        z, w = gates + rows * GATES_EACH * j, packed + (d + h + 1) * GATES_EACH * j
        if known > 0:
            before = Strided(work, states + first * units, units, 1)
            panel_sums(Vector(work, z), Matrix(work, z, WIDTH), before, Vector(work, w), n, known)
        for s in range(n):
            activate_gates(work, z + s * WIDTH)
        for s in range(n):
            after = (following + s if s < going_on else rows + s) * units + j
            cell(
                work,
                z + s * WIDTH,
                cells + (first + s) * units + j,
                cells + after,
                states + after,
                bent + s * units + j,
                values + s * table[row + STRIDE] + j,
                h - j,
            )


@kernel
def forward(table: Any, row: int, work: Any, times: Any, ti: int, longest: int, carry: bool) -> None:
    """Run the layer over a group; ``times[ti + t]`` is the first row of frame t, up to t = longest."""
    for direction in range(table[row + DIRECTIONS]):
        begin_at(table, row, work, direction, times, ti, longest, carry)
        by_inputs(table, row, work, direction, times[ti + longest])
        for step in range(longest):
            t = longest - 1 - step if direction == 1 else step
            first, n = times[ti + t], times[ti + t + 1] - times[ti + t]
            if direction == 1:
                following = times[ti + t - 1] if t > 0 else first
                going_on = n if t > 0 else 0
            else:
                following = times[ti + t + 1]
                going_on = times[ti + t + 2] - following if t + 1 < longest else 0
            known = table[row + HIDDEN] if step > 0 or carry else 0  # before that they are 0
            moment(table, row, work, direction, first, n, known, following, going_on)


@kernel
def moment_back(table: Any, row: int, work: Any, direction: int, first: int, n: int, more: bool) -> None:
    """The gradients of one moment, by the gates' sums, by c and, if ``more`` is to come, h of the frames before."""
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
                gates + rows * GATES_EACH * j + s * WIDTH,
                cells + s * units + j,
                bent + s * units + j,
                slopes + s * table[row + STRIDE] + j,
                h - j,
                by_state + s * units + j,
                by_cell + s * units + j,
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
def parameter_slopes(table: Any, row: int, work: Any, direction: int, first: int, n: int) -> None:
    """Add to the gradient by one direction's parameters, in panels, what ``n`` frames from ``first`` on say."""
    d, h, units, rows = table[row + INPUTS], table[row + HIDDEN], table[row + UNITS], table[ROWS]
    into = table[row + PACKED_SLOPES] + direction * table[row + PACKED_SIZE]
    stride = table[row + SOURCE_STRIDE]
    source = table[row + SOURCE] + first * stride
    states = table[row + BEFORE] + (direction * (rows + table[GROUP]) + first) * units
    gates = table[row + GATES] + direction * rows * GATES_EACH * units + first * WIDTH
    for j in range(0, units, LANES):
        c, z = into + (d + h + 1) * GATES_EACH * j, gates + rows * GATES_EACH * j
        by_inputs, by_hidden = Strided(work, source, 1, stride), Strided(work, states, 1, units)
        panel_sums(Vector(work, c), Matrix(work, c, WIDTH), by_inputs, Vector(work, z), d, n)
        panel_sums(Vector(work, c + d * WIDTH), Matrix(work, c + d * WIDTH, WIDTH), by_hidden, Vector(work, z), h, n)
        by_bias = c + (d + h) * WIDTH
        total = load(work, by_bias, WIDTH)
        for s in range(n):
            total = total + load(work, z + s * WIDTH, WIDTH)
        store(work, by_bias, total)


@kernel
def through_time(table: Any, row: int, work: Any, direction: int, times: Any, ti: int, longest: int) -> None:
    """One direction back through time, then the gradient by its parameters."""
    clear(work, table[row + CARRY], 2 * table[GROUP] * table[row + UNITS])
    clear(work, table[row + PACKED_SLOPES] + direction * table[row + PACKED_SIZE], table[row + PACKED_SIZE])
    for step in range(longest):
        t = step if direction == 1 else longest - 1 - step
        first = times[ti + t]
        moment_back(table, row, work, direction, first, times[ti + t + 1] - first, step + 1 < longest)
    for begin in range(0, times[ti + longest], _CHUNK):
        parameter_slopes(table, row, work, direction, begin, lesser(_CHUNK, times[ti + longest] - begin))


@kernel
def backward(table: Any, row: int, g: Any, gi: int, work: Any, times: Any, ti: int, longest: int) -> None:
    """From the gradients by the outputs to those by the parameters, to ``g[gi ...]``, and by the inputs."""
    d, h, units, count = table[row + INPUTS], table[row + HIDDEN], table[row + UNITS], times[ti + longest]
    into, stride = table[row + SOURCE_SLOPES], table[row + SOURCE_STRIDE]
    if into >= 0:
        clear(work, into, count * stride)
    for direction in range(table[row + DIRECTIONS]):
        through_time(table, row, work, direction, times, ti, longest)
        size = (d + h + 1) * GATES_EACH * h
        packed = table[row + PACKED_SLOPES] + direction * table[row + PACKED_SIZE]
        unpack(Vector(g, gi + table[row + WEIGHT] + direction * size), Vector(work, packed), d, h)
        if into >= 0:
            width = GATES_EACH * units
            turned = table[row + TURNED] + direction * width * (units + table[row + TURNED_STRIDE]) + width * units
            gates = table[row + GATES] + direction * table[ROWS] * width
            for k in range(0, width, WIDTH):
                part = Strided(work, gates + table[ROWS] * k, WIDTH, 1)
                weights = Matrix(work, turned + k * table[row + TURNED_STRIDE], table[row + TURNED_STRIDE])
                add_product(Matrix(work, into, stride), part, weights, count, d, WIDTH)
