"""Recurrent layers whose gates are in panels: the products that LSTM and GRU share.

The gates of LANES units are side by side in a panel (frames, slots LANES); see `pellucid.engine.kernels.gate_panels`.
A layer has U / LANES panels. Letters as in `pellucid.engine.kernels.recurrent`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from pellucid.engine.compiler.kernels import kernel
from pellucid.engine.compiler.signature import Float32s
from pellucid.engine.kernels.gate_panels import gate_panels
from pellucid.engine.kernels.matmul import add_product
from pellucid.engine.kernels.recurrent import Backward, Forward, TimeStep, run_backward, run_forward
from pellucid.engine.programs.sequence_table import (
    DIRECTIONS,
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
    CellShape,
)
from pellucid.engine.records import Matrix, Strided, Vector
from pellucid.engine.sequence_records import Layer
from pellucid.engine.simd.lanes import LANES, load, store


class Place(NamedTuple):
    """Work offsets for one panel of one frame: the gates, the previous h and c, and tanh of the new c."""

    gates: int
    hidden: int
    cells: int
    tanh_cells: int


class State(NamedTuple):
    """Work offsets of h and c for one panel of one frame, or of the gradients by them."""

    hidden: int
    cells: int


class Cell(NamedTuple):
    """The kernels of a cell, for one panel of one frame.

    ``activate(work, gates)`` applies the gates' activation functions in place. ``forward(work, place, next_state,
    values, count)`` writes the new state to ``next_state``, where the next frame reads it, and the first ``count``
    lanes of h to ``values``. ``backward(work, place, gradients, count, state_gradients)`` replaces the gates by the
    gradients by their sums: ``state_gradients`` are those of the following time step by the state, ``gradients`` those
    of the next layer by h, ``count`` lanes of them. It replaces the state's gradients by the part of those by the
    previous state that does not come through the weights.
    """

    activate: Callable[..., None]
    forward: Callable[..., None]
    backward: Callable[..., None]


class Gated(NamedTuple):
    """A gated layer: ``prepare(layer, parameters, back)`` packs the parameters, then come the two passes."""

    prepare: Callable[..., None]
    forward: Callable[..., None]
    backward: Callable[..., None]


def gated(shape: CellShape, cell: Cell) -> Gated:
    """Make the kernels of a layer from those of its cell."""
    return Gated(
        _prepare(shape),
        run_forward(Forward(_input_sums(shape), _step_forward(shape, cell))),
        run_backward(
            Backward(_step_backward(shape, cell), _parameter_gradients(shape), _unpack(shape), _input_gradients(shape))
        ),
    )


def _prepare(shape: CellShape) -> Callable[..., None]:
    slots, products = shape
    pack, _, transpose_panels, _ = gate_panels(*shape)

    @kernel
    def prepare(layer: Layer, p: Float32s, back: bool) -> None:
        """Pack a layer's parameters; with ``back`` also transpose them for the backward pass."""
        table, row, work = layer
        d, h, units = table[row + INPUTS], table[row + HIDDEN], table[row + UNITS]
        panel = ((d + h) * products + slots) * LANES
        for direction in range(table[row + DIRECTIONS]):
            packed = table[row + PACKED] + direction * table[row + PACKED_SIZE]
            weight = table[row + WEIGHT] + direction * ((d + h) * products + slots) * h
            pack(Vector(work, packed), Vector(p, weight), d, h)
            if back:
                stride = table[row + TRANSPOSED_STRIDE]
                hidden_weights = table[row + TRANSPOSED] + direction * products * units * (units + stride)
                hidden_rows = Vector(work, packed + d * products * LANES)
                transpose_panels(Matrix(work, hidden_weights, units), hidden_rows, panel, h, units)
                if table[row + SOURCE_GRADIENTS] >= 0:
                    input_weights = Matrix(work, hidden_weights + products * units * units, stride)
                    transpose_panels(input_weights, Vector(work, packed), panel, d, units)

    return prepare


