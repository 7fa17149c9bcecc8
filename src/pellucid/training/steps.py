"""The steps of training, mini-batch after mini-batch; if the loss diverges, they are undone."""

from __future__ import annotations

import contextlib
import math
import threading
import time
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from pellucid.errors import ConfigurationError, DivergedError
from pellucid.network.network import Network
from pellucid.programs.interface import ends_finite
from pellucid.system.fields import FieldError
from pellucid.system.interrupts import deferred_interrupt, run_aside
from pellucid.training.optimizers import Optimizer
from pellucid.training.state import Rewind, Snapshot, State, check_state
from pellucid.training.task import Task

_CHUNK_SECONDS = 0.02
"""Approximate time after which the engine returns to Python, which can then report, stop or change the rate."""

_CHUNK_EXAMPLES = 8192
"""Largest number of examples that `Steps.advance_by` takes at a time: augmented examples take memory until used."""

_LONG_SECONDS = 0.1
"""Steps that take longer run in another thread, so that Ctrl-C is noticed."""

_PRODUCT_SECONDS = 1e-9
"""About what one multiplication takes at most, with its part of the gradient."""


class Steps:
    """Takes the steps of a task, and holds the state of training.

    Parameters
    ----------
    net : Network
        Trained in place.
    task : Task
        Provides the mini-batches and the stepper.
    optimizer : Optimizer
        Of the kind that the stepper was made for.
    batch_size : int

    Attributes
    ----------
    state : State
    optimizer : Optimizer
    latest_loss : float
        The mean loss of the latest chunk of steps.
    """

    def __init__(self, net: Network, task: Task, optimizer: Optimizer, batch_size: int) -> None:
        self._net, self._task, self.batch_size = net, task, batch_size
        self.optimizer, self.state = optimizer, State()
        self._busy = threading.Lock()
        self._step_seconds = self._guessed_seconds()  # until one was timed
        self._rewind = Rewind()
        self._chunk = 1
        self.latest_loss = 0.0

    @property
    def per_epoch(self) -> int:
        """Mini-batches in an epoch."""
        return -(-self._task.examples // self.batch_size)

    @property
    def done(self) -> int:
        """Steps taken since training began."""
        return self.state.epoch * self.per_epoch + self.state.batch

    @property
    def vectors(self) -> list[NDArray[np.float32]]:
        """The vectors that a step changes: the parameters and the optimiser's moments."""
        return [self._net.parameters, *self._task.stepper.moments]

    def rates(self, steps: NDArray[np.int64]) -> NDArray[np.float64]:
        """The learning rates of steps, counted since training began."""
        total = max(self.state.planned, 1) * self.per_epoch
        return self.optimizer.schedule.rates(steps, self.per_epoch, total)

    def rate(self, step: int) -> float:
        """The learning rate of one step."""
        return float(self.rates(np.array([step]))[0])

    def sizes(self, begin: int, past: int) -> NDArray[np.int64]:
        """Examples in each of the mini-batches ``begin`` to ``past`` of an epoch, and of the following ones."""
        left = self._task.examples - np.arange(begin, past) % self.per_epoch * self.batch_size
        return np.minimum(left, self.batch_size)

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """Check everything that the engine relies on, and keep other threads from training meanwhile.

        Raises
        ------
        ConfigurationError
            If another thread is training, the state is impossible, or the parameters are read-only.
        """
        if not self._busy.acquire(blocking=False):
            raise ConfigurationError("A trainer expected to be used by one thread at a time: wait for the other.")
        try:
            self.check(self.state)
            if not self._net.parameters.flags.writeable:
                raise ConfigurationError("Training expected writable parameters: these are read-only.")
            yield
        finally:
            self._busy.release()

    def check(self, state: State) -> None:
        """Check that a state is possible for this training.

        Raises
        ------
        ConfigurationError
            If it is not; the message names the field.
        """
        if not isinstance(state, State):
            raise ConfigurationError(f"A trainer expected a State, got {type(state).__name__}.")
        try:
            check_state(vars(state), self._task.examples, self.batch_size)
        except FieldError as error:
            raise ConfigurationError(f"Training cannot continue from this state: {error}.") from error

    def change_optimizer(self, optimizer: Optimizer) -> None:
        """Use another kind of optimiser from the next step on; it starts without moments."""
        self._task.stepper.equip(optimizer)
        self.optimizer, self._rewind = optimizer, Rewind()

    def restore(self, snapshot: Snapshot) -> None:
        """Return to a snapshot."""
        self.state = snapshot.restore(self.vectors)
        self._rewind = Rewind()

    def next_epoch(self, seconds: float = 0.0) -> None:
        """Begin an epoch, with the seconds that training has taken since the latest event."""
        state = self.state
        state.epoch += 1
        state.batch, state.loss_sum, state.right, state.epoch_seconds = 0, 0.0, 0, seconds

    def advance(self, past: int) -> NDArray[np.float64]:
        """Take the steps of this epoch up to ``past``.

        Returns
        -------
        ndarray (steps, 2)
            Summed loss and number of correct predictions of each mini-batch; fewer if no more examples are in memory,
            and after Ctrl-C, if its handler does not raise.

        Raises
        ------
        DivergedError
            If the loss becomes NaN or infinite; the parameters are then those before the step that caused it.
        """
        past = self._task.reach(self.state.epoch, self.state.batch, past)
        with deferred_interrupt(self._task.stepper.stop):
            return self._advance(past)

    def _advance(self, past: int) -> NDArray[np.float64]:
        self._rewind.remember(self.done, self.state, self.vectors)
        history = self._take_listening(past)
        if not ends_finite(history):
            self._undo(self.done + len(history) - 1)
        if not self._is_finite():
            self._undo(self.done + len(history))
        self._account(history)
        return history

    def _is_finite(self) -> bool:
        """Whether parameters and moments are: an infinite moment ends the training of a parameter without a trace."""
        return all(np.isfinite(vector).all() for vector in self.vectors if vector.size)

    def _guessed_seconds(self) -> float:
        """About what a step takes at most; sequences, whose lengths differ, may take any time."""
        if self._net.program.takes_sequences:
            return math.inf
        examples = min(self.batch_size, self._task.examples)
        return examples * self._net.program.cost.products * _PRODUCT_SECONDS

    def _take_listening(self, past: int) -> NDArray[np.float64]:
        """Take steps, and handle signals meanwhile if that may take long."""
        seconds = self._step_seconds * (past - self.state.batch)
        begin = time.perf_counter()
        history = self._take(past) if seconds < _LONG_SECONDS else run_aside(lambda: self._take(past))
        if len(history):
            self._step_seconds = (time.perf_counter() - begin) / len(history)
        return history

    def advance_by(self, count: int) -> NDArray[np.float64]:
        """Take the next ``count`` steps, across epochs; return mean loss and accuracy of each (count, 2)."""
        means = [np.zeros((0, 2))]
        while count > 0:
            if self.state.batch == self.per_epoch:
                self.next_epoch()
            begin = self.state.batch
            most = min(count, max(1, _CHUNK_EXAMPLES // self.batch_size))
            past = begin + most if self._task.spans_epochs else min(begin + most, self.per_epoch)
            history = self.advance(past)
            means.append(history / self.sizes(begin, begin + len(history))[:, None])
            count -= len(history)
        if self.state.batch == self.per_epoch:
            self.next_epoch()
        return np.concatenate(means)

    def advance_chunk(self, epochs: int = 1) -> None:
        """Take one chunk of steps, in about `_CHUNK_SECONDS`, within so many epochs from this on."""
        begin = time.perf_counter()
        whole = epochs if self._task.spans_epochs else 1
        past = min(self.state.batch + self._chunk, whole * self.per_epoch)
        since = self.state.batch
        history = self.advance(past)
        taken = max(1, len(history))
        took = time.perf_counter() - begin
        if len(history):
            self.latest_loss = float(history[:, 0].sum() / self.sizes(since, since + len(history)).sum())
        self.state.seconds += took
        self.state.epoch_seconds += took
        self._chunk = max(1, min(int(taken * _CHUNK_SECONDS / max(took, 1e-6)), 4 * taken))

    def _take(self, past: int) -> NDArray[np.float64]:
        """Have the engine take the steps of this epoch up to ``past``."""
        epoch, begin, optimizer = self.state.epoch, self.state.batch, self.optimizer
        steps = np.arange(self.done, self.done + past - begin)
        rates = optimizer.step_rates(self.rates(steps), steps)
        batches, offset = self._task.batches(epoch, begin, past)
        serial = epoch * self._task.examples + offset * self.batch_size
        return self._task.stepper.run(batches, begin - offset, past - offset, optimizer, rates, serial)

    def _account(self, history: NDArray[np.float64]) -> None:
        """Add up losses and correct outputs one by one, so that totals have the same bits wherever chunks end."""
        if not len(history):
            return
        state = self.state
        over = (state.batch + len(history) - 1) // self.per_epoch
        if over:  # epochs that are complete and left behind
            history = history[over * self.per_epoch - state.batch :]
            state.epoch, state.batch, state.loss_sum, state.right = state.epoch + over, 0, 0.0, 0
        sums = history.copy()
        sums[0, 0] += state.loss_sum
        sums[0, 1] += state.right
        state.loss_sum, state.right = sums.cumsum(axis=0)[-1].tolist()
        state.batch += len(history)

    def _undo(self, bad: int) -> None:
        """Return to the state before the step that made the loss of step ``bad`` diverge, and raise the error."""
        guilty = bad - 1
        if guilty < 0 or not self._rewind.usable(guilty):
            raise DivergedError(
                "The loss is NaN or infinite before the first step: the network's parameters or the data are "
                "unusable. Reset the network, or look for extreme values."
            )
        good = self._replay(guilty)
        if good < guilty:
            guilty = good
            self._replay(good)
        raise DivergedError(
            f"The loss became NaN or infinite after step {guilty}, with learning rate {self.rate(guilty):g}: the "
            "parameters are back to those before that step. Try a smaller learning rate."
        )

    def _replay(self, until: int) -> int:
        """Take the steps from the last good state to ``until`` again, one by one.

        Returns the first that makes a parameter or a moment infinite, or ``until`` if none does.
        """
        self.state = self._rewind.restore(until, self.vectors)
        while self.done < until:
            if self.state.batch == self.per_epoch:
                self.next_epoch()
            self._account(self._take(self.state.batch + 1))
            if not self._is_finite():
                return self.done - 1
        return until
