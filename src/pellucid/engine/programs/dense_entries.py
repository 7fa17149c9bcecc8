"""The entry points of networks of dense layers: whole loops, called from Python once for many batches.

`ENTRIES` lists them by name; their annotations give the kinds of their arguments
(`pellucid.engine.compiler.signature`).
"""

from __future__ import annotations

import numpy as np

from pellucid.engine.compiler.kernels import kernel
from pellucid.engine.compiler.signature import Float32s
from pellucid.engine.kernels import dense, functions, sparse, sparse_scan
from pellucid.engine.kernels.augment import augment
from pellucid.engine.kernels.first_layer import (
    first_bias_gradient,
    first_gradient,
    first_sums,
)
from pellucid.engine.kernels.losses import sum_losses
from pellucid.engine.kernels.sparse_columns import sort_by_column
from pellucid.engine.programs.dense import (
    LOSS,
    OwnLayers,
    TileTargets,
    add_gradients,
    backward,
    copy_outputs,
    count_correct,
    evaluate_loss,
    forward_from_sums,
    transpose_all_weights,
    whole_blocks,
)
from pellucid.engine.programs.dense_training import train
from pellucid.engine.programs.table import (
    BIAS,
    COLUMNS,
    DELTAS,
    DENSE_INPUT,
    FLOATS,
    INPUTS,
    OUTPUTS,
    SORTED,
    SOURCE,
    SOURCE_STRIDE,
    STRIDE,
    SUMS,
    TILE,
    VALUES,
    WEIGHT,
)
from pellucid.engine.records import (
    Answers,
    Batch,
    DenseRow,
    Examples,
    Gradients,
    Images,
    Interval,
    Matrix,
    Part,
    Program,
    Score,
    Scratch,
    Sizes,
    SparseRows,
    Team,
    Tile,
    Vector,
)
from pellucid.engine.simd.barrier import finish_work, lesser, take_work, wait, wait_for_work
from pellucid.engine.simd.lanes import LANES, load_first, splat
from pellucid.engine.simd.reductions import sum_lanes

_ZERO = np.float32(0.0)
_ONE = np.float32(1.0)


@kernel
def forward(program: Program, work: Float32s, images: Images, tile: Tile, team: Team) -> None:
    """Run the network on a tile's images."""
    first_sums(program, work, images, tile, team)
    forward_from_sums(program, work, Interval(0, tile.size), team)


@kernel
def evaluate(program: Program, scratch: Scratch, images: Images, examples: Examples, score: Score, team: Team) -> None:
    """Run the network on images; add losses and correct outputs to ``score.history``, unless the loss is -1."""
    table, layers, work, tile_targets = program.table, program.rows, scratch.work, scratch.tile_targets
    order, targets, size = examples.order, examples.targets, examples.size
    for first in range(0, size, TILE):
        n = lesser(TILE, size - first)
        forward(program, work, images, Tile(order, first, n, size), team)
        if score.loss >= 0:
            wanted, done = TileTargets(targets, tile_targets, order, first), Interval(0, n)
            evaluate_loss(table, layers, work, wanted, done, score.loss, _ONE)
            score.history[0] += sum_losses(Vector(work, LOSS), n)
            score.history[1] += count_correct(table, layers, work, wanted, 0, n, score.loss)


@kernel
def scan_image(program: Program, work: Float32s, batch: Batch, image: int, z: int) -> None:
    """Write the first layer's weighted sums of one image of a batch, from ``work[z]`` on."""
    table, p, pixels, width = program.table, program.parameters, batch.pixels, batch.width
    hidden = table[OUTPUTS]
    as_is = pixels.kind == FLOATS and pixels.background == _ZERO and pixels.span == _ONE
    source, quads = table[SOURCE], table[SOURCE] + table[SOURCE_STRIDE]
    for begin in range(0, width, sparse_scan.CHUNK):
        x, size = image * width + begin, lesser(sparse_scan.CHUNK, width - begin)
        row = DenseRow(pixels.kind, pixels.small, pixels.floats, x, size, pixels.background, pixels.span)
        found = sparse_scan.find_quads(Vector(work, quads), row, width if batch.size > 1 else 0)
        values, at = pixels.floats, x
        if not as_is:
            values, at = work, source
            sparse_scan.normalize_quads(Vector(work, source), sparse_scan.Quads(work, quads, found), row)
        start, si = p, table[BIAS]
        if begin > 0:
            start, si = work, z
        sparse_scan.weighted_sums(
            Vector(work, z), Matrix(p, table[WEIGHT] + begin * hidden, hidden), sparse_scan.Quads(work, quads, found),
            sparse_scan.Values(values, at, size), Vector(start, si), hidden,
        )  # fmt: skip


