"""The engine's entry points for program tables with layers of any kind: loops over groups of images.

A mini-batch is split into at most SHARDS parts of whole groups; the split depends on its size alone. The gradient of
each part is computed by one thread in its own vector, and the gradients are then added in order. The results therefore
have the same bits on any number of threads.
"""

from __future__ import annotations

import numpy as np

from pellucid.engine.compiler.kernels import kernel
from pellucid.engine.compiler.signature import Float32s, Float64s, Int64s
from pellucid.engine.kernels import planes, sparse_scan
from pellucid.engine.kernels.losses import sum_losses
from pellucid.engine.kernels.optimizers import optimize_groups, set_rates
from pellucid.engine.kernels.vectors import is_finite
from pellucid.engine.programs.dense import LOSS, TileTargets, copy_outputs, count_correct, evaluate_loss
from pellucid.engine.programs.planes import backward, forward, place_images, prepare
from pellucid.engine.programs.table import (
    BOUNDS,
    CHANNELS,
    COLUMNS,
    DELTA_LINE,
    DELTA_PLANE,
    DELTA_STEP,
    DELTAS,
    FLOATS,
    HEIGHT,
    INPUT_PLANES,
    OPERATION,
    OUTPUTS,
    READING,
    SHARDS,
    SOURCE,
    STRIDE,
    TRAINING,
    VALUES,
    WIDTH,
)
from pellucid.engine.records import (
    NO_DRAWS,
    Answers,
    Batch,
    DenseRow,
    Draws,
    Epoch,
    Examples,
    Images,
    Interval,
    Learner,
    Matrix,
    PlanesDescent,
    Program,
    Score,
    Scratch,
    Slice,
    Team,
    Vector,
)
from pellucid.engine.simd.barrier import finish_work, lesser, share, should_stop, take_work, wait, wait_for_work
from pellucid.engine.simd.lanes import LANES, load_first, splat, store_first
from pellucid.engine.simd.reductions import sum_lanes

_ZERO = np.float32(0.0)
_ONE = np.float32(1.0)
_FIRST = 0
_STEP = 1


@kernel
def gather(g: Float32s, count: int, parts: int, begin: int, end: int) -> None:
    """Add elements ``begin`` to ``end`` of the gradients, ``count`` floats apart, to the first; clear the others."""
    for i in range(begin, end, LANES):
        total = load_first(g, i, end - i, LANES)
        for part in range(1, parts):
            total = total + load_first(g, part * count + i, end - i, LANES)
            store_first(g, part * count + i, splat(_ZERO, LANES), end - i)
        store_first(g, i, total, end - i)


