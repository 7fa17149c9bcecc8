"""The trainer: mini-batches, epochs, validation; it yields events and never prints."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from os import PathLike
from typing import TYPE_CHECKING, Any, NoReturn, Self

import numpy as np
from numpy.typing import NDArray

from pellucid.data.columns import record_of
from pellucid.errors import ConfigurationError, DataError, ShapeError
from pellucid.network.configuration import checked_vector
from pellucid.network.network import Network
from pellucid.reports.live import Live
from pellucid.system.arguments import as_integer, takes
from pellucid.system.fixed import Fixed
from pellucid.training.checkpoint_writer import CheckpointWriter
from pellucid.training.events import Epoch, Event
from pellucid.training.function_loss import LossFunction
from pellucid.training.groups import Group, frozen_layers, parameter_groups
from pellucid.training.metrics import Metric, checked_metrics
from pellucid.training.optimizers import Optimizer, suitable_optimizer
from pellucid.training.options import checked_optimizer
from pellucid.training.rate_search import RateSearch, search_rate
from pellucid.training.run import Cadence, Run, Training, validation_of
from pellucid.training.run_memory import RunMemory
from pellucid.training.schedules import Constant, check_rate
from pellucid.training.state import MOST_EPOCHS, Snapshot, State
from pellucid.training.steps import Steps
from pellucid.training.task import TaskOptions
from pellucid.training.task_choice import task_for
from pellucid.training.watchers import Watcher
from pellucid.training.weights import ClassWeight, checked_factor, class_weights

if TYPE_CHECKING:
    from pellucid.data import Dataset, Sequences, Stream


class Trainer(Fixed, Live):
    """Trains a network in place.

    Parameters
    ----------
    net : Network
        Trained in place: its parameters change while it trains.
    data : Dataset, Sequences or Stream
        The examples to train on.
    loss : str or callable, optional
        For classes "cross_entropy" (with softmax or sigmoid outputs, or with target probabilities) or "squared", the
        sum of squared differences; "binary_cross_entropy" for one sigmoid output, or several labels at once. For target
        values "mean_squared", "mean_absolute" or "huber". "ctc" for transcribed sequences. By default the one that
        suits the data and the outputs. Or a function (outputs, targets) -> (loss, gradient), which receives the outputs
        (n, K) and the targets of a mini-batch, and returns the mean loss and its gradient by the outputs (n, K); for
        sequences with an output for every frame these are lists with an array for each sequence.
    optimizer : Optimizer or str
        `SGD`, `Momentum`, `Adam`, `AdamW` or `RMSprop`, with a learning rate that may be a schedule; or one of the
        names "sgd", "momentum", "adam", "adamw" and "rmsprop", for their usual settings. By default `SGD` with a
        rate of 1 for dense networks of sigmoid neurons that learn classes, and `Adam` for all others.
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
    class_weight : mapping, sequence or "balanced", optional
        A factor for the loss of each class, by name or number, or in order; "balanced" gives all classes the same
        weight together. `Dataset.weight` is a factor for each example; the mean loss divides by the number of examples.
    label_smoothing : float
        With cross_entropy: the share of a target's probability that all classes divide among them.
    groups : sequence of Group, optional
        Parameters with a learning rate or a decay of their own.
    frozen : int or sequence of int
        Numbers of layers that are not trained. If they are the first ones, what they compute is computed once, and an
        epoch takes the time of the other layers alone.

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

    _fixed = frozenset({"net", "loss", "batch_size", "seed", "augment", "clip", "class_weight", "label_smoothing"}) | {
        "groups",
        "frozen",
    }

    def __init__(
        self,
        net: Network,
        data: Dataset | Sequences | Stream,
        *,
        loss: str | LossFunction | None = None,
        optimizer: Optimizer | str | None = None,
        batch_size: int = 32,
        seed: int = 0,
        augment: Any = None,
        threads: int | None = None,
        clip: float | None = None,
        class_weight: ClassWeight | None = None,
        label_smoothing: float = 0.0,
        groups: Sequence[Group] = (),
        frozen: int | Sequence[int] = (),
    ) -> None:
        if not isinstance(net, Network):
            raise ConfigurationError(f"Trainer expected a Network to train, got {type(net).__name__}.")
        if threads is not None:
            as_integer("threads", threads, 1, 256)
        if not (loss is None or isinstance(loss, str) or takes(loss, 2)):
            raise ConfigurationError(
                f"loss expected a name such as cross_entropy, or a function of (outputs, targets), got {loss!r}."
            )
        self.net = net
        optimizer = (
            suitable_optimizer(net, getattr(data, "targets", None))
            if optimizer is None
            else checked_optimizer(optimizer)
        )
        self.class_weight = None if class_weight is None else class_weights(class_weight, data)
        self.label_smoothing = checked_factor("label_smoothing", label_smoothing, 1.0)
        self.batch_size = as_integer("batch_size", batch_size, 1, 1 << 31)
        self.seed = as_integer("seed", seed, 0)
        self.augment = augment
        self.clip = clip
        self._data = data
        self.groups, self.frozen = tuple(groups), frozen_layers(net, frozen)
        name, function = (loss, None) if loss is None or isinstance(loss, str) else (None, loss)
        options = TaskOptions(
            optimizer, name, self.batch_size, self.seed, augment, clip, threads, self.class_weight,
            self.label_smoothing, function, parameter_groups(net, self.groups, self.frozen, optimizer), self.frozen,
        )  # fmt: skip
        self._task = task_for(net, data, options)(net, data, options)
        self.loss = self._task.loss
        self._steps = Steps(net, self._task, optimizer, self.batch_size)
        self._stop = threading.Event()
        self._memory = RunMemory(math.log(net.output_shape[-1]) if self.loss == "cross_entropy" else 0.0)

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
    def optimizer(self, optimizer: Optimizer | str) -> None:
        checked = checked_optimizer(optimizer)
        if type(checked).kind == self._steps.optimizer.kind:
            self._steps.optimizer = checked
            return
        with self._steps.alone():
            self._steps.change_optimizer(checked)

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
        return self._memory.best

    @best.setter
    def best(self, vector: NDArray[np.float32] | None) -> None:
        checked = None if vector is None else checked_vector("best", vector, self.net.parameter_count).copy()
        self._memory.best = checked

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
        validation: Dataset | Sequences | Stream | None = None,
        patience: int | None = None,
        progress: float | None = None,
        checkpoint: str | PathLike[str] | None = None,
        metrics: Mapping[str, Metric] | None = None,
        every: int = 1,
    ) -> Iterator[Event]:
        """Train, and yield events as they happen.

        Parameters
        ----------
        epochs : int, optional
            The number of further epochs; by default the remaining planned ones, so that a stopped run continues.
        validation : Dataset, Sequences or Stream, optional
            Evaluated after every epoch.
        patience : int, optional
            Stop if the validation loss has not fallen for this many epochs, and return to the best parameters.
        progress : float, optional
            Approximate number of seconds between `Progress` events inside an epoch.
        checkpoint : path, optional
            Keep the whole state of training in this file. If the process is killed, the epoch under way is lost, or
            one second of training if epochs are shorter. `Trainer.resume` continues from it bit for bit.
        metrics : mapping of str to callable, optional
            Functions (outputs, targets) -> number of all validation data, computed after every epoch for
            `Epoch.metrics`.
        every : int
            Epochs from one `Epoch` event, with its validation, to the next. Where epochs take microseconds, many of
            them become one call of the engine.

        Yields
        ------
        Progress, Epoch, Warned, Stopped
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
        every, own = as_integer("every", every, 1, MOST_EPOCHS), checked_metrics(metrics, validation)
        self._plan(epochs, patience, validation)
        validate = validation_of(self.net, self._task, validation, own)
        training = Training(self.net, self._task, self._steps, self._memory, self._stop, self._record)
        return Run(training, validate, Cadence(every, patience, progress)).events(
            CheckpointWriter(self.save, checkpoint)
        )

    def _plan(self, epochs: int | None, patience: int | None, validation: Dataset | Sequences | Stream | None) -> None:
        self._steps.check(self.state)
        if epochs is not None:
            self.state.planned = self.state.epoch + as_integer("epochs", epochs, 0, MOST_EPOCHS - self.state.epoch)
            self.state.over, self.state.waited = False, 0
            self.state.best_loss, self._memory.best = math.inf, None  # those of an earlier run would undo this one
        if patience is not None and validation is None:
            raise ConfigurationError("patience expected validation data: pass validation to run.")
        if patience is not None:
            as_integer("patience", patience, 1)
        self._stop.clear()

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
        count = as_integer("count", count, 0)
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

    @property
    def history(self) -> list[Epoch]:
        """The events of the epochs so far, at most the last 20,000; after `restore`, repeated epochs replace them."""
        return self._memory.epochs.copy()

    when_live = "the curves grow while it runs"

    def still_html(self) -> str:
        """The curves of the epochs so far as HTML, which notebooks show where there is no widget."""
        from pellucid.reports.training import training_html, training_title

        return training_html(training_title(self.net), self.history)

    def watch(self, watcher: Watcher) -> Callable[[], None]:
        """Have a function called while runs go on, by the thread that trains, whoever takes the events.

        Parameters
        ----------
        watcher : callable
            Receives a `Moment` about fifty times a second, and once at the end of every run. If it raises, it is not
            called again; the training goes on.

        Returns
        -------
        callable
            Call it to watch no longer.
        """
        return self._memory.watchers.add(watcher)

    def _record(self) -> None:
        """Record in the network how it was trained; the record is saved with it."""
        self.net.record |= record_of(self._data) | {
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

    def search_rate(self, lowest: float = 1e-5, highest: float = 10.0, steps: int = 200) -> RateSearch:
        """Search for a learning rate: take steps at rising rates until the loss explodes.

        Afterwards the network and the training are as they were before.

        Parameters
        ----------
        lowest, highest : float
            The first and the last rate.
        steps : int
            Mini-batches, at least 20; each has a rate of its own.

        Returns
        -------
        RateSearch
            Its ``suggestion`` is a rate to begin with, ``rates`` and ``losses`` a curve to look at.

        Raises
        ------
        ConfigurationError
            If the rates are not in order, or if even the lowest ones make the loss explode.

        Examples
        --------
        >>> import pellucid as pl
        >>> digits = pl.data.load("digits")
        >>> net = pl.Network([pl.Dense(16, "relu"), pl.Dense(10, "softmax")], input_shape=(28, 28))
        >>> trainer = pl.Trainer(net, digits.train, optimizer=pl.Adam())
        >>> trainer.learning_rate = trainer.search_rate().suggestion
        """
        count = as_integer("steps", steps, 20, 1 << 20)
        before, optimizer = self.snapshot(), self.optimizer

        def step(rate: float) -> float:
            self.learning_rate = rate
            return float(self.take_steps(1)[0])

        try:
            return search_rate(step, lowest, highest, count)
        finally:
            self.optimizer = optimizer
            self.restore(before)

    @classmethod
    def resume(
        cls,
        path: str | PathLike[str],
        data: Dataset | Sequences | Stream,
        *,
        threads: int | None = None,
        augment: Any = None,
        loss: LossFunction | None = None,
        optimizer: Optimizer | str | None = None,
    ) -> Self:
        """A trainer that continues from a checkpoint, bit for bit as if it had never stopped.

        The file contains no code: pass a function that augments sequences, a function as the loss, or an optimizer with
        a schedule of your own again.

        Raises
        ------
        FileFormatError
            If the file is not a checkpoint of Pellucid, or damaged.
        DataError
            If the data are not those of the checkpoint.
        """
        from pellucid.training.checkpoints import read_checkpoint

        kept = read_checkpoint(path, None if optimizer is None else checked_optimizer(optimizer))
        options = kept.options | {"loss": kept.loss(loss)}
        try:
            trainer = cls(kept.net, data, **options, augment=kept.augmentation(augment), threads=threads)
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
        from pellucid.training.checkpoints import CHECKPOINT_OPTIONS, Checkpoint, write_checkpoint

        options = {name: getattr(self, name) for name in CHECKPOINT_OPTIONS}
        write_checkpoint(
            path,
            Checkpoint(
                self.net, options, self.augment_configuration, self.state, self.moments, self.best, self.examples,
                self.data_digest,
            ),
        )  # fmt: skip
