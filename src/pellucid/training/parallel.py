"""Train many networks at once, here or elsewhere: each gets the same bits as if trained alone."""

from __future__ import annotations

import itertools
import queue
import threading
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal, overload

from pellucid.errors import ConfigurationError, PellucidError
from pellucid.system.arguments import as_integer
from pellucid.system.threads import available_cores, move_to
from pellucid.training.events import Event, Failed
from pellucid.training.recipe import Recipe, checked_recipe
from pellucid.training.remote.fleet import Fleet
from pellucid.training.remote.jobs import Job, trained_by
from pellucid.training.remote.pools import On, check_on
from pellucid.training.remote.shared_data import SharedData
from pellucid.training.trained import Trained
from pellucid.training.trainer import Trainer

if TYPE_CHECKING:
    from pellucid.data import Dataset, Stream


@overload
def train_many(
    trainings: Iterable[Trainer],
    epochs: int,
    *,
    validation: Dataset | Stream | None = None,
    patience: int | None = None,
    workers: int | None = None,
    on_error: Literal["raise"],
) -> Iterator[tuple[int, Event]]: ...
@overload
def train_many(
    trainings: Iterable[Trainer],
    epochs: int,
    *,
    validation: Dataset | Stream | None = None,
    patience: int | None = None,
    workers: int | None = None,
    on_error: Literal["keep"] = "keep",
) -> Iterator[tuple[int, Event | Failed]]: ...
@overload
def train_many(
    trainings: Iterable[Recipe],
    epochs: int | None = None,
    *,
    data: Any,
    validation: Any = None,
    on: On = None,
    patience: int | None = None,
    workers: int | None = None,
    on_error: Literal["raise"],
) -> Iterator[tuple[int, Trained]]: ...
@overload
def train_many(
    trainings: Iterable[Recipe],
    epochs: int | None = None,
    *,
    data: Any,
    validation: Any = None,
    on: On = None,
    patience: int | None = None,
    workers: int | None = None,
    on_error: Literal["keep"] = "keep",
) -> Iterator[tuple[int, Trained | Failed]]: ...
def train_many(
    trainings: Iterable[Trainer] | Iterable[Recipe],
    epochs: int | None = None,
    *,
    data: Any = None,
    validation: Any = None,
    on: On = None,
    patience: int | None = None,
    workers: int | None = None,
    on_error: Literal["keep", "raise"] = "keep",
) -> Iterator[tuple[int, Event | Trained | Failed]]:
    """Train any mix of networks in parallel: trainers in place, on this machine's cores; recipes anywhere.

    Every network ends with the same bits as if it were trained alone. The largest start first. The engine releases
    Python's lock, so on one machine threads suffice, and share the packed data.

    Parameters
    ----------
    trainings : iterable of Trainer, or of Recipe
        One per network. Trainers train in place; use ``threads=1`` if their networks are large. Recipes are sent to
        workers, many small ones at a time, and each trains on one core.
    epochs : int, optional
        Epochs of each network; by default those of its recipe.
    data : Dataset, Sequences or callable
        What recipes are trained on. Other processes get it once: on each machine it is in memory once, whatever the
        number of workers. Instead, a function of a module without arguments,
        which every process calls once; data that stay in files have to be opened so.
    validation : Dataset or Stream, or for recipes also a callable, optional
        Evaluated after every epoch of each network.
    on : Executor, callable or str, optional
        For recipes, where to train: any executor of ``concurrent.futures`` or one with its methods (process pools,
        loky, Dask, mpi4py); a function that makes an executor, which is replaced if it breaks; "processes", for new
        ones on this machine; "ray", for the Ray cluster that is connected, or else a new one on this machine; "threads"
        by default.
    patience : int, optional
        As in `Trainer.run`.
    workers : int, optional
        Networks trained at the same time; by default what the executor says, otherwise one per core.
    on_error : str
        If a network cannot be trained further, for example because its loss diverges: "keep" trains the others to the
        end, and its last event, `Failed`, has the error; "raise" stops the others and raises the error.

    Yields
    ------
    (int, Event, Trained or Failed)
        For trainers, the index and the event, as they happen. For recipes, the index and `Trained` or `Failed`, in the
        order in which they end. Closing the iterator stops all of them.

    Raises
    ------
    ConfigurationError
        If two trainers share a network, an option is none, or recipes or data cannot be sent to other processes.
    DivergedError
        With ``on_error="raise"``, for the first network whose loss diverges; the others stop after the current steps.

    Notes
    -----
    A worker that dies costs what it was doing: these networks are trained again, each in a task of its own, up to
    three times, and then fail with `WorkerLostError`. An executor that was given is not replaced if it breaks; the
    rest then fails. Processors of other kinds may round differently: equal bits need machines of one kind.

    Examples
    --------
    >>> import pellucid as pl
    >>> digits = pl.data.load("digits")
    >>> nets = [pl.Network([pl.Dense(10, "softmax")], input_shape=(28, 28), seed=seed) for seed in range(3)]
    >>> trainers = [pl.Trainer(net, digits.train, optimizer=pl.SGD(0.5)) for net in nets]
    >>> sorted(index for index, event in pl.train_many(trainers, epochs=1))
    [0, 1, 2]
    >>> trainers[1].learning_rate = 1e38
    >>> dict(sorted((index, type(event).__name__) for index, event in pl.train_many(trainers, epochs=1)))
    {0: 'Epoch', 1: 'Failed', 2: 'Epoch'}

    The same with recipes, which could go to other machines:

    >>> recipes = [pl.Recipe([pl.Dense(10, "softmax")], optimizer=pl.SGD(0.5), seed=seed) for seed in range(3)]
    >>> dict(sorted(pl.train_many(recipes, 2, data=digits.train)))[2]
    <Trained: 7,850 parameters, 2 epochs>
    """
    if on_error not in ("keep", "raise"):
        raise ConfigurationError(f"on_error expected keep or raise, got {on_error!r}.")
    if workers is not None:
        as_integer("workers", workers, 1, 1 << 16)
    listed = _listed(trainings)
    if data is not None or any(isinstance(each, Recipe) for each in listed):
        if data is None:
            raise ConfigurationError("train_many expected data to train recipes on: pass data=digits.train.")
        check_on(on)
        recipes = [_planned(checked_recipe(recipe), epochs, patience) for recipe in listed]
        return train_recipes(recipes, SharedData(data, validation), on, workers, keep=on_error == "keep")
    trainers = checked_trainers(listed)
    if on is not None:
        raise ConfigurationError("on belongs to recipes: trainers train on this machine's cores.")
    if len({id(trainer.net) for trainer in trainers}) != len(trainers):
        raise ConfigurationError("train_many expected a different network for every trainer, got one twice.")
    if epochs is None:
        raise ConfigurationError("train_many expected epochs for trainers.")
    runs = [trainer.run(epochs, validation=validation, patience=patience) for trainer in trainers]
    return _together(trainers, runs, workers or available_cores(), keep=on_error == "keep")


