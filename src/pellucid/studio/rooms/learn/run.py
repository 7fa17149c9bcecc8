"""One training run: a trainer with its timeline and curves, independent of threads and of the page."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pellucid.errors import DivergedError
from pellucid.network.prediction import VALUE_LOSSES
from pellucid.studio.protocol.parts import LearnPlan
from pellucid.studio.rooms.learn.series import Series
from pellucid.studio.rooms.learn.timeline import Timeline
from pellucid.studio.state.clock import Clock
from pellucid.studio.state.optimizer_plans import with_rate
from pellucid.training.trainer import Trainer

MAX_EPOCHS = 1 << 14
"""Points of the curve on the held-out images."""

MAX_HEALTHS = 600
"""Measurements of the gradients that are kept; beyond it, every second is dropped."""


@dataclass(frozen=True)
class EpochMean:
    """Loss and accuracy over an epoch's mini-batches, each taken before its step; values have no accuracy."""

    epoch: int
    step: int
    loss: float
    accuracy: float | None


class Run:
    """Training that can go back in time.

    Attributes
    ----------
    trainer : Trainer
    timeline : Timeline
    series : Series
        Loss and accuracy of every mini-batch up to the last step.
    tests : Series
        Loss and accuracy on the held-out examples at the end of the epochs that were evaluated.
    healths : list of (int, ndarray)
        Steps at which the gradients of the layers were measured, and their sizes.
    plan : LearnPlan
        With the present learning rate.
    edited : bool
        Whether the parameters were changed by hand since training paused.
    """

    def __init__(self, trainer: Trainer, plan: LearnPlan, clock: Clock) -> None:
        self.trainer, self.plan, self._clock = trainer, plan, clock
        self.timeline, self.series = Timeline(trainer), Series()
        self.tests = Series(MAX_EPOCHS, sparse=True)
        self.healths: list[tuple[int, NDArray[np.float32]]] = []
        self.edited = False

    def begin(self) -> None:
        """Continue from the present step; later steps are discarded."""
        if self.edited or self.trainer.step < self.timeline.last_step:
            self._fork(pinned=self.edited)
        self.edited = False

    def advance(self, count: int) -> tuple[NDArray[np.float64], EpochMean | None]:
        """Take at most ``count`` steps, none past the end of an epoch or the next keyframe.

        Returns
        -------
        ndarray (n, 2), EpochMean or None
            Mean loss and accuracy of each mini-batch; and of the epoch, where it has ended.

        Raises
        ------
        DivergedError
            If the loss diverged; training then stands before the step that caused it.
        """
        trainer, state = self.trainer, self.trainer.state
        left = min(trainer.steps_per_epoch - state.batch, self.timeline.next_stop - trainer.step)
        sums, first = (state.loss_sum, float(state.right)), state.batch
        began = self._clock.now()
        try:
            means = trainer.advance(max(1, min(count, left)))
        except DivergedError:
            self._fork(pinned=False)
            raise
        trainer.state.seconds += self._clock.now() - began
        if self.plan.loss in VALUE_LOSSES:
            means[:, 1] = np.nan  # nothing is right or wrong
        self.series.add(means)
        self.timeline.record()
        return means, self._epoch_mean(means, sums, first) if trainer.state.batch == 0 else None

    def tested(self, epoch: int, loss: float, accuracy: float) -> None:
        """Note the evaluation of an epoch, counted from 1; epochs without one stay a gap."""
        missing = max(0, epoch - 1 - self.tests.steps)
        self.tests.add(np.concatenate([np.full((missing, 2), np.nan), [[loss, accuracy]]]))

    def measured(self, gradients: NDArray[np.float32]) -> None:
        """Note the sizes of the layers' gradients at the present step, (layers,)."""
        step = self.trainer.step
        kept = [each for each in self.healths if each[0] != step]
        self.healths = sorted([*kept, (step, gradients)], key=lambda each: each[0])
        if len(self.healths) > MAX_HEALTHS:
            self.healths = self.healths[::2]

    def go_to(self, step: int) -> None:
        """Restore training to a step."""
        self.timeline.go_to(step)
        self.edited = False
        self.plan = with_rate(self.plan, self.trainer.learning_rate)

    def parameters_at(self, step: int) -> NDArray[np.float32]:
        """Return the parameters at a step of the timeline (parameter_count,); training stays where it is."""
        trainer = self.trainer
        present, optimizer = trainer.snapshot(), trainer.optimizer
        self.timeline.go_to(step)
        found = trainer.net.parameters.copy()
        trainer.restore(present)
        trainer.optimizer = optimizer
        return found

    def set_rate(self, rate: float) -> None:
        """Set the learning rate from this step on."""
        self.trainer.learning_rate = rate
        self.plan = with_rate(self.plan, rate)
        self._fork(pinned=True)

    def parameters_changed(self, running: bool) -> None:
        """Note a change by hand: it takes effect at once while training is running, otherwise when it continues."""
        if running:
            self._fork(pinned=True)
        else:
            self.edited = True

    def _fork(self, pinned: bool) -> None:
        """Discard everything after the present step."""
        step = self.trainer.step
        if pinned:
            self.timeline.pin()
        else:
            self.timeline.truncate()
        self.series.truncate(step)
        self.tests.truncate(step // self.trainer.steps_per_epoch)
        self.healths = [each for each in self.healths if each[0] <= step]

    def _epoch_mean(self, means: NDArray[np.float64], sums: tuple[float, float], first: int) -> EpochMean:
        """The means of an epoch, from the sums before its mini-batch number ``first`` and the means after it."""
        trainer = self.trainer
        sizes = np.full(len(means), float(trainer.batch_size))
        if first + len(means) == trainer.steps_per_epoch:
            sizes[-1] = trainer.examples - (trainer.steps_per_epoch - 1) * trainer.batch_size
        loss, right = (start + float(sizes @ column) for start, column in zip(sums, means.T, strict=True))
        accuracy = None if math.isnan(right) else right / trainer.examples
        return EpochMean(trainer.state.epoch, trainer.step, loss / trainer.examples, accuracy)
