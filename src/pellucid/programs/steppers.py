"""Mini-batches through the engine: the vectors an optimiser works on, and the loop over steps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pellucid.engine.compiler.library import engine
from pellucid.engine.compiler.target import plain_python
from pellucid.engine.programs import table as t
from pellucid.engine.programs.capacity import check_optimizer, check_room, check_steps
from pellucid.programs.dense_plan import aligned
from pellucid.programs.planes import dropout_key
from pellucid.programs.planes_plan import TilePlan
from pellucid.programs.running import Feed
from pellucid.system.threads import Crew, available_cores

if TYPE_CHECKING:
    from pellucid.network.network import Network
    from pellucid.training.optimizers import Optimizer

Moments = tuple[NDArray[np.float32], NDArray[np.float32]]
"""What an optimiser remembers of a network: vectors (parameter_count,), of length 0 where it needs none."""

Vectors = tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float64]]

_WORTH_A_CREW = 5e7
"""Floating-point operations in one step above which several threads share it."""


@dataclass(frozen=True)
class Batches:
    """One epoch's images: ``order`` says in which order the feed's images are visited."""

    feed: Feed
    order: NDArray[np.int64]
    labels: NDArray[np.int64]


def moments_for(optimizer: Optimizer, count: int) -> Moments:
    """Moments of an optimiser that has taken no step yet."""
    first, second = (aligned(count if i < t.MOMENTS[optimizer.code] else 0) for i in range(2))
    return first, second


class Stepper:
    """Takes training steps on one network: owns the gradient, the moments and the arena."""

    def __init__(
        self, net: Network, optimizer: Optimizer, loss: int, batch_size: int, inked: bool, threads: int | None
    ) -> None:
        count = net.parameter_count
        self.net = net
        self.batch_size = batch_size
        self.equip(optimizer)
        parted = inked and net.plan.table[0, t.OUTPUTS] < t.PARTED_BELOW
        self.crew = min(self._crew(threads), 2) if parted else self._crew(threads)
        self._together = Crew(self.crew)
        self._gradient, self._arena = aligned(count), net.plan.arena()
        self._wanted, self._point = np.zeros(t.TILE + 1, np.int64), np.zeros(16, np.int64)
        self._loss = loss

    def equip(self, optimizer: Optimizer) -> None:
        """Make room for what this optimiser remembers; what another remembered is forgotten."""
        self.moments = moments_for(optimizer, self.net.parameter_count)

    def _crew(self, threads: int | None) -> int:
        """How many threads share a step; the results do not depend on it."""
        if plain_python():
            return 1
        if threads is not None:
            return threads
        work = 6.0 * self.net.parameter_count * self.batch_size
        return available_cores() if work > _WORTH_A_CREW else 1

    def run(
        self,
        batches: Batches,
        begin: int,
        end: int,
        optimizer: Optimizer,
        rates: NDArray[np.float32],
        serial: int = 0,
    ) -> NDArray[np.float64]:
        """Take the steps from ``begin`` to ``end`` of an epoch.

        Parameters
        ----------
        rates : ndarray (end - begin, 2)
            What `Optimizer.step_rates` says of these steps.
        serial : int
            The number of the first image in ``batches`` among all that were ever trained on.

        Returns
        -------
        ndarray (steps, 2)
            Summed loss and number read right of each mini-batch; the first row with a loss that is not finite is the
            last, and its step was not taken.
        """
        settings, moments = np.tile(optimizer.settings(), self.crew), self.moments
        self._check(batches, begin, end, rates)
        check_optimizer(optimizer.code, settings, self.crew, moments, self.net.parameter_count)
        history = np.full((end - begin, 2), np.nan)

        def work(rank: int) -> None:
            self._take(rank, batches, (begin, end), optimizer, moments, (settings, rates, history), serial)

        self._together.run(work)
        finite = np.isfinite(history[:, 0])
        if finite.all():
            return history
        self._gradient[...] = 0.0
        return history[: int(np.argmin(finite)) + 1]

    def _check(self, batches: Batches, begin: int, end: int, rates: NDArray[np.float32]) -> None:
        """Refuse steps outside of what there is to visit."""
        check_steps(begin, end, self.batch_size, len(batches.order), rates)

    def _take(
        self, rank: int, batches: Batches, span: tuple[int, int], optimizer: Optimizer, moments: Moments,
        told: Vectors, serial: int,
    ) -> None:  # fmt: skip
        """One thread's work on the steps of ``span``; ``told`` are the settings, the rates, and the history to fill."""
        net = self.net
        direct = optimizer.code == t.SGD and optimizer.decay == 0 and self.batch_size <= t.TILE
        engine().train(
            net.plan.table, len(net.plan.table), net.parameters, self._gradient, *moments, net.parameter_count,
            self._arena, self._wanted, *batches.feed.arguments, batches.order, batches.labels, len(batches.order),
            self.batch_size, *span, self._loss, optimizer.code, int(direct), *told, rank, self.crew, self._point,
        )  # fmt: skip


class TileStepper(Stepper):
    """The same for networks of any layers, whose batches are cut into shards with gradients of their own."""

    def __init__(
        self, net: Network, plan: TilePlan, optimizer: Optimizer, loss: int, batch_size: int, threads: int | None,
        seed: int,
    ) -> None:  # fmt: skip
        self._plan = plan
        super().__init__(net, optimizer, loss, batch_size, False, threads)
        self._gradient = aligned(self._shards(batch_size) * net.parameter_count)
        self._arenas = [self._arena, *(plan.arena() for _ in range(1, self.crew))]
        self._labels = [np.zeros(t.TILE, np.int64) for _ in self._arenas]
        self._parts = np.zeros((t.SHARDS, 2))
        self._key = dropout_key(seed)

    def _shards(self, images: int) -> int:
        """Parts that a mini-batch is cut into, as `pellucid.engine.programs.planes_entries.train_tiles` does it."""
        return min(t.SHARDS, -(-images // self._plan.group))

    def _crew(self, threads: int | None) -> int:
        """As many threads as there are cores or shards."""
        return 1 if plain_python() else min(threads or available_cores(), self._shards(self.batch_size))

    def _check(self, batches: Batches, begin: int, end: int, rates: NDArray[np.float32]) -> None:
        super()._check(batches, begin, end, rates)
        shards = max(self._shards(min(self.batch_size, len(batches.order) - step * self.batch_size))
                     for step in (begin, end - 1))  # fmt: skip
        check_room("gradients of shards", shards * self.net.parameter_count, len(self._gradient))

    def _take(
        self, rank: int, batches: Batches, span: tuple[int, int], optimizer: Optimizer, moments: Moments,
        told: Vectors, serial: int,
    ) -> None:  # fmt: skip
        net, plan, feed = self.net, self._plan, batches.feed
        engine("planes").train_tiles(
            plan.code, plan.rows, net.parameters, self._gradient, *moments, net.parameter_count,
            self._arenas[rank], self._labels[rank], self._parts, *feed.arguments,
            batches.order, batches.labels, len(batches.order), self.batch_size, *span, self._loss, optimizer.code,
            *told, serial, *self._key, rank, self.crew, self._point,
        )  # fmt: skip


def stepper(
    net: Network, optimizer: Optimizer, loss: int, batch_size: int, inked: bool, threads: int | None, seed: int
) -> Stepper:
    """What takes steps on this network; ``seed`` tells what dropout drops."""
    if isinstance(net.plan, TilePlan):
        return TileStepper(net, net.plan, optimizer, loss, batch_size, threads, seed)
    return Stepper(net, optimizer, loss, batch_size, inked, threads)
