"""Run a program table from the first layer's sums on: forward, losses and backward, for any number of dense layers.

One tile of images goes layer by layer through the arena ``work``. The head of the arena holds softmax's maximum and sum
and the loss of each image of the tile; the program table lays out the rest (see `pellucid.engine.programs.table`).
Threads that share a tile each compute a range of a layer's outputs, or of the images, and wait for each other between
the layers.
"""

from __future__ import annotations

from typing import NamedTuple

from pellucid.engine.compiler.kernels import kernel, shared
from pellucid.engine.compiler.signature import Float32, Float32s, Int64s
from pellucid.engine.kernels import dense
from pellucid.engine.kernels.activations import Normalizer, activate, activate_backward, softmax
from pellucid.engine.kernels.losses import (
    Outputs,
    TargetClasses,
    TargetValues,
    agree,
    first_of_largest,
    is_correct,
    loss_backward,
    values_backward,
    weigh,
)
from pellucid.engine.kernels.matmul import ROWS
from pellucid.engine.programs.table import (
    ACTIVATION,
    BIAS,
    BINARY_CROSS_ENTROPY,
    COLUMNS,
    DELTAS,
    FIRST_OF_VALUES,
    INPUTS,
    OUTPUTS,
    SOFT_CROSS_ENTROPY,
    SOFTMAX,
    SOURCE,
    SOURCE_STRIDE,
    STRIDE,
    SUMS,
    TILE,
    TRANSPOSED,
    TRANSPOSED_STRIDE,
    VALUES,
    WEIGHT,
    WEIGHTED,
)
from pellucid.engine.records import Affine, Interval, Matrix, Part, Program, Sizes, Targets, Team, Vector
from pellucid.engine.simd.barrier import share, wait
from pellucid.engine.simd.lanes import LANES, load, store, store_first

MAXIMA, TOTALS, LOSS = 0, TILE, 2 * TILE
"""Offsets in the arena's head: softmax's maximum and sum, and the loss, of each image of the tile."""


@kernel
def whole_blocks(n: int) -> int:
    """The rows of ``n`` images, rounded up to whole blocks of the matrix product.

    The content of the additional rows does not matter: a block of four rows takes as long as a single row.
    """
    return (n + ROWS - 1) // ROWS * ROWS


@shared
def layer_sums(table: Int64s, row: int, p: Float32s, work: Float32s, images: Interval, part: Part) -> None:
    """A dense layer's weighted sums from inputs in the arena; a share of the outputs."""
    begin = images.begin
    dense.sums(
        Matrix(work, table[row + SUMS] + begin * table[row + STRIDE], table[row + STRIDE]),
        Matrix(work, table[row + SOURCE] + begin * table[row + SOURCE_STRIDE], table[row + SOURCE_STRIDE]),
        Affine(p, table[row + WEIGHT], table[row + BIAS]),
        Sizes(whole_blocks(images.end - begin), table[row + INPUTS], table[row + OUTPUTS]),
        part,
    )


@shared
def activate_layer(table: Int64s, row: int, work: Float32s, images: Interval, part: Part) -> None:
    """The activations from the weighted sums; a share of the images."""
    begin = images.begin
    low, high = share(part, images.end - begin, 1)
    n, stride = high - low, table[row + STRIDE]
    at = (begin + low) * stride
    y, z = table[row + VALUES] + at, table[row + SUMS] + at
    if table[row + ACTIVATION] == SOFTMAX:
        kept = Normalizer(Vector(work, MAXIMA + begin + low), Vector(work, TOTALS + begin + low))
        scratch = table[row + DELTAS] + at
        softmax(Vector(work, y), Matrix(work, z, stride), n, table[row + OUTPUTS], kept, scratch)
    else:
        activate(table[row + ACTIVATION], Vector(work, y), Vector(work, z), n * stride)


@kernel
def forward_from_sums(program: Program, work: Float32s, images: Interval, team: Team) -> None:
    """Compute the network's outputs from the first layer's weighted sums."""
    table, part = program.table, team.part
    wait(team)
    activate_layer(table, 0, work, images, part)
    wait(team)
    for i in range(1, program.rows):
        row = i * COLUMNS
        layer_sums(table, row, program.parameters, work, images, part)
        wait(team)
        activate_layer(table, row, work, images, part)
        wait(team)


class TileTargets(NamedTuple):
    """The targets of a tile: image i is the example ``order[first + i]``; ``tile_targets[i]`` is its class."""

    targets: Targets
    tile_targets: Int64s
    order: Int64s
    first: int


@shared
def evaluate_loss(
    table: Int64s, layers: int, work: Float32s, wanted: TileTargets, images: Interval, loss: int, scale: Float32
) -> None:
    """The losses of the images, and the last layer's deltas, the gradient of ``scale`` times the summed loss."""
    row = (layers - 1) * COLUMNS
    begin, tile_targets, stride = images.begin, wanted.tile_targets, table[row + STRIDE]
    at, code, targets = begin * stride, loss % WEIGHTED, wanted.targets
    activation, losses = table[row + ACTIVATION], Vector(work, LOSS + begin)
    deltas = Vector(work, table[row + DELTAS] + at)
    outputs = Outputs(
        activation,
        Vector(work, table[row + SUMS] + at),
        Matrix(work, table[row + VALUES] + at, stride),
        images.end - begin,
        table[row + OUTPUTS],
        Normalizer(Vector(work, MAXIMA + begin), Vector(work, TOTALS + begin)),
    )
    if code < FIRST_OF_VALUES:
        for i in range(begin, images.end):
            tile_targets[i] = targets.classes[wanted.order[wanted.first + i]]
        loss_backward(code, losses, deltas, outputs, TargetClasses(tile_targets, begin), scale)
    else:
        values = TargetValues(targets.values, wanted.order, wanted.first + begin)
        values_backward(code, losses, deltas, outputs, values, scale)
    if loss >= WEIGHTED:
        rows = Matrix(work, deltas.at, stride)
        weigh(losses, rows, images.end - begin, targets.weights, wanted.order, wanted.first + begin)


