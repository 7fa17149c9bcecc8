"""The engine's program for the layers of a sequence network: its table, and the arena of a group."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pellucid.engine.compiler.target import lane_width
from pellucid.engine.programs import sequence_table as t
from pellucid.engine.programs.capacity import check_room
from pellucid.engine.programs.table import ALIGNMENT, IDENTITY, padded
from pellucid.engine.records import Program
from pellucid.errors import CapacityError, ConfigurationError
from pellucid.layers.activation import activation
from pellucid.layers.dense import Dense
from pellucid.layers.layer import Layer, Shape, Vector
from pellucid.layers.recurrent import Recurrent
from pellucid.layers.rnn import RNN
from pellucid.system.memory import aligned

_OPERATIONS = {"lstm": t.LSTM, "gru": t.GRU, "rnn": t.RNN}
"""The operations of recurrent layers, by their kind."""


@dataclass(frozen=True)
class Capacity:
    """Limits of a group: frames in all, sequences, frames of a sequence, labels of a sequence."""

    rows: int
    group: int
    longest: int
    labels: int = 0

    def holds(self, other: Capacity) -> bool:
        """Whether every group that fits ``other`` fits here."""
        return self.union(other) == self

    def union(self, other: Capacity) -> Capacity:
        """Capacity for groups that fit either."""
        return Capacity(
            max(self.rows, other.rows),
            max(self.group, other.group),
            max(self.longest, other.longest),
            max(self.labels, other.labels),
        )

    @property
    def states(self) -> int:
        """States of the longest alignment, padded."""
        return padded(2 * self.labels + 1)

    def alignment_work(self) -> int:
        """Floats of scratch that CTC needs: see `pellucid.engine.kernels.ctc.ctc_loss`."""
        long = self.states + ALIGNMENT
        return 4 * long + self.longest * (self.states + long) + 2 * ALIGNMENT

    def integers(self, batch: int) -> int:
        """Integers that a group needs if mini-batches have ``batch`` sequences."""
        return 2 * padded(self.group) + max(batch, padded(self.group)) + self.longest + 2 + self.states


@dataclass(frozen=True)
class SequencePlan:
    """A program table (steps + 1, COLUMNS): a header and one row per step; ``rows`` has the steps of each layer."""

    table: NDArray[np.int64]
    capacity: Capacity
    rows: tuple[tuple[int, ...], ...]

    @property
    def steps(self) -> int:
        """Rows after the header."""
        return len(self.table) - 1

    def program(self, parameters: Vector) -> Program:
        """The program, as a record for the engine."""
        return Program(self.table, self.steps, parameters)

    def arena(self) -> Vector:
        """A new arena; each thread needs its own."""
        return aligned(int(self.table[0, t.SIZE]))

    def integers(self, batch: int = 0) -> NDArray[np.int64]:
        """New integers for one thread that sorts ``batch`` sequences at a time, by default one group."""
        return np.zeros(self.capacity.integers(batch or self.capacity.group), np.int64)

    def block(self, arena: Vector, row: int, column: int, frames: int) -> Vector:
        """A view (frames, outputs) of the first ``frames`` rows of a step's SUMS, VALUES or GRADIENTS in an arena."""
        begin, stride = self.table[row, column], self.table[row, t.STRIDE]
        return arena[begin : begin + frames * stride].reshape(frames, stride)[:, : self.table[row, t.OUTPUTS]]


