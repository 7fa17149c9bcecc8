"""A run of a trainer: steps, chunk by chunk, and the events that they make."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple

from pellucid.network.network import Network
from pellucid.system.interrupts import run_aside
from pellucid.training.checkpoint_writer import CheckpointWriter
from pellucid.training.events import Epoch, Event, Progress, Stopped, Warned
from pellucid.training.metrics import Metric, measured, outputs_and_targets
from pellucid.training.run_memory import RunMemory
from pellucid.training.steps import Steps
from pellucid.training.task import Task
from pellucid.training.watchers import Moment

if TYPE_CHECKING:
    from pellucid.data import Dataset, Sequences, Stream

Validation = Callable[[], tuple[float | None, float | None, dict[str, float]]]
"""Returns loss, accuracy and metrics on the validation data; None for what is not computed."""


class Cadence(NamedTuple):
    """How often a run yields events: epochs between two, the patience with the validation loss, and seconds."""

    every: int
    patience: int | None
    progress: float | None


class Training(NamedTuple):
    """What a run works on. ``record`` writes the record of the training to the network."""

    net: Network
    task: Task
    steps: Steps
    memory: RunMemory
    stop: threading.Event
    record: Callable[[], None]


def validation_of(
    net: Network, task: Task, data: Dataset | Sequences | Stream | None, metrics: Mapping[str, Metric]
) -> Validation:
    """A validation on these data; raises if they do not fit the network."""
    if data is None:
        return lambda: (None, None, {})
    evaluation = task.evaluation(data)

    def validate() -> tuple[float, float, dict[str, float]]:
        found = measured(metrics, *outputs_and_targets(net, data)) if metrics else {}
        return *run_aside(evaluation), found

    return validate


class Run:
    """Takes the planned steps and yields what happens; see `pellucid.training.trainer.Trainer.run`."""

    def __init__(self, training: Training, validate: Validation, cadence: Cadence) -> None:
        self._training, self._steps, self._task = training, training.steps, training.task
        self._validate, self._cadence = validate, cadence

    def events(self, writer: CheckpointWriter) -> Iterator[Event]:
        """Train, and yield events; the writer keeps a checkpoint meanwhile."""
        steps, progress, watchers = self._steps, self._cadence.progress, self._training.memory.watchers
        reported, since = time.perf_counter(), steps.state.epoch
        writer.write()
        try:
            while True:
                with steps.alone():
                    if steps.state.epoch >= steps.state.planned or steps.state.over:
                        return
                    event = self._turn(since)
                if watchers:
                    watchers.tell(Moment(self._progress() if event is None else None, running=True))
                if self._training.memory.watch.notices(steps.latest_loss):
                    yield self._warned()
                if event is not None:
                    writer.epoch_ended()
                    yield event
                    if steps.state.over:
                        yield Stopped(steps.state.epoch, steps.done, "patience")
                elif progress is not None and time.perf_counter() - reported >= progress:
                    reported = time.perf_counter()
                    yield self._progress()
                if self._training.stop.is_set():
                    if steps.state.epoch < steps.state.planned:
                        yield Stopped(steps.state.epoch, steps.done, "asked")
                    return
        finally:
            writer.write()
            watchers.tell(Moment(None, running=False))

    def _turn(self, since: int) -> Epoch | None:
        """Take some steps of a run ``since`` an epoch; return an event if they complete an epoch that has one."""
        state, every = self._steps.state, self._cadence.every
        group = state.epoch // every * every
        last = min(group + every, state.planned)
        self._steps.advance_chunk(last - state.epoch)
        if state.batch < self._steps.per_epoch:
            return None
        if state.epoch + 1 < last:
            self._steps.next_epoch(state.epoch_seconds)
            return None
        event = self._finish_epoch(last - max(group, since))
        memory = self._training.memory
        memory.add(event)
        if self._cadence.patience is not None:
            memory.check_patience(event, state, self._training.net.parameters, self._cadence.patience)
        return event

    def _finish_epoch(self, epochs: int) -> Epoch:
        """The event of an epoch that is complete; ``epochs`` have passed since the latest one."""
        state, count = self._steps.state, self._task.examples
        loss, accuracy, took = state.loss_sum / count, self._accuracy(state.right, count), state.epoch_seconds
        rate = self._steps.rate(self._steps.done - 1)
        self._steps.next_epoch()
        self._training.record()
        test_loss, test_accuracy, metrics = self._validate()
        return Epoch(
            state.epoch,
            self._steps.done,
            loss,
            accuracy,
            test_loss,
            test_accuracy,
            rate,
            state.seconds,
            epochs * count / max(took, 1e-9),
            metrics,
        )

    def _accuracy(self, right: float, count: int) -> float:
        return right / count if self._task.measures_accuracy else math.nan

    def _progress(self) -> Progress:
        state, steps = self._steps.state, self._steps
        done = min(state.batch * steps.batch_size, self._task.examples)
        return Progress(
            state.epoch + 1, steps.done, done, self._task.examples, state.loss_sum / done,
            self._accuracy(state.right, done), steps.rate(steps.done), state.seconds,
        )  # fmt: skip

    def _warned(self) -> Warned:
        steps = self._steps
        return Warned(
            steps.state.epoch + 1, steps.done,
            f"The loss has risen to {steps.latest_loss:.3g}, far above that of the untrained network, with learning "
            f"rate {steps.rate(steps.done):g}: try a tenth of that rate, or search_rate.",
        )  # fmt: skip