@kernel
def count_correct(
    table: Int64s, layers: int, work: Float32s, wanted: TileTargets, begin: int, end: int, loss: int
) -> int:
    """The number of images whose largest output is that of the target class, as copied by `evaluate_loss`.

    With target values, those whose outputs all lie on the same side of one half as their targets, or, for
    probabilities, whose largest output has the largest target.
    """
    row, code = (layers - 1) * COLUMNS, loss % WEIGHTED
    width, correct = table[row + OUTPUTS], 0
    for i in range(begin, end):
        outputs = Vector(work, table[row + VALUES] + i * table[row + STRIDE])
        if code < FIRST_OF_VALUES:
            if is_correct(outputs, width, wanted.tile_targets[i]):
                correct += 1
        else:
            values = Vector(wanted.targets.values, wanted.order[wanted.first + i] * width)
            if code == SOFT_CROSS_ENTROPY:
                if is_correct(outputs, width, first_of_largest(values, width)):
                    correct += 1
            elif code == BINARY_CROSS_ENTROPY and agree(outputs, width, values):
                correct += 1
    return correct


@kernel
def copy_outputs(outputs: Vector, width: int, rows: Matrix, n: int) -> None:
    """Copy ``n`` rows of the arena to ``outputs``, (n, width)."""
    at = outputs.at
    end = at + n * width
    for i in range(n):
        for j in range(0, width, LANES):
            to, v = at + i * width + j, load(rows.memory, rows.at + i * rows.stride + j, LANES)
            # Storing whole registers is faster; what they write past a row, the next row overwrites.
            if to + LANES <= end:
                store(outputs.memory, to, v)
            else:
                store_first(outputs.memory, to, v, width - j)


class OwnLayers(NamedTuple):
    """The layers that a thread updates: every ``step``-th from ``first`` on, and ``part`` of each."""

    first: int
    step: int
    part: Part


@kernel
def transpose_all_weights(program: Program, work: Float32s, n: int, own: OwnLayers) -> None:
    """Refresh the transposed weights of a thread's own layers, if `backward` needs them."""
    table = program.table
    for i in range(own.first, program.rows, own.step):
        row = i * COLUMNS
        d, k = table[row + INPUTS], table[row + OUTPUTS]
        if not dense.by_images(Sizes(n, d, k)):
            transposed = Matrix(work, table[row + TRANSPOSED], table[row + TRANSPOSED_STRIDE])
            dense.transpose_weights(transposed, Vector(program.parameters, table[row + WEIGHT]), d, k, own.part)


@kernel
def backward(program: Program, work: Float32s, images: Interval, transposed_for: int, team: Team) -> None:
    """Propagate the last layer's deltas back to the first layer.

    ``transposed_for`` is the number of images that `transpose_all_weights` was called with.
    """
    table, p = program.table, program.parameters
    begin = images.begin
    n = images.end - begin
    for i in range(program.rows - 1, 0, -1):
        row = i * COLUMNS
        previous = row - COLUMNS
        stride, source_stride = table[row + STRIDE], table[row + SOURCE_STRIDE]
        delta, into = table[row + DELTAS] + begin * stride, table[previous + DELTAS] + begin * source_stride
        d, k = table[row + INPUTS], table[row + OUTPUTS]
        transposed, transposed_stride = table[row + TRANSPOSED], table[row + TRANSPOSED_STRIDE]
        dx, by_sums = Matrix(work, into, source_stride), Matrix(work, delta, stride)
        if dense.by_images(Sizes(transposed_for, d, k)):
            scratch = transposed + dense.whole_lanes(begin) * (d + k)
            dense.input_gradient_by_images(dx, by_sums, Vector(p, table[row + WEIGHT]), scratch, Sizes(n, d, k), team)
        else:
            weights, sizes = Matrix(work, transposed, transposed_stride), Sizes(whole_blocks(n), d, k)
            dense.input_gradient(dx, by_sums, weights, sizes, team.part)
        wait(team)
        low, high = share(team.part, n, 1)
        activate_backward(
            table[previous + ACTIVATION],
            Vector(work, into + low * source_stride),
            Matrix(work, table[row + SOURCE] + (begin + low) * source_stride, source_stride),
            high - low,
            d,
        )
        wait(team)


@kernel
def add_gradients(program: Program, g: Float32s, work: Float32s, n: int, own: OwnLayers) -> None:
    """Add the gradients of a thread's own layers over the ``n`` images of a tile to ``g``."""
    table = program.table
    for i in range(own.first, program.rows, own.step):
        row = i * COLUMNS
        delta = Matrix(work, table[row + DELTAS], table[row + STRIDE])
        source = Matrix(work, table[row + SOURCE], table[row + SOURCE_STRIDE])
        d, k = table[row + INPUTS], table[row + OUTPUTS]
        dense.bias_gradient(Vector(g, table[row + BIAS]), delta, n, k, own.part)
        dense.weight_gradient(Vector(g, table[row + WEIGHT]), source, delta, Sizes(n, d, k), own.part)
