"""The interface of programs, which run networks of any layers.

`pellucid.programs.choice.program_for` chooses a network's program once. There is one for dense networks, one for
networks over planes and one for networks of sequences.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pellucid.engine.programs import table as t
from pellucid.engine.records import STOP
from pellucid.errors import ConfigurationError
from pellucid.layers.layer import Layer, Shape, Vector
from pellucid.programs.cost import cost_of
from pellucid.programs.fast_path import FastPath
from pellucid.programs.parameter_groups import ParameterGroup, Settings
from pellucid.programs.update_rule import UpdateRule
from pellucid.system.fixed import Fixed
from pellucid.system.memory import aligned

Inputs = TypeVar("Inputs")
"""Inputs in the engine's format: flat images, or concatenated sequences."""


@dataclass(frozen=True)
class Gradient:
    """The mean ``loss`` of a batch and its gradient by ``parameters`` (parameter_count,) and ``inputs``.

    Those by inputs are (N, D) for images, and in the form of the inputs for sequences.
    """

    loss: float
    parameters: NDArray[np.float32]
    inputs: Any

    def times(self, count: int) -> Gradient:
        """That of the sum, if this is the one of a mean over ``count`` examples."""
        scale = np.float32(count)
        inputs = [rows * scale for rows in self.inputs] if isinstance(self.inputs, list) else self.inputs * scale
        return Gradient(self.loss * count, self.parameters * scale, inputs)


@dataclass(frozen=True)
class StepperOptions:
    """The options of a stepper.

    ``rule`` is the optimiser, ``loss`` a name, ``clip`` the largest norm of a gradient and ``seed`` the seed of
    dropout; ``threads`` share a step, by default as many as save time; ``weighted`` if examples have weights;
    ``groups`` have all parameters, by default in one.
    """

    rule: UpdateRule
    loss: str
    batch_size: int
    seed: int = 0
    clip: float | None = None
    threads: int | None = None
    weighted: bool = False
    groups: tuple[ParameterGroup, ...] = ()


class Stepper(ABC):
    """Takes training steps on one network: owns the gradient, the moments and the arenas.

    Attributes
    ----------
    moments : two of ndarray
        The optimiser's moments: two vectors (parameter_count,), of length 0 if it has none.
    threads : int
        Threads that share a step.
    spans_epochs : bool
        Whether one call may take steps of several epochs.
    """

    threads: int
    spans_epochs: bool = False

    def __init__(self, parameters: Vector, options: StepperOptions, loss: int) -> None:
        self._parameters, self._count = parameters, parameters.size
        self._batch_size, self._loss = options.batch_size, loss
        self._barrier = np.zeros(16, np.int64)
        self._settings = Settings(options.groups or (ParameterGroup(0, parameters.size),), parameters.size)
        self.equip(options.rule)

    def stop(self) -> None:
        """Give up the step that another thread takes at this moment in `run`, which then returns the steps before."""
        self._barrier[STOP] = 1

    def _finished(self, history: NDArray[np.float64]) -> NDArray[np.float64]:
        """The rows of the steps that were taken, and of one whose loss is not finite; not of one that was given up."""
        given_up, self._barrier[STOP] = self._barrier[STOP] != 0, 0
        if ends_finite(history):
            return history
        finite = np.isfinite(history[:, 0])
        return history[: int(np.argmin(finite)) + (0 if given_up else 1)]

    def equip(self, rule: UpdateRule) -> None:
        """Allocate the moments of this optimiser; those of a previous one are dropped."""
        first, second = (aligned(self._count if i < t.MOMENTS[rule.code] else 0) for i in range(2))
        self.moments = first, second

    @abstractmethod
    def run(
        self,
        batches: Any,
        begin: int,
        end: int,
        rule: UpdateRule,
        rates: NDArray[np.float32],
        serial: int = 0,
    ) -> NDArray[np.float64]:
        """Take the steps from ``begin`` to ``end`` of an epoch.

        Parameters
        ----------
        batches : object
            The epoch's examples and their order, in the form that the program's stepper takes.
        rule : UpdateRule
            The optimiser, of the kind that the stepper was made for.
        rates : ndarray (end - begin, RATES)
            The rates that `pellucid.training.optimizers.Optimizer.step_rates` returns for these steps.
        serial : int
            The number of the first example in ``batches`` among all examples trained on so far.

        Returns
        -------
        ndarray (steps, 2)
            Summed loss and number of correct predictions of each mini-batch. A loss that is not finite ends the steps:
            its row is the last, and its step was not taken. After `stop` there are fewer rows.
        """


