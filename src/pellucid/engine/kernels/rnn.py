"""The plain recurrent layer, h = f(W x + U h + b): a dense layer that also takes its own outputs one frame earlier.

Its sums are one matrix (frames, U), which holds the values of f after the forward pass and the gradients by the sums
after the backward pass. Its parameters are packed as rows of U: D by input, H by hidden unit, and the biases.
Letters as in `pellucid.engine.kernels.recurrent`. Derivation: docs/derivations/rnn.md
"""

from __future__ import annotations

from pellucid.engine.compiler.kernels import kernel
from pellucid.engine.compiler.signature import Float32s
from pellucid.engine.kernels.activations import activate, elementwise_backward
from pellucid.engine.kernels.matmul import InitialRow, add_product, set_product, transpose
from pellucid.engine.kernels.recurrent import Backward, Forward, TimeStep, run_backward, run_forward
from pellucid.engine.programs.sequence_table import (
    ACTIVATION,
    DIRECTIONS,
    GATES,
    GRADIENTS,
    GROUP,
    HIDDEN,
    INPUTS,
    PACKED,
    PACKED_GRADIENTS,
    PACKED_SIZE,
    PREVIOUS_HIDDEN,
    ROWS,
    SOURCE,
    SOURCE_GRADIENTS,
    SOURCE_STRIDE,
    STATE_GRADIENTS,
    STRIDE,
    TRANSPOSED,
    TRANSPOSED_STRIDE,
    UNITS,
    VALUES,
    WEIGHT,
)
from pellucid.engine.records import Matrix, Strided, Vector
from pellucid.engine.sequence_records import Layer
from pellucid.engine.simd.lanes import LANES, load, load_first, store, store_first


@kernel
def prepare(layer: Layer, p: Float32s, back: bool) -> None:
    """Pack a layer's parameters; with ``back`` also transpose them for the backward pass."""
    table, row, work = layer
    d, h, units = table[row + INPUTS], table[row + HIDDEN], table[row + UNITS]
    for direction in range(table[row + DIRECTIONS]):
        packed = table[row + PACKED] + direction * table[row + PACKED_SIZE]
        weight = table[row + WEIGHT] + direction * (d + h + 1) * h
        for k in range(d + h + 1):
            for j in range(0, h, LANES):
                store(work, packed + k * units + j, load_first(p, weight + k * h + j, h - j, LANES))
        if back:
            stride = table[row + TRANSPOSED_STRIDE]
            by_hidden = table[row + TRANSPOSED] + direction * units * (units + stride)
            transpose(Matrix(work, by_hidden, units), Matrix(work, packed + d * units, units), h, units)
            if table[row + SOURCE_GRADIENTS] >= 0:
                by_input = Matrix(work, by_hidden + units * units, stride)
                transpose(by_input, Matrix(work, packed, units), d, units)


@kernel
def sums_of(layer: Layer, direction: int) -> Matrix:
    """The sums of one direction."""
    table, row, work = layer
    return Matrix(work, table[row + GATES] + direction * table[ROWS] * table[row + UNITS], table[row + UNITS])


@kernel
def input_sums(layer: Layer, direction: int, count: int) -> None:
    """``W x + b`` of ``count`` frames."""
    table, row, work = layer
    d, units = table[row + INPUTS], table[row + UNITS]
    packed = table[row + PACKED] + direction * table[row + PACKED_SIZE]
    bias = InitialRow(Vector(work, packed + (d + table[row + HIDDEN]) * units), 1)
    inputs = Strided(work, table[row + SOURCE], table[row + SOURCE_STRIDE], 1)
    set_product(sums_of(layer, direction), 0, bias, inputs, Matrix(work, packed, units), count, units, d)


@kernel
def step_forward(layer: Layer, direction: int, at: TimeStep) -> None:
    """One time step of one direction."""
    table, row, work = layer
    first, n = at.first, at.size
    h, units, rows = table[row + HIDDEN], table[row + UNITS], table[ROWS]
    states = table[row + PREVIOUS_HIDDEN] + direction * (rows + table[GROUP]) * units
    z = sums_of(layer, direction).at + first * units
    values = table[row + VALUES] + first * table[row + STRIDE] + direction * h
    if at.recurrent > 0:
        weights = table[row + PACKED] + direction * table[row + PACKED_SIZE] + table[row + INPUTS] * units
        previous = Strided(work, states + first * units, units, 1)
        add_product(Matrix(work, z, units), previous, Matrix(work, weights, units), n, units, at.recurrent)
    activate(table[row + ACTIVATION], Vector(work, z), Vector(work, z), n * units)
    for s in range(n):
        after = states + (at.next_first + s if s < at.continuing else rows + s) * units
        for j in range(0, units, LANES):
            v = load(work, z + s * units + j, LANES)
            store(work, after + j, v)
            store_first(work, values + s * table[row + STRIDE] + j, v, h - j)


