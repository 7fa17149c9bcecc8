"""Going back in time: keyframes of training kept in memory; the steps between them are taken again, bit for bit."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pellucid.training.optimizers import Optimizer
from pellucid.training.state import Snapshot
from pellucid.training.trainer import Trainer

MAX_BYTES = 12 << 20
"""Memory for the keyframes of one session."""

FIRST_GAP = 8
"""Mini-batches between keyframes at first; the gap doubles whenever the keyframes exceed their memory."""


@dataclass(frozen=True)
class Keyframe:
    """The state of training, and the optimiser that takes the steps from there.

    A ``pinned`` keyframe cannot be computed from those before it: a knob was turned there, or the rate changed.
    """

    snapshot: Snapshot
    optimizer: Optimizer
    pinned: bool

    @property
    def step(self) -> int:
        """Mini-batches done."""
        return self.snapshot.step

    @property
    def size(self) -> int:
        """Bytes of memory."""
        return sum(vector.nbytes for vector in self.snapshot.vectors)


class Timeline:
    """The keyframes of one training run.

    Parameters
    ----------
    trainer : Trainer
        At its first step.
    max_bytes : int
        Keyframes are thinned out to stay below.
    """

    def __init__(self, trainer: Trainer, max_bytes: int = MAX_BYTES) -> None:
        self._trainer, self._max_bytes = trainer, max_bytes
        self._gap = FIRST_GAP
        self._keyframes: list[Keyframe] = []
        self.last_step = trainer.step
        self.pin()

    @property
    def next_stop(self) -> int:
        """The step at which to call `record` again."""
        return (self._trainer.step // self._gap + 1) * self._gap

    @property
    def first_step(self) -> int:
        """The earliest step that can be restored."""
        return self._keyframes[0].step

    @property
    def rates(self) -> list[tuple[int, float]]:
        """The steps at which the learning rate was set, and its values."""
        found: list[tuple[int, float]] = []
        for keyframe in self._keyframes:
            rate = float(keyframe.optimizer.schedule.rates(np.array([keyframe.step]), 1, 1)[0])
            if not found or found[-1][1] != rate:
                found.append((keyframe.step, rate))
        return found

    @property
    def first_parameters(self) -> NDArray[np.float32]:
        """The parameters at the earliest step that can be restored, (P,)."""
        found: NDArray[np.float32] = self._keyframes[0].snapshot.vectors[0]
        return found

    @property
    def is_undisturbed(self) -> bool:
        """Whether no knob was turned and no rate set after the first step, and all steps are known."""
        return self.first_step == 0 and not any(keyframe.pinned for keyframe in self._keyframes[1:])

    def pin(self) -> None:
        """Keep the present state for good, since the steps before it do not lead to it; discard later steps."""
        self.truncate()
        if self._keyframes and self._keyframes[-1].step == self._trainer.step:
            self._keyframes.pop()
        self._keep(pinned=True)

    def truncate(self) -> None:
        """Discard all steps after the present one."""
        step = self._trainer.step
        self._keyframes = [keyframe for keyframe in self._keyframes if keyframe.step <= step]
        self.last_step = step

    def record(self) -> None:
        """Keep the present state if a keyframe is due."""
        step = self._trainer.step
        self.last_step = max(self.last_step, step)
        if step >= self._keyframes[-1].step + self._gap:
            self._keep(pinned=False)

    def go_to(self, step: int) -> None:
        """Restore a step, from `first_step` to `last_step`; later steps stay known."""
        step = max(self.first_step, min(step, self.last_step))
        keyframe = self._keyframes[bisect_right([keyframe.step for keyframe in self._keyframes], step) - 1]
        self._trainer.restore(keyframe.snapshot)
        self._trainer.optimizer = keyframe.optimizer
        self._trainer.advance(step - keyframe.step)

    def path(self, count: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Return steps (m,) and parameters (m, P) of at most ``count`` keyframes, including the first and the last."""
        places = np.linspace(0, len(self._keyframes) - 1, min(count, len(self._keyframes))).round().astype(int)
        keyframes = [self._keyframes[index] for index in np.unique(places)]
        steps = np.array([keyframe.step for keyframe in keyframes], np.int64)
        return steps, np.stack([keyframe.snapshot.vectors[0] for keyframe in keyframes])

    def _keep(self, pinned: bool) -> None:
        self._keyframes.append(Keyframe(self._trainer.snapshot(), self._trainer.optimizer, pinned))
        while len(self._keyframes) > 2 and len(self._keyframes) * self._keyframes[0].size > self._max_bytes:
            self._thin()

    def _thin(self) -> None:
        """Double the gap and drop keyframes between; where all of them are pinned, drop the oldest."""
        if all(keyframe.pinned for keyframe in self._keyframes[1:-1]):
            self._keyframes.pop(0)
            return
        self._gap *= 2
        kept = self._keyframes[:1]
        for keyframe in self._keyframes[1:]:
            if keyframe.pinned or keyframe.step >= kept[-1].step + self._gap:
                kept.append(keyframe)
        self._keyframes = kept