def _planned(recipe: Recipe, epochs: int | None, patience: int | None) -> Recipe:
    """The recipe with other epochs and patience, where they are given."""
    if epochs is not None:
        recipe = replace(recipe, epochs=epochs)
    return recipe if patience is None else replace(recipe, patience=patience)


def train_recipes(
    recipes: Sequence[Recipe], data: SharedData, on: On, workers: int | None, keep: bool
) -> Iterator[tuple[int, Trained | Failed]]:
    """Train recipes on a pool of workers; see `train_many`."""
    with Fleet(data, on, workers) as fleet:
        for index, outcome in fleet.run([Job(recipe) for recipe in recipes]):
            if not isinstance(outcome, Failed):
                yield index, trained_by(recipes[index], outcome)
            elif keep:
                yield index, outcome
            else:
                raise outcome.error


def _listed(trainings: Any) -> list[Any]:
    if not isinstance(trainings, Iterable):
        raise ConfigurationError(f"train_many expected trainers or recipes, got {type(trainings).__name__}.")
    return list(trainings)


def checked_trainers(trainers: Iterable[Trainer]) -> list[Trainer]:
    """The trainers in a list; raises for what is none."""
    if not isinstance(trainers, Iterable):
        raise ConfigurationError(f"train_many expected trainers, got {type(trainers).__name__}.")
    listed = list(trainers)
    for each in listed:
        if not isinstance(each, Trainer):
            raise ConfigurationError(f"train_many expected trainers, got {type(each).__name__} among them.")
    return listed


def _work(trainer: Trainer) -> int:
    """The approximate cost of an epoch."""
    return trainer.net.program.cost.products * trainer.examples


def _together(
    trainers: Sequence[Trainer], runs: Sequence[Iterator[Event]], workers: int, keep: bool
) -> Iterator[tuple[int, Event | Failed]]:
    events: queue.SimpleQueue[tuple[int, Event | BaseException | None]] = queue.SimpleQueue()
    given_up = threading.Event()

    def work(index: int) -> None:
        try:
            if not given_up.is_set():
                for event in runs[index]:
                    events.put((index, event))
        except BaseException as error:
            events.put((index, error))
        else:
            events.put((index, None))

    places = itertools.count()
    with ThreadPoolExecutor(workers, "pellucid-train", lambda: move_to(next(places))) as pool:
        try:
            # The longest first, so that no core is still busy with one when all others are idle.
            for index in sorted(range(len(runs)), key=lambda index: -_work(trainers[index])):
                pool.submit(work, index)
            ended = 0
            while ended < len(runs):
                index, event = events.get()
                if event is None:
                    ended += 1
                elif isinstance(event, PellucidError) and keep:
                    ended += 1
                    yield index, Failed(trainers[index].state.epoch, trainers[index].step, event)
                elif isinstance(event, BaseException):
                    raise event
                else:
                    yield index, event
        finally:
            given_up.set()
            for trainer in trainers:
                trainer.stop()