def sequence_plan(
    layers: Sequence[Layer],
    input_shape: Shape,
    capacity: Capacity,
    *,
    backward: bool = True,
    input_gradient: bool = False,
) -> SequencePlan:
    """Lay out the arena of a sequence network and write its table.

    Parameters
    ----------
    layers : sequence of Layer
        `LSTM`, `GRU`, `RNN` and `Dense`, first layer first.
    input_shape : tuple
        (None, D).
    capacity : Capacity
        Limits of groups.
    backward : bool
        Whether the backward pass is needed.
    input_gradient : bool
        Whether the gradient by the inputs is needed.
    """
    writer = _Writer(capacity, backward)
    d = input_shape[1]
    writer.source = writer.allocate(capacity.rows * padded(d)), padded(d), -1
    writer.head[[t.FRAMES, t.FEATURES]] = writer.source[0], d
    if input_gradient:
        writer.source = (*writer.source[:2], writer.allocate(capacity.rows * padded(d)))
    places, parameter = [], 0
    for layer in layers:
        begin = len(writer.rows) + 1
        if isinstance(layer, Recurrent):
            writer.recurrent(layer, input_shape, parameter)
        elif isinstance(layer, Dense):
            writer.dense(layer, input_shape, parameter)
        else:
            raise ConfigurationError(
                f"A network of sequences is made of LSTM, GRU, RNN and Dense layers; got {type(layer).__name__}."
            )
        places.append(tuple(range(begin, len(writer.rows) + 1)))
        parameter += layer.parameter_count(input_shape)
        input_shape = layer.output_shape(input_shape)
    writer.head[t.SIZE] = writer.size
    return SequencePlan(np.array([writer.head, *writer.rows]), capacity, tuple(places))


