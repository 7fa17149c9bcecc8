"""One training run: a trainer, its timeline and curves. It knows no threads and no pages."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pellucid.errors import DivergedError
from pellucid.studio.parts import LearnPlan
from pellucid.studio.plans import with_rate
from pellucid.studio.series import Series
from pellucid.studio.timeline import Timeline
from pellucid.training.trainer import Trainer


@dataclass(frozen=True)
class EpochMean:
    """Loss and accuracy over an epoch's mini-batches, each before its step."""

    epoch: int
    step: int
    loss: float
    accuracy: float


@dataclass(frozen=True)
class EpochTest:
    """What an epoch's end was judged as."""

    step: int
    loss: float
    accuracy: float


class Run:
    """Training that can go back in time.

    Attributes
    ----------
    trainer : Trainer
    timeline : Timeline
    series : Series
        Loss and accuracy of every mini-batch up to the furthest step.
    tests : list of EpochTest
    plan : LearnPlan
        With the learning rate as it is now.
    """

    def __init__(self, trainer: Trainer, plan: LearnPlan) -> None:
        self.trainer, self.plan = trainer, plan
        self.timeline, self.series = Timeline(trainer), Series()
        self.tests: list[EpochTest] = []
        self.touched = False

    def begin(self) -> None:
        """Training goes on from where it stands: what came after is forgotten."""
        if self.touched or self.trainer.step < self.timeline.last_step:
            self._fork(fixed=self.touched)
        self.touched = False

    def advance(self, count: int) -> tuple[NDArray[np.float64], EpochMean | None]:
        """Take at most ``count`` steps, none past the end of an epoch or past the next moment to keep.

        Returns
        -------
        ndarray (n, 2), EpochMean or None
            Mean loss and share read right of each mini-batch; and of the epoch, where that is over.

        Raises
        ------
        DivergedError
            If the loss ran away; training then stands before the step that did it.
        """
        trainer, state = self.trainer, self.trainer.state
        left = min(trainer.steps_per_epoch - state.batch, self.timeline.next_stop - trainer.step)
        before, first = (state.loss_sum, float(state.right)), state.batch
        began = time.perf_counter()
        try:
            means = trainer.advance(max(1, min(count, left)))
        except DivergedError:
            self._fork(fixed=False)
            raise
        trainer.state.seconds += time.perf_counter() - began
        self.series.add(means)
        self.timeline.pass_by()
        return means, self._epoch_mean(means, before, first) if trainer.state.batch == 0 else None

    def go_to(self, step: int) -> None:
        """Put training where it stood at that step."""
        self.timeline.go_to(step)
        self.touched = False
        self.plan = with_rate(self.plan, self.trainer.learning_rate)

    def set_rate(self, rate: float) -> None:
        """Another learning rate from here on."""
        self.trainer.learning_rate = rate
        self.plan = with_rate(self.plan, rate)
        self._fork(fixed=True)

    def turned(self, under_way: bool) -> None:
        """The parameters were changed by hand: at once of consequence where training is under way."""
        if under_way:
            self._fork(fixed=True)
        else:
            self.touched = True

    def _fork(self, fixed: bool) -> None:
        step = self.trainer.step
        if fixed:
            self.timeline.fix()
        else:
            self.timeline.cut()
        self.series.cut(step)
        self.tests = [test for test in self.tests if test.step <= step]

    def _epoch_mean(self, means: NDArray[np.float64], before: tuple[float, float], first: int) -> EpochMean:
        trainer = self.trainer
        sizes = np.full(len(means), float(trainer.batch_size))
        if first + len(means) == trainer.steps_per_epoch:
            sizes[-1] = trainer.examples - (trainer.steps_per_epoch - 1) * trainer.batch_size
        loss, right = (start + float(sizes @ column) for start, column in zip(before, means.T, strict=True))
        return EpochMean(trainer.state.epoch, trainer.step, loss / trainer.examples, right / trainer.examples)
