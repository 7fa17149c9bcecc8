"""Training of dense networks: how the threads of a team share a tile, and the loop over mini-batches."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from pellucid.engine.compiler.kernels import kernel
from pellucid.engine.compiler.signature import Float32s
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
from pellucid.engine.kernels.optimizers import optimize_groups, set_rates, settings_of
from pellucid.engine.kernels.sparse_columns import sort_by_column
from pellucid.engine.kernels.vectors import is_finite
from pellucid.engine.programs.dense import (
    LOSS,
    OwnLayers,
    TileTargets,
    add_gradients,
    backward,
    count_correct,
    evaluate_loss,
    forward_from_sums,
    transpose_all_weights,
)
from pellucid.engine.programs.table import (
    BIAS,
    COLUMNS,
    DENSE_INPUT,
    OUTPUTS,
    RATE,
    SORTED,
    TILE,
    TOGETHER_FROM,
    WEIGHT,
)
from pellucid.engine.records import (
    Descent,
    Epoch,
    Images,
    Interval,
    Learner,
    Part,
    Program,
    Team,
    Tile,
    Update,
    Vector,
)
from pellucid.engine.simd.barrier import lesser, share, should_stop, wait, wait_for_other
from pellucid.engine.simd.lanes import LANES, prefetch

_ONE = np.float32(1.0)
_NAN = np.float32(np.nan)


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
    if sharing.split:
        step_own(program, update, descent, rank, sharing.own)
    else:
        low, high = share(team.part, update.size, LANES)
        optimize_groups(
            descent.optimizer, program.parameters, update.moments, Interval(low, high), descent.schedule, rank
        )
        wait(team)


@kernel
def step_own(program: Program, update: Update, descent: Descent, rank: int, own: OwnLayers) -> None:
    """Update the parameters of thread ``rank`` of two: its half of the first layer, and its own layers."""
    table, p, rule, schedule = program.table, program.parameters, descent.optimizer, descent.schedule
    low, high = half_of_weights(table, rank)
    optimize_groups(rule, p, update.moments, Interval(low, high), schedule, rank)
    if rank == 0:
        low, high = table[BIAS], table[BIAS] + table[OUTPUTS]
        optimize_groups(rule, p, update.moments, Interval(low, high), schedule, rank)
    for i in range(own.first, program.rows, own.step):
        row = i * COLUMNS
        low, high = table[row + WEIGHT], table[row + BIAS] + table[row + OUTPUTS]
        optimize_groups(rule, p, update.moments, Interval(low, high), schedule, rank)


@kernel
def train(learner: Learner, images: Images, epoch: Epoch, descent: Descent, team: Team) -> None:
    """Train on the batches ``begin`` to ``end`` of epochs that visit the images in ``order``.

    ``history`` receives the summed loss and the number of correct outputs, two float64 per step. A loss that is not
    finite ends the loop before its step, and the rest of ``history`` stays as it was; a step that `should_stop` gives
    up has the loss NaN. ``direct`` is for plain gradient descent with batches of at most one tile: all deltas are
    multiplied by -rate from the start, and the gradients are added to the parameters themselves.
    ``tile_targets`` has one element more than a tile, for the number of correct outputs that a second thread counts.
    """
    program, update, order = learner.program, learner.update, epoch.order
    work, tile_targets = learner.scratch.work, learner.scratch.tile_targets
    settings, history = settings_of(descent.schedule, team.part.rank, 0), descent.schedule.history
    rank = team.part.rank
    sharing = sharing_of(program, images.kind, epoch.batch, team)
    behind = sharing.behind
    into = program.parameters if descent.direct else update.moments.gradient
    per_epoch = (epoch.examples + epoch.batch - 1) // epoch.batch
    for step in range(epoch.begin, epoch.end):
        number = 2 * (step - epoch.begin)
        set_rates(descent.schedule, rank, step - epoch.begin)
        before = step // per_epoch
        since = before * epoch.examples + (step - before * per_epoch) * epoch.batch
        until = lesser(since + epoch.batch, (before + 1) * epoch.examples)
        most = lesser(TILE, until - since)
        transpose_all_weights(program, work, most, sharing.own)
        lost = np.float64(0.0)
        correct = 0
        for first in range(since, until, TILE):
            n = lesser(TILE, until - first)
            tile = Tile(order, first, n, epoch.size)
            for i in range(n):
                prefetch(epoch.targets.classes, order[first + i])
            done = forward_shared(program, work, images, tile, team, sharing)
            if behind.part.rank == 0:
                scale = (-settings.memory[settings.at + RATE] if descent.direct else _ONE) / np.float32(until - since)
                wanted = TileTargets(epoch.targets, tile_targets, order, first)
                evaluate_loss(program.table, program.rows, work, wanted, done, descent.loss, scale)
                if rank == 0 and should_stop(team):
                    work[LOSS] = _NAN
                correct += count_correct(program.table, program.rows, work, wanted, done.begin, done.end, descent.loss)
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
