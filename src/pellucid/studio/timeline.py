"""Time, back and forth: moments of training kept in memory, and the steps between them taken again, bit for bit."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pellucid.training.optimizers import Optimizer
from pellucid.training.state import Snapshot
from pellucid.training.trainer import Trainer

MOST_BYTES = 12 << 20
"""Of the moments of one session."""

FIRST_GAP = 8
"""Mini-batches between moments at first; it doubles whenever there are too many."""


@dataclass(frozen=True)
class Moment:
    """Training as it stood, and the optimiser that takes the steps from there.

    A ``fixed`` one began something that the steps before it do not lead to: a turned knob, another rate.
    """

    snapshot: Snapshot
    optimizer: Optimizer
    fixed: bool

    @property
    def step(self) -> int:
        """Mini-batches done."""
        return self.snapshot.step

    @property
    def size(self) -> int:
        """Bytes of memory."""
        return sum(vector.nbytes for vector in self.snapshot.vectors)


class Timeline:
    """The moments of one training run.

    Parameters
    ----------
    trainer : Trainer
        At its beginning.
    most_bytes : int
        Moments are thinned out to keep within.
    """

    def __init__(self, trainer: Trainer, most_bytes: int = MOST_BYTES) -> None:
        self._trainer, self._most = trainer, most_bytes
        self._gap = FIRST_GAP
        self._moments: list[Moment] = []
        self.last_step = trainer.step
        self.fix()

    @property
    def next_stop(self) -> int:
        """The step at which `pass_by` wants to be called again."""
        return (self._trainer.step // self._gap + 1) * self._gap

    @property
    def first_step(self) -> int:
        """The earliest step to go back to."""
        return self._moments[0].step

    @property
    def rates(self) -> list[tuple[int, float]]:
        """Steps at which the learning rate was set, and to what."""
        found: list[tuple[int, float]] = []
        for moment in self._moments:
            rate = float(moment.optimizer.schedule.rates(np.array([moment.step]), 1, 1)[0])
            if not found or found[-1][1] != rate:
                found.append((moment.step, rate))
        return found

    def fix(self) -> None:
        """From here on things are different: what there was after this step is forgotten."""
        self.cut()
        if self._moments and self._moments[-1].step == self._trainer.step:
            self._moments.pop()
        self._keep(fixed=True)

    def cut(self) -> None:
        """Forget what came after where training stands."""
        step = self._trainer.step
        self._moments = [moment for moment in self._moments if moment.step <= step]
        self.last_step = step

    def pass_by(self) -> None:
        """Training stands at another step: keep it, if it is time to."""
        step = self._trainer.step
        self.last_step = max(self.last_step, step)
        if step >= self._moments[-1].step + self._gap:
            self._keep(fixed=False)

    def go_to(self, step: int) -> None:
        """Put training where it stood at that step, `first_step` to `last_step`; what came after is still known."""
        step = max(self.first_step, min(step, self.last_step))
        moment = self._moments[bisect_right([moment.step for moment in self._moments], step) - 1]
        self._trainer.restore(moment.snapshot)
        self._trainer.optimizer = moment.optimizer
        self._trainer.advance(step - moment.step)

    def path(self, count: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Steps (m,) and parameters (m, P) of at most ``count`` moments, the first and the last among them."""
        chosen = np.unique(np.linspace(0, len(self._moments) - 1, min(count, len(self._moments))).round().astype(int))
        moments = [self._moments[index] for index in chosen]
        steps = np.array([moment.step for moment in moments], np.int64)
        return steps, np.stack([moment.snapshot.vectors[0] for moment in moments])

    def _keep(self, fixed: bool) -> None:
        self._moments.append(Moment(self._trainer.snapshot(), self._trainer.optimizer, fixed))
        while len(self._moments) > 2 and len(self._moments) * self._moments[0].size > self._most:
            self._thin()

    def _thin(self) -> None:
        """Double the gap and forget moments in between; where all of them matter, forget the oldest."""
        if all(moment.fixed for moment in self._moments[1:-1]):
            self._moments.pop(0)
            return
        self._gap *= 2
        kept = self._moments[:1]
        for moment in self._moments[1:]:
            if moment.fixed or moment.step >= kept[-1].step + self._gap:
                kept.append(moment)
        self._moments = kept
