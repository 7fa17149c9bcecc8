"""Training steps of sequence networks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pellucid.engine.compiler.library import engine
from pellucid.engine.compiler.target import plain_python
from pellucid.engine.programs.capacity import check_optimizer, check_room, check_steps
from pellucid.engine.programs.sequence_table import BLOCK, CLASSES, CTC, REDUCED, group_count, largest_group
from pellucid.engine.programs.table import LINEAR
from pellucid.engine.records import Part, Team
from pellucid.engine.sequence_records import (
    Arena,
    ClippedDescent,
    GroupUpdate,
    SequenceLearner,
    Steps,
    Totals,
)
from pellucid.layers.layer import Vector
from pellucid.programs.interface import Stepper, StepperOptions
from pellucid.programs.sequence_batches import Floats, Integers
from pellucid.programs.sequence_targets import Targets
from pellucid.programs.sequences_plan import Capacity, SequencePlan, capacity_for, check_plan, lengths_of
from pellucid.programs.update_rule import UpdateRule
from pellucid.system.memory import aligned
from pellucid.system.threads import ThreadPool, available_cores

_MIN_PARALLEL = 2e6
"""Floating-point operations in one step above which several threads share it."""


@dataclass(frozen=True)
class SequenceEpoch:
    """The sequences of an epoch, or of a few steps, and the ``order`` in which they are visited."""

    flat: Floats
    starts: Integers
    targets: Targets
    order: Integers


class SequencesStepper(Stepper):
    """Takes training steps on one network of sequences; see `pellucid.programs.interface.Stepper`.

    ``compose`` writes a plan for groups of a given size.
    """

    def __init__(
        self, compose: Callable[[Capacity], SequencePlan], parameters: Vector, options: StepperOptions, loss: int
    ) -> None:
        count = parameters.size
        super().__init__(parameters, options, loss)
        self._compose, self._aligned = compose, loss == CTC
        self._clip = 0.0 if options.clip is None else options.clip
        self._requested = options.threads
        self._group_count = group_count(options.batch_size)
        self._group_gradients, self._gradient = aligned(self._group_count * count), aligned(count)
        self._totals, self._norms = np.zeros(2 * self._group_count), np.zeros(-(-count // BLOCK))
        self._plan: SequencePlan | None = None
        self._arenas: list[Floats] = []
        self._integers: list[Integers] = []
        self.threads = 1
        self._pool = ThreadPool(self.threads)

    def _prepare(self, lengths: Integers, max_labels: int) -> SequencePlan:
        """The plan for any mini-batch of these sequences; a new one also chooses the number of threads."""
        capacity = capacity_for(lengths, largest_group(self._batch_size), max_labels if self._aligned else 0)
        plan = self._plan
        if plan is None or not plan.capacity.holds(capacity):
            plan = self._plan = self._compose(capacity if plan is None else plan.capacity.union(capacity))
            self.threads = self._threads_for(int(lengths.mean()))
            self._arenas = [plan.arena() for _ in range(self.threads)]
            self._integers = [plan.integers(self._batch_size) for _ in range(self.threads)]
            self._pool = ThreadPool(self.threads)
        return plan

    def _threads_for(self, frames: int) -> int:
        """The number of threads that share a step, at most one per group; results do not depend on it."""
        if plain_python():
            return 1
        if self._requested is not None:
            return min(self._requested, self._group_count)
        work = 6.0 * self._count * self._batch_size * frames
        return min(available_cores(), self._group_count) if work > _MIN_PARALLEL else 1

    def _check(
        self, plan: SequencePlan, batches: SequenceEpoch, begin: int, end: int, rates: NDArray[np.float32]
    ) -> None:
        """Raise CapacityError for steps that do not fit the gradients, arenas or integers."""
        count, batch = len(batches.order), self._batch_size
        check_steps(begin, end, batch, (count, 1), rates)
        check_room("integers", plan.capacity.integers(batch), min(map(len, self._integers)))
        visited = batches.order[begin * batch : end * batch]
        lengths = lengths_of(batches.starts, visited)
        if self._loss == LINEAR:
            rows = len(batches.starts) - 1 if plan.table[0, REDUCED] else len(batches.flat)
            check_room("cotangents", rows * int(plan.table[0, CLASSES]), batches.targets.cotangents.size)
        labels = int(lengths_of(batches.targets.starts, visited).max(initial=0)) if self._aligned else 0
        for size in {min(batch, count - step * batch) for step in (begin, end - 1)}:
            groups = group_count(size)
            check_room("groups of sequences", groups, len(self._totals) // 2)
            check_plan(plan, lengths, -(-size // groups), labels)

    def run(
        self,
        batches: SequenceEpoch,
        begin: int,
        end: int,
        rule: UpdateRule,
        rates: NDArray[np.float32],
        serial: int = 0,
    ) -> NDArray[np.float64]:
        """See `pellucid.programs.interface.Stepper.run`."""
        targets, parameters = batches.targets, self._parameters
        plan = self._prepare(lengths_of(batches.starts, batches.order), targets.max_labels)
        self._check(plan, batches, begin, end, rates)
        moments, history = self.moments, np.full((end - begin, 2), np.nan)
        schedule = self._settings.schedule(rule, self.threads, rates, history)
        check_optimizer(rule.code, schedule, self.threads, moments, self._count)
        program = plan.program(parameters)
        update = GroupUpdate(self._gradient, self._group_gradients, *moments, self._count)
        sequences = targets.beside(batches.flat, batches.starts)
        steps = Steps(batches.order, len(batches.order), self._batch_size, begin, end)
        descent = ClippedDescent(self._loss, rule.code, self._clip, schedule)

        def run_thread(rank: int) -> None:
            engine("sequences").train(
                SequenceLearner(program, update, Arena(self._arenas[rank], self._integers[rank])),
                sequences,
                steps,
                descent,
                Totals(self._totals, self._norms, Team(Part(rank, self.threads), self._barrier)),
            )

        self._pool.run(run_thread)
        return self._finished(history)
