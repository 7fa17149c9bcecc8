"""The common part of training steps on images: the moments, the threads, and the call of each thread."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pellucid.engine.programs.capacity import check_optimizer, check_steps
from pellucid.engine.records import Schedule, Targets
from pellucid.errors import CapacityError
from pellucid.layers.layer import Vector
from pellucid.programs.feed import Feed
from pellucid.programs.interface import Stepper, StepperOptions, ends_finite
from pellucid.programs.update_rule import UpdateRule
from pellucid.system.threads import ThreadPool


@dataclass(frozen=True)
class Batches:
    """An epoch: the feed's images in ``order``, and the targets of all images.

    Or several epochs of so many ``examples`` each, for a stepper that spans them; 0 for one of the length of ``order``.
    """

    feed: Feed
    order: NDArray[np.int64]
    targets: Targets
    examples: int = 0


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
        self._check(batches, begin, end, rates)
        moments, history = self.moments, np.full((end - begin, 2), np.nan)
        schedule = self._settings.schedule(rule, self.threads, rates, history)
        check_optimizer(rule.code, schedule, self.threads, moments, self._count)

        def work(rank: int) -> None:
            self._take(rank, batches, (begin, end), rule, moments, schedule, serial)

        self._pool.run(work)
        if not ends_finite(history):
            self._gradient[...] = 0.0
        return self._finished(history)

    def _check(self, batches: Batches, begin: int, end: int, rates: NDArray[np.float32]) -> None:
        """Raise if the steps exceed the images of the epoch."""
        size, examples = len(batches.order), batches.examples or len(batches.order)
        if size % max(1, examples) or (size != examples and not self.spans_epochs):
            raise CapacityError(f"The engine expected whole epochs of {examples} examples, got {size}.")
        check_steps(begin, end, self._batch_size, (examples, size // max(1, examples)), rates)

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
