"""The events that a trainer yields."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pellucid.errors import PellucidError


@dataclass(frozen=True)
class Progress:
    """Inside an epoch: ``done`` of ``total`` images seen, with the mean loss and accuracy so far."""

    epoch: int
    step: int
    done: int
    total: int
    loss: float
    train_accuracy: float
    learning_rate: float
    seconds: float


@dataclass(frozen=True)
class Epoch:
    """The end of an epoch.

    ``epoch`` counts from 1, ``step`` counts mini-batches since the start of training. ``loss`` and
    ``train_accuracy`` are means over the epoch's mini-batches, each computed before its step. ``test_loss`` and
    ``test_accuracy`` are measured at the end of the epoch, or None without validation data. ``seconds`` is the total
    training time so far, without validation, and ``images_per_second`` this epoch's speed. ``metrics`` has what the
    metrics of `Trainer.run` say of the validation data.
    """

    epoch: int
    step: int
    loss: float
    train_accuracy: float
    test_loss: float | None
    test_accuracy: float | None
    learning_rate: float
    seconds: float
    images_per_second: float
    metrics: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Warned:
    """Something is likely to be wrong: ``message`` says what, and what to do. Training goes on."""

    epoch: int
    step: int
    message: str


@dataclass(frozen=True)
class Stopped:
    """Training ended early: ``reason`` is "asked" after `Trainer.stop`, "patience" after early stopping."""

    epoch: int
    step: int
    reason: str


@dataclass(frozen=True)
class Failed:
    """One of several networks cannot be trained further; the last event of its training in `train_many`.

    ``error`` is why, such as a `DivergedError`. The network has the parameters of its last good step, ``step``.
    """

    epoch: int
    step: int
    error: PellucidError


Event = Progress | Epoch | Warned | Stopped
