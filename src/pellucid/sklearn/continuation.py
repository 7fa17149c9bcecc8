"""What an optimiser keeps from one call of ``partial_fit`` to the next."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pellucid.training.optimizers import Adam, AdamW, Optimizer
from pellucid.training.trainer import Trainer


class Continuation(NamedTuple):
    """How far training is: the epochs so far, and the steps and moments of an optimiser of this kind."""

    kind: str = ""
    epochs: int = 0
    steps: int = 0
    moments: tuple[NDArray[np.float32], ...] = ()

    def for_kind(self, kind: str) -> Continuation:
        """The same epochs; an optimiser of another kind begins anew."""
        return self if kind == self.kind else Continuation(kind, self.epochs)

    def optimizer(self, optimizer: Optimizer, per_epoch: int) -> Optimizer:
        """The optimiser for further epochs of ``per_epoch`` steps.

        A trainer takes all epochs so far to have had as many. Adam corrects its moments by the true number of steps.
        """
        ahead = self.steps - self.epochs * per_epoch
        if type(optimizer) not in _LATER or not ahead:
            return optimizer
        settings = {field.name: getattr(optimizer, field.name) for field in fields(optimizer)}
        later: Optimizer = _LATER[type(optimizer)](**settings, ahead=ahead)
        return later

    def apply(self, trainer: Trainer, planned: int) -> None:
        """Have a new trainer go on from here; ``planned`` further epochs are what schedules count on."""
        trainer.state.epoch, trainer.state.planned = self.epochs, self.epochs + planned
        for vector, moment in zip(trainer.moments, self.moments, strict=False):
            vector[...] = moment

    def after(self, trainer: Trainer, epochs: int) -> Continuation:
        """How far training is after ``epochs`` more of a trainer."""
        moments = tuple(moment.copy() for moment in trainer.moments)
        return Continuation(self.kind, self.epochs + epochs, self.steps + epochs * trainer.steps_per_epoch, moments)


class _Ahead:
    """An Adam that has taken ``ahead`` more steps than its trainer counts."""

    ahead: int

    def step_rates(self, rates: NDArray[np.float64], steps: NDArray[np.int64]) -> NDArray[np.float32]:
        """See `Adam.step_rates`."""
        found: NDArray[np.float32] = super().step_rates(rates, steps + self.ahead)  # type: ignore[misc]
        return found


@dataclass(frozen=True)
class _LaterAdam(_Ahead, Adam):
    ahead: int = 0


@dataclass(frozen=True)
class _LaterAdamW(_Ahead, AdamW):
    ahead: int = 0


_LATER: dict[type[Optimizer], Any] = {Adam: _LaterAdam, AdamW: _LaterAdamW}


def plain(optimizer: Optimizer) -> Optimizer:
    """The optimiser as users know it."""
    if not isinstance(optimizer, _Ahead):
        return optimizer
    settings = {field.name: getattr(optimizer, field.name) for field in fields(optimizer) if field.name != "ahead"}
    kind: Any = AdamW if isinstance(optimizer, AdamW) else Adam
    original: Optimizer = kind(**settings)
    return original