def _input_sums(shape: CellShape) -> Callable[..., None]:
    slots, products = shape
    panel_sums, first = gate_panels(*shape).sums, (slots - products) * LANES

    @kernel
    def input_sums(layer: Layer, direction: int, count: int) -> None:
        """``W x + b`` of ``count`` frames; the biases alone in slots that the inputs do not reach."""
        table, row, work = layer
        d, stride = table[row + INPUTS], table[row + SOURCE_STRIDE]
        rows, high = table[ROWS], (d + table[row + HIDDEN]) * products * LANES
        z = table[row + GATES] + direction * rows * slots * table[row + UNITS]
        w = table[row + PACKED] + direction * table[row + PACKED_SIZE]
        for _ in range(0, table[row + UNITS], LANES):
            panel_sums(
                Matrix(work, z + first, slots * LANES),
                Matrix(work, w + high + first, 0),
                Strided(work, table[row + SOURCE], stride, 1),
                Matrix(work, w, products * LANES),
                count,
                d,
            )
            for j in range(0, first, LANES):
                for s in range(count):
                    store(work, z + s * slots * LANES + j, load(work, w + high + j, LANES))
            z += rows * slots * LANES
            w += high + slots * LANES

    return input_sums


def _step_forward(shape: CellShape, cell: Cell) -> Callable[..., None]:
    slots, products = shape
    panel_sums = gate_panels(*shape).sums
    activate_gates, cell_forward, _ = cell

    @kernel
    def step_forward(layer: Layer, direction: int, at: TimeStep) -> None:
        """One time step of one direction."""
        table, row, work = layer
        first, n = at.first, at.size
        d, h, units, rows = table[row + INPUTS], table[row + HIDDEN], table[row + UNITS], table[ROWS]
        shift = direction * (rows + table[GROUP])
        states, cells = table[row + PREVIOUS_HIDDEN] + shift * units, table[row + PREVIOUS_CELLS] + shift * units
        packed = table[row + PACKED] + direction * table[row + PACKED_SIZE] + d * products * LANES
        gates = table[row + GATES] + direction * rows * slots * units + first * slots * LANES
        tanh_cells = table[row + TANH_CELLS] + (direction * rows + first) * units
        values = table[row + VALUES] + first * table[row + STRIDE] + direction * h
        for j in range(0, units, LANES):
            z, w = gates + rows * slots * j, packed + ((d + h) * products + slots) * j
            if at.recurrent > 0:
                previous = Strided(work, states + first * units, units, 1)
                sums = Matrix(work, z, slots * LANES)
                panel_sums(sums, sums, previous, Matrix(work, w, products * LANES), n, at.recurrent)
            for s in range(n):
                activate_gates(work, z + s * slots * LANES)
            for s in range(n):
                before = (first + s) * units + j
                after = (at.next_first + s if s < at.continuing else rows + s) * units + j
                cell_forward(
                    work,
                    Place(z + s * slots * LANES, states + before, cells + before, tanh_cells + s * units + j),
                    State(states + after, cells + after),
                    values + s * table[row + STRIDE] + j,
                    h - j,
                )

    return step_forward


def _step_backward(shape: CellShape, cell: Cell) -> Callable[..., None]:
    slots, products = shape
    cell_backward = cell.backward

    @kernel
    def step_backward(layer: Layer, direction: int, first: int, n: int, more: bool) -> None:
        """The gradients of one time step by the gates' sums and, if there are ``more`` steps, by the previous state."""
        table, row, work = layer
        h, units, rows = table[row + HIDDEN], table[row + UNITS], table[ROWS]
        gates = table[row + GATES] + direction * rows * slots * units + first * slots * LANES
        shift = (direction * (rows + table[GROUP]) + first) * units
        states, cells = table[row + PREVIOUS_HIDDEN] + shift, table[row + PREVIOUS_CELLS] + shift
        tanh_cells = table[row + TANH_CELLS] + (direction * rows + first) * units
        gradients = table[row + GRADIENTS] + first * table[row + STRIDE] + direction * h
        hidden_gradients = table[row + STATE_GRADIENTS]
        cell_gradients = hidden_gradients + table[GROUP] * units
        for j in range(0, units, LANES):
            for s in range(n):
                z, at = gates + rows * slots * j + s * slots * LANES, s * units + j
                cell_backward(
                    work,
                    Place(z, states + at, cells + at, tanh_cells + at),
                    gradients + s * table[row + STRIDE] + j,
                    h - j,
                    State(hidden_gradients + at, cell_gradients + at),
                )
        if not more:
            return
        width = products * units
        transposed = table[row + TRANSPOSED] + direction * width * (units + table[row + TRANSPOSED_STRIDE])
        # One panel of the sums at a time: its part of the weights stays in the first-level cache for all sequences.
        for j in range(0, units, LANES):
            part = Strided(work, gates + rows * slots * j, slots * LANES, 1)
            weights = Matrix(work, transposed + products * j * units, units)
            add_product(Matrix(work, hidden_gradients, units), part, weights, n, units, products * LANES)

    return step_backward


