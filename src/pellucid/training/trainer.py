"""The trainer: mini-batches, epochs, validation; it yields events and never prints."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from os import PathLike
from typing import TYPE_CHECKING, Any, NoReturn, Self

import numpy as np
from numpy.typing import NDArray

from pellucid.errors import ConfigurationError, DataError, ShapeError
from pellucid.network.configuration import checked_vector
from pellucid.network.network import Network
from pellucid.system.fixed import Fixed
from pellucid.system.interrupts import run_aside
from pellucid.training.checkpoint_writer import CheckpointWriter
from pellucid.training.events import Epoch, Event, Progress, Stopped
from pellucid.training.image_task import ImageTask
from pellucid.training.optimizers import OPTIMIZERS, SGD, Optimizer
from pellucid.training.schedules import Constant, check_rate
from pellucid.training.state import MOST_EPOCHS, Snapshot, State
from pellucid.training.steps import Steps
from pellucid.training.task import Evaluation, Task, TaskOptions

if TYPE_CHECKING:
    from pellucid.data import Dataset, Sequences


class Trainer(Fixed):
    """Trains a network in place.

    Parameters
    ----------
    net : Network
        Trained in place: its parameters change while it trains.
    data : Dataset or Sequences
        The examples to train on.
    loss : str
        "cross_entropy" (with softmax or sigmoid outputs) or "squared"; "ctc" for transcribed sequences.
    optimizer : Optimizer
        `SGD`, `Momentum` or `Adam`, with a learning rate that may be a schedule.
    batch_size : int
        Images in a mini-batch; the last of an epoch may be smaller.
    seed : int
        Draws the order of examples and the augmentation. The same seed gives the same bits, on any number of threads.
    augment : Augment, optional
        How every image is varied each time it is used; for sequences a function (frames, rng) -> frames.
    threads : int, optional
        Threads that share a step; by default one for small networks and one per core for large ones.
    clip : float, optional
        For networks of sequences: the largest norm of a step's gradient; larger gradients are scaled down.

    Raises
    ------
    ShapeError, DataError, ConfigurationError
        If network, data and options do not fit each other.

    Examples
    --------
    >>> import pellucid as pl
    >>> digits = pl.data.load("digits")
    >>> net = pl.Network([pl.Dense(10, "softmax")], input_shape=(28, 28))
    >>> trainer = pl.Trainer(net, digits.train, optimizer=pl.SGD(0.5))
    >>> [event.epoch for event in trainer.run(epochs=2)]
    [1, 2]
    """

    _fixed = frozenset({"net", "loss", "batch_size", "seed", "augment", "clip"})

    def __init__(
        self,
        net: Network,
        data: Dataset | Sequences,
        *,
        loss: str = "cross_entropy",
        optimizer: Optimizer | None = None,
        batch_size: int = 32,
        seed: int = 0,
        augment: Any = None,
        threads: int | None = None,
        clip: float | None = None,
    ) -> None:
        if not isinstance(net, Network):
            raise ConfigurationError(f"Trainer expected a Network to train, got {type(net).__name__}.")
        if threads is not None:
            checked_integer("threads", threads, 1, 256)
        if not isinstance(loss, str):
            raise ConfigurationError(f"loss expected a name such as cross_entropy, got {loss!r}.")
        self.net = net
        self.loss = loss
        optimizer = _checked_optimizer(SGD(1.0) if optimizer is None else optimizer)
        self.batch_size = checked_integer("batch_size", batch_size, 1, 1 << 31)
        self.seed = checked_integer("seed", seed, 0)
        self.augment = augment
        self._best: NDArray[np.float32] | None = None
        self.clip = clip
        self._data = data
        options = TaskOptions(optimizer, loss, self.batch_size, self.seed, augment, clip, threads)
        self._task = _task_for(net)(net, data, options)
        self._steps = Steps(net, self._task, optimizer, self.batch_size)
        self._stop = threading.Event()

    @property
    def augment_configuration(self) -> dict[str, Any] | None:
        """The augmentation's configuration, as saved in files."""
        return self._task.augment_configuration()

    @property
    def examples(self) -> int:
        """Images or sequences in an epoch."""
        return self._task.examples

    @property
    def optimizer(self) -> Optimizer:
        """The optimiser. One of another kind may be set between steps; it starts without moments."""
        return self._steps.optimizer

    @optimizer.setter
    def optimizer(self, optimizer: Optimizer) -> None:
        if type(_checked_optimizer(optimizer)).kind == self._steps.optimizer.kind:
            self._steps.optimizer = optimizer
            return
        with self._steps.alone():
            self._steps.change_optimizer(optimizer)

    @property
    def state(self) -> State:
        """The state of training; changes to it are checked before the next step."""
        return self._steps.state

    @state.setter
    def state(self, state: State) -> None:
        self._steps.check(state)
        self._steps.state = state

    @property
    def best(self) -> NDArray[np.float32] | None:
        """The parameters with the lowest validation loss so far, if a run with ``patience`` keeps them."""
        return self._best

    @best.setter
    def best(self, vector: NDArray[np.float32] | None) -> None:
        self._best = None if vector is None else checked_vector("best", vector, self.net.parameter_count).copy()

    @property
    def moments(self) -> list[NDArray[np.float32]]:
        """The optimiser's moments: two vectors (parameter_count,), of length 0 if it has none."""
        return list(self._task.stepper.moments)

    @property
    def data_digest(self) -> str:
        """A digest of the data, which tells at resuming whether they are those of the checkpoint."""
        return self._task.digest()

    @property
    def steps_per_epoch(self) -> int:
        """Mini-batches in an epoch."""
        return self._steps.per_epoch

    @property
    def step(self) -> int:
        """Mini-batches taken since training began."""
        return self._steps.done

    @property
    def learning_rate(self) -> float:
        """The rate of the next step. Once set, from any thread, it stays constant."""
        return self._steps.rate(self._steps.done)

    @learning_rate.setter
    def learning_rate(self, rate: float) -> None:
        self.optimizer = replace(self.optimizer, learning_rate=Constant(check_rate(rate)))

    def stop(self) -> None:
        """Ask a run to end after the current mini-batches. Any thread may call this."""
        self._stop.set()

    def run(
        self,
        epochs: int | None = None,
        *,
        validation: Dataset | Sequences | None = None,
        patience: int | None = None,
        progress: float | None = None,
        checkpoint: str | PathLike[str] | None = None,
    ) -> Iterator[Event]:
        """Train, and yield events as they happen.

        Parameters
        ----------
        epochs : int, optional
            The number of further epochs; by default the remaining planned ones, so that a stopped run continues.
        validation : Dataset, optional
            Evaluated after every epoch.
        patience : int, optional
            Stop if the validation loss has not fallen for this many epochs, and return to the best parameters.
        progress : float, optional
            Approximate number of seconds between `Progress` events inside an epoch.
        checkpoint : path, optional
            Keep the whole state of training in this file. If the process is killed, the epoch under way is lost, or
            one second of training if epochs are shorter. `Trainer.resume` continues from it bit for bit.

        Yields
        ------
        Progress, Epoch, Stopped
            Closing the iterator ends training and leaves a consistent state.

        Raises
        ------
        DivergedError
            If the loss becomes NaN or infinite; the parameters are then those of the last good step.
        ConfigurationError, DataError, ShapeError
            For options or validation data that do not fit.
        """
        if progress is not None and (isinstance(progress, bool) or not isinstance(progress, int | float)):
            raise ConfigurationError(f"progress expected a number of seconds, got {progress!r}.")
        self._plan(epochs, patience, validation)
        evaluation = None if validation is None else self._task.evaluation(validation)
        return self._events(evaluation, patience, progress, CheckpointWriter(self.save, checkpoint))

    def _plan(self, epochs: int | None, patience: int | None, validation: Dataset | Sequences | None) -> None:
        self._steps.check(self.state)
        if epochs is not None:
            self.state.planned = self.state.epoch + checked_integer("epochs", epochs, 0, MOST_EPOCHS - self.state.epoch)
            self.state.over, self.state.waited = False, 0
            self.state.best_loss, self._best = math.inf, None  # those of an earlier run would undo this one
        if patience is not None and validation is None:
            raise ConfigurationError("patience expected validation data: pass validation to run.")
        if patience is not None:
            checked_integer("patience", patience, 1)
        self._stop.clear()

    def _events(
        self, evaluation: Evaluation | None, patience: int | None, progress: float | None, writer: CheckpointWriter
    ) -> Iterator[Event]:
        reported = time.perf_counter()
        writer.write()
        try:
            while True:
                with self._steps.alone():
                    if self.state.epoch >= self.state.planned or self.state.over:
                        return
                    event = self._turn(evaluation, patience)
                if event is not None:
                    writer.epoch_ended()
                    yield event
                    if self.state.over:
                        yield Stopped(self.state.epoch, self.step, "patience")
                elif progress is not None and time.perf_counter() - reported >= progress:
                    reported = time.perf_counter()
                    yield self._progress()
                if self._stop.is_set():
                    if self.state.epoch < self.state.planned:
                        yield Stopped(self.state.epoch, self.step, "asked")
                    return
        finally:
            writer.write()

    def _turn(self, evaluation: Evaluation | None, patience: int | None) -> Epoch | None:
        """Take some steps; return the epoch's event if they complete one."""
        self._steps.advance_chunk()
        if self.state.batch < self.steps_per_epoch:
            return None
        event = self._finish_epoch(evaluation)
        if patience is not None:
            self._check_patience(event, patience)
        return event

    def take_steps(self, count: int) -> NDArray[np.float64]:
        """Train on the next ``count`` mini-batches and return their mean losses (count,).

        Epochs follow one another, without validation or events.

        Raises
        ------
        DivergedError
            As in `run`.
        """
        return self.advance(count)[:, 0]

    def advance(self, count: int) -> NDArray[np.float64]:
        """Like `take_steps`, but returns mean loss and accuracy of each mini-batch, (count, 2)."""
        count = checked_integer("count", count, 0)
        with self._steps.alone():
            return self._steps.advance_by(count)

    def snapshot(self) -> Snapshot:
        """A copy of the state, the parameters and the moments, for `restore`."""
        return Snapshot.of(self.step, self.state, self._steps.vectors)

    def restore(self, snapshot: Snapshot) -> None:
        """Return to a snapshot; training repeats the following steps bit for bit."""
        if not isinstance(snapshot, Snapshot):
            raise ConfigurationError(f"restore expected a Snapshot, got {type(snapshot).__name__}.")
        self._steps.check(snapshot.state)
        with self._steps.alone():
            self._steps.restore(snapshot)

    def _finish_epoch(self, evaluation: Evaluation | None) -> Epoch:
        state, count = self.state, self.examples
        loss, accuracy, took = state.loss_sum / count, state.right / count, state.epoch_seconds
        rate = self._steps.rate(self.step - 1)
        self._steps.next_epoch()
        self._record()
        test_loss, test_accuracy = (None, None) if evaluation is None else run_aside(evaluation)
        return Epoch(
            state.epoch,
            self.step,
            loss,
            accuracy,
            test_loss,
            test_accuracy,
            rate,
            state.seconds,
            count / max(took, 1e-9),
        )

    def _record(self) -> None:
        """Record in the network how it was trained; the record is saved with it."""
        self.net.record |= {
            "data": self._data.name,
            "images": self.examples,
            "epochs": self.state.epoch,
            "seconds": round(self.state.seconds, 3),
            "loss": self.loss,
            "optimizer": self.optimizer.configuration(),
            "batch_size": self.batch_size,
            "seed": self.seed,
            "augment": self.augment_configuration,
        }

    def _progress(self) -> Progress:
        state = self.state
        done = min(state.batch * self.batch_size, self.examples)
        return Progress(
            state.epoch + 1, self.step, done, self.examples, state.loss_sum / done, state.right / done,
            self.learning_rate, state.seconds,
        )  # fmt: skip

    def _check_patience(self, event: Epoch, patience: int) -> None:
        """Keep the best parameters, and return to them if the validation loss has not fallen for too long."""
        state = self.state
        if event.test_loss is not None and event.test_loss < state.best_loss:
            state.best_loss, state.waited, self._best = event.test_loss, 0, self.net.parameters.copy()
            return
        state.waited += 1
        state.over = state.waited >= patience
        if state.over and self._best is not None:
            self.net.parameters[...] = self._best

    @classmethod
    def resume(
        cls, path: str | PathLike[str], data: Dataset | Sequences, *, threads: int | None = None, augment: Any = None
    ) -> Self:
        """A trainer that continues from a checkpoint, bit for bit as if it had never stopped.

        The file does not contain the function that augments sequences: pass the same one again.

        Raises
        ------
        FileFormatError
            If the file is not a checkpoint of Pellucid, or damaged.
        DataError
            If the data are not those of the checkpoint.
        """
        from pellucid.training.checkpoints import read_checkpoint

        kept = read_checkpoint(path)
        try:
            trainer = cls(kept.net, data, **kept.options, augment=kept.augmentation(augment), threads=threads)
        except ShapeError as error:
            raise DataError(f"{path} was made with other data: {error}") from error
        if (kept.examples, kept.digest) != (trainer.examples, trainer.data_digest):
            raise DataError(
                f"{path} was made with other data ({kept.examples} images): pass those, or start a new training."
            )
        for vector, moment in zip(trainer.moments, kept.moments, strict=True):
            vector[...] = moment
        trainer.state, trainer.best = kept.state, kept.best
        return trainer

    def __reduce__(self) -> NoReturn:
        raise ConfigurationError(
            "A Trainer cannot be pickled or copied: save a checkpoint and resume from it, or make another Trainer and "
            "restore a snapshot."
        )

    def save(self, path: str | PathLike[str]) -> None:
        """Write a checkpoint (network, moments and state of training) atomically."""
        from pellucid.training.checkpoints import Checkpoint, write_checkpoint

        options = {name: getattr(self, name) for name in ("loss", "optimizer", "batch_size", "seed", "clip")}
        write_checkpoint(
            path,
            Checkpoint(
                self.net, options, self.augment_configuration, self.state, self.moments, self.best, self.examples,
                self.data_digest,
            ),
        )  # fmt: skip


def checked_integer(name: str, value: Any, low: int, high: int | None = None) -> int:
    """The value as an int; raises unless it is an integer, Python's or NumPy's, from ``low`` to ``high``."""
    whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
    if whole and low <= value and (high is None or value <= high):
        return int(value)
    range_ = f"of at least {low}" if high is None else f"from {low} to {high:,}"
    raise ConfigurationError(f"{name} expected an integer {range_}, got {value!r}.")


def _checked_optimizer(optimizer: Optimizer) -> Optimizer:
    if not isinstance(optimizer, Optimizer) or optimizer.kind not in OPTIMIZERS:
        raise ConfigurationError(f"optimizer expected an Optimizer such as pl.SGD(0.1), got {optimizer!r}.")
    return optimizer


def _task_for(net: Network) -> type[Task]:
    """The kind of task that suits a network."""
    if net.program.takes_sequences:
        from pellucid.training.sequence_task import SequenceTask

        return SequenceTask
    return ImageTask
