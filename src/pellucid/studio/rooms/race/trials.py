"""Many trainings of the contestants of a race, in the background: from many starts, or at many learning rates."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from pellucid.data.dataset import Dataset, TrainTest
from pellucid.studio.protocol.race import RacePlan, TrialKind
from pellucid.studio.rooms.learn.driver import NO_PAGE_SECONDS
from pellucid.studio.state.clock import Clock
from pellucid.studio.state.layer_plans import planned_layers
from pellucid.studio.state.optimizer_plans import planned_optimizer
from pellucid.studio.state.plans import planned_shape
from pellucid.system.threads import available_cores
from pellucid.training.events import Epoch, Event, Failed
from pellucid.training.optimizers import Optimizer
from pellucid.training.parallel import train_many
from pellucid.training.recipe import Recipe
from pellucid.training.trainer import Trainer

THREAD_NAME = "pellucid-race-trials"

MOST_WORKERS = 4
"""Trainings at the same time, at most."""

_NICENESS = 10
"""Of the threads: a training that somebody watches goes first."""

_WAVE_PARAMETERS = 1 << 22
_WAVE = 64
"""Trainers that are in memory at the same time, and the most parameters of all of them."""


class Place(NamedTuple):
    """Which training: of which contestant, at which rate, from which start."""

    contestant: int
    rate: int
    start: int


@dataclass
class Trials:
    """What to train, and what has come of it.

    Attributes
    ----------
    kind : str
    plan : RacePlan
    epochs : int
    rates : list of ndarray (m,)
        The learning rates of each contestant.
    starts : int
    accuracies : list of ndarray (m, starts, epochs)
        Accuracy on the held-out examples after each epoch; NaN where it is not known.
    diverged : list of ndarray (m, starts)
        Whether the loss diverged.
    done : int
        Trainings that have ended.
    workers : int
        Trainings at the same time.
    began, ended : float
        When; ``ended`` is None while they go on.
    cancelled : bool
        Whether they ended before all were done.
    told : float
        When the page was last told of them.
    """

    kind: TrialKind
    plan: RacePlan
    epochs: int
    rates: list[NDArray[np.float64]]
    starts: int
    workers: int
    began: float
    accuracies: list[NDArray[np.float32]] = field(init=False)
    diverged: list[NDArray[np.bool_]] = field(init=False)
    done: int = 0
    ended: float | None = None
    cancelled: bool = False
    told: float = float("-inf")

    def __post_init__(self) -> None:
        shape = (len(self.rates[0]), self.starts)
        self.accuracies = [np.full((*shape, self.epochs), np.nan, np.float32) for _ in self.rates]
        self.diverged = [np.zeros(shape, bool) for _ in self.rates]

    @property
    def total(self) -> int:
        """All trainings."""
        return len(self.rates) * len(self.rates[0]) * self.starts

    @property
    def running(self) -> bool:
        """Whether they go on."""
        return self.ended is None

    def places(self) -> list[Place]:
        """All trainings in an order in which curves fill in everywhere, contestants side by side."""
        spread = sorted(range(len(self.rates[0])), key=_reversed_bits)
        return [
            Place(contestant, rate, start)
            for start in range(self.starts)
            for rate in spread
            for contestant in range(len(self.rates))
        ]

    def note(self, place: Place, event: Event | Failed) -> None:
        """Take an event of a training."""
        if isinstance(event, Failed):
            self.diverged[place.contestant][place.rate, place.start] = True
        elif isinstance(event, Epoch):
            self.accuracies[place.contestant][place.rate, place.start, event.epoch - 1] = event.test_accuracy
        if isinstance(event, Failed) or (isinstance(event, Epoch) and event.epoch == self.epochs):
            self.done += 1


def _reversed_bits(index: int) -> int:
    return int(f"{index:010b}"[::-1], 2)


def recipe_of(trials: Trials, place: Place, train: Dataset) -> Recipe:
    """The recipe of a training on these data: with the public API it gives the same bits."""
    plan, contestant = trials.plan, trials.plan.contestants[place.contestant]
    start = None if plan.start == "usual" else plan.start
    optimizer: Optimizer = planned_optimizer(contestant.optimizer)
    optimizer = replace(optimizer, learning_rate=float(trials.rates[place.contestant][place.rate]))
    shape = planned_shape(train)
    return Recipe(
        planned_layers(contestant.layers, shape, start), trials.epochs, plan.seed + place.start, optimizer,
        plan.batch_size, plan.loss, shape,
    )  # fmt: skip


class TrialRunner:
    """Trains in a thread of its own, and in some more.

    Parameters
    ----------
    trials : Trials
    data : TrainTest
    attached : callable
        Whether a page is connected.
    on_change : callable
        Called by the thread after every event and at the end, with the error that ended them, if any.
    clock : Clock
    """

    def __init__(
        self,
        trials: Trials,
        data: TrainTest,
        attached: Callable[[], bool],
        on_change: Callable[[Exception | None], None],
        clock: Clock,
    ) -> None:
        self.trials, self._data = trials, data
        self._attached, self._on_change, self._clock = attached, on_change, clock
        self._cancelled = threading.Event()

    def start(self) -> None:
        """Begin."""
        threading.Thread(target=self._run, name=THREAD_NAME, daemon=True).start()

    def cancel(self) -> None:
        """Stop all trainings after their current steps."""
        self._cancelled.set()

    def _run(self) -> None:
        trials, failure = self.trials, None
        try:
            _step_back()
            for place, event in self._events():
                trials.note(place, event)
                self._on_change(None)
        except Exception as error:
            failure = error
        trials.cancelled = trials.done < trials.total
        trials.ended = self._clock.now()
        self._on_change(failure)

    def _events(self) -> Iterator[tuple[Place, Event | Failed]]:
        """The events of all trainings, until they are cancelled or nobody watches."""
        seen = self._clock.now()
        for wave in self._waves():
            trained = train_many(
                [trainer for _, trainer in wave], self.trials.epochs, validation=self._data.test,
                workers=self.trials.workers,
            )  # fmt: skip
            with contextlib.closing(cast("Generator[tuple[int, Event | Failed]]", trained)) as events:
                for index, event in events:
                    now = self._clock.now()
                    seen = now if self._attached() else seen
                    if self._cancelled.is_set() or now - seen > NO_PAGE_SECONDS:
                        return
                    yield wave[index][0], event
            if self._cancelled.is_set():
                return

    def _waves(self) -> Iterator[list[tuple[Place, Trainer]]]:
        places = iter(self.trials.places())
        while True:
            wave: list[tuple[Place, Trainer]] = []
            parameters = 0
            for place in islice(places, _WAVE):
                trainer = recipe_of(self.trials, place, self._data.train).trainer(self._data.train, threads=1)
                wave.append((place, trainer))
                parameters += trainer.net.parameter_count
                if parameters > _WAVE_PARAMETERS and len(wave) >= self.trials.workers:
                    break
            if not wave:
                return
            yield wave


def _step_back() -> None:
    """Lower the priority of this thread, and of those that it starts."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICENESS)


def workers() -> int:
    """How many trainings go on at the same time where nothing else does."""
    return min(MOST_WORKERS, available_cores())
