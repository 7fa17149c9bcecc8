"""Optimisers: plain gradient descent, momentum, Adam, AdamW, RMSprop. Each holds settings; the engine takes the steps.

The update rules are derived in ``docs/derivations/optimizers.md``.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from pellucid.engine.programs import table as t
from pellucid.errors import ConfigurationError
from pellucid.network.network import Network
from pellucid.training.schedules import Schedule, as_schedule, check_number, kind_of, schedule_from


@dataclass(frozen=True)
class Optimizer:
    """Settings of an optimiser. ``learning_rate`` is a number or a `pellucid.training.schedules.Schedule`.

    ``decay`` is L2 decay: it adds ``decay * w`` to the gradient of every parameter. `AdamW` uses it in another way.
    """

    kind: ClassVar[str] = ""
    moments: ClassVar[int] = 0
    """Number of vectors, shaped as the parameters, that the optimiser keeps between steps."""

    decouples_decay: ClassVar[bool] = False
    """Whether parameters decay apart from the gradient."""

    learning_rate: float | Schedule
    decay: float = field(default=0.0, kw_only=True)

    def __post_init__(self) -> None:
        as_schedule(self.learning_rate)
        check_number("decay", self.decay, lambda value: value >= 0, "of at least 0")

    @property
    def code(self) -> int:
        """The engine's code of the update rule."""
        raise NotImplementedError

    @cached_property
    def schedule(self) -> Schedule:
        """The learning rate as a schedule."""
        return as_schedule(self.learning_rate)

    def settings(self) -> NDArray[np.float32]:
        """The engine's eight settings: see `pellucid.engine.kernels.optimizers`; rates are filled in step by step."""
        settings = np.zeros(t.SETTINGS, np.float32)
        settings[1], settings[5] = self.decay, 1.0
        return settings

    def step_rates(self, rates: NDArray[np.float64], steps: NDArray[np.int64]) -> NDArray[np.float32]:
        """Three numbers per step for the engine: rate, scale of the second moment, share that decays (steps, 3)."""
        return _as_float32(rates, 1.0)

    def configuration(self) -> dict[str, Any]:
        """The arguments that recreate this optimiser, and its kind."""
        others = {f.name: getattr(self, f.name) for f in fields(self) if f.name != "learning_rate"}
        return {"kind": self.kind, "learning_rate": self.schedule.configuration(), **others}


@dataclass(frozen=True)
class SGD(Optimizer):
    """Plain stochastic gradient descent: ``w -= rate * g``.

    References
    ----------
    Robbins and Monro, "A stochastic approximation method", 1951.
    """

    kind: ClassVar[str] = "sgd"

    @property
    def code(self) -> int:
        """The engine's code of the update rule."""
        return t.SGD


@dataclass(frozen=True)
class Momentum(Optimizer):
    """``v = momentum * v + g``, ``w -= rate * v``; with ``nesterov`` ``w -= rate * (g + momentum * v)``.

    References
    ----------
    Polyak, "Some methods of speeding up the convergence of iteration methods", 1964; Sutskever et al., "On the
    importance of initialization and momentum in deep learning", 2013.
    """

    kind: ClassVar[str] = "momentum"
    moments: ClassVar[int] = 1

    momentum: float = 0.9
    nesterov: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        check_number("momentum", self.momentum, lambda value: 0 <= value < 1, "from 0 to below 1")
        if not isinstance(self.nesterov, bool):
            raise ConfigurationError(f"nesterov expected True or False, got {self.nesterov!r}.")

    @property
    def code(self) -> int:
        """The engine's code of the update rule."""
        return t.NESTEROV if self.nesterov else t.MOMENTUM

    def settings(self) -> NDArray[np.float32]:
        """The engine's eight settings."""
        settings = super().settings()
        settings[2] = self.momentum
        return settings


@dataclass(frozen=True)
class Adam(Optimizer):
    """Adam: ``m`` and ``s`` follow the gradient and its square; ``w -= rate * m' / (sqrt(s') + epsilon)``.

    References
    ----------
    Kingma and Ba, "Adam: a method for stochastic optimization", 2015.
    """

    kind: ClassVar[str] = "adam"
    moments: ClassVar[int] = 2

    learning_rate: float | Schedule = 0.001
    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-8

    def __post_init__(self) -> None:
        super().__post_init__()
        check_number("beta1", self.beta1, lambda value: 0 <= value < 1, "from 0 to below 1")
        check_number("beta2", self.beta2, lambda value: 0 <= value < 1, "from 0 to below 1")
        check_number("epsilon", self.epsilon, lambda value: value >= 1e-30, "of at least 1e-30")

    @property
    def code(self) -> int:
        """The engine's code of the update rule."""
        return t.ADAM

    def settings(self) -> NDArray[np.float32]:
        """The engine's eight settings."""
        settings = super().settings()
        settings[2:5] = self.beta1, self.beta2, self.epsilon
        return settings

    def step_rates(self, rates: NDArray[np.float64], steps: NDArray[np.int64]) -> NDArray[np.float32]:
        """The rates with the bias corrections of both moments, which depend on the step number alone."""
        first = 1.0 - self.beta1 ** (steps + 1.0)
        second = 1.0 - self.beta2 ** (steps + 1.0)
        return _as_float32(rates / first, 1.0 / np.sqrt(second))


