"""The trainer: mini-batches, epochs, validation; it yields events and never prints."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from os import PathLike
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from pellucid.errors import ConfigurationError, DivergedError, ShapeError
from pellucid.events import Epoch, Event, Progress, Stopped
from pellucid.network import Network
from pellucid.optimizers import SGD, Optimizer
from pellucid.running import Feed, checked_labels, judge_feed, loss_code
from pellucid.schedules import Constant, check_rate
from pellucid.stepping import Batches, Stepper

if TYPE_CHECKING:
    from pellucid.data import Dataset

_CHUNK_SECONDS = 0.02
"""About how long the engine works before Python looks up again: to report, to stop, to take a new rate."""


@dataclass
class State:
    """Where training stands: everything, beside parameters and moments, that resuming needs."""

    epoch: int = 0
    batch: int = 0
    planned: int = 0
    loss_sum: float = 0.0
    right: int = 0
    seconds: float = 0.0
    epoch_seconds: float = 0.0
    best_loss: float = float("inf")
    waited: int = 0
    over: bool = False


@dataclass
class _Snapshot:
    """Parameters and moments at the start of a chunk, to come back to when the loss runs away."""

    epoch: int
    batch: int
    vectors: list[NDArray[np.float32]] = field(default_factory=list)


class Trainer:
    """Trains a network in place.

    Parameters
    ----------
    net : Network
        Trained in place: its parameters change under whoever looks at them.
    data : Dataset
        What to learn from.
    loss : str
        "cross_entropy" (with softmax or sigmoid outputs) or "squared".
    optimizer : Optimizer
        `SGD`, `Momentum` or `Adam`, with a learning rate that may be a schedule.
    batch_size : int
        Images in a mini-batch; the last of an epoch may be smaller.
    seed : int
        Shuffles, and draws the augmentation: same seed, same bits, on any number of threads.
    augment : Augment, optional
        How every image is varied each time it is seen.
    threads : int, optional
        Threads that share one step; by default one for small networks and all cores for large ones.

    Raises
    ------
    ShapeError, DataError, ConfigurationError
        Where network, data and options do not fit each other.

    Examples
    --------
    >>> import pellucid as pl
    >>> digits = pl.data.load("digits")
    >>> net = pl.Network([pl.Dense(10, "softmax")], input_shape=(28, 28))
    >>> trainer = pl.Trainer(net, digits.train, optimizer=pl.SGD(0.5))
    >>> [event.epoch for event in trainer.run(epochs=2)]
    [1, 2]
    """

    def __init__(
        self,
        net: Network,
        data: Dataset,
        *,
        loss: str = "cross_entropy",
        optimizer: Optimizer | None = None,
        batch_size: int = 32,
        seed: int = 0,
        augment: Any = None,
        threads: int | None = None,
    ) -> None:
        if isinstance(batch_size, bool) or not isinstance(batch_size, int | np.integer) or batch_size < 1:
            raise ConfigurationError(f"batch_size expected an integer of at least 1, got {batch_size!r}.")
        self.net = net
        self.loss = loss
        self.optimizer = SGD(1.0) if optimizer is None else optimizer
        self.batch_size = int(batch_size)
        self.seed = seed
        self.augment = augment
        self.state = State()
        self.best: NDArray[np.float32] | None = None
        self._data = data
        self._feed, self._labels = _fitting(net, data)
        self._stepper = Stepper(net, self.optimizer, loss_code(net, loss), self.batch_size, self._feed.inked, threads)
        self._source = _source(self, data)
        self._stop = threading.Event()
        self._chunk = 1
        self._snapshots: list[_Snapshot] = []

    @property
    def steps_per_epoch(self) -> int:
        """Mini-batches in an epoch."""
        return -(-len(self._labels) // self.batch_size)

    @property
    def step(self) -> int:
        """Mini-batches done since the very start."""
        return self.state.epoch * self.steps_per_epoch + self.state.batch

    @property
    def learning_rate(self) -> float:
        """The rate of the next step; set it, from any thread, and it stays what it was set to."""
        return float(self._rates(self.step, self.step + 1)[0])

    @learning_rate.setter
    def learning_rate(self, rate: float) -> None:
        self.optimizer = replace(self.optimizer, learning_rate=Constant(check_rate(rate)))

    def stop(self) -> None:
        """Ask a run to end after the mini-batches under way; from any thread."""
        self._stop.set()

    def run(
        self,
        epochs: int | None = None,
        *,
        validation: Dataset | None = None,
        patience: int | None = None,
        progress: float | None = None,
        checkpoint: str | PathLike[str] | None = None,
    ) -> Iterator[Event]:
        """Train, and tell how it goes.

        Parameters
        ----------
        epochs : int, optional
            How many more epochs; by default what is left of those planned, which is how to go on after a stop.
        validation : Dataset, optional
            Read after every epoch.
        patience : int, optional
            Stop when the validation loss has not fallen for this many epochs, and go back to the best parameters.
        progress : float, optional
            Yield a `Progress` about every so many seconds inside an epoch.
        checkpoint : path, optional
            Keep the whole state of training in this file: about once a second, and when the run ends or is broken
            off. `Trainer.resume` goes on from it with the same bits as if nothing had happened.

        Yields
        ------
        Progress, Epoch, Stopped
            As they happen. Closing the iterator ends training and leaves everything in order.

        Raises
        ------
        DivergedError
            If the loss becomes NaN or infinite; the parameters are then those of the last good step.
        ConfigurationError, DataError, ShapeError
            For options or validation data that do not fit.
        """
        self._plan(epochs, patience, validation)
        judge = None if validation is None else _fitting(self.net, validation)
        return self._events(judge, patience, progress, _Keeper(self, checkpoint))

    def _plan(self, epochs: int | None, patience: int | None, validation: Dataset | None) -> None:
        if epochs is not None:
            if isinstance(epochs, bool) or not isinstance(epochs, int | np.integer) or epochs < 0:
                raise ConfigurationError(f"epochs expected an integer of at least 0, got {epochs!r}.")
            self.state.planned = self.state.epoch + int(epochs)
            self.state.over, self.state.waited = False, 0
        if patience is not None and (patience < 1 or validation is None):
            raise ConfigurationError("patience expected an integer of at least 1, and validation data to go by.")
        self._stop.clear()

    def _events(
        self,
        judge: tuple[Feed, NDArray[np.int64]] | None,
        patience: int | None,
        progress: float | None,
        keeper: _Keeper,
    ) -> Iterator[Event]:
        state = self.state
        told = time.perf_counter()
        try:
            while state.epoch < state.planned and not state.over:
                self._some_steps()
                if state.batch == self.steps_per_epoch:
                    event = self._finish_epoch(judge)
                    keeper.maybe()
                    yield event
                    if patience is not None and self._out_of_patience(event, patience):
                        yield Stopped(state.epoch, self.step, "patience")
                elif progress is not None and time.perf_counter() - told >= progress:
                    told = time.perf_counter()
                    yield self._progress()
                if self._stop.is_set():
                    if state.epoch < state.planned:
                        yield Stopped(state.epoch, self.step, "asked")
                    return
        finally:
            keeper.now()

    def take_steps(self, count: int) -> NDArray[np.float64]:
        """Train on the next ``count`` mini-batches; their mean losses (count,).

        Epochs follow each other as they come, without validation or events.

        Raises
        ------
        DivergedError
            As in `run`.
        """
        losses: list[NDArray[np.float64]] = []
        while count > 0:
            if self.state.batch == self.steps_per_epoch:
                self._next_epoch()
            past = min(self.state.batch + count, self.steps_per_epoch)
            begin = self.state.batch
            sums = self._advance(past)[:, 0]
            losses.append(sums / self._sizes(begin, past))
            count -= past - begin
        if self.state.batch == self.steps_per_epoch:
            self._next_epoch()
        return np.concatenate(losses) if losses else np.zeros(0)

    def _sizes(self, begin: int, past: int) -> NDArray[np.int64]:
        """Images in each of the mini-batches."""
        left = len(self._labels) - np.arange(begin, past) * self.batch_size
        return np.minimum(left, self.batch_size)

    def _some_steps(self) -> None:
        """One chunk of steps, sized so that Python looks up often enough and not too often."""
        begin = time.perf_counter()
        past = min(self.state.batch + self._chunk, self.steps_per_epoch)
        taken = past - self.state.batch
        self._advance(past)
        took = time.perf_counter() - begin
        self.state.seconds += took
        self.state.epoch_seconds += took
        self._chunk = max(1, min(int(taken * _CHUNK_SECONDS / max(took, 1e-6)), 4 * taken))

    def _advance(self, past: int) -> NDArray[np.float64]:
        """Take the steps of this epoch up to ``past``."""
        state = self.state
        self._remember()
        history = self._steps(state.epoch, state.batch, past)
        if not (np.isfinite(history[-1, 0]) and np.isfinite(self.net.parameters).all()):
            self._go_back(
                state.batch + len(history) - (1 if np.isnan(history[-1, 0]) or np.isinf(history[-1, 0]) else 0)
            )
        # A running sum, so that the total has the same bits wherever the chunks end.
        state.loss_sum = float(np.cumsum(np.concatenate([[state.loss_sum], history[:, 0]]))[-1])
        state.right += int(history[:, 1].sum())
        state.batch = past
        return history

    def _steps(self, epoch: int, begin: int, past: int) -> NDArray[np.float64]:
        first = epoch * self.steps_per_epoch
        steps = np.arange(first + begin, first + past)
        optimizer = self.optimizer
        rates = optimizer.step_rates(self._rates(first + begin, first + past), steps)
        batches, offset = self._source.batches(epoch, begin, past)
        return self._stepper.run(batches, begin - offset, past - offset, optimizer, rates)

    def _rates(self, begin: int, past: int) -> NDArray[np.float64]:
        total = max(self.state.planned, 1) * self.steps_per_epoch
        return self.optimizer.schedule.rates(np.arange(begin, past), self.steps_per_epoch, total)

    def _remember(self) -> None:
        """Keep the state at the start of this chunk and of the one before."""
        vectors = [vector.copy() for vector in (self.net.parameters, *self._stepper.moments)]
        self._snapshots = [*self._snapshots[-1:], _Snapshot(self.state.epoch, self.state.batch, vectors)]

    def _go_back(self, bad: int) -> None:
        """Undo the step that made the loss of batch ``bad`` run away, and say so."""
        epoch, guilty = self.state.epoch, bad - 1
        if guilty < 0 and epoch > 0:
            epoch, guilty = epoch - 1, self.steps_per_epoch - 1
        rate = float(
            self._rates(
                epoch * self.steps_per_epoch + max(guilty, 0), epoch * self.steps_per_epoch + max(guilty, 0) + 1
            )[0]
        )
        usable = [s for s in self._snapshots if (s.epoch, s.batch) <= (epoch, max(guilty, 0))]
        snapshot = usable[-1] if usable else self._snapshots[0]
        for vector, kept in zip((self.net.parameters, *self._stepper.moments), snapshot.vectors, strict=True):
            vector[...] = kept
        if snapshot.epoch == epoch and snapshot.batch < guilty:
            self._steps(epoch, snapshot.batch, guilty)
        step = epoch * self.steps_per_epoch + guilty
        if guilty < 0:
            raise DivergedError(
                "The loss is NaN or infinite before the first step: the network's parameters or the data are unusable. "
                "Reset the network, or look for extreme values."
            )
        raise DivergedError(
            f"The loss became NaN or infinite at step {step}, with learning rate {rate:g}: the parameters are back to "
            "those before that step. Try a smaller learning rate."
        )

    def _finish_epoch(self, judge: tuple[Feed, NDArray[np.int64]] | None) -> Epoch:
        state, count = self.state, len(self._labels)
        loss, accuracy, took = state.loss_sum / count, state.right / count, state.epoch_seconds
        rate = float(self._rates(self.step - 1, self.step)[0])
        self._next_epoch()
        test_loss, test_accuracy = (None, None) if judge is None else judge_feed(self.net, *judge, self.loss)
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

    def _next_epoch(self) -> None:
        state = self.state
        state.epoch += 1
        state.batch, state.loss_sum, state.right, state.epoch_seconds = 0, 0.0, 0, 0.0

    def _progress(self) -> Progress:
        state = self.state
        done = min(state.batch * self.batch_size, len(self._labels))
        return Progress(
            state.epoch + 1, self.step, done, len(self._labels), state.loss_sum / done, state.right / done,
            self.learning_rate, state.seconds,
        )  # fmt: skip

    def _out_of_patience(self, event: Epoch, patience: int) -> bool:
        """Keep the best parameters; when the validation loss has not fallen for too long, go back to them."""
        state = self.state
        if event.test_loss is not None and event.test_loss < state.best_loss:
            state.best_loss, state.waited, self.best = event.test_loss, 0, self.net.parameters.copy()
            return False
        state.waited += 1
        state.over = state.waited >= patience
        if state.over and self.best is not None:
            self.net.parameters[...] = self.best
        return state.over

    @classmethod
    def resume(cls, path: str | PathLike[str], data: Dataset, *, threads: int | None = None) -> Self:
        """A trainer that goes on from a checkpoint: same data, same bits as never having stopped.

        Raises
        ------
        FileFormatError
            If the file is no checkpoint of ours, or damaged.
        DataError
            If the data are not those it was made with.
        """
        from pellucid.checkpoints import load_checkpoint

        return load_checkpoint(cls, path, data, threads)

    def save(self, path: str | PathLike[str]) -> None:
        """Write a checkpoint: network, moments, and where training stands; whole or not at all."""
        from pellucid.checkpoints import save_checkpoint

        save_checkpoint(self, path)


class _Keeper:
    """Writes checkpoints: about once a second, and at the end."""

    def __init__(self, trainer: Trainer, path: str | PathLike[str] | None) -> None:
        self._trainer, self._path = trainer, path
        self._written = time.perf_counter()

    def maybe(self) -> None:
        if time.perf_counter() - self._written > 1.0:
            self.now()

    def now(self) -> None:
        if self._path is not None:
            self._trainer.save(self._path)
            self._written = time.perf_counter()


class _Shuffled:
    """The images of an epoch in an order drawn from the seed and the epoch's number."""

    def __init__(self, feed: Feed, labels: NDArray[np.int64], seed: int) -> None:
        self._feed, self._labels, self._seed = feed, labels, seed
        self._epoch = -1
        self._order = feed.order

    def batches(self, epoch: int, begin: int, past: int) -> tuple[Batches, int]:
        """Where the steps ``begin`` to ``past`` find their images, and how many steps come before the first there."""
        if epoch != self._epoch:
            self._order, self._epoch = shuffled_order(self._seed, epoch, len(self._labels)), epoch
        return Batches(self._feed, self._order, self._labels), 0


def shuffled_order(seed: int, epoch: int, count: int) -> NDArray[np.int64]:
    """The order in which an epoch visits its images."""
    return np.random.default_rng([seed, epoch]).permutation(count)


def _source(trainer: Trainer, data: Dataset) -> Any:
    if trainer.augment is None:
        return _Shuffled(trainer._feed, trainer._labels, trainer.seed)
    from pellucid.augmentation import Augmented

    return Augmented(trainer.augment, data, trainer._labels, trainer.batch_size, trainer.seed)


def _fitting(net: Network, data: Dataset) -> tuple[Feed, NDArray[np.int64]]:
    """A data set as the engine takes it, refused where it does not fit the network."""
    size = int(np.prod(net.input_shape))
    if int(np.prod(data.shape)) != size:
        raise ShapeError(f"The network takes inputs of shape {net.input_shape}; the data are {data.shape}.")
    labels = checked_labels(data.labels, len(data), net.output_shape[0])
    return Feed.of(data), labels
