"""Learning rate schedules: functions of the step alone."""

from __future__ import annotations

import math
import reprlib
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from pellucid.errors import ConfigurationError
from pellucid.system.fields import Choice, FieldError, check

_LARGEST = 1 << 53
"""The largest integer that is accepted as a number: float64 represents all integers up to it."""

_DEEPEST = 10
"""Largest depth of nested schedules in a file."""


@dataclass(frozen=True)
class Schedule:
    """A learning rate for every step.

    ``rates(steps, per_epoch, total)`` returns float64 rates for an array of step numbers, counted from 0;
    ``per_epoch`` steps make an epoch, and ``total`` is the number of planned steps.
    """

    kind: ClassVar[str] = ""

    learning_rate: float

    def __post_init__(self) -> None:
        check_rate(self.learning_rate)

    def rates(self, steps: NDArray[np.int64], per_epoch: int, total: int) -> NDArray[np.float64]:
        """The learning rate at each of ``steps``."""
        raise NotImplementedError

    def configuration(self) -> dict[str, Any]:
        """The arguments that recreate this schedule, and its kind."""
        return {"kind": self.kind, **asdict(self)}


@dataclass(frozen=True)
class Constant(Schedule):
    """The same rate throughout."""

    kind: ClassVar[str] = "constant"

    def rates(self, steps: NDArray[np.int64], per_epoch: int, total: int) -> NDArray[np.float64]:
        """The learning rate at each of ``steps``."""
        return np.full(len(steps), self.learning_rate)


@dataclass(frozen=True)
class Step(Schedule):
    """The rate times ``factor`` after every ``every`` epochs."""

    kind: ClassVar[str] = "step"

    every: int = 10
    factor: float = 0.5

    def __post_init__(self) -> None:
        super().__post_init__()
        check_number(
            "every", self.every, lambda value: 1 <= value <= 1e9 and value == int(value), "of whole epochs, 1 or more"
        )
        check_number("factor", self.factor, lambda value: 0 < value <= 1, "above 0, up to 1")

    def rates(self, steps: NDArray[np.int64], per_epoch: int, total: int) -> NDArray[np.float64]:
        """The learning rate at each of ``steps``."""
        return self.learning_rate * self.factor ** (steps // (per_epoch * self.every)).astype(np.float64)


@dataclass(frozen=True)
class Cosine(Schedule):
    """Decays from the rate to ``floor`` times the rate, along half a cosine over the planned steps.

    References
    ----------
    Loshchilov and Hutter, "SGDR: stochastic gradient descent with warm restarts", 2017.
    """

    kind: ClassVar[str] = "cosine"

    floor: float = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        check_number("floor", self.floor, lambda value: 0 <= value <= 1, "from 0 to 1")

    def rates(self, steps: NDArray[np.int64], per_epoch: int, total: int) -> NDArray[np.float64]:
        """The learning rate at each of ``steps``."""
        done = np.minimum(steps / max(1, total), 1.0)
        return self.learning_rate * (self.floor + (1 - self.floor) * (1 + np.cos(np.pi * done)) / 2)


@dataclass(frozen=True)
class WarmUp(Schedule):
    """Rises linearly from 0 over ``epochs`` epochs, then follows ``then`` (constant if None).

    References
    ----------
    Goyal et al., "Accurate, large minibatch SGD", 2017.
    """

    kind: ClassVar[str] = "warm_up"

    epochs: float = 1.0
    then: Schedule | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        check_number("epochs", self.epochs, lambda value: 0 < value <= 1e6, "above 0, up to a million")
        if self.then is not None and not isinstance(self.then, Schedule):
            raise ConfigurationError(f"then expected a schedule such as pl.Cosine(0.1), got {self.then!r}.")

    def rates(self, steps: NDArray[np.int64], per_epoch: int, total: int) -> NDArray[np.float64]:
        """The learning rate at each of ``steps``."""
        begin = math.ceil(self.epochs * per_epoch)
        rising = self.learning_rate * (steps + 1) / begin
        later = (self.then or Constant(self.learning_rate)).rates(
            np.maximum(steps - begin, 0), per_epoch, max(1, total - begin)
        )
        return np.where(steps < begin, rising, later)

    def configuration(self) -> dict[str, Any]:
        """The arguments that recreate this schedule, and its kind."""
        then = None if self.then is None else self.then.configuration()
        return {"kind": self.kind, "learning_rate": self.learning_rate, "epochs": self.epochs, "then": then}


SCHEDULES: dict[str, type[Schedule]] = {schedule.kind: schedule for schedule in (Constant, Step, Cosine, WarmUp)}
"""Every kind of schedule by its name in files."""


def schedule_from(configuration: dict[str, Any], depth: int = 0) -> Schedule:
    """The schedule with the arguments that `Schedule.configuration` returned, nested ``depth`` deep in others.

    Raises
    ------
    FieldError, ConfigurationError
        If a field is missing, unknown or wrong; the message names it.
    """
    if depth > _DEEPEST:
        raise FieldError(f"learning_rate.then expected at most {_DEEPEST} nested schedules")
    kind = kind_of(configuration, SCHEDULES, "learning_rate")
    described = {name: value for name, value in configuration.items() if name != "kind"}
    if described.get("then") is not None:
        described["then"] = schedule_from(described["then"], depth + 1)
    return SCHEDULES[kind](**described)


def kind_of(configuration: Any, kinds: Mapping[str, type], of: str) -> str:
    """The kind that a configuration names; raises unless its other keys are the options of that kind."""
    if not isinstance(configuration, dict):
        raise FieldError(f"{of} expected a dictionary, got {reprlib.repr(configuration)}")
    check({"kind": Choice(tuple(kinds))}, {"kind": configuration.get("kind")}, of=of)
    kind: str = configuration["kind"]
    options = [field.name for field in fields(kinds[kind])]
    if unknown := sorted(map(str, configuration.keys() - {"kind", *options})):
        raise FieldError(f"{of}.{unknown[0]} is not an option of {kind}")
    if options[0] not in configuration:
        raise FieldError(f"{of}.{options[0]} is missing")
    return kind


def as_schedule(rate: float | Schedule) -> Schedule:
    """Return a schedule unchanged, and a number as a constant schedule."""
    return rate if isinstance(rate, Schedule) else Constant(check_rate(rate))


def check_rate(rate: float) -> float:
    """The rate as a float; raises unless it is finite and above 0."""
    return check_number("learning_rate", rate, lambda value: value > 0, "above 0")


def check_number(name: str, value: float, good: Callable[[float], bool], range_: str) -> float:
    """The number as a float; raises unless it is finite in float32 and ``good`` there."""
    if not isinstance(value, bool) and isinstance(value, int | float | np.integer | np.floating):
        with np.errstate(over="ignore"):
            exact = isinstance(value, float | np.floating) or abs(int(value)) <= _LARGEST
            rounded = float(np.float32(value)) if exact else math.inf
        if math.isfinite(rounded) and good(rounded):
            return float(value)
    raise ConfigurationError(f"{name} expected a finite number {range_}, got {value!r}.")
