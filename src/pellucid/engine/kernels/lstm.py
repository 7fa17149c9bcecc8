"""The LSTM layer over one group of sequences: forward, and backward through time.

Letters: D inputs, H hidden units, U the same rounded up to whole lanes, n sequences of one time step. Frames are rows
ordered by time (see `pellucid.engine.programs.sequence_table`), so one time step is a block of rows. The input, forget,
candidate and output gates of LANES units are side by side in a panel (frames, WIDTH). A layer has U / LANES panels, and
its parameters are packed in panels, too (`pellucid.engine.kernels.lstm_panels`). Padding stays 0 throughout: a unit
without weights has i = f = o = 1/2, g = 0 and c = h = 0.
Derivation: docs/derivations/lstm.md
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from pellucid.engine.compiler.kernels import kernel
from pellucid.engine.compiler.signature import Float32s
from pellucid.engine.kernels.lstm_cell import Cell, State, activate_gates, cell_backward, cell_forward
from pellucid.engine.kernels.lstm_panels import WIDTH, pack, panel_sums, transpose_panels, unpack
from pellucid.engine.kernels.matmul import add_product
from pellucid.engine.kernels.vectors import clear
from pellucid.engine.programs.sequence_table import (
    DIRECTIONS,
    GATE_COUNT,
    GATES,
    GRADIENTS,
    GROUP,
    HIDDEN,
    INPUTS,
    PACKED,
    PACKED_GRADIENTS,
    PACKED_SIZE,
    PREVIOUS_CELLS,
    PREVIOUS_HIDDEN,
    ROWS,
    SOURCE,
    SOURCE_GRADIENTS,
    SOURCE_STRIDE,
    STATE_GRADIENTS,
    STRIDE,
    TANH_CELLS,
    TRANSPOSED,
    TRANSPOSED_STRIDE,
    UNITS,
    VALUES,
    WEIGHT,
)
from pellucid.engine.records import Matrix, Strided, Vector
from pellucid.engine.sequence_records import Layer, Times
from pellucid.engine.simd.barrier import lesser
from pellucid.engine.simd.lanes import LANES, load, splat, store

_CHUNK = 96
"""Frames that are added to the weights' gradient at a time: they fit the first-level cache."""

_ZERO = np.float32(0.0)


class TimeStep(NamedTuple):
    """The rows ``first`` to ``first + size`` of one time step.

    ``recurrent`` is the number of hidden values that enter the sums: H, or 0 where all are 0. The new h and c of the
    first ``continuing`` rows go to the rows from ``next_first`` on; those of sequences that end here go past the last
    row.
    """

    first: int
    size: int
    recurrent: int
    next_first: int
    continuing: int


@kernel
def prepare(layer: Layer, p: Float32s, back: bool) -> None:
    """Pack a layer's parameters; with ``back`` also transpose them for the backward pass."""
    table, row, work = layer
    d, h, units = table[row + INPUTS], table[row + HIDDEN], table[row + UNITS]
    for direction in range(table[row + DIRECTIONS]):
        packed = table[row + PACKED] + direction * table[row + PACKED_SIZE]
        weight = table[row + WEIGHT] + direction * (d + h + 1) * GATE_COUNT * h
        pack(Vector(work, packed), Vector(p, weight), d, h)
        if back:
            stride = table[row + TRANSPOSED_STRIDE]
            hidden_weights = table[row + TRANSPOSED] + direction * GATE_COUNT * units * (units + stride)
            transpose_panels(Matrix(work, hidden_weights, units), Vector(work, packed), d, h, d + h + 1, units)
            if table[row + SOURCE_GRADIENTS] >= 0:
                input_weights = Matrix(work, hidden_weights + GATE_COUNT * units * units, stride)
                transpose_panels(input_weights, Vector(work, packed), 0, d, d + h + 1, units)


@kernel
def set_initial_states(layer: Layer, direction: int, times: Times, carry: bool) -> None:
    """Set the initial h and c of each sequence: 0, or with ``carry`` the final state of the previous call."""
    table, row, work = layer
    ints, ti, longest = times
    units, rows = table[row + UNITS], table[ROWS]
    shift = direction * (rows + table[GROUP]) * units
    group = ints[ti + 1] - ints[ti]
    s = 0
    # In the backward direction the longest sequences begin first.
    for step in range(longest):
        t = longest - 1 - step if direction == 1 else 0
        n = ints[ti + t + 1] - ints[ti + t]
        while s < n:
            first = (ints[ti + t] + s) * units + shift
            last = (rows + s) * units + shift
            for j in range(0, units, LANES):
                for base in (table[row + PREVIOUS_HIDDEN], table[row + PREVIOUS_CELLS]):
                    v = load(work, base + last + j, LANES) if carry else splat(_ZERO, LANES)
                    store(work, base + first + j, v)
            s += 1
        if s == group:
            return


