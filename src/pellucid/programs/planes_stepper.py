"""Training steps of networks over planes: a mini-batch is cut into shards with gradients of their own."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pellucid.engine.compiler.library import engine
from pellucid.engine.compiler.target import plain_python
from pellucid.engine.programs import table as t
from pellucid.layers.layer import Vector
from pellucid.programs.dense_plan import aligned
from pellucid.programs.image_stepper import Batches, ImageStepper
from pellucid.programs.interface import StepperOptions, UpdateRule
from pellucid.programs.planes_plan import TilePlan
from pellucid.system.threads import available_cores


class PlanesStepper(ImageStepper):
    """Takes training steps on one network over planes; see `pellucid.programs.interface.Stepper`."""

    def __init__(self, plan: TilePlan, parameters: Vector, options: StepperOptions, loss: int) -> None:
        shards = min(t.SHARDS, -(-options.batch_size // plan.group))
        threads = 1 if plain_python() else min(options.threads or available_cores(), shards)
        super().__init__(parameters, options, loss, threads)
        self._plan = plan
        self._gradient = aligned(shards * len(parameters))
        self._arenas = [plan.arena() for _ in range(threads)]
        self._labels = [np.zeros(t.TILE, np.int64) for _ in self._arenas]
        self._parts = np.zeros((t.SHARDS, 2))
        self._key = _dropout_key(options.seed)

    def _take(
        self,
        rank: int,
        batches: Batches,
        span: tuple[int, int],
        rule: UpdateRule,
        told: tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float64]],
        serial: int,
    ) -> None:
        plan = self._plan
        engine("planes").train_tiles(
            plan.code, plan.rows, self._parameters, self._gradient, *self.moments, len(self._parameters),
            self._arenas[rank], self._labels[rank], self._parts, *batches.feed.arguments, batches.order,
            batches.labels, len(batches.order), self._batch_size, *span, self._loss, rule.code, *told, serial,
            *self._key, rank, self.threads, self._barrier,
        )  # fmt: skip


def _dropout_key(seed: int) -> tuple[int, int]:
    """The key of dropout's random numbers, apart from those of augmentation."""
    first, second = np.random.SeedSequence(seed, spawn_key=(2**32 - 1,)).generate_state(2).tolist()
    return first, second
