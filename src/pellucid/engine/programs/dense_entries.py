"""The entry points of networks of dense layers: whole loops, called from Python once for many batches.

`ENTRIES` lists them by name; their annotations tell the kinds of their arguments
(`pellucid.engine.compiler.signature`).
"""

from __future__ import annotations

import numpy as np

from pellucid.engine.compiler.kernels import kernel
from pellucid.engine.compiler.signature import Float32s
from pellucid.engine.kernels import dense, functions, sparse, sparse_scan
from pellucid.engine.kernels.augment import augment
from pellucid.engine.kernels.first_layer import (
    by_parts,
    first_bias_gradient,
    first_gradient,
    first_sums,
    half_of_weights,
    join_parts,
    share_images,
    sparse_half_sums,
)
from pellucid.engine.kernels.losses import sum_losses
from pellucid.engine.kernels.optimizers import RATE, SECOND_SCALE, optimize
from pellucid.engine.kernels.sparse_columns import sort_by_column
from pellucid.engine.kernels.vectors import is_finite
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
from pellucid.engine.programs.table import (
    BIAS,
    COLUMNS,
    DELTAS,
    DENSE_INPUT,
    FLOATS,
    INPUTS,
    OUTPUTS,
    SETTINGS,
    SORTED,
    SOURCE,
    SOURCE_STRIDE,
    STRIDE,
    SUMS,
    TILE,
    TOGETHER_FROM,
    VALUES,
    WEIGHT,
)
from pellucid.engine.records import (
    Answers,
    Batch,
    DenseRow,
    Descent,
    Epoch,
    Examples,
    Gradients,
    Images,
    Interval,
    Learner,
    Matrix,
    Part,
    Program,
    Score,
    Scratch,
    Sizes,
    SparseRows,
    Team,
    Tile,
    Update,
    Vector,
)
from pellucid.engine.simd.barrier import finish_work, lesser, share, take_work, wait, wait_for_other, wait_for_work
from pellucid.engine.simd.lanes import LANES, load_first, prefetch, splat, sum_lanes

_ZERO = np.float32(0.0)
_ONE = np.float32(1.0)


@kernel
def step_own(program: Program, update: Update, optimizer: int, settings: Float32s, rank: int, own: OwnLayers) -> None:
    """A step on the gradients that thread ``rank`` of two has computed: its half of the first layer and its layers."""
    table, p, own_settings = program.table, program.parameters, Vector(settings, rank * SETTINGS)
    low, high = half_of_weights(table, rank)
    optimize(optimizer, p, update.moments, low, high, own_settings)
    if rank == 0:
        low, high = table[BIAS], table[BIAS] + table[OUTPUTS]
        optimize(optimizer, p, update.moments, low, high, own_settings)
    for i in range(own.first, program.rows, own.step):
        row = i * COLUMNS
        low, high = table[row + WEIGHT], table[row + BIAS] + table[row + OUTPUTS]
        optimize(optimizer, p, update.moments, low, high, own_settings)


