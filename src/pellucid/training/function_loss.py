"""Training with a loss of one's own: a function of outputs and targets that returns the loss and its gradient.

The engine runs the network, the function says how the mean loss changes with every output, and the engine takes the
step: its loss is then the sum of outputs times these numbers.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pellucid.errors import ConfigurationError
from pellucid.programs.interface import Stepper
from pellucid.programs.update_rule import UpdateRule

LossFunction = Callable[[Any, Any], tuple[float, Any]]
"""Takes outputs (n, K) and the targets of these examples, classes (n,) or values (n, ...); returns the mean loss of the
examples and its gradient by the outputs (n, K). For sequences with an output at every frame, outputs (T, K), targets
and gradients (T, K) are lists of n arrays."""


def name_of(function: LossFunction) -> str:
    """The name under which training reports and records a function."""
    return f"{getattr(function, '__name__', type(function).__name__)}()"


def is_function(name: str) -> bool:
    """Whether the name of a loss is that of a function."""
    return name.endswith("()")


class FunctionBatches(ABC):
    """The mini-batches of some steps, as a loss function sees them.

    Attributes
    ----------
    linear : object
        The same mini-batches for a stepper whose loss is "linear".
    order : ndarray of int64
        The examples in the order in which they are visited.
    """

    linear: Any
    order: NDArray[np.int64]

    @abstractmethod
    def outputs(self, rows: NDArray[np.int64], before: int) -> Any:
        """The outputs for some examples, of which ``before`` precede them in the order; in training with dropout."""

    @abstractmethod
    def targets(self, rows: NDArray[np.int64]) -> Any:
        """Their targets, as the user gave them."""

    @abstractmethod
    def correct(self, outputs: Any, targets: Any) -> float:
        """The number of these examples that are predicted correctly."""

    @abstractmethod
    def pass_on(self, rows: NDArray[np.int64], gradient: Any) -> None:
        """Write the gradient of the mean loss by the outputs to ``linear``, times the number of examples."""


class FunctionStepper(Stepper):
    """Takes each step with the gradient that the function returns for its mini-batch, by another stepper.

    Parameters
    ----------
    stepper : Stepper
        Made for the loss "linear".
    function : callable
        See `LossFunction`.
    batch_size : int
    view : callable
        Returns what the function sees of the mini-batches that `run` is given, and of their ``serial``.
    """

    def __init__(
        self, stepper: Stepper, function: LossFunction, batch_size: int, view: Callable[[Any, int], FunctionBatches]
    ) -> None:
        self._stepper, self._function, self._size, self._view = stepper, function, batch_size, view
        self.threads, self.moments = stepper.threads, stepper.moments

    def stop(self) -> None:
        """See `Stepper.stop`."""
        self._stepper.stop()

    def equip(self, rule: UpdateRule) -> None:
        """See `Stepper.equip`."""
        self._stepper.equip(rule)
        self.moments = self._stepper.moments

    def run(
        self, batches: Any, begin: int, end: int, rule: UpdateRule, rates: NDArray[np.float32], serial: int = 0
    ) -> NDArray[np.float64]:
        """See `Stepper.run`."""
        history: list[tuple[float, float]] = []
        seen = self._view(batches, serial)
        for step in range(begin, end):
            rows = seen.order[step * self._size : (step + 1) * self._size]
            outputs, targets = seen.outputs(rows, step * self._size), seen.targets(rows)
            try:
                loss, gradient = called(self._function, outputs, targets)
            except Exception:
                if history:
                    break  # the steps before count; the next call raises this again
                raise
            history.append((loss * len(rows), seen.correct(outputs, targets)))
            if not math.isfinite(loss):
                break
            seen.pass_on(rows, gradient)
            taken = self._stepper.run(seen.linear, step, step + 1, rule, rates[step - begin : step - begin + 1], serial)
            if not len(taken):
                history.pop()
                break
            if not math.isfinite(taken[0, 0]):
                history[-1] = (math.nan, math.nan)
                break
        return np.array(history, np.float64).reshape(-1, 2)


def summed(function: LossFunction, seen: FunctionBatches, at_once: int) -> NDArray[np.float64]:
    """The summed loss of all examples, and the number that are predicted correctly (2,), ``at_once`` in each call."""
    sums = np.zeros(2)
    for begin in range(0, len(seen.order), at_once):
        rows = seen.order[begin : begin + at_once]
        outputs, targets = seen.outputs(rows, begin), seen.targets(rows)
        mean, _ = called(function, outputs, targets)
        sums += mean * len(rows), seen.correct(outputs, targets)
    return sums


def called(function: LossFunction, outputs: Any, targets: Any) -> tuple[float, Any]:
    """Call the function, and check its answer.

    Raises
    ------
    ConfigurationError
        If it is not a mean loss and a gradient of the shape of the outputs.
    """
    answer = function(outputs, targets)
    name = name_of(function)
    if not isinstance(answer, tuple) or len(answer) != 2:
        raise ConfigurationError(
            f"The loss function {name} expected to return (loss, gradient), returned {type(answer).__name__}."
        )
    loss = np.asarray(answer[0])
    if loss.shape != () or loss.dtype.kind not in "fiu":
        raise ConfigurationError(
            f"The loss function {name} expected to return the mean loss as one number, returned {loss.dtype} of shape "
            f"{loss.shape}."
        )
    if not isinstance(outputs, list):
        return float(loss), _checked_gradient(name, answer[1], outputs)
    if not isinstance(answer[1], list | tuple) or len(answer[1]) != len(outputs):
        raise ConfigurationError(
            f"The loss function {name} expected to return a list of {len(outputs)} gradients, one for each sequence."
        )
    return float(loss), [_checked_gradient(name, *pair) for pair in zip(answer[1], outputs, strict=True)]


def _checked_gradient(name: str, answer: Any, outputs: NDArray[np.float32]) -> NDArray[np.float32]:
    gradient = np.asarray(answer)
    if gradient.shape != outputs.shape or gradient.dtype.kind not in "fiu":
        raise ConfigurationError(
            f"The loss function {name} expected to return a gradient for outputs of shape {outputs.shape}, returned "
            f"{gradient.dtype} of shape {gradient.shape}."
        )
    with np.errstate(over="ignore"):
        return np.array(gradient, np.float32)
