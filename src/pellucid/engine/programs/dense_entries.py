"""The entry points of networks of dense layers: whole loops, called from Python once for many batches.

`ENTRIES` lists them by name; their annotations give the kinds of their arguments
(`pellucid.engine.compiler.signature`).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from pellucid.engine.compiler.kernels import kernel
from pellucid.engine.compiler.signature import Float32s
from pellucid.engine.kernels import dense, functions, sparse, sparse_scan
from pellucid.engine.kernels.augment import augment
from pellucid.engine.kernels.first_layer import (
    first_bias_gradient,
    first_gradient,
    first_sums,
    half_of_weights,
    join_parts,
    share_images,
    sparse_half_sums,
    splits_pixels,
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


class Sharing(NamedTuple):
    """How the threads of a team share a tile.

    Where two threads ``split`` the pixels of the first layer, each is a team of its own ``behind`` it. If they work
    ``together`` there, they split the images, and each layer's gradient and step are one thread's ``own``; otherwise
    the first thread does all the rest.
    """

    split: bool
    together: bool
    behind: Team
    own: OwnLayers


@kernel
def sharing_of(program: Program, kind: int, batch: int, team: Team) -> Any:
    """How the threads share tiles of images of this ``kind``, in mini-batches of ``batch``."""
    rank = team.part.rank
    split, together = splits_pixels(program.table, kind, team.part.size), batch >= TOGETHER_FROM
    mine, rest = (0, 1) if split else (rank, team.part.size)
    first, apart = 1, 1
    if split and together:
        first, apart = 2 - rank, 2
    elif split and rank == 1:
        first = program.rows
    behind = Part(mine, rest)
    return Sharing(split, together, Team(behind, team.barrier), OwnLayers(first, apart, behind))


@kernel
def forward_shared(program: Program, work: Float32s, images: Images, tile: Tile, team: Team, sharing: Sharing) -> Any:
    """Run the network on this thread's images of a tile; return their range."""
    begin, end = 0, tile.size
    if sharing.split:
        rank = team.part.rank
        sparse_half_sums(program, work, images, tile, rank)
        wait_for_other(team)
        begin, end = share_images(tile.size, rank, sharing.together)
        join_parts(program.table, work, begin, end, rank)
    else:
        first_sums(program, work, images, tile, team)
    done = Interval(begin, end)
    forward_from_sums(program, work, done, sharing.behind)
    return done


@kernel
def add_tile_gradients(
    program: Program, into: Float32s, work: Float32s, images: Images, tile: Tile, team: Team, sharing: Sharing
) -> None:
    """Add a tile's gradients by all parameters to ``into``, from the deltas of all layers."""
    add_gradients(program, into, work, tile.size, sharing.own)
    if sharing.behind.part.rank == team.part.rank:
        first_bias_gradient(program.table, into, work, tile.size, sharing.behind.part)
    if images.kind != DENSE_INPUT and program.table[SORTED] != 0:
        sort_by_column(program.table, work, images, tile, team.part)
        wait(sharing.behind)
    first_gradient(program.table, into, work, images, tile, team.part)


@kernel
def take_step(program: Program, update: Update, descent: Descent, team: Team, sharing: Sharing) -> None:
    """Update the parameters whose gradients this thread has computed, or its share of all parameters."""
    rank = team.part.rank
    settings = Vector(descent.schedule.settings, rank * SETTINGS)
    if sharing.split:
        step_own(program, update, descent.optimizer, settings, rank, sharing.own)
    else:
        low, high = share(team.part, update.size, LANES)
        optimize(descent.optimizer, program.parameters, update.moments, low, high, settings)
        wait(team)