def ends_finite(history: NDArray[np.float64]) -> bool:
    """Whether all losses of a history (steps, 2) are finite: one that is not ends the steps."""
    return not len(history) or math.isfinite(history[-1, 0])


class Program(Fixed, ABC, Generic[Inputs]):
    """A network's layers over one vector of parameters, as the engine runs them.

    Parameters
    ----------
    layers : sequence of Layer
        First layer first; each is attached to ``parameters``.
    input_shape : tuple
        Shape of one input.
    parameters : ndarray (parameter_count,)
        Read at every call, and written by a stepper.
    """

    losses: ClassVar[Mapping[str, int]]
    """The engine's codes of the losses that this kind of network can be trained with."""

    takes_sequences: ClassVar[bool] = False
    """Whether inputs are sequences of frames."""

    _fixed = frozenset(
        {"layers", "input_shape", "output_shape", "parameters", "parameter_count", "level_range", "plan"}
    )

    def __init__(self, layers: Sequence[Layer], input_shape: Shape, parameters: Vector) -> None:
        self.layers, self.input_shape, self.parameters = tuple(layers), input_shape, parameters
        self.parameter_count = parameters.size
        shape = input_shape
        for layer in layers:
            shape = layer.output_shape(shape)
        self.output_shape = shape
        self.cost = cost_of(layers, input_shape)

    @abstractmethod
    def inputs(self, x: Any, lengths: ArrayLike | None = None) -> Inputs:
        """Convert inputs from any form that users may pass to the engine's format.

        Raises
        ------
        ShapeError, DataError
            For other shapes, and for inputs that are not numbers.
        """

    @abstractmethod
    def products(self, inputs: Inputs) -> int:
        """Multiply-adds that reading these inputs takes."""

    @abstractmethod
    def read(self, inputs: Inputs) -> Any:
        """The network's outputs, in the form that the inputs were passed in."""

    @abstractmethod
    def trace(self, inputs: Inputs) -> Any:
        """Everything that every layer computes for these inputs."""

    @abstractmethod
    def gradient(self, inputs: Inputs, labels: Any, loss: str | None = None) -> Gradient:
        """The mean loss and its gradient by parameters and inputs; by default the loss that suits the labels."""

    @abstractmethod
    def pullback(self, inputs: Inputs, cotangent: Any) -> Gradient:
        """The gradient of ``sum(cotangent * outputs)``, whose value is the loss."""

    @abstractmethod
    def evaluate(self, inputs: Any, targets: Any, loss: str) -> tuple[float, float]:
        """Mean loss and accuracy over examples in the form that training takes."""

    @abstractmethod
    def stepper(self, options: StepperOptions, *, sparse: bool = True) -> Stepper:
        """Make a stepper for training; ``sparse`` says whether images are passed as sparse rows."""

    def fast_path(self) -> FastPath | None:
        """The fast path for single inputs, or None if there is none."""
        return None

    def loss_code(self, loss: str) -> int:
        """The engine's code of a loss; raises unless the network's outputs suit it."""
        if not isinstance(loss, str) or loss not in self.losses:
            raise ConfigurationError(f"loss expected one of {', '.join(self.losses)}; got {loss!r}.")
        self._check_loss(loss)
        return self.losses[loss]

    @abstractmethod
    def _check_loss(self, loss: str) -> None:
        """Raise unless the network's outputs suit a loss."""
