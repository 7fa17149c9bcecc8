"""Data-parallel training over shards: local gradient descent, and the mean of the parameters after every round."""

from __future__ import annotations

import json
import math
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from os import PathLike
from typing import Any, Self

import numpy as np

from pellucid.errors import ConfigurationError, DataError, FileFormatError, ShapeError
from pellucid.network.configuration import checked_vector
from pellucid.network.files import describe, network_of, network_tensors, read_json, read_tensors, write_tensors
from pellucid.network.network import Network
from pellucid.system.arguments import as_integer, as_path
from pellucid.system.fields import Field, FieldError, Integer, Number, Table, check
from pellucid.system.interrupts import run_aside
from pellucid.training.checkpoint_writer import CheckpointWriter
from pellucid.training.events import Failed
from pellucid.training.image_data import evaluation_of
from pellucid.training.recipe import Recipe, checked_recipe
from pellucid.training.remote.dispatch import Dispatcher
from pellucid.training.remote.jobs import Unexpected
from pellucid.training.remote.pools import On, check_on, pool_for
from pellucid.training.remote.shards import ShardJob, ShardOutcome, ShardSource, Vector, averaged, do_shards

StrPath = str | PathLike[str]

_FIELDS: dict[str, Field] = {"plan": Table(), "rounds": Integer(0), "seconds": Number(0.0)}
"""What a checkpoint says of the training."""


@dataclass(frozen=True)
class Round:
    """The shards of a round were trained on, and the mean of their parameters was taken.

    ``epoch`` and ``number`` count from 1, rounds since the start of training. ``loss`` and ``train_accuracy`` are means
    over the examples of the round, each computed before its step. ``test_loss`` and ``test_accuracy`` belong to the
    mean of the parameters, or are None in rounds without validation. ``seconds`` is the time so far, without
    validation.
    """

    epoch: int
    number: int
    shards: tuple[int, ...]
    examples: int
    loss: float
    train_accuracy: float
    test_loss: float | None
    test_accuracy: float | None
    seconds: float