@kernel
def step_own(program: Program, update: Update, optimizer: int, settings: Vector, rank: int, own: OwnLayers) -> None:
    """Update the parameters of thread ``rank`` of two: its half of the first layer, and its own layers."""
    table, p = program.table, program.parameters
    low, high = half_of_weights(table, rank)
    optimize(optimizer, p, update.moments, low, high, settings)
    if rank == 0:
        low, high = table[BIAS], table[BIAS] + table[OUTPUTS]
        optimize(optimizer, p, update.moments, low, high, settings)
    for i in range(own.first, program.rows, own.step):
        row = i * COLUMNS
        low, high = table[row + WEIGHT], table[row + BIAS] + table[row + OUTPUTS]
        optimize(optimizer, p, update.moments, low, high, settings)


@kernel
def train(learner: Learner, images: Images, epoch: Epoch, descent: Descent, team: Team) -> None:
    """Train on the batches ``begin`` to ``end`` of the epoch that visits the images in ``order``.

    ``settings`` has SETTINGS floats per thread; ``rates`` has two per step, the learning rate and Adam's scale of the
    second moment. ``history`` receives the summed loss and the number of correct outputs, two float64 per step. A loss
    that is not finite ends the loop before its step, and the rest of ``history`` stays as it was. ``direct`` is for
    plain gradient descent with batches of at most one tile: all deltas are multiplied by -rate from the start, and the
    gradients are added to the parameters themselves. ``tile_targets`` has one element more than a tile, for the number
    of correct outputs that a second thread counts.
    """
    program, update, order = learner.program, learner.update, epoch.order
    work, tile_targets = learner.scratch.work, learner.scratch.tile_targets
    settings, rates, history = descent.schedule
    rank = team.part.rank
    at = rank * SETTINGS
    sharing = sharing_of(program, images.kind, epoch.batch, team)
    behind = sharing.behind
    into = program.parameters if descent.direct else update.moments.gradient
    for step in range(epoch.begin, epoch.end):
        number = 2 * (step - epoch.begin)
        settings[at + RATE] = rates[number]
        settings[at + SECOND_SCALE] = rates[number + 1]
        since = step * epoch.batch
        until = lesser(since + epoch.batch, epoch.size)
        most = lesser(TILE, until - since)
        transpose_all_weights(program, work, most, sharing.own)
        lost = np.float64(0.0)
        correct = 0
        for first in range(since, until, TILE):
            n = lesser(TILE, until - first)
            tile = Tile(order, first, n, epoch.size)
            for i in range(n):
                prefetch(epoch.targets, order[first + i])
            done = forward_shared(program, work, images, tile, team, sharing)
            if behind.part.rank == 0:
                scale = (-settings[at + RATE] if descent.direct else _ONE) / np.float32(until - since)
                classes = TileTargets(epoch.targets, tile_targets, order, first)
                evaluate_loss(program.table, program.rows, work, classes, done, descent.loss, scale)
                correct += count_correct(program.table, program.rows, work, tile_targets, done.begin, done.end)
            wait(behind)
            backward(program, work, done, most, behind)
            if sharing.split:
                if rank == 1:
                    tile_targets[TILE] = correct
                wait_for_other(team)
            wait(behind)
            lost += sum_losses(Vector(work, LOSS), n)
            if rank == 0:
                history[number] = lost
                history[number + 1] = correct + tile_targets[TILE]
            if not is_finite(lost):
                return
            add_tile_gradients(program, into, work, images, tile, team, sharing)
            wait(behind)
        if not descent.direct:
            take_step(program, update, descent, team, sharing)


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

    The thread of rank 0 returns when all images are done; the others may start late, or not at all. ``answers.doubts``
    becomes NaN if the first layer met a number that is not finite; it stays as it was if this thread took no images.
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
        classes, done = TileTargets(examples.targets, tile_targets, examples.order, first), Interval(0, n)
        evaluate_loss(table, program.rows, work, classes, done, score.loss, scale)
        score.history[0] += sum_losses(Vector(work, LOSS), n)
        score.history[1] += count_correct(table, program.rows, work, tile_targets, 0, n)
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
