"""Mini-batches through the engine: the vectors an optimiser works on, and the loop over steps."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pellucid.engine import table as t
from pellucid.engine.library import engine
from pellucid.engine.target import plain_python
from pellucid.layers.plan import aligned
from pellucid.running import Feed, available_cores

if TYPE_CHECKING:
    from pellucid.network import Network
    from pellucid.optimizers import Optimizer

_WORTH_A_CREW = 5e7
"""Floating-point operations in one step above which several threads share it."""


@dataclass(frozen=True)
class Batches:
    """One epoch's images: ``order`` says in which order the feed's images are visited."""

    feed: Feed
    order: NDArray[np.int64]
    labels: NDArray[np.int64]


class Stepper:
    """Takes training steps on one network: owns the gradient, the moments and the arena."""

    def __init__(
        self, net: Network, optimizer: Optimizer, loss: int, batch_size: int, inked: bool, threads: int | None
    ) -> None:
        count = net.parameter_count
        self.net = net
        self.batch_size = batch_size
        self.moments = [aligned(count if i < optimizer.moments else 0) for i in range(2)]
        self.crew = self._crew(threads)
        self._pool = ThreadPoolExecutor(self.crew - 1) if self.crew > 1 else None
        self._gradient, self._arena = aligned(count), net.plan.arena()
        self._wanted, self._point = np.zeros(t.TILE, np.int64), np.zeros(16, np.int64)
        self._loss = loss
        self._direct = inked and optimizer.code == t.SGD and optimizer.decay == 0 and batch_size <= t.TILE

    def _crew(self, threads: int | None) -> int:
        """How many threads share a step; the results do not depend on it."""
        if plain_python():
            return 1
        if threads is not None:
            return threads
        work = 6.0 * self.net.parameter_count * self.batch_size
        return available_cores() if work > _WORTH_A_CREW else 1

    def run(
        self, batches: Batches, begin: int, end: int, optimizer: Optimizer, rates: NDArray[np.float32]
    ) -> NDArray[np.float64]:
        """Take the steps from ``begin`` to ``end`` of an epoch.

        Parameters
        ----------
        rates : ndarray (end - begin, 2)
            What `Optimizer.step_rates` says of these steps.

        Returns
        -------
        ndarray (steps, 2)
            Summed loss and number read right of each mini-batch; the first row with a loss that is not finite is the
            last, and its step was not taken.
        """
        net, feed = self.net, batches.feed
        settings = np.tile(optimizer.settings(), self.crew)
        history = np.full((end - begin, 2), np.nan)

        def work(rank: int) -> None:
            engine().train(
                net.plan.table, net.plan.layers, net.parameters, self._gradient, *self.moments, net.parameter_count,
                self._arena, self._wanted, *feed.arguments, batches.order, batches.labels, len(batches.order),
                self.batch_size, begin, end, self._loss, optimizer.code, int(self._direct), settings, rates, history,
                rank, self.crew, self._point,
            )  # fmt: skip

        if self._pool is None:
            work(0)
        else:
            others = [self._pool.submit(work, rank) for rank in range(1, self.crew)]
            work(0)
            for other in others:
                other.result()
        finite = np.isfinite(history[:, 0])
        if finite.all():
            return history
        self._gradient[...] = 0.0
        return history[: int(np.argmin(finite)) + 1]