class _Writer:
    """Writes the rows of a table, and allocates the arena."""

    def __init__(self, capacity: Capacity, backward: bool) -> None:
        self.capacity, self.backward = capacity, backward
        self.size = 0
        self.rows: list[NDArray[np.int64]] = []
        self.source = 0, 0, -1  # offset, stride, offset of the gradient
        self.per_sequence = False
        self.head = np.zeros(t.COLUMNS, np.int64)
        most = padded(max(capacity.rows, capacity.group))
        self.head[[t.ROWS, t.GROUP]] = capacity.rows, padded(capacity.group)
        self.head[[t.LONGEST, t.STATES]] = capacity.longest, capacity.states
        for place in (t.MAXIMA, t.TOTALS):
            self.head[place] = self.allocate(most)
        self.head[t.LOSS] = self.allocate(capacity.group)
        self.head[t.ALIGNMENT_WORK] = self.allocate(capacity.alignment_work() if capacity.labels >= 0 else 0)

    def allocate(self, count: int) -> int:
        """The offset of ``count`` new floats of the arena."""
        begin = self.size
        self.size += padded(int(count))
        return begin

    def _row(self, operation: int, inputs: int, outputs: int) -> NDArray[np.int64]:
        """Append a row, with memory for its outputs."""
        row = np.zeros(t.COLUMNS, np.int64)
        rows, stride = self.capacity.group if self.per_sequence else self.capacity.rows, padded(outputs)
        row[[t.OPERATION, t.INPUTS, t.OUTPUTS, t.STRIDE]] = operation, inputs, outputs, stride
        row[[t.SOURCE, t.SOURCE_STRIDE, t.SOURCE_GRADIENTS]] = self.source
        row[[t.PER_SEQUENCE, t.ACTIVATION, t.DIRECTIONS]] = self.per_sequence, IDENTITY, 1
        output_rows = self.capacity.group if operation in (t.LAST, t.MEAN) else rows
        row[t.VALUES] = row[t.SUMS] = self.allocate(padded(output_rows) * stride)
        row[t.GRADIENTS] = self.allocate(padded(output_rows) * stride) if self.backward else -1
        self.source = int(row[t.VALUES]), stride, int(row[t.GRADIENTS])
        self.head[[t.CLASSES]] = outputs
        self.rows.append(row)
        return row

    def dense(self, layer: Dense, input_shape: Shape, parameter: int) -> None:
        """Append a dense layer, over frames or over one row per sequence."""
        inputs, outputs = input_shape[-1], layer.out_features
        row = self._row(t.DENSE, inputs, outputs)
        row[t.ACTIVATION] = activation(layer.activation).code
        row[t.WEIGHT], row[t.BIAS] = parameter, parameter + inputs * outputs
        if row[t.ACTIVATION] != IDENTITY:
            row[t.SUMS] = self.allocate(
                padded(self.capacity.group if self.per_sequence else self.capacity.rows) * row[t.STRIDE]
            )
        if self.backward:
            row[t.TRANSPOSED_STRIDE] = padded(inputs)
            row[t.TRANSPOSED] = self.allocate(outputs * row[t.TRANSPOSED_STRIDE])

    def recurrent(self, layer: Recurrent, input_shape: Shape, parameter: int) -> None:
        """Append a recurrent layer and, if it has one output per sequence, the reduction to it."""
        d, h, directions = input_shape[1], layer.hidden_size, layer.directions
        operation = _OPERATIONS[layer.kind]
        slots, products = t.SHAPES[operation]
        units, rows, group = -(-h // lane_width()) * lane_width(), self.capacity.rows, padded(self.capacity.group)
        row = self._row(operation, d, directions * h)
        row[[t.WEIGHT, t.HIDDEN, t.UNITS, t.DIRECTIONS]] = parameter, h, units, directions
        if isinstance(layer, RNN):
            row[t.ACTIVATION] = activation(layer.activation).code
        row[t.PACKED_SIZE] = ((d + h) * products + slots) * units
        row[t.PACKED] = self.allocate(directions * row[t.PACKED_SIZE])
        row[t.GATES] = self.allocate(directions * rows * slots * units)
        row[t.PREVIOUS_HIDDEN] = self.allocate(directions * (rows + group) * units)
        row[[t.PREVIOUS_CELLS, t.TANH_CELLS]] = -1
        if operation == t.LSTM:
            row[t.PREVIOUS_CELLS] = self.allocate(directions * (rows + group) * units)
            row[t.TANH_CELLS] = self.allocate(directions * rows * units)
        if self.backward:
            states = 2 if operation == t.LSTM else 1
            row[t.PACKED_GRADIENTS] = self.allocate(directions * row[t.PACKED_SIZE])
            row[t.TRANSPOSED_STRIDE] = padded(d)
            row[t.TRANSPOSED] = self.allocate(directions * products * units * (units + row[t.TRANSPOSED_STRIDE]))
            row[t.STATE_GRADIENTS] = self.allocate(states * group * units)
        if layer.outputs != "frames":
            reduced = self._row(t.MEAN if layer.outputs == "mean" else t.LAST, directions * h, directions * h)
            reduced[t.DIRECTIONS] = directions
            self.per_sequence = True
            self.head[t.REDUCED] = 1


def capacity_for(lengths: NDArray[np.int64], group: int, labels: int = 0) -> Capacity:
    """Capacity for any ``group`` sequences of these lengths."""
    group = max(1, min(group, len(lengths)))
    longest = np.sort(lengths)[::-1][:group]
    return Capacity(int(longest.sum()), group, int(longest.max(initial=1)), labels)


def lengths_of(starts: NDArray[np.int64], order: NDArray[np.int64]) -> NDArray[np.int64]:
    """The number of frames, or labels, of each sequence in ``order``, from their ``starts`` (N + 1,)."""
    if len(order) and not 0 <= order.min() <= order.max() < len(starts) - 1:
        raise CapacityError(f"The engine expected sequences from 0 to {len(starts) - 2}, got others in the order.")
    lengths: NDArray[np.int64] = starts[order + 1] - starts[order]
    return lengths


def check_plan(plan: SequencePlan, lengths: NDArray[np.int64], group: int, labels: int = 0) -> None:
    """Raise CapacityError if some ``group`` of the sequences does not fit the arena of ``plan``."""
    needed, held = capacity_for(lengths, group, labels), plan.capacity
    check_room("frames in a group", needed.rows, held.rows)
    check_room("sequences in a group", needed.group, held.group)
    check_room("frames in a sequence", needed.longest, held.longest)
    check_room("labels in a sequence", needed.labels, held.labels)
