"""Mini-batches of sequences through the engine."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pellucid.engine.compiler.library import engine
from pellucid.engine.compiler.target import plain_python
from pellucid.engine.programs.capacity import check_optimizer, check_room, check_steps
from pellucid.engine.programs.sequence_table import BLOCK, CTC, group_count, largest_group
from pellucid.engine.records import Part, Schedule, Team
from pellucid.engine.sequence_records import (
    Arena,
    ClippedDescent,
    GroupUpdate,
    SequenceLearner,
    Sequences,
    Steps,
    Totals,
)
from pellucid.layers.layer import Vector
from pellucid.programs.interface import Stepper, StepperOptions, UpdateRule, finished
from pellucid.programs.sequence_batches import Floats, Integers
from pellucid.programs.sequence_targets import Targets
from pellucid.programs.sequences_plan import Room, SequencePlan, check_plan, lengths_of, room_for
from pellucid.system.memory import aligned
from pellucid.system.threads import ThreadPool, available_cores

_WORTH_A_CREW = 2e6
"""Floating-point operations in one step above which several threads share it."""


@dataclass(frozen=True)
class SequenceBatches:
    """One epoch's sequences, or those of a few steps: ``order`` says in which order they are visited."""

    flat: Floats
    starts: Integers
    targets: Targets
    order: Integers


class SequencesStepper(Stepper):
    """Takes training steps on one network of sequences; see `pellucid.programs.interface.Stepper`.

    ``compose`` writes the plan for groups of a size.
    """

    def __init__(
        self, compose: Callable[[Room], SequencePlan], parameters: Vector, options: StepperOptions, loss: int
    ) -> None:
        count = parameters.size
        super().__init__(parameters, options, loss)
        self._compose, self._aligned = compose, loss == CTC
        self._clip = 0.0 if options.clip is None else options.clip
        self._asked = options.threads
        self._groups = group_count(options.batch_size)
        self._slopes, self._gradient = aligned(self._groups * count), aligned(count)
        self._tallies, self._norms = np.zeros(2 * self._groups), np.zeros(-(-count // BLOCK))
        self._barrier = np.zeros(16, np.int64)
        self._plan: SequencePlan | None = None
        self._arenas: list[Floats] = []
        self._integers: list[Integers] = []
        self.threads = 1
        self._pool = ThreadPool(self.threads)

    def _prepare(self, lengths: Integers, most_labels: int) -> SequencePlan:
        """See to it that any mini-batch of these sequences has room, and choose the number of threads."""
        room = room_for(lengths, largest_group(self._batch_size), most_labels if self._aligned else 0)
        plan = self._plan
        if plan is None or not plan.room.holds(room):
            plan = self._plan = self._compose(room if plan is None else plan.room.grown(room))
            self.threads = self._threads_for(int(lengths.mean()))
            self._arenas = [plan.arena() for _ in range(self.threads)]
            self._integers = [plan.integers(self._batch_size) for _ in range(self.threads)]
            self._pool = ThreadPool(self.threads)
        return plan

    def _threads_for(self, frames: int) -> int:
        """How many threads share a step, at most one a group; the results do not depend on it."""
        if plain_python():
            return 1
        if self._asked is not None:
            return min(self._asked, self._groups)
        work = 6.0 * self._count * self._batch_size * frames
        return min(available_cores(), self._groups) if work > _WORTH_A_CREW else 1

    def _check(
        self, plan: SequencePlan, batches: SequenceBatches, begin: int, end: int, rates: NDArray[np.float32]
    ) -> None:
        """Refuse steps for which gradients, arenas or integers have no room."""
        count, batch = len(batches.order), self._batch_size
        check_steps(begin, end, batch, count, rates)
        check_room("integers", plan.room.integers(batch), min(map(len, self._integers)))
        visited = batches.order[begin * batch : end * batch]
        lengths = lengths_of(batches.starts, visited)
        labels = int(lengths_of(batches.targets.starts, visited).max(initial=0)) if self._aligned else 0
        for size in {min(batch, count - step * batch) for step in (begin, end - 1)}:
            groups = group_count(size)
            check_room("groups of sequences", groups, len(self._tallies) // 2)
            check_plan(plan, lengths, -(-size // groups), labels)

    def run(
        self,
        batches: SequenceBatches,
        begin: int,
        end: int,
        rule: UpdateRule,
        rates: NDArray[np.float32],
        serial: int = 0,
    ) -> NDArray[np.float64]:
        """See `pellucid.programs.interface.Stepper.run`."""
        targets, parameters = batches.targets, self._parameters
        plan = self._prepare(lengths_of(batches.starts, batches.order), targets.most)
        settings, moments = np.tile(rule.settings(), self.threads), self.moments
        self._check(plan, batches, begin, end, rates)
        check_optimizer(rule.code, settings, self.threads, moments, self._count)
        history = np.full((end - begin, 2), np.nan)
        program = plan.program(parameters)
        update = GroupUpdate(self._gradient, self._slopes, *moments, self._count)
        sequences = Sequences(batches.flat, batches.starts, targets.symbols, targets.starts)
        steps = Steps(batches.order, len(batches.order), self._batch_size, begin, end)
        descent = ClippedDescent(self._loss, rule.code, self._clip, Schedule(settings, rates, history))

        def work(rank: int) -> None:
            engine("sequences").train(
                SequenceLearner(program, update, Arena(self._arenas[rank], self._integers[rank])),
                sequences,
                steps,
                descent,
                Totals(self._tallies, self._norms, Team(Part(rank, self.threads), self._barrier)),
            )

        self._pool.run(work)
        return finished(history)