class ShardedTrainer:
    """Trains one network on data that never fit into one machine.

    The data are cut into shards. In a round, workers train on some shards at the same time, one core each, from the
    same parameters; then parameters and moments are averaged, weighted by examples. An epoch visits every shard once,
    in an order drawn from the recipe's seed. The result depends on ``together``, never on how many workers there are.

    Parameters
    ----------
    recipe : Recipe
        Layers, ``input_shape``, optimiser and the like; ``epochs`` are passes over all shards.
    shard : callable
        Returns the shard of a number from 0, a Dataset or a Stream. A worker calls it when it is about to train on the
        shard, and forgets what it returned.
    count : int
        The number of shards.
    together : int
        Shards in a round. More use more workers, and train less far with each shard.
    on, workers : optional
        As for `train_many`; Ray by default.

    Attributes
    ----------
    net : Network
        The mean after the last complete round.
    rounds : int
        Rounds completed.

    Raises
    ------
    ConfigurationError
        If an option is out of range, or the recipe has no input shape, or patience.

    Notes
    -----
    A shard whose worker dies is trained on again. A checkpoint is written after rounds, so a machine that is switched
    off costs the round under way; `resume` goes on with the same bits.

    References
    ----------
    Stich, "Local SGD converges fast and communicates little", 2019.

    Examples
    --------
    >>> import numpy as np
    >>> import pellucid as pl
    >>> def shard(number):
    ...     x = np.random.default_rng(number).standard_normal((500, 2), np.float32)
    ...     return pl.data.Dataset(x, (x.sum(axis=1) > 0).astype(int))
    >>> recipe = pl.Recipe([pl.Dense(2, "softmax")], epochs=2, optimizer=pl.SGD(0.5), input_shape=(2,))
    >>> trainer = pl.ShardedTrainer(recipe, shard, 6, together=2, on="threads")
    >>> *_, last = trainer.run(validation=shard(99))
    >>> last.number, bool(last.test_accuracy > 0.95)
    (6, True)
    """

    def __init__(
        self,
        recipe: Recipe,
        shard: Callable[[int], Any],
        count: int,
        *,
        together: int = 2,
        on: On = "ray",
        workers: int | None = None,
    ) -> None:
        self.recipe = checked_recipe(recipe)
        if not callable(shard):
            raise ConfigurationError(f"shard expected a function of a shard's number, got {type(shard).__name__}.")
        if recipe.input_shape is None or recipe.patience is not None:
            raise ConfigurationError("ShardedTrainer expected a recipe with input_shape, and without patience.")
        self.count = as_integer("count", count, 1, 1 << 31)
        self.together = min(as_integer("together", together, 1, 1 << 16), self.count)
        check_on(on)
        self._source, self._on, self._workers = ShardSource(recipe, shard), on, workers
        self.net: Network = recipe.network(recipe.input_shape)
        if self.net.program.takes_sequences:
            raise ConfigurationError("ShardedTrainer works for networks of images and rows of numbers.")
        self.rounds, self.seconds = 0, 0.0
        self._moments: tuple[Vector, ...] | None = None
        self._stop = threading.Event()

    @property
    def rounds_per_epoch(self) -> int:
        """Rounds in which all shards are visited once."""
        return -(-self.count // self.together)

    @property
    def planned(self) -> int:
        """Rounds of the whole training."""
        return self.recipe.epochs * self.rounds_per_epoch

    def shards_of(self, number: int) -> tuple[int, ...]:
        """The shards of a round, counted from 0."""
        epoch, place = divmod(number, self.rounds_per_epoch)
        order = np.random.default_rng([self.recipe.seed, epoch]).permutation(self.count)
        return tuple(order[place * self.together : (place + 1) * self.together].tolist())

    def stop(self) -> None:
        """Ask a run to end after the present round. Any thread may call this."""
        self._stop.set()

    def run(
        self, *, validation: Any = None, every: int | None = None, checkpoint: StrPath | None = None
    ) -> Iterator[Round]:
        """Train the rounds that remain.

        Parameters
        ----------
        validation : Dataset or Stream, optional
            Evaluated in this process.
        every : int, optional
            Rounds from one validation to the next; by default those of an epoch.
        checkpoint : path, optional
            Keep the state of training in this file, for `resume`; `pellucid.load` reads the network in it.

        Yields
        ------
        Round
            Closing the iterator ends training after the last complete round.

        Raises
        ------
        DivergedError, DataError, ShapeError, ConfigurationError
            If training on a shard fails; the network is then that after the last complete round.
        WorkerLostError
            If the workers of a shard die again and again.
        """
        every = self.rounds_per_epoch if every is None else as_integer("every", every, 1)
        self._stop.clear()
        return self._events(validation, every, CheckpointWriter(self.save, checkpoint))

    def _events(self, validation: Any, every: int, writer: CheckpointWriter) -> Iterator[Round]:
        writer.write()
        pool = pool_for(self._on, self._workers)
        dispatcher, done = None, False
        try:
            dispatcher = Dispatcher(pool, do_shards, self._source)
            while self.rounds < self.planned and not self._stop.is_set():
                began = time.perf_counter()
                outcomes = self._outcomes(dispatcher)
                self._take(outcomes)
                self.seconds += time.perf_counter() - began
                writer.epoch_ended()
                last = self.rounds == self.planned
                tested = validation if self.rounds % every == 0 or last else None
                yield self._round(outcomes, tested)
            done = True
        finally:
            if dispatcher is not None and not done:
                dispatcher.abandon()
            pool.close(at_once=not done)
            writer.write()

    def _outcomes(self, dispatcher: Dispatcher) -> list[ShardOutcome]:
        """Train on the shards of the next round."""
        begin = () if self._moments is None else (self.net.parameters.copy(), *self._moments)
        numbers = self.shards_of(self.rounds)
        jobs = [ShardJob(number, self.rounds, self.planned, begin) for number in numbers]
        found: dict[int, ShardOutcome] = {}
        for index, outcome in dispatcher.run(jobs, [1.0] * len(jobs)):
            if isinstance(outcome, Failed):
                raise outcome.error
            if isinstance(outcome, Unexpected):
                outcome.raise_from(f"the worker that trained on shard {numbers[index]}")
            found[index] = outcome
        return [found[index] for index in range(len(jobs))]

    def _take(self, outcomes: Sequence[ShardOutcome]) -> None:
        """Have the network take the mean of what the workers found."""
        for outcome in outcomes:
            if outcome.level_range is not None:
                self.net.adopt(outcome.level_range, outcome.classes)
        parameters, *moments = averaged(outcomes)
        self.net.parameters, self._moments = parameters, tuple(moments)
        self.rounds += 1
        self.net.record |= {"rounds": self.rounds, "together": self.together, "loss": outcomes[0].loss}

    def _round(self, outcomes: Sequence[ShardOutcome], validation: Any) -> Round:
        examples = sum(outcome.examples for outcome in outcomes)
        loss = math.fsum(outcome.event.loss * outcome.examples for outcome in outcomes) / examples
        right = math.fsum(outcome.event.train_accuracy * outcome.examples for outcome in outcomes) / examples
        tested: tuple[float | None, float | None] = None, None
        if validation is not None:
            tested = run_aside(evaluation_of(self.net, validation, outcomes[0].loss))
        number = self.rounds
        epoch = 1 + (number - 1) // self.rounds_per_epoch
        return Round(epoch, number, self.shards_of(number - 1), examples, loss, right, *tested, self.seconds)

    def _plan(self) -> dict[str, Any]:
        """What has to be the same when training goes on."""
        return {
            "seed": self.recipe.seed,
            "batch_size": self.recipe.batch_size,
            "optimizer": repr(self.recipe.optimizer),
            "epochs": self.recipe.epochs,
            "shards": self.count,
            "together": self.together,
        }

    def save(self, path: StrPath) -> None:
        """Write a checkpoint atomically."""
        tensors = network_tensors(self.net)
        tensors |= {f"moments.{number}": vector for number, vector in enumerate(self._moments or ())}
        sharded = {"plan": self._plan(), "rounds": self.rounds, "seconds": self.seconds}
        write_tensors(path, tensors, {"pellucid": describe(self.net), "sharded": json.dumps(sharded)})

    def resume(self, path: StrPath) -> Self:
        """Go on from a checkpoint, with the same bits as if training had never stopped; return this trainer.

        Raises
        ------
        FileFormatError
            If the file is none of these checkpoints, or damaged.
        DataError
            If it is that of another training.
        """
        place = as_path("resume", path)
        tensors, metadata = read_tensors(place)
        try:
            kept = read_json(metadata, "sharded")
            check(_FIELDS, kept)
            net = network_of(place, tensors, metadata)
            names = sorted(name for name in tensors if name.startswith("moments."))
            moments = [checked_vector(name, tensors[name], net.parameter_count) for name in names]
        except FileFormatError:
            raise
        except (FieldError, ShapeError, DataError) as error:
            raise FileFormatError(f"{place} is no checkpoint of a ShardedTrainer, or is damaged: {error}.") from error
        plan = self._plan() | {"layers": self.net.configuration()["layers"]}
        other = kept["plan"] | {"layers": net.configuration()["layers"]}
        if changed := sorted(name for name in plan if plan[name] != other.get(name)):
            raise DataError(f"{place} belongs to a training with other {', '.join(changed)}: give the same recipe.")
        if kept["rounds"] > self.planned:
            raise FileFormatError(f"{place} says {kept['rounds']} of {self.planned} rounds: it is damaged.")
        self.net, self.rounds, self.seconds = net, kept["rounds"], kept["seconds"]
        self._moments = tuple(moments) if self.rounds else None
        return self
