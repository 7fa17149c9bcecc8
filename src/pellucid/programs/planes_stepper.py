"""Training steps of networks over planes: a mini-batch is cut into shards, each with its own gradient."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pellucid.engine.compiler.library import engine
from pellucid.engine.compiler.target import plain_python
from pellucid.engine.programs import table as t
from pellucid.engine.programs.capacity import check_room
from pellucid.engine.records import (
    Draws,
    Epoch,
    Key,
    Learner,
    Moments,
    Part,
    PlanesDescent,
    Program,
    Schedule,
    Scratch,
    Team,
    Update,
)
from pellucid.layers.layer import Vector
from pellucid.programs.image_stepper import Batches, ImageStepper
from pellucid.programs.interface import StepperOptions
from pellucid.programs.planes_plan import PlanesPlan
from pellucid.programs.update_rule import UpdateRule
from pellucid.system.memory import aligned
from pellucid.system.threads import available_cores


class PlanesStepper(ImageStepper):
    """Takes training steps on one network over planes; see `pellucid.programs.interface.Stepper`."""

    def __init__(self, plan: PlanesPlan, parameters: Vector, options: StepperOptions, loss: int) -> None:
        self._plan = plan
        shards = self._shards(options.batch_size)
        threads = 1 if plain_python() else min(options.threads or available_cores(), shards)
        super().__init__(parameters, options, loss, threads)
        self._gradient = aligned(shards * self._count)
        self._arenas = [plan.arena() for _ in range(threads)]
        self._labels = [np.zeros(t.TILE, np.int64) for _ in self._arenas]
        self._parts = np.zeros((t.SHARDS, 2))
        self._key = dropout_key(options.seed)

    def _shards(self, images: int) -> int:
        """Number of parts that a mini-batch is cut into, as in `pellucid.engine.programs.planes_entries.train`."""
        return min(t.SHARDS, -(-images // self._plan.group))

    def _check(self, batches: Batches, begin: int, end: int, rates: NDArray[np.float32]) -> None:
        super()._check(batches, begin, end, rates)
        sizes = (min(self._batch_size, len(batches.order) - step * self._batch_size) for step in (begin, end - 1))
        check_room("gradients of shards", max(map(self._shards, sizes)) * self._count, len(self._gradient))

    def _take(
        self,
        rank: int,
        batches: Batches,
        span: tuple[int, int],
        rule: UpdateRule,
        moments: tuple[Vector, Vector],
        schedule: Schedule,
        serial: int,
    ) -> None:
        learner = Learner(
            Program(self._plan.code, self._plan.rows, self._parameters),
            Update(Moments(self._gradient, *moments), self._count),
            Scratch(self._arenas[rank], self._labels[rank]),
        )
        epoch = Epoch(batches.order, batches.targets, len(batches.order), len(batches.order), self._batch_size, *span)
        descent = PlanesDescent(self._loss, rule.code, schedule)
        draws, team = Draws(serial, self._key), Team(Part(rank, self.threads), self._barrier)
        engine("planes").train(learner, self._parts, batches.feed.images, epoch, descent, draws, team)


def dropout_key(seed: int) -> Key:
    """The key of the random numbers of dropout, which are independent of those of augmentation."""
    return Key(*np.random.SeedSequence(seed, spawn_key=(2**32 - 1,)).generate_state(2).tolist())
