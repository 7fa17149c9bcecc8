"""Train many networks at once: each trains on its own core and gets the same bits as if trained alone."""

from __future__ import annotations

import itertools
import math
import queue
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from pellucid.errors import ConfigurationError
from pellucid.system.threads import available_cores, move_to
from pellucid.training.events import Event

if TYPE_CHECKING:
    from pellucid.data import Dataset
    from pellucid.training.trainer import Trainer


def train_many(
    trainers: Sequence[Trainer],
    epochs: int,
    *,
    validation: Dataset | None = None,
    patience: int | None = None,
    workers: int | None = None,
) -> Iterator[tuple[int, Event]]:
    """Train any mix of networks in parallel, in place.

    The engine releases Python's lock, so threads suffice; the encoded data are shared. The largest networks start
    first. Every network ends with the same bits as if it were trained alone.

    Parameters
    ----------
    trainers : sequence of Trainer
        One per network; use ``threads=1`` if the networks are large.
    epochs : int
        Epochs of each network.
    validation : Dataset, optional
        Evaluated after every epoch of each network.
    patience : int, optional
        As in `Trainer.run`.
    workers : int, optional
        Networks trained at the same time; by default one per core.

    Yields
    ------
    (int, Event)
        The trainer's index and its event, as they happen. Closing the iterator stops all of them.

    Raises
    ------
    ConfigurationError
        If two trainers share a network.
    DivergedError
        For the first network whose loss diverges; the others stop after the current steps.

    Examples
    --------
    >>> import pellucid as pl
    >>> digits = pl.data.load("digits")
    >>> nets = [pl.Network([pl.Dense(10, "softmax")], input_shape=(28, 28), seed=seed) for seed in range(3)]
    >>> trainers = [pl.Trainer(net, digits.train, optimizer=pl.SGD(0.5)) for net in nets]
    >>> sorted(index for index, event in pl.train_many(trainers, epochs=1))
    [0, 1, 2]
    """
    if len({id(trainer.net) for trainer in trainers}) != len(trainers):
        raise ConfigurationError("train_many expected a different network for every trainer, got one twice.")
    runs = [trainer.run(epochs, validation=validation, patience=patience) for trainer in trainers]
    return _together(trainers, runs, max(1, workers or available_cores()))


def _work(trainer: Trainer) -> int:
    """The approximate cost of an epoch: one multiplication per use of a weight, for every image."""
    work, shape = 0, trainer.net.input_shape
    for layer in trainer.net.layers:
        given, shape = shape, layer.output_shape(shape)
        work += layer.parameter_count(given) * (math.prod(shape[1:]) if len(shape) == 3 else 1)
    return work * trainer.examples


def _together(
    trainers: Sequence[Trainer], runs: Sequence[Iterator[Event]], workers: int
) -> Iterator[tuple[int, Event]]:
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
                if isinstance(event, BaseException):
                    raise event
                if event is None:
                    ended += 1
                else:
                    yield index, event
        finally:
            given_up.set()
            for trainer in trainers:
                trainer.stop()