@kernel
def train(learner: Learner, images: Images, epoch: Epoch, descent: Descent, team: Team) -> None:
    """Train on the batches ``begin`` to ``end`` of the epoch that visits the images in ``order``.

    ``settings`` has SETTINGS floats a thread; ``rates`` has two a step, the learning rate and Adam's scale of the
    second moment. ``history`` receives the summed loss and the number of correct outputs, two float64 a step. A loss
    that is not finite ends the loop before its step, and the rest of ``history`` stays as it was. ``direct`` is for
    plain gradient descent with batches of at most one tile: all deltas are multiplied by -rate from the start, and the
    gradients are added to the parameters themselves. ``tile_targets`` has one element more than a tile, for the number
    of correct outputs that a second thread counts.
    """
    program, update = learner.program, learner.update
    table, layers, p = program.table, program.rows, program.parameters
    work, tile_targets = learner.scratch.work, learner.scratch.tile_targets
    order, targets, size, begin = epoch.order, epoch.targets, epoch.size, epoch.begin
    direct, settings, history = descent.direct, descent.schedule.settings, descent.schedule.history
    part, rank = team.part, team.part.rank
    at = rank * SETTINGS
    # Where two threads split the pixels of the first layer, each works alone on the rest. Together they split the
    # images, and each layer's gradient and step belong to one of them; otherwise the first thread does all the rest.
    parted = by_parts(table, images.kind, part.size)
    together = epoch.batch >= TOGETHER_FROM
    mine, rest = (0, 1) if parted else (rank, part.size)
    behind = Team(Part(mine, rest), team.barrier)
    first_own, apart = 1, 1
    if parted and together:
        first_own, apart = 2 - rank, 2
    elif parted and rank == 1:
        first_own = layers
    own = OwnLayers(first_own, apart, behind.part)
    into = p if direct else update.moments.gradient
    for step in range(begin, epoch.end):
        settings[at + RATE] = descent.schedule.rates[2 * (step - begin)]
        settings[at + SECOND_SCALE] = descent.schedule.rates[2 * (step - begin) + 1]
        since = step * epoch.batch
        until = lesser(since + epoch.batch, size)
        most = lesser(TILE, until - since)
        transpose_all_weights(program, work, most, own)
        lost = np.float64(0.0)
        right = 0
        for first in range(since, until, TILE):
            n = lesser(TILE, until - first)
            tile = Tile(order, first, n, size)
            low, high = 0, n
            for i in range(n):
                prefetch(targets, order[first + i])
            if parted:
                sparse_half_sums(program, work, images, tile, rank)
                wait_for_other(team)
                low, high = share_images(n, rank, together)
                join_parts(table, work, low, high, rank)
            else:
                first_sums(program, work, images, tile, team)
            done = Interval(low, high)
            forward_from_sums(program, work, done, behind)
            if mine == 0:
                scale = (-settings[at + RATE] if direct else _ONE) / np.float32(until - since)
                evaluate_loss(
                    table, layers, work, TileTargets(targets, tile_targets, order, first), done, descent.loss, scale
                )
                right += count_correct(table, layers, work, tile_targets, low, high)
            wait(behind)
            backward(program, work, done, most, behind)
            if parted:
                if rank == 1:
                    tile_targets[TILE] = right
                wait_for_other(team)
            wait(behind)
            lost += sum_losses(Vector(work, LOSS), n)
            if rank == 0:
                history[2 * (step - begin)] = lost
                history[2 * (step - begin) + 1] = right + tile_targets[TILE]
            if not is_finite(lost):
                return
            add_gradients(program, into, work, n, own)
            if mine == rank:
                first_bias_gradient(table, into, work, n, behind.part)
            if images.kind != DENSE_INPUT and table[SORTED] != 0:
                sort_by_column(table, work, images, tile, part)
                wait(behind)
            first_gradient(table, into, work, images, tile, part)
            wait(behind)
        if direct:
            continue
        if parted:
            step_own(program, update, descent.optimizer, settings, rank, own)
        else:
            low, high = share(part, update.size, LANES)
            optimize(descent.optimizer, p, update.moments, low, high, Vector(settings, at))
            wait(team)


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
            classes, done = TileTargets(targets, tile_targets, order, first), Interval(0, n)
            evaluate_loss(table, layers, work, classes, done, score.loss, _ONE)
            score.history[0] += sum_losses(Vector(work, LOSS), n)
            score.history[1] += count_correct(table, layers, work, tile_targets, 0, n)