@kernel
def train(
    learner: Learner,
    parts: Float64s,
    images: Images,
    epoch: Epoch,
    descent: PlanesDescent,
    draws: Draws,
    team: Team,
) -> None:
    """Train on the batches of an epoch; see `pellucid.engine.programs.dense_entries.train`.

    The scratch belongs to this thread. The gradient (SHARDS, count) and ``parts`` (SHARDS, 2), the loss and the number
    of correct outputs of each part of a batch, are shared. ``draws`` holds the number of the epoch's first image.
    """
    program, update, (work, tile_targets) = learner
    table, rows, p = program
    rank, threads = team.part
    history, count, batch = descent.schedule.history, update.size, epoch.batch
    for step in range(epoch.begin, epoch.end):
        set_rates(descent.schedule, rank, step - epoch.begin)
        since = step * batch
        until = lesser(since + batch, epoch.size)
        groups = (until - since + LANES - 1) // LANES
        shards = lesser(SHARDS, groups)
        prepare(program, work)
        for shard in range(shards * rank // threads, shards * (rank + 1) // threads):
            parts[2 * shard] = 0.0
            parts[2 * shard + 1] = 0.0
            past = lesser(since + groups * (shard + 1) // shards * LANES, until)
            for first in range(since + groups * shard // shards * LANES, past, LANES):
                n = lesser(LANES, past - first)
                place_images(table, work, LANES, images, epoch.order, first, n)
                forward(program, work, LANES, n, TRAINING, Draws(draws.serial + first, draws.key))
                wanted = TileTargets(epoch.targets, tile_targets, epoch.order, first)
                evaluate_loss(table, rows, work, wanted, Interval(0, n), descent.loss, _ONE / np.float32(until - since))
                parts[2 * shard] += sum_losses(Vector(work, LOSS), n)
                parts[2 * shard + 1] += count_correct(table, rows, work, wanted, 0, n, descent.loss)
                if should_stop(team):
                    parts[2 * shard] = np.nan
                    break
                backward(program, Vector(update.moments.gradient, shard * count), work, n)
        wait(team)
        lost = np.float64(0.0)
        correct = np.float64(0.0)
        for shard in range(shards):
            lost += parts[2 * shard]
            correct += parts[2 * shard + 1]
        if rank == 0:
            history[2 * (step - epoch.begin)] = lost
            history[2 * (step - epoch.begin) + 1] = correct
        if not is_finite(lost):
            return
        mine, past = share(team.part, count, LANES)
        gather(update.moments.gradient, count, shards, mine, past)
        optimize_groups(descent.optimizer, p, update.moments, Interval(mine, past), descent.schedule, rank)
        wait(team)


@kernel
def evaluate(
    program: Program, scratch: Scratch, images: Images, examples: Slice, score: Score, mode: int, draws: Draws
) -> None:
    """Run the network on images; add losses and correct outputs to ``score.history``, unless the loss is -1.

    In the mode `TRAINING`, dropout is as in a step that begins with image ``draws.serial``; in `READING` there is none.
    """
    table, rows, _ = program
    work, tile_targets = scratch
    loss, history = score
    for begin in range(examples.first, examples.past, LANES):
        n = lesser(LANES, examples.past - begin)
        place_images(table, work, LANES, images, examples.order, begin, n)
        forward(program, work, LANES, n, mode, Draws(draws.serial + begin, draws.key))
        if loss >= 0:
            wanted = TileTargets(examples.targets, tile_targets, examples.order, begin)
            evaluate_loss(table, rows, work, wanted, Interval(0, n), loss, _ONE)
            history[0] += sum_losses(Vector(work, LOSS), n)
            history[1] += count_correct(table, rows, work, wanted, 0, n, loss)


@kernel
def read(program: Program, work: Float32s, group: int, batch: Batch, answers: Answers, team: Team) -> None:
    """Run the network on dense images, as one thread of a team; each takes ``group`` images at a time.

    The team works as in `pellucid.engine.programs.dense_entries.read`.
    """
    table, last = program.table, (program.rows - 1) * COLUMNS
    outs = table[last + OUTPUTS]
    (kind, small, floats, background, span), images, width = batch
    in_planes = table[OPERATION] == INPUT_PLANES
    doubt = splat(_ZERO, LANES)
    first = take_work(team, -group, group)
    while first < images:
        n = lesser(group, images - first)
        for i in range(n):
            place = i if in_planes else i * table[STRIDE]
            image = DenseRow(kind, small, floats, (first + i) * width, width, background, span)
            sparse_scan.normalize_row(Vector(work, table[SOURCE]), image)
            if kind == FLOATS:
                for j in range(0, width, LANES):
                    v = load_first(work, table[SOURCE] + j, width - j, LANES)
                    doubt = doubt + (v - v)
            planes.place_dense(table, work, Vector(work, table[SOURCE]), place, group if in_planes else _STEP)
        if table[BOUNDS]:
            planes.find_bounds(table, work)
        forward(program, work, group, n, READING, NO_DRAWS)
        values = Matrix(work, table[last + VALUES], table[last + STRIDE])
        copy_outputs(Vector(answers.outputs, first * outs), outs, values, n)
        answers.doubts[team.part.rank] = sum_lanes(doubt)
        finish_work(team, n)
        first = take_work(team, first, group)
    if team.part.rank == 0:
        wait_for_work(team, images)


@kernel
def take_input_deltas(table: Int64s, work: Float32s, dx: Float32s, first: int, n: int) -> None:
    """Copy the deltas of the images to dx (all, inputs), from image ``first`` on."""
    width = table[OUTPUTS]
    if table[OPERATION] != INPUT_PLANES:
        for i in range(n):
            for j in range(width):
                dx[(first + i) * width + j] = work[table[DELTAS] + i * table[STRIDE] + j]
        return
    at = 0
    for channel in range(table[CHANNELS]):
        for y in range(table[HEIGHT]):
            delta = table[DELTAS] + channel * table[DELTA_PLANE] + y * table[DELTA_LINE]
            for _ in range(table[WIDTH]):
                for i in range(n):
                    dx[(first + i) * width + at] = work[delta + i]
                delta += table[DELTA_STEP]
                at += 1


@kernel
def gradient(
    program: Program, g: Float32s, scratch: Scratch, dx: Float32s, images: Images, examples: Examples, score: Score
) -> None:
    """Compute the gradient of the mean loss over images by all parameters, added to g, and by all inputs.

    ``dx`` (N, D) receives the gradient by the inputs. Dropout is off.
    """
    table, rows, _ = program
    work, tile_targets = scratch
    loss, history = score
    for first in range(0, examples.size, LANES):
        n = lesser(LANES, examples.size - first)
        place_images(table, work, LANES, images, examples.order, first, n)
        forward(program, work, LANES, n, TRAINING, NO_DRAWS)
        wanted = TileTargets(examples.targets, tile_targets, examples.order, first)
        evaluate_loss(table, rows, work, wanted, Interval(0, n), loss, _ONE / np.float32(examples.size))
        history[0] += sum_losses(Vector(work, LOSS), n)
        history[1] += count_correct(table, rows, work, wanted, 0, n, loss)
        backward(program, Vector(g, _FIRST), work, n)
        take_input_deltas(table, work, dx, first, n)


ENTRIES = {
    "train": train,
    "evaluate": evaluate,
    "read": read,
    "gradient": gradient,
}
