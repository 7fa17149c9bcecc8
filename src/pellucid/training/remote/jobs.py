"""Trainings as jobs: what a worker does with a recipe, and what it gives back."""

from __future__ import annotations

import pickle
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, NoReturn

import numpy as np
from numpy.typing import NDArray

from pellucid.errors import PellucidError
from pellucid.system.interrupts import run_aside
from pellucid.system.threads import limited_to
from pellucid.training.events import Epoch, Failed
from pellucid.training.recipe import Recipe
from pellucid.training.remote.abandoned import is_abandoned
from pellucid.training.remote.shared_data import SharedData
from pellucid.training.state import Snapshot
from pellucid.training.trained import Trained
from pellucid.training.trainer import Trainer

LISTEN_SECONDS = 1.0
"""Between looks at whether anybody still waits for a training."""


@dataclass(frozen=True)
class Job:
    """A training, or a part of one.

    Attributes
    ----------
    recipe : Recipe
    until : int, optional
        The epoch after which to pause; by default the last.
    start : Snapshot, optional
        Where an earlier part ended.
    pauses : bool
        Whether the outcome has a snapshot from which to go on.
    """

    recipe: Recipe
    until: int | None = None
    start: Snapshot | None = None
    pauses: bool = False


@dataclass(frozen=True, eq=False)
class Outcome:
    """What a job ended with, without what its recipe says.

    Attributes
    ----------
    parameters : ndarray (parameter_count,)
    adopted : dict
        The network's shape, levels and classes, and its record.
    history : tuple of Epoch
    epoch, step : int
    snapshot : Snapshot, optional
    """

    parameters: NDArray[np.float32]
    adopted: dict[str, Any]
    history: tuple[Epoch, ...]
    epoch: int
    step: int
    snapshot: Snapshot | None = None


class Unexpected(NamedTuple):
    """An error that is none of ours, and where it came from."""

    error: Exception
    where: str

    def raise_from(self, place: str) -> NoReturn:
        """Raise the error, with a note of where it came from."""
        self.error.add_note(f"In {place}:\n{self.where}")
        raise self.error


def do_jobs(token: str, data: SharedData, jobs: Sequence[Job]) -> list[Outcome | Failed | Unexpected]:
    """Do jobs one after another, on one core; none when the work with this token is abandoned."""

    def work() -> list[Outcome | Failed | Unexpected]:
        with limited_to(1):
            return [_result(token, data, job) for job in jobs]

    return run_aside(work)


def _result(token: str, data: SharedData, job: Job) -> Outcome | Failed | Unexpected:
    epoch = step = 0
    try:
        train, validation = data.made()
        trainer = job.recipe.trainer(train, threads=1)
        try:
            return _outcome(token, trainer, validation, job)
        finally:
            epoch, step = trainer.state.epoch, trainer.step
    except PellucidError as error:
        return Failed(epoch, step, error)
    except Exception as error:
        return Unexpected(sendable(error), traceback.format_exc())


def _outcome(token: str, trainer: Trainer, validation: Any, job: Job) -> Outcome:
    recipe, net = job.recipe, trainer.net
    planned = recipe.epochs
    if job.start is not None:
        trainer.restore(job.start)
    until = planned if job.until is None else job.until
    epochs = planned if job.start is None else None
    run = trainer.run(epochs, validation=validation, patience=recipe.patience, progress=LISTEN_SECONDS)
    for _ in run if trainer.state.epoch < until else ():
        if trainer.state.epoch >= until or is_abandoned(token):
            break
    snapshot = trainer.snapshot() if job.pauses else None
    adopted = {
        "input_shape": net.input_shape, "level_range": net.level_range, "classes": net.classes, "record": net.record
    }  # fmt: skip
    history = tuple(trainer.history)
    return Outcome(net.parameters.copy(), adopted, history, trainer.state.epoch, trainer.step, snapshot)


def trained_by(recipe: Recipe, outcome: Outcome) -> Trained:
    """What users are told of a job."""
    return Trained(recipe, outcome.epoch, outcome.step, outcome.history, outcome.parameters, outcome.adopted)


def sendable(error: Exception) -> Exception:
    """An error that survives pickling."""
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:
        return RuntimeError(f"{type(error).__name__}: {error}")
    return error