@kernel
def read(program: Program, work: Float32s, batch: Batch, answers: Answers, team: Team) -> None:
    """Run the network on dense images of any levels, as one of a team that takes a few at a time.

    The thread of rank 0 returns when all images are done; the others may come late, or not at all. ``answers.doubts``
    becomes NaN if the first layer met a number that is not finite; it stays as it was if this thread took no images.
    """
    table, p = program.table, program.parameters
    pixels, width, count, threads = batch.pixels, batch.width, batch.size, team.part.size
    row = (program.rows - 1) * COLUMNS
    outs, hidden, stride = table[row + OUTPUTS], table[OUTPUTS], table[STRIDE]
    as_is = pixels.kind == FLOATS and pixels.background == _ZERO and pixels.span == _ONE
    doubt = splat(_ZERO, LANES)
    source, quads = table[SOURCE], table[SOURCE] + table[SOURCE_STRIDE]
    # Few enough at a time that nobody waits long for the last thread.
    most = TILE if threads == 1 else lesser(TILE // 2, whole_blocks((count + 4 * threads - 1) // (4 * threads)))
    first = take_work(team, -most, most)
    while first < count:
        n = lesser(most, count - first)
        for i in range(n):
            z = table[SUMS] + i * stride
            for begin in range(0, width, sparse_scan.CHUNK):
                x, size = (first + i) * width + begin, lesser(sparse_scan.CHUNK, width - begin)
                image = DenseRow(pixels.kind, pixels.small, pixels.floats, x, size, pixels.background, pixels.span)
                found = sparse_scan.find_quads(Vector(work, quads), image, width if count > 1 else 0)
                line, at = pixels.floats, x
                if not as_is:
                    line, at = work, source
                    sparse_scan.normalize_quads(Vector(work, source), sparse_scan.Quads(work, quads, found), image)
                start, si = p, table[BIAS]
                if begin > 0:
                    start, si = work, z
                w = table[WEIGHT] + begin * hidden
                sparse_scan.weighted_sums(
                    Vector(work, z), Matrix(p, w, hidden), sparse_scan.Quads(work, quads, found),
                    sparse_scan.Values(line, at, size), Vector(start, si), hidden,
                )  # fmt: skip
            for j in range(0, hidden, LANES):
                v = load_first(work, z + j, hidden - j, LANES)
                doubt = doubt + (v - v)
        forward_from_sums(program, work, Interval(0, n), Team(Part(0, 1), team.barrier))
        rows = Matrix(work, table[row + VALUES], table[row + STRIDE])
        copy_outputs(Vector(answers.outputs, first * outs), outs, rows, n)
        answers.doubts[0] = sum_lanes(doubt)
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
    table, layers, p = program.table, program.rows, program.parameters
    g, work, tile_targets = gradients.parameters, gradients.scratch.work, gradients.scratch.tile_targets
    order, targets, size = examples.order, examples.targets, examples.size
    scale = _ONE / np.float32(size)
    d, k = table[INPUTS], table[OUTPUTS]
    most = lesser(TILE, size)
    own = OwnLayers(1, 1, team.part)
    transpose_all_weights(program, work, most, own)
    dense.transpose_weights(Matrix(gradients.transposed, 0, d), Vector(p, table[WEIGHT]), d, k, team.part)
    for first in range(0, size, TILE):
        n = lesser(TILE, size - first)
        tile = Tile(order, first, n, size)
        forward(program, work, images, tile, team)
        classes, done = TileTargets(targets, tile_targets, order, first), Interval(0, n)
        evaluate_loss(table, layers, work, classes, done, score.loss, scale)
        score.history[0] += sum_losses(Vector(work, LOSS), n)
        score.history[1] += count_correct(table, layers, work, tile_targets, 0, n)
        backward(program, work, done, most, team)
        add_gradients(program, g, work, n, own)
        first_bias_gradient(table, g, work, n, team.part)
        if images.kind != DENSE_INPUT and table[SORTED] != 0:
            sort_by_column(table, work, images, tile, team.part)
            wait(team)
        first_gradient(table, g, work, images, tile, team.part)
        dense.input_gradient(
            Matrix(gradients.inputs, first * d, d),
            Matrix(work, table[DELTAS], table[STRIDE]),
            Matrix(gradients.transposed, 0, d),
            Sizes(n, d, k),
            team.part,
        )


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
