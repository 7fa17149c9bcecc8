"""From the layers of a sequence network to the engine's program: the table, and the arena a group lives in."""

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
from pellucid.layers.lstm import LSTM
from pellucid.system.memory import aligned


@dataclass(frozen=True)
class Room:
    """What a group may have at most: frames in all, sequences, frames of one of them, labels of one of them."""

    rows: int
    group: int
    longest: int
    labels: int = 0

    def holds(self, other: Room) -> bool:
        """Whether what fits the other fits here."""
        return self.grown(other) == self

    def grown(self, other: Room) -> Room:
        """Room for what fits either."""
        return Room(
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
        """What CTC keeps of one sequence: see `pellucid.engine.kernels.ctc.ctc_loss`."""
        long = self.states + ALIGNMENT
        return 4 * long + self.longest * (self.states + long) + 2 * ALIGNMENT

    def integers(self, batch: int) -> int:
        """What a group needs of integers, where mini-batches have ``batch`` sequences."""
        return 2 * padded(self.group) + max(batch, padded(self.group)) + self.longest + 2 + self.states


@dataclass(frozen=True)
class SequencePlan:
    """A program table: a head and a row a step, (steps + 1, COLUMNS); ``rows`` tells which steps each layer has."""

    table: NDArray[np.int64]
    room: Room
    rows: tuple[tuple[int, ...], ...]

    @property
    def steps(self) -> int:
        """Rows after the head."""
        return len(self.table) - 1

    def program(self, parameters: Vector) -> Program:
        """The program as the engine takes it."""
        return Program(self.table, self.steps, parameters)

    def arena(self) -> Vector:
        """A fresh arena: one for each thread."""
        return aligned(int(self.table[0, t.SIZE]))

    def integers(self, batch: int = 0) -> NDArray[np.int64]:
        """Fresh integers for one thread; ``batch`` sequences are sorted at a time, by default one group."""
        return np.zeros(self.room.integers(batch or self.room.group), np.int64)

    def block(self, arena: Vector, row: int, column: int, frames: int) -> Vector:
        """The first ``frames`` rows of a step's SUMS, VALUES or SLOPES in an arena, (frames, outputs): a view."""
        begin, stride = self.table[row, column], self.table[row, t.STRIDE]
        return arena[begin : begin + frames * stride].reshape(frames, stride)[:, : self.table[row, t.OUTPUTS]]


def sequence_plan(
    layers: Sequence[Layer], input_shape: Shape, room: Room, *, back: bool = True, by_inputs: bool = False
) -> SequencePlan:
    """Lay out the parameters and the arena of a sequence network.

    Parameters
    ----------
    layers : sequence of Layer
        `LSTM` and `Dense`, first layer first.
    input_shape : tuple
        (None, D).
    room : Room
        What groups may have at most.
    back : bool
        Whether there is to be a way back.
    by_inputs : bool
        Whether it goes on to the inputs.
    """
    writer = _Writer(room, back)
    d = input_shape[1]
    writer.source = writer.take(room.rows * padded(d)), padded(d), -1
    writer.head[[t.FRAMES, t.FEATURES]] = writer.source[0], d
    if by_inputs:
        writer.source = (*writer.source[:2], writer.take(room.rows * padded(d)))
    places, parameter = [], 0
    for layer in layers:
        begin = len(writer.rows) + 1
        if isinstance(layer, LSTM):
            writer.lstm(layer, input_shape, parameter)
        elif isinstance(layer, Dense):
            writer.dense(layer, input_shape, parameter)
        else:
            raise ConfigurationError(
                f"A network of sequences is made of LSTM and Dense layers; got {type(layer).__name__}."
            )
        places.append(tuple(range(begin, len(writer.rows) + 1)))
        parameter += layer.parameter_count(input_shape)
        input_shape = layer.output_shape(input_shape)
    writer.head[t.SIZE] = writer.size
    return SequencePlan(np.array([writer.head, *writer.rows]), room, tuple(places))


class _Writer:
    """Writes rows one after another, and hands out places in the arena."""

    def __init__(self, room: Room, back: bool) -> None:
        self.room, self.back = room, back
        self.size = 0
        self.rows: list[NDArray[np.int64]] = []
        self.source = 0, 0, -1  # offset, stride, offset of the gradient
        self.one_each = False
        self.head = np.zeros(t.COLUMNS, np.int64)
        most = padded(max(room.rows, room.group))
        self.head[[t.ROWS, t.GROUP]] = room.rows, padded(room.group)
        self.head[[t.LONGEST, t.STATES]] = room.longest, room.states
        for place in (t.MAXIMA, t.TOTALS):
            self.head[place] = self.take(most)
        self.head[t.LOSS] = self.take(room.group)
        self.head[t.ALIGNMENT_WORK] = self.take(room.alignment_work() if room.labels >= 0 else 0)

    def take(self, count: int) -> int:
        """So many floats of the arena."""
        begin = self.size
        self.size += padded(int(count))
        return begin

    def _row(self, operation: int, inputs: int, outputs: int) -> NDArray[np.int64]:
        """A row with its inputs and its outputs in place."""
        row = np.zeros(t.COLUMNS, np.int64)
        rows, stride = self.room.group if self.one_each else self.room.rows, padded(outputs)
        row[[t.OPERATION, t.INPUTS, t.OUTPUTS, t.STRIDE]] = operation, inputs, outputs, stride
        row[[t.SOURCE, t.SOURCE_STRIDE, t.SOURCE_GRADIENTS]] = self.source
        row[[t.PER_SEQUENCE, t.ACTIVATION, t.DIRECTIONS]] = self.one_each, IDENTITY, 1
        after = self.room.group if operation in (t.LAST, t.MEAN) else rows
        row[t.VALUES] = row[t.SUMS] = self.take(padded(after) * stride)
        row[t.GRADIENTS] = self.take(padded(after) * stride) if self.back else -1
        self.source = int(row[t.VALUES]), stride, int(row[t.GRADIENTS])
        self.head[[t.CLASSES]] = outputs
        self.rows.append(row)
        return row

    def dense(self, layer: Dense, input_shape: Shape, parameter: int) -> None:
        """A dense layer, over every frame or over every sequence."""
        inputs, outputs = input_shape[-1], layer.out_features
        row = self._row(t.DENSE, inputs, outputs)
        row[t.ACTIVATION] = activation(layer.activation).code
        row[t.WEIGHT], row[t.BIAS] = parameter, parameter + inputs * outputs
        if row[t.ACTIVATION] != IDENTITY:
            row[t.SUMS] = self.take(padded(self.room.group if self.one_each else self.room.rows) * row[t.STRIDE])
        if self.back:
            row[t.TRANSPOSED_STRIDE] = padded(inputs)
            row[t.TRANSPOSED] = self.take(outputs * row[t.TRANSPOSED_STRIDE])

    def lstm(self, layer: LSTM, input_shape: Shape, parameter: int) -> None:
        """An LSTM, and the step to one answer a sequence where it has one."""
        d, h, ways = input_shape[1], layer.hidden_size, layer.directions
        units = -(-h // lane_width()) * lane_width()
        width, rows, group = t.GATE_COUNT * units, self.room.rows, padded(self.room.group)
        row = self._row(t.LSTM, d, ways * h)
        row[[t.WEIGHT, t.HIDDEN, t.UNITS, t.DIRECTIONS]] = parameter, h, units, ways
        row[t.PACKED_SIZE] = (d + h + 1) * width
        row[t.PACKED] = self.take(ways * row[t.PACKED_SIZE])
        row[t.GATES] = self.take(ways * rows * width)
        row[t.PREVIOUS_HIDDEN] = self.take(ways * (rows + group) * units)
        row[t.PREVIOUS_CELLS] = self.take(ways * (rows + group) * units)
        row[t.TANH_CELLS] = self.take(ways * rows * units)
        if self.back:
            row[t.PACKED_GRADIENTS] = self.take(ways * row[t.PACKED_SIZE])
            row[t.TRANSPOSED_STRIDE] = padded(d)
            row[t.TRANSPOSED] = self.take(ways * width * (units + row[t.TRANSPOSED_STRIDE]))
            row[t.STATE_GRADIENTS] = self.take(2 * group * units)
        if layer.outputs != "frames":
            reduced = self._row(t.MEAN if layer.outputs == "mean" else t.LAST, ways * h, ways * h)
            reduced[t.DIRECTIONS] = ways
            self.one_each = True
            self.head[t.REDUCED] = 1


def room_for(lengths: NDArray[np.int64], group: int, labels: int = 0) -> Room:
    """Room for any ``group`` of sequences of these lengths."""
    group = max(1, min(group, len(lengths)))
    longest = np.sort(lengths)[::-1][:group]
    return Room(int(longest.sum()), group, int(longest.max(initial=1)), labels)


def lengths_of(starts: NDArray[np.int64], order: NDArray[np.int64]) -> NDArray[np.int64]:
    """Frames, or labels, of the sequences in ``order``, where ``starts`` (N + 1,) says where those of each begin."""
    if len(order) and not 0 <= order.min() <= order.max() < len(starts) - 1:
        raise CapacityError(f"The engine expected sequences from 0 to {len(starts) - 2}, got others in their order.")
    lengths: NDArray[np.int64] = starts[order + 1] - starts[order]
    return lengths


def check_plan(plan: SequencePlan, lengths: NDArray[np.int64], group: int, labels: int = 0) -> None:
    """Refuse sequences of which some ``group`` does not fit the arena of ``plan``."""
    needed, held = room_for(lengths, group, labels), plan.room
    check_room("frames in a group", needed.rows, held.rows)
    check_room("sequences in a group", needed.group, held.group)
    check_room("frames in a sequence", needed.longest, held.longest)
    check_room("labels in a sequence", needed.labels, held.labels)
