"""The common part of training steps on images: the moments, the threads, and the call of each thread."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pellucid.engine.programs.capacity import check_optimizer, check_steps
from pellucid.engine.records import Schedule
from pellucid.layers.layer import Vector
from pellucid.programs.feed import Feed
from pellucid.programs.interface import Stepper, StepperOptions, UpdateRule
from pellucid.system.threads import ThreadPool


@dataclass(frozen=True)
class Batches:
    """One epoch: the feed's images in ``order``, with their ``labels``."""

    feed: Feed
    order: NDArray[np.int64]
    labels: NDArray[np.int64]


class ImageStepper(Stepper):
    """Takes training steps on one network of images, on ``threads`` threads."""

    _gradient: Vector

    def __init__(self, parameters: Vector, options: StepperOptions, loss: int, threads: int) -> None:
        super().__init__(parameters, options, loss)
        self.threads = threads
        self._pool = ThreadPool(threads)

    def run(
        self,
        batches: Batches,
        begin: int,
        end: int,
        rule: UpdateRule,
        rates: NDArray[np.float32],
        serial: int = 0,
    ) -> NDArray[np.float64]:
        """See `pellucid.programs.interface.Stepper.run`."""
        settings, moments = np.tile(rule.settings(), self.threads), self.moments
        self._check(batches, begin, end, rates)
        check_optimizer(rule.code, settings, self.threads, moments, self._count)
        history = np.full((end - begin, 2), np.nan)

        schedule = Schedule(settings, rates, history)

        def work(rank: int) -> None:
            self._take(rank, batches, (begin, end), rule, moments, schedule, serial)

        self._pool.run(work)
        if not np.isfinite(history[:, 0]).all():
            self._gradient[...] = 0.0
        return self._finished(history)

    def _check(self, batches: Batches, begin: int, end: int, rates: NDArray[np.float32]) -> None:
        """Raise if the steps exceed the images of the epoch."""
        check_steps(begin, end, self._batch_size, len(batches.order), rates)

    @abstractmethod
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
        """One thread's work on the steps of ``span``."""