@dataclass(frozen=True)
class AdamW(Adam):
    """Adam with decoupled decay: before its step, each parameter shrinks by the share ``rate * decay``.

    References
    ----------
    Loshchilov and Hutter, "Decoupled weight decay regularization", 2019.
    """

    kind: ClassVar[str] = "adamw"
    decouples_decay: ClassVar[bool] = True

    decay: float = field(default=0.01, kw_only=True)

    def settings(self) -> NDArray[np.float32]:
        """The engine's eight settings."""
        settings = super().settings()
        settings[1] = 0.0
        return settings

    def step_rates(self, rates: NDArray[np.float64], steps: NDArray[np.int64]) -> NDArray[np.float32]:
        """Those of Adam, and the share that decays."""
        found = super().step_rates(rates, steps)
        with np.errstate(over="ignore"):
            found[:, 2] = rates * self.decay
        return found


@dataclass(frozen=True)
class RMSprop(Optimizer):
    """``s`` follows the square of the gradient; ``w -= rate * g / (sqrt(s) + epsilon)``.

    References
    ----------
    Tieleman and Hinton, "Lecture 6.5: RMSprop", Neural networks for machine learning, 2012.
    """

    kind: ClassVar[str] = "rmsprop"
    moments: ClassVar[int] = 1

    learning_rate: float | Schedule = 0.01
    smoothing: float = 0.99
    epsilon: float = 1e-8

    def __post_init__(self) -> None:
        super().__post_init__()
        check_number("smoothing", self.smoothing, lambda value: 0 <= value < 1, "from 0 to below 1")
        check_number("epsilon", self.epsilon, lambda value: value >= 1e-30, "of at least 1e-30")

    @property
    def code(self) -> int:
        """The engine's code of the update rule."""
        return t.RMSPROP

    def settings(self) -> NDArray[np.float32]:
        """The engine's eight settings."""
        settings = super().settings()
        settings[3:5] = self.smoothing, self.epsilon
        return settings


OPTIMIZERS: dict[str, type[Optimizer]] = {
    optimizer.kind: optimizer for optimizer in (SGD, Momentum, Adam, AdamW, RMSprop)
}
"""Every kind of optimiser by its name in files."""


def optimizer_from(configuration: dict[str, Any]) -> Optimizer:
    """The optimiser with the arguments that `Optimizer.configuration` returned.

    Raises
    ------
    FieldError, ConfigurationError
        If a field is missing, unknown or wrong; the message names it.
    """
    kind = kind_of(configuration, OPTIMIZERS, "optimizer")
    described = {name: value for name, value in configuration.items() if name != "kind"}
    described["learning_rate"] = schedule_from(described["learning_rate"])
    return OPTIMIZERS[kind](**described)


USUAL: dict[str, Optimizer] = {
    "sgd": SGD(0.1),
    "momentum": Momentum(0.01),
    "adam": Adam(),
    "adamw": AdamW(),
    "rmsprop": RMSprop(),
}
"""Optimisers by name, with settings that suit most networks."""


def suitable_optimizer(net: Network, targets: NDArray[Any] | None) -> Optimizer:
    """The optimiser for a network and its targets, where nobody says which.

    Plain gradient descent with a rate of 1 for dense networks of sigmoid neurons that learn classes, whose gradients
    are small; `Adam` for all others.
    """
    of_classes = targets is not None and targets.dtype.kind in "iu"
    dense = [layer for layer in net.layers if layer.named()]
    if of_classes and len(dense) > 1 and all(getattr(layer, "activation", None) == "sigmoid" for layer in dense[:-1]):
        return SGD(1.0)
    return Adam()


def _as_float32(rates: NDArray[np.float64], scales: NDArray[np.float64] | float) -> NDArray[np.float32]:
    """Three numbers per step; a rate too large for float32 becomes infinite, and training reports that it diverged."""
    found = np.zeros((len(rates), t.RATES), np.float32)
    with np.errstate(over="ignore"):
        found[:, 0], found[:, 1] = rates, scales
    return found
