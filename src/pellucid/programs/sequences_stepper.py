"""Mini-batches of sequences through the engine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pellucid.engine.compiler.library import engine
from pellucid.engine.compiler.target import plain_python
from pellucid.engine.programs.capacity import check_optimizer, check_room, check_steps
from pellucid.engine.programs.sequence_table import BLOCK, groups_of, most_in_a_group
from pellucid.programs.dense_plan import aligned
from pellucid.programs.sequence_batches import Floats, Integers
from pellucid.programs.sequences import SEQUENCE_LOSSES, Targets, check_plan, lengths_of, room_for
from pellucid.programs.sequences_plan import SequencePlan
from pellucid.programs.steppers import moments_for
from pellucid.system.threads import Crew, available_cores

if TYPE_CHECKING:
    from pellucid.network.sequences import SequenceNetwork
    from pellucid.training.optimizers import Optimizer

_WORTH_A_CREW = 2e6
"""Floating-point operations in one step above which several threads share it."""


@dataclass(frozen=True)
class SequenceBatches:
    """One epoch's sequences, or those of a few steps: ``order`` says in which order they are visited."""

    flat: Floats
    starts: Integers
    targets: Targets
    order: Integers


class SequenceStepper:
    """Takes training steps on one network: owns the gradients, the moments and the arenas."""

    def __init__(
        self,
        net: SequenceNetwork,
        optimizer: Optimizer,
        loss: str,
        batch_size: int,
        clip: float | None,
        threads: int | None,
    ) -> None:
        count = net.parameter_count
        self.net, self.batch_size = net, batch_size
        self.equip(optimizer)
        self._loss, self._aligned = SEQUENCE_LOSSES[loss], loss == "ctc"
        self._clip = 0.0 if clip is None else clip
        self._threads = threads
        self._groups = groups_of(batch_size)
        self._slopes, self._gradient = aligned(self._groups * count), aligned(count)
        self._tallies, self._norms = np.zeros(2 * self._groups), np.zeros(-(-count // BLOCK))
        self._point = np.zeros(16, np.int64)
        self._plan: SequencePlan | None = None
        self._arenas: list[Floats] = []
        self._integers: list[Integers] = []
        self.crew = 1
        self._together = Crew(self.crew)

    def equip(self, optimizer: Optimizer) -> None:
        """Make room for what this optimiser remembers; what another remembered is forgotten."""
        self.moments = moments_for(optimizer, self.net.parameter_count)

    def _prepare(self, lengths: Integers, most_labels: int) -> SequencePlan:
        """See to it that any mini-batch of these sequences has room, and choose the number of threads."""
        room = room_for(lengths, most_in_a_group(self.batch_size), most_labels if self._aligned else 0)
        plan = self._plan
        if plan is None or not plan.room.holds(room):
            plan = self._plan = self.net.compose(room if plan is None else plan.room.grown(room))
            self.crew = self._crew(int(lengths.mean()))
            self._arenas = [plan.arena() for _ in range(self.crew)]
            self._integers = [plan.integers(self.batch_size) for _ in range(self.crew)]
            self._together = Crew(self.crew)
        return plan

    def _crew(self, frames: int) -> int:
        """How many threads share a step, at most one a group; the results do not depend on it."""
        if plain_python():
            return 1
        if self._threads is not None:
            return min(self._threads, self._groups)
        work = 6.0 * self.net.parameter_count * self.batch_size * frames
        return min(available_cores(), self._groups) if work > _WORTH_A_CREW else 1

    def _check(
        self, plan: SequencePlan, batches: SequenceBatches, begin: int, end: int, rates: NDArray[np.float32]
    ) -> None:
        """Refuse steps for which gradients, arenas or integers have no room."""
        count, batch = len(batches.order), self.batch_size
        check_steps(begin, end, batch, count, rates)
        check_room("integers", plan.room.integers(batch), min(map(len, self._integers)))
        visited = batches.order[begin * batch : end * batch]
        lengths = lengths_of(batches.starts, visited)
        labels = int(lengths_of(batches.targets.starts, visited).max(initial=0)) if self._aligned else 0
        for size in {min(batch, count - step * batch) for step in (begin, end - 1)}:
            groups = groups_of(size)
            check_room("groups of sequences", groups, len(self._tallies) // 2)
            check_plan(plan, lengths, -(-size // groups), labels)

    def run(
        self,
        batches: SequenceBatches,
        begin: int,
        end: int,
        optimizer: Optimizer,
        rates: NDArray[np.float32],
        serial: int = 0,
    ) -> NDArray[np.float64]:
        """Take the steps from ``begin`` to ``end``: see `pellucid.programs.steppers.Stepper.run`."""
        targets, net = batches.targets, self.net
        plan = self._prepare(lengths_of(batches.starts, batches.order), targets.most)
        settings, moments = np.tile(optimizer.settings(), self.crew), self.moments
        self._check(plan, batches, begin, end, rates)
        check_optimizer(optimizer.code, settings, self.crew, moments, net.parameter_count)
        history = np.full((end - begin, 2), np.nan)

        def work(rank: int) -> None:
            engine("sequences").train(
                plan.table, plan.steps, net.parameters, self._gradient, self._slopes, *moments,
                net.parameter_count, self._arenas[rank], self._integers[rank], batches.flat, batches.starts,
                targets.symbols, targets.starts, batches.order, len(batches.order), self.batch_size, begin, end,
                self._loss, optimizer.code, self._clip, settings, rates, history, self._tallies, self._norms, rank,
                self.crew, self._point,
            )  # fmt: skip

        self._together.run(work)
        finite = np.isfinite(history[:, 0])
        return history if finite.all() else history[: int(np.argmin(finite)) + 1]