@kernel
def step_backward(layer: Layer, direction: int, first: int, n: int, more: bool) -> None:
    """The gradients of one time step by the sums and, if there are ``more`` steps, by the previous h."""
    table, row, work = layer
    h, units = table[row + HIDDEN], table[row + UNITS]
    z = sums_of(layer, direction).at + first * units
    gradients = table[row + GRADIENTS] + first * table[row + STRIDE] + direction * h
    dh = table[row + STATE_GRADIENTS]
    for s in range(n):
        for j in range(0, units, LANES):
            v = load_first(work, gradients + s * table[row + STRIDE] + j, h - j, LANES)
            store(work, dh + s * units + j, load(work, dh + s * units + j, LANES) + v)
    elementwise_backward(table[row + ACTIVATION], Vector(work, dh), Vector(work, z), n * units)
    for j in range(0, n * units, LANES):
        store(work, z + j, load(work, dh + j, LANES))
    if more:
        weights = table[row + TRANSPOSED] + direction * units * (units + table[row + TRANSPOSED_STRIDE])
        nothing, sums = InitialRow(Vector(work, 0), 0), Strided(work, z, units, 1)
        set_product(Matrix(work, dh, units), 0, nothing, sums, Matrix(work, weights, units), n, units, h)


@kernel
def parameter_gradients(layer: Layer, direction: int, first: int, n: int) -> None:
    """Add the share of ``n`` frames from ``first`` on to the packed gradient by one direction's parameters."""
    table, row, work = layer
    d, h, units, rows = table[row + INPUTS], table[row + HIDDEN], table[row + UNITS], table[ROWS]
    into = table[row + PACKED_GRADIENTS] + direction * table[row + PACKED_SIZE]
    z, stride = sums_of(layer, direction).at + first * units, table[row + SOURCE_STRIDE]
    sums = Matrix(work, z, units)
    inputs = Strided(work, table[row + SOURCE] + first * stride, 1, stride)
    states = table[row + PREVIOUS_HIDDEN] + (direction * (rows + table[GROUP]) + first) * units
    add_product(Matrix(work, into, units), inputs, sums, d, units, n)
    add_product(Matrix(work, into + d * units, units), Strided(work, states, 1, units), sums, h, units, n)
    for j in range(0, units, LANES):
        by_bias = into + (d + h) * units + j
        total = load(work, by_bias, LANES)
        for s in range(n):
            total = total + load(work, z + s * units + j, LANES)
        store(work, by_bias, total)


@kernel
def unpack(layer: Layer, direction: int, gradient: Vector) -> None:
    """Write one direction's packed gradient to the gradient of all parameters."""
    table, row, work = layer
    h, units = table[row + HIDDEN], table[row + UNITS]
    count = table[row + INPUTS] + h + 1
    packed = table[row + PACKED_GRADIENTS] + direction * table[row + PACKED_SIZE]
    parameters = gradient.at + table[row + WEIGHT] + direction * count * h
    for k in range(count):
        for j in range(0, h, LANES):
            v = load(work, packed + k * units + j, LANES)
            store_first(gradient.memory, parameters + k * h + j, v, h - j)


@kernel
def input_gradients(layer: Layer, direction: int, count: int) -> None:
    """Add one direction's share of the gradient by the inputs of ``count`` frames."""
    table, row, work = layer
    units, stride = table[row + UNITS], table[row + TRANSPOSED_STRIDE]
    weights = table[row + TRANSPOSED] + direction * units * (units + stride) + units * units
    into = Matrix(work, table[row + SOURCE_GRADIENTS], table[row + SOURCE_STRIDE])
    sums = Strided(work, sums_of(layer, direction).at, units, 1)
    add_product(into, sums, Matrix(work, weights, stride), count, table[row + INPUTS], table[row + HIDDEN])


forward = run_forward(Forward(input_sums, step_forward))
backward = run_backward(Backward(step_backward, parameter_gradients, unpack, input_gradients))