def _parameter_gradients(shape: CellShape) -> Callable[..., None]:
    slots, products = shape
    panel_sums, first_slot, width = gate_panels(*shape).sums, (slots - products) * LANES, slots * LANES

    @kernel
    def parameter_gradients(layer: Layer, direction: int, first: int, n: int) -> None:
        """Add the share of ``n`` frames from ``first`` on to the gradient by one direction's parameters, in panels."""
        table, row, work = layer
        d, h, units, rows = table[row + INPUTS], table[row + HIDDEN], table[row + UNITS], table[ROWS]
        into = table[row + PACKED_GRADIENTS] + direction * table[row + PACKED_SIZE]
        stride = table[row + SOURCE_STRIDE]
        source = table[row + SOURCE] + first * stride
        states = table[row + PREVIOUS_HIDDEN] + (direction * (rows + table[GROUP]) + first) * units
        gates = table[row + GATES] + direction * rows * slots * units + first * slots * LANES
        for j in range(0, units, LANES):
            c, z = into + ((d + h) * products + slots) * j, gates + rows * slots * j
            by_input = Matrix(work, c, products * LANES)
            by_hidden = Matrix(work, c + d * products * LANES, products * LANES)
            inputs, hidden = Strided(work, source, 1, stride), Strided(work, states, 1, units)
            panel_sums(by_input, by_input, inputs, Matrix(work, z + first_slot, slots * LANES), d, n)
            panel_sums(by_hidden, by_hidden, hidden, Matrix(work, z, slots * LANES), h, n)
            by_bias = c + (d + h) * products * LANES
            total = load(work, by_bias, width)
            for s in range(n):
                total = total + load(work, z + s * width, width)
            store(work, by_bias, total)

    return parameter_gradients


def _unpack(shape: CellShape) -> Callable[..., None]:
    slots, products = shape
    unpack_panels = gate_panels(*shape).unpack

    @kernel
    def unpack(layer: Layer, direction: int, gradient: Vector) -> None:
        """Write one direction's packed gradient to the gradient of all parameters."""
        table, row, work = layer
        d, h = table[row + INPUTS], table[row + HIDDEN]
        size = ((d + h) * products + slots) * h
        packed = table[row + PACKED_GRADIENTS] + direction * table[row + PACKED_SIZE]
        parameters = Vector(gradient.memory, gradient.at + table[row + WEIGHT] + direction * size)
        unpack_panels(parameters, Vector(work, packed), d, h)

    return unpack


def _input_gradients(shape: CellShape) -> Callable[..., None]:
    slots, products = shape
    first = (slots - products) * LANES

    @kernel
    def input_gradients(layer: Layer, direction: int, count: int) -> None:
        """Add one direction's share of the gradient by the inputs of ``count`` frames."""
        table, row, work = layer
        units, rows, stride = table[row + UNITS], table[ROWS], table[row + TRANSPOSED_STRIDE]
        width = products * units
        weights = table[row + TRANSPOSED] + direction * width * (units + stride) + width * units
        gates = table[row + GATES] + direction * rows * slots * units + first
        into = Matrix(work, table[row + SOURCE_GRADIENTS], table[row + SOURCE_STRIDE])
        for j in range(0, units, LANES):
            part = Strided(work, gates + rows * slots * j, slots * LANES, 1)
            part_weights = Matrix(work, weights + products * j * stride, stride)
            add_product(into, part, part_weights, count, table[row + INPUTS], products * LANES)

    return input_gradients
