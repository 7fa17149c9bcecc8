"""The engine's program for a network of dense layers: the table, and the layout of the arena."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pellucid.engine.programs import table as t
from pellucid.layers.activation import activation
from pellucid.layers.dense import Dense
from pellucid.layers.flatten import Flatten
from pellucid.layers.layer import Layer, Shape, Vector
from pellucid.system.memory import aligned


@dataclass(frozen=True)
class Plan:
    """A program table (layers, COLUMNS) and the number of float32 its arena needs."""

    table: NDArray[np.int64]
    size: int

    @property
    def layers(self) -> int:
        """Rows of the table."""
        return len(self.table)

    def arena(self) -> Vector:
        """A new arena; each thread that runs the program alone needs one."""
        return aligned(self.size)

    def reading_arena(self) -> Vector:
        """A new, smaller arena, for inference only.

        `pellucid.engine.programs.dense_entries.read` keeps the inputs of one image and the list of its non-zero inputs
        at the end of the arena, where training keeps the inputs of a whole tile.
        """
        return aligned(min(self.size, int(self.table[0, t.SOURCE] + 3 * self.table[0, t.SOURCE_STRIDE])))

    def block(self, arena: Vector, row: int, column: int, images: int) -> Vector:
        """The first ``images`` rows of a layer's SUMS, VALUES or DELTAS in an arena, (images, outputs): a view."""
        begin, stride = self.table[row, column], self.table[row, t.STRIDE]
        rows = arena[begin : begin + images * stride].reshape(images, stride)
        return rows[:, : self.table[row, t.OUTPUTS]]


def plan(layers: Sequence[Layer], input_shape: Shape) -> Plan:
    """Make the plan of a network: the table of its layers, and the layout of parameters and arena.

    Parameters
    ----------
    layers : sequence of Layer
        The network, first layer first.
    input_shape : tuple of int
        Shape of one input.
    """
    arena, shape = _Arena(), input_shape
    # Each half of an image's entries is padded to whole steps, and written in whole registers.
    source, stride = 0, 2 * t.padded(-(-math.prod(input_shape) // 2) + t.SPARSE_STEP - 1)
    rows, parameter = [], 0
    for index, layer in enumerate(layer for layer in layers if not isinstance(layer, Flatten)):
        row = np.zeros(t.COLUMNS, np.int64)
        row[[t.SOURCE, t.SOURCE_STRIDE, t.WEIGHT]] = source, stride, parameter
        _dense(row, layer, input_shape, arena, transposed=index > 0)
        parameter += layer.parameter_count(input_shape)
        source, stride, input_shape = int(row[t.VALUES]), int(row[t.STRIDE]), layer.output_shape(input_shape)
        rows.append(row)
    rows[0][t.LOWER] = arena.take(t.TILE * rows[0][t.STRIDE])
    rows[0][t.SOURCE] = arena.take(t.TILE * rows[0][t.SOURCE_STRIDE])
    if rows[0][t.OUTPUTS] >= t.SORTED_FROM:
        rows[0][t.SORTED] = arena.take(math.prod(shape) + 2 * t.TILE * rows[0][t.SOURCE_STRIDE])
    return Plan(np.array(rows), arena.size)


class _Arena:
    """Allocates the arena; its head is for softmax and the losses."""

    def __init__(self) -> None:
        self.size = 3 * t.TILE

    def take(self, count: int) -> int:
        begin = self.size
        self.size += t.padded(int(count))
        return begin


def _dense(row: NDArray[np.int64], layer: Layer, input_shape: Shape, arena: _Arena, transposed: bool) -> None:
    """Fill the row of a dense layer and allocate its arrays in the arena."""
    if not isinstance(layer, Dense):
        raise TypeError(f"no program for {type(layer).__name__}")
    inputs, outputs = math.prod(input_shape), layer.out_features
    code = activation(layer.activation).code
    stride = _apart(outputs)
    row[[t.OPERATION, t.INPUTS, t.OUTPUTS, t.ACTIVATION, t.STRIDE]] = t.DENSE, inputs, outputs, code, stride
    row[t.BIAS] = row[t.WEIGHT] + inputs * outputs
    row[t.VALUES] = arena.take(t.TILE * stride)
    row[t.SUMS] = arena.take(t.TILE * stride) if code != t.IDENTITY else row[t.VALUES]
    row[t.DELTAS] = arena.take(t.TILE * stride)
    row[t.TRANSPOSED_STRIDE] = _apart(inputs)
    if transposed:
        row[t.TRANSPOSED] = arena.take(outputs * row[t.TRANSPOSED_STRIDE])


def _apart(count: int) -> int:
    """The stride of rows of ``count`` floats. Long rows avoid powers of two, which map to few sets of a cache."""
    return t.padded(count) + (t.ALIGNMENT if count > 64 else 0)
