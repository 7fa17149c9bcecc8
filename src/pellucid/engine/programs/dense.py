"""Run a program table from the first layer's sums on: forward, losses and backward, for any number of dense layers.

One tile of images goes layer by layer through the arena ``work``. The head of the arena holds softmax's maximum and sum
and the loss of each image of the tile; the table lays out the rest (see `pellucid.engine.programs.table`). Every
function works on the images ``begin`` to ``end`` of a tile. If threads share them, by ranges of a layer's outputs, they
wait for each other between layers, and each does its part of what is said of all images.
"""

from __future__ import annotations

from typing import NamedTuple

from pellucid.engine.compiler.kernels import kernel, shared
from pellucid.engine.compiler.signature import Float32, Float32s, Int64s
from pellucid.engine.kernels import dense
from pellucid.engine.kernels.activations import Normalizer, activate, activate_backward, softmax
from pellucid.engine.kernels.losses import Outputs, Targets, is_correct, loss_backward
from pellucid.engine.kernels.matmul import ROWS
from pellucid.engine.programs.table import (
    ACTIVATION,
    BIAS,
    COLUMNS,
    DELTAS,
    INPUTS,
    OUTPUTS,
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
)
from pellucid.engine.records import Affine, Interval, Matrix, Part, Program, Sizes, Team, Vector
from pellucid.engine.simd.barrier import share, wait
from pellucid.engine.simd.lanes import LANES, load, store, store_first

TOP, MASS, LOSS = 0, TILE, 2 * TILE
"""Places in the arena's head: softmax's maximum and sum, and the loss, of each image of the tile."""


@kernel
def whole_blocks(n: int) -> int:
    """Rows of a tile of ``n`` images, filled up to whole blocks of the matrix product.

    What the rows past the last hold does not matter; four rows together are as quick as one alone.
    """
    return (n + ROWS - 1) // ROWS * ROWS


@shared
def layer_sums(table: Int64s, row: int, p: Float32s, work: Float32s, images: Interval, part: Part) -> None:
    """A dense layer's weighted sums, from inputs that stand in the arena; a share of the outputs."""
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
    """From the weighted sums to the activations; a share of the images."""
    begin = images.begin
    since, until = share(part, images.end - begin, 1)
    n, stride = until - since, table[row + STRIDE]
    at = (begin + since) * stride
    y, z = table[row + VALUES] + at, table[row + SUMS] + at
    if table[row + ACTIVATION] == SOFTMAX:
        kept = Normalizer(Vector(work, TOP + begin + since), Vector(work, MASS + begin + since))
        scratch = table[row + DELTAS] + at
        softmax(Vector(work, y), Matrix(work, z, stride), n, table[row + OUTPUTS], kept, scratch)
    else:
        activate(table[row + ACTIVATION], Vector(work, y), Vector(work, z), n * stride)


@kernel
def forward_from_sums(program: Program, work: Float32s, images: Interval, team: Team) -> None:
    """From the first layer's weighted sums to the network's outputs."""
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
    """The wanted classes of a tile: that of its image i is ``targets[order[first + i]]``; ``wanted`` receives them."""

    targets: Int64s
    wanted: Int64s
    order: Int64s
    first: int


@shared
def evaluate_loss(
    table: Int64s, layers: int, work: Float32s, classes: TileTargets, images: Interval, loss: int, scale: Float32
) -> None:
    """Losses of the images, and the deltas of the last layer: gradients of ``scale`` times the losses' sum."""
    row = (layers - 1) * COLUMNS
    begin, wanted = images.begin, classes.wanted
    at = begin * table[row + STRIDE]
    for i in range(begin, images.end):
        wanted[i] = classes.targets[classes.order[classes.first + i]]
    activation, losses = table[row + ACTIVATION], Vector(work, LOSS + begin)
    deltas = Vector(work, table[row + DELTAS] + at)
    outputs = Outputs(
        activation,
        Vector(work, table[row + SUMS] + at),
        Matrix(work, table[row + VALUES] + at, table[row + STRIDE]),
        images.end - begin,
        table[row + OUTPUTS],
        Normalizer(Vector(work, TOP + begin), Vector(work, MASS + begin)),
    )
    loss_backward(loss, losses, deltas, outputs, Targets(wanted, begin), scale)


