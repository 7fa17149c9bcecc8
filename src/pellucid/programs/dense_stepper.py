"""Training steps of dense networks: all threads share every mini-batch."""

from __future__ import annotations

import numpy as np

from pellucid.engine.compiler.library import engine
from pellucid.engine.compiler.target import plain_python
from pellucid.engine.programs import table as t
from pellucid.engine.records import Descent, Epoch, Learner, Moments, Part, Program, Schedule, Scratch, Team, Update
from pellucid.layers.layer import Vector
from pellucid.programs.dense_plan import Plan
from pellucid.programs.image_stepper import Batches, ImageStepper
from pellucid.programs.interface import StepperOptions
from pellucid.programs.update_rule import UpdateRule
from pellucid.system.memory import aligned
from pellucid.system.threads import available_cores

_WORTH_THREADS = 5e7
"""Floating-point operations in one step above which several threads share it."""


class DenseStepper(ImageStepper):
    """Takes training steps on one dense network; see `pellucid.programs.interface.Stepper`.

    ``direct`` allows plain gradient descent to add gradients to the parameters without storing them.
    """

    direct = True
    spans_epochs = True

    def __init__(self, plan: Plan, parameters: Vector, options: StepperOptions, loss: int, sparse: bool) -> None:
        split = sparse and plan.table[0, t.OUTPUTS] < t.SPLIT_PIXELS_BELOW
        threads = _threads(parameters.size, options)
        super().__init__(parameters, options, loss, min(threads, 2) if split else threads)
        self._plan = plan
        self._gradient, self._arena = aligned(self._count), plan.arena()
        self._tile_targets = np.zeros(t.TILE + 1, np.int64)

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
        plain = rule.code == t.SGD and rule.decay == 0 and self._settings.usual
        direct = self.direct and plain and self._batch_size <= t.TILE
        learner = Learner(
            Program(self._plan.table, self._plan.layers, self._parameters),
            Update(Moments(self._gradient, *moments), self._count),
            Scratch(self._arena, self._tile_targets),
        )
        size = len(batches.order)
        epoch = Epoch(batches.order, batches.targets, size, batches.examples or size, self._batch_size, *span)
        descent = Descent(self._loss, rule.code, int(direct), schedule)
        team = Team(Part(rank, self.threads), self._barrier)
        engine().train(learner, batches.feed.images, epoch, descent, team)


def _threads(parameters: int, options: StepperOptions) -> int:
    """The number of threads that share a step; the results do not depend on it."""
    if plain_python():
        return 1
    if options.threads is not None:
        return options.threads
    work = 6.0 * parameters * options.batch_size
    return available_cores() if work > _WORTH_THREADS else 1