@kernel
def input_sums(layer: Layer, direction: int, count: int) -> None:
    """``W x + b`` of ``count`` frames, the part of the gates' sums that depends on no other frame."""
    table, row, work = layer
    d, stride = table[row + INPUTS], table[row + SOURCE_STRIDE]
    rows, high = table[ROWS], d + table[row + HIDDEN]
    z = table[row + GATES] + direction * rows * GATE_COUNT * table[row + UNITS]
    w = table[row + PACKED] + direction * table[row + PACKED_SIZE]
    for _ in range(0, table[row + UNITS], LANES):
        start = Matrix(work, w + high * WIDTH, 0)
        panel_sums(Vector(work, z), start, Strided(work, table[row + SOURCE], stride, 1), Vector(work, w), count, d)
        z += rows * WIDTH
        w += (high + 1) * WIDTH


@kernel
def step_forward(layer: Layer, direction: int, at: TimeStep) -> None:
    """One time step of one direction."""
    table, row, work = layer
    first, n = at.first, at.size
    d, h, units, rows = table[row + INPUTS], table[row + HIDDEN], table[row + UNITS], table[ROWS]
    shift = direction * (rows + table[GROUP])
    states, cells = table[row + PREVIOUS_HIDDEN] + shift * units, table[row + PREVIOUS_CELLS] + shift * units
    packed = table[row + PACKED] + direction * table[row + PACKED_SIZE] + d * WIDTH
    gates = table[row + GATES] + direction * rows * GATE_COUNT * units + first * WIDTH
    tanh_cells = table[row + TANH_CELLS] + (direction * rows + first) * units
    values = table[row + VALUES] + first * table[row + STRIDE] + direction * h
    for j in range(0, units, LANES):
        z, w = gates + rows * GATE_COUNT * j, packed + (d + h + 1) * GATE_COUNT * j
        if at.recurrent > 0:
            previous = Strided(work, states + first * units, units, 1)
            panel_sums(Vector(work, z), Matrix(work, z, WIDTH), previous, Vector(work, w), n, at.recurrent)
        for s in range(n):
            activate_gates(work, z + s * WIDTH)
        for s in range(n):
            after = (at.next_first + s if s < at.continuing else rows + s) * units + j
            cell_forward(
                work,
                Cell(z + s * WIDTH, cells + (first + s) * units + j, tanh_cells + s * units + j),
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
        set_initial_states(layer, direction, times, carry)
        input_sums(layer, direction, ints[ti + longest])
        for step in range(longest):
            t = longest - 1 - step if direction == 1 else step
            first, n = ints[ti + t], ints[ti + t + 1] - ints[ti + t]
            if direction == 1:
                next_first = ints[ti + t - 1] if t > 0 else first
                continuing = n if t > 0 else 0
            else:
                next_first = ints[ti + t + 1]
                continuing = ints[ti + t + 2] - next_first if t + 1 < longest else 0
            recurrent = table[row + HIDDEN] if step > 0 or carry else 0  # h is 0 before the first frame
            step_forward(layer, direction, TimeStep(first, n, recurrent, next_first, continuing))


@kernel
def step_backward(layer: Layer, direction: int, first: int, n: int, more: bool) -> None:
    """The gradients of one time step by the gates' sums, by the previous c and, if there are ``more`` steps, h."""
    table, row, work = layer
    h, units, rows = table[row + HIDDEN], table[row + UNITS], table[ROWS]
    gates = table[row + GATES] + direction * rows * GATE_COUNT * units + first * WIDTH
    cells = table[row + PREVIOUS_CELLS] + (direction * (rows + table[GROUP]) + first) * units
    tanh_cells = table[row + TANH_CELLS] + (direction * rows + first) * units
    gradients = table[row + GRADIENTS] + first * table[row + STRIDE] + direction * h
    hidden_gradients, cell_gradients = table[row + STATE_GRADIENTS], table[row + STATE_GRADIENTS] + table[GROUP] * units
    for j in range(0, units, LANES):
        for s in range(n):
            cell_backward(
                work,
                Cell(gates + rows * GATE_COUNT * j + s * WIDTH, cells + s * units + j, tanh_cells + s * units + j),
                gradients + s * table[row + STRIDE] + j,
                h - j,
                State(hidden_gradients + s * units + j, cell_gradients + s * units + j),
            )
    if not more:
        return
    clear(work, hidden_gradients, n * units)
    transposed = table[row + TRANSPOSED] + direction * GATE_COUNT * units * (units + table[row + TRANSPOSED_STRIDE])
    # One panel of the sums at a time: its part of the weights stays in the first-level cache for all sequences.
    for k in range(0, GATE_COUNT * units, WIDTH):
        part, weights = Strided(work, gates + rows * k, WIDTH, 1), Matrix(work, transposed + k * units, units)
        add_product(Matrix(work, hidden_gradients, units), part, weights, n, units, WIDTH)


@kernel
def parameter_gradients(layer: Layer, direction: int, first: int, n: int) -> None:
    """Add the share of ``n`` frames from ``first`` on to the gradient by one direction's parameters, in panels."""
    table, row, work = layer
    d, h, units, rows = table[row + INPUTS], table[row + HIDDEN], table[row + UNITS], table[ROWS]
    into = table[row + PACKED_GRADIENTS] + direction * table[row + PACKED_SIZE]
    stride = table[row + SOURCE_STRIDE]
    source = table[row + SOURCE] + first * stride
    states = table[row + PREVIOUS_HIDDEN] + (direction * (rows + table[GROUP]) + first) * units
    gates = table[row + GATES] + direction * rows * GATE_COUNT * units + first * WIDTH
    for j in range(0, units, LANES):
        c, z = into + (d + h + 1) * GATE_COUNT * j, gates + rows * GATE_COUNT * j
        inputs, hidden = Strided(work, source, 1, stride), Strided(work, states, 1, units)
        panel_sums(Vector(work, c), Matrix(work, c, WIDTH), inputs, Vector(work, z), d, n)
        panel_sums(Vector(work, c + d * WIDTH), Matrix(work, c + d * WIDTH, WIDTH), hidden, Vector(work, z), h, n)
        by_bias = c + (d + h) * WIDTH
        total = load(work, by_bias, WIDTH)
        for s in range(n):
            total = total + load(work, z + s * WIDTH, WIDTH)
        store(work, by_bias, total)


@kernel
def backward_through_time(layer: Layer, direction: int, times: Times) -> None:
    """Backpropagation through time for one direction, then the gradient by its parameters."""
    table, row, work = layer
    ints, ti, longest = times
    clear(work, table[row + STATE_GRADIENTS], 2 * table[GROUP] * table[row + UNITS])
    clear(work, table[row + PACKED_GRADIENTS] + direction * table[row + PACKED_SIZE], table[row + PACKED_SIZE])
    for step in range(longest):
        t = step if direction == 1 else longest - 1 - step
        first = ints[ti + t]
        step_backward(layer, direction, first, ints[ti + t + 1] - first, step + 1 < longest)
    for begin in range(0, ints[ti + longest], _CHUNK):
        parameter_gradients(layer, direction, begin, lesser(_CHUNK, ints[ti + longest] - begin))


@kernel
def backward(layer: Layer, gradient: Vector, times: Times) -> None:
    """The gradients by the inputs and, to ``gradient``, by all parameters, from those by the outputs."""
    table, row, work = layer
    d, h, units = table[row + INPUTS], table[row + HIDDEN], table[row + UNITS]
    count = times.ints[times.at + times.longest]
    into, stride = table[row + SOURCE_GRADIENTS], table[row + SOURCE_STRIDE]
    if into >= 0:
        clear(work, into, count * stride)
    for direction in range(table[row + DIRECTIONS]):
        backward_through_time(layer, direction, times)
        size = (d + h + 1) * GATE_COUNT * h
        packed = table[row + PACKED_GRADIENTS] + direction * table[row + PACKED_SIZE]
        parameters = Vector(gradient.memory, gradient.at + table[row + WEIGHT] + direction * size)
        unpack(parameters, Vector(work, packed), d, h)
        if into >= 0:
            width = GATE_COUNT * units
            transposed = (
                table[row + TRANSPOSED] + direction * width * (units + table[row + TRANSPOSED_STRIDE]) + width * units
            )
            gates = table[row + GATES] + direction * table[ROWS] * width
            for k in range(0, width, WIDTH):
                part = Strided(work, gates + table[ROWS] * k, WIDTH, 1)
                part_weights = Matrix(
                    work, transposed + k * table[row + TRANSPOSED_STRIDE], table[row + TRANSPOSED_STRIDE]
                )
                add_product(Matrix(work, into, stride), part, part_weights, count, d, WIDTH)