@kernel
def count_correct(table: Int64s, layers: int, work: Float32s, wanted: Int64s, begin: int, end: int) -> int:
    """How many images have their largest output at the wanted class."""
    row = (layers - 1) * COLUMNS
    right = 0
    for i in range(begin, end):
        outputs = Vector(work, table[row + VALUES] + i * table[row + STRIDE])
        if is_correct(outputs, table[row + OUTPUTS], wanted[i]):
            right += 1
    return right


@kernel
def copy_outputs(outputs: Vector, width: int, rows: Matrix, n: int) -> None:
    """Write ``n`` rows of the arena side by side to ``outputs``, (n, width)."""
    at = outputs.at
    end = at + n * width
    for i in range(n):
        for j in range(0, width, LANES):
            to, v = at + i * width + j, load(rows.memory, rows.at + i * rows.stride + j, LANES)
            # Past its end a row may be written: there the next one comes. A part of a register is slow.
            if to + LANES <= end:
                store(outputs.memory, to, v)
            else:
                store_first(outputs.memory, to, v, width - j)


class Share(NamedTuple):
    """The layers that are a thread's own, every ``step``-th from ``first`` on, each of which it does ``part`` of."""

    first: int
    step: int
    part: Part


@kernel
def transpose_all_weights(program: Program, work: Float32s, n: int, own: Share) -> None:
    """Refresh the transposed weights of a thread's own layers, where `backward` asks for them."""
    table = program.table
    for i in range(own.first, program.rows, own.step):
        row = i * COLUMNS
        d, k = table[row + INPUTS], table[row + OUTPUTS]
        if not dense.by_images(Sizes(n, d, k)):
            turned = Matrix(work, table[row + TRANSPOSED], table[row + TRANSPOSED_STRIDE])
            dense.transpose_weights(turned, Vector(program.parameters, table[row + WEIGHT]), d, k, own.part)


@kernel
def backward(program: Program, work: Float32s, images: Interval, most: int, team: Team) -> None:
    """From the deltas of the last layer back to those of the first.

    ``most`` is the images that `transpose_all_weights` was told of: those of the tile, or of a tile before.
    """
    table, p = program.table, program.parameters
    begin = images.begin
    n = images.end - begin
    for i in range(program.rows - 1, 0, -1):
        row = i * COLUMNS
        before = row - COLUMNS
        stride, source_stride = table[row + STRIDE], table[row + SOURCE_STRIDE]
        delta, into = table[row + DELTAS] + begin * stride, table[before + DELTAS] + begin * source_stride
        d, k = table[row + INPUTS], table[row + OUTPUTS]
        turned, turned_stride = table[row + TRANSPOSED], table[row + TRANSPOSED_STRIDE]
        dx, by_sums = Matrix(work, into, source_stride), Matrix(work, delta, stride)
        if dense.by_images(Sizes(most, d, k)):
            scratch = turned + dense.whole_lanes(begin) * (d + k)
            dense.input_gradient_by_images(dx, by_sums, Vector(p, table[row + WEIGHT]), scratch, Sizes(n, d, k), team)
        else:
            weights, sizes = Matrix(work, turned, turned_stride), Sizes(whole_blocks(n), d, k)
            dense.input_gradient(dx, by_sums, weights, sizes, team.part)
        wait(team)
        since, until = share(team.part, n, 1)
        activate_backward(
            table[before + ACTIVATION],
            Vector(work, into + since * source_stride),
            Matrix(work, table[row + SOURCE] + (begin + since) * source_stride, source_stride),
            until - since,
            d,
        )
        wait(team)


@kernel
def add_gradients(program: Program, g: Float32s, work: Float32s, n: int, own: Share) -> None:
    """Add up the gradients of a thread's own layers over the ``n`` images of a tile."""
    table = program.table
    for i in range(own.first, program.rows, own.step):
        row = i * COLUMNS
        delta = Matrix(work, table[row + DELTAS], table[row + STRIDE])
        source = Matrix(work, table[row + SOURCE], table[row + SOURCE_STRIDE])
        d, k = table[row + INPUTS], table[row + OUTPUTS]
        dense.bias_gradient(Vector(g, table[row + BIAS]), delta, n, k, own.part)
        dense.weight_gradient(Vector(g, table[row + WEIGHT]), source, delta, Sizes(n, d, k), own.part)