@kernel
def read(program: Program, work: Float32s, batch: Batch, answers: Answers, team: Team) -> None:
    """Run the network on dense images of any levels, as one thread of a team; each takes a few images at a time.

    The thread of rank 0 returns when all images are done; the others may start late, or not at all. The thread's place
    in ``answers.doubts`` becomes NaN if the first layer met a number that is not finite; it stays as it was if the
    thread took no images.
    """
    table, count, threads = program.table, batch.size, team.part.size
    row = (program.rows - 1) * COLUMNS
    outs, hidden = table[row + OUTPUTS], table[OUTPUTS]
    doubt = splat(_ZERO, LANES)
    # Few at a time, so that no thread waits long for the last one.
    most = TILE if threads == 1 else lesser(TILE // 2, whole_blocks((count + 4 * threads - 1) // (4 * threads)))
    first = take_work(team, -most, most)
    while first < count:
        n = lesser(most, count - first)
        for i in range(n):
            z = table[SUMS] + i * table[STRIDE]
            scan_image(program, work, batch, first + i, z)
            for j in range(0, hidden, LANES):
                v = load_first(work, z + j, hidden - j, LANES)
                doubt = doubt + (v - v)
        forward_from_sums(program, work, Interval(0, n), Team(Part(0, 1), team.barrier))
        rows = Matrix(work, table[row + VALUES], table[row + STRIDE])
        copy_outputs(Vector(answers.outputs, first * outs), outs, rows, n)
        answers.doubts[team.part.rank] = sum_lanes(doubt)
        finish_work(team, n)
        first = take_work(team, first, most)
    if team.part.rank == 0:
        wait_for_work(team, count)


@kernel
def gradient(
    program: Program, gradients: Gradients, images: Images, examples: Examples, score: Score, team: Team
) -> None:
    """The gradient of the mean loss over images, by every parameter (added) and by every input.

    The summed loss and the number of correct outputs are added to ``score.history``.
    """
    table, size = program.table, examples.size
    work, tile_targets = gradients.scratch.work, gradients.scratch.tile_targets
    scale = _ONE / np.float32(size)
    d, k = table[INPUTS], table[OUTPUTS]
    most = lesser(TILE, size)
    own = OwnLayers(1, 1, team.part)
    transpose_all_weights(program, work, most, own)
    weights = Matrix(gradients.transposed, 0, d)
    dense.transpose_weights(weights, Vector(program.parameters, table[WEIGHT]), d, k, team.part)
    for first in range(0, size, TILE):
        n = lesser(TILE, size - first)
        tile = Tile(examples.order, first, n, size)
        forward(program, work, images, tile, team)
        wanted, done = TileTargets(examples.targets, tile_targets, examples.order, first), Interval(0, n)
        evaluate_loss(table, program.rows, work, wanted, done, score.loss, scale)
        score.history[0] += sum_losses(Vector(work, LOSS), n)
        score.history[1] += count_correct(table, program.rows, work, wanted, 0, n, score.loss)
        backward(program, work, done, most, team)
        add_gradients(program, gradients.parameters, work, n, own)
        first_bias_gradient(table, gradients.parameters, work, n, team.part)
        if images.kind != DENSE_INPUT and table[SORTED] != 0:
            sort_by_column(table, work, images, tile, team.part)
            wait(team)
        first_gradient(table, gradients.parameters, work, images, tile, team.part)
        deltas = Matrix(work, table[DELTAS], table[STRIDE])
        dense.input_gradient(Matrix(gradients.inputs, first * d, d), deltas, weights, Sizes(n, d, k), team.part)


@kernel
def collect(rows: SparseRows, batch: Batch) -> None:
    """The sparse rows of dense images, written to ``rows``; one entry past the last may be written too."""
    pixels, width = batch.pixels, batch.width
    at = 0
    rows.indptr[0] = 0
    for i in range(batch.size):
        image = DenseRow(pixels.kind, pixels.small, pixels.floats, i * width, width, pixels.background, pixels.span)
        at = sparse.collect(rows, at, image)
        rows.indptr[i + 1] = at
        rows.middles[i] = sparse.first_from(rows.indices, rows.indptr[i], at, width // 2)


@kernel
def apply(which: int, y: Float32s, x: Float32s, count: int) -> None:
    """One of the functions of `pellucid.engine.kernels.functions` over ``count`` elements, for tests."""
    functions.apply(which, y, x, count)


ENTRIES = {
    "train": train,
    "evaluate": evaluate,
    "read": read,
    "gradient": gradient,
    "collect": collect,
    "collect_bytes": sparse.collect_bytes,
    "apply": apply,
    "augment": augment,
}
