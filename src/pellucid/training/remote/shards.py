"""What a worker does with a shard: it trains on it once, from given parameters."""

from __future__ import annotations

import secrets
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pellucid.errors import ConfigurationError, PellucidError, WorkerLostError
from pellucid.system.interrupts import run_aside
from pellucid.system.threads import limited_to
from pellucid.training.events import Epoch, Failed
from pellucid.training.recipe import Recipe
from pellucid.training.remote.abandoned import is_abandoned
from pellucid.training.remote.jobs import LISTEN_SECONDS, Unexpected, sendable
from pellucid.training.state import State

Vector = NDArray[np.float32]


@dataclass(frozen=True)
class ShardSource:
    """How shards are made and trained on: the same for all of them.

    ``shard(number)`` returns a Dataset or a Stream. The token tells a training from others with equal shards.
    """

    recipe: Recipe
    shard: Callable[[int], Any]
    token: str = field(default_factory=lambda: secrets.token_hex(8))


@dataclass(frozen=True, eq=False)
class ShardJob:
    """Training on one shard.

    Attributes
    ----------
    number : int
        Of the shard.
    round, planned : int
        The round in which it is trained on, from 0, and all rounds of the training.
    vectors : tuple of ndarray (parameter_count,)
        The parameters and the optimiser's moments to begin with; none for those of a new network.
    """

    number: int
    round: int
    planned: int
    vectors: tuple[Vector, ...]


@dataclass(frozen=True, eq=False)
class ShardOutcome:
    """Parameters and moments after a shard, how training on it went, and what the network took over from it."""

    vectors: tuple[Vector, ...]
    examples: int
    event: Epoch
    loss: str
    level_range: tuple[float, float] | None
    classes: tuple[str, ...]


def do_shards(token: str, source: ShardSource, jobs: Sequence[ShardJob]) -> list[ShardOutcome | Failed | Unexpected]:
    """Train on shards one after another, on one core, each from its own job's parameters."""

    def work() -> list[ShardOutcome | Failed | Unexpected]:
        with limited_to(1):
            return [_result(token, source, job) for job in jobs]

    return run_aside(work)


def _result(token: str, source: ShardSource, job: ShardJob) -> ShardOutcome | Failed | Unexpected:
    try:
        return _trained(token, source, job)
    except PellucidError as error:
        return Failed(job.round, 0, error)
    except Exception as error:
        return Unexpected(sendable(error), traceback.format_exc())


def _trained(token: str, source: ShardSource, job: ShardJob) -> ShardOutcome:
    trainer = source.recipe.trainer(source.shard(job.number), threads=1)
    vectors = [trainer.net.parameters, *(moment for moment in trainer.moments if len(moment))]
    if job.vectors and len(job.vectors) != len(vectors):
        raise ConfigurationError("The moments are those of another optimizer: give the same recipe.")
    for vector, given in zip(vectors, job.vectors, strict=False):
        vector[...] = given
    trainer.state = State(epoch=job.round, planned=job.planned)
    for _ in trainer.run(progress=LISTEN_SECONDS):
        if trainer.state.epoch > job.round:
            break
        if is_abandoned(token):
            raise WorkerLostError("The training was given up.")
    net, after = trainer.net, tuple(vector.copy() for vector in vectors)
    return ShardOutcome(after, trainer.examples, trainer.history[-1], trainer.loss, net.level_range, net.classes)


def averaged(outcomes: Sequence[ShardOutcome]) -> tuple[Vector, ...]:
    """The mean of all vectors over the shards, each weighted with its examples."""
    weights = np.array([outcome.examples for outcome in outcomes], np.float64)
    weights /= weights.sum()
    means = []
    for vectors in zip(*(outcome.vectors for outcome in outcomes), strict=True):
        total = np.zeros(len(vectors[0]))
        for weight, vector in zip(weights, vectors, strict=True):
            total += weight * vector
        means.append(total.astype(np.float32))
    return tuple(means)
