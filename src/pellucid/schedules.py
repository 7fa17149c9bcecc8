"""Learning rates that change as training goes on: functions of the step, computed from nothing but it."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from pellucid.errors import ConfigurationError


@dataclass(frozen=True)
class Schedule:
    """A learning rate for every step.

    ``rates(steps, per_epoch, total)`` gives float64 rates for an array of step numbers, counted from 0;
    ``per_epoch`` steps make an epoch, and ``total`` is how many steps are planned.
    """

    kind: ClassVar[str] = ""

    learning_rate: float

    def __post_init__(self) -> None:
        check_rate(self.learning_rate)

    def rates(self, steps: NDArray[np.int64], per_epoch: int, total: int) -> NDArray[np.float64]:
        """The learning rate at each of ``steps``."""
        raise NotImplementedError

    def configuration(self) -> dict[str, Any]:
        """The arguments that make this schedule again, and its kind."""
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
        if self.every < 1 or not 0 < self.factor <= 1:
            raise ConfigurationError(
                f"Step expected every >= 1 and 0 < factor <= 1, got every={self.every}, factor={self.factor}."
            )

    def rates(self, steps: NDArray[np.int64], per_epoch: int, total: int) -> NDArray[np.float64]:
        """The learning rate at each of ``steps``."""
        return self.learning_rate * self.factor ** (steps // (per_epoch * self.every)).astype(np.float64)


@dataclass(frozen=True)
class Cosine(Schedule):
    """From the rate down to ``floor`` times it along half a cosine over the planned steps.

    References
    ----------
    Loshchilov and Hutter, "SGDR: stochastic gradient descent with warm restarts", 2017.
    """

    kind: ClassVar[str] = "cosine"

    floor: float = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 <= self.floor <= 1:
            raise ConfigurationError(f"Cosine expected floor from 0 to 1, got {self.floor}.")

    def rates(self, steps: NDArray[np.int64], per_epoch: int, total: int) -> NDArray[np.float64]:
        """The learning rate at each of ``steps``."""
        done = np.minimum(steps / max(1, total), 1.0)
        return self.learning_rate * (self.floor + (1 - self.floor) * (1 + np.cos(np.pi * done)) / 2)


@dataclass(frozen=True)
class WarmUp(Schedule):
    """Up in a line from 0 over ``epochs`` epochs, then along ``then`` (constant where None).

    References
    ----------
    Goyal et al., "Accurate, large minibatch SGD", 2017.
    """

    kind: ClassVar[str] = "warm_up"

    epochs: float = 1.0
    then: Schedule | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.epochs > 0:
            raise ConfigurationError(f"WarmUp expected epochs above 0, got {self.epochs}.")

    def rates(self, steps: NDArray[np.int64], per_epoch: int, total: int) -> NDArray[np.float64]:
        """The learning rate at each of ``steps``."""
        begin = math.ceil(self.epochs * per_epoch)
        rising = self.learning_rate * (steps + 1) / begin
        later = (self.then or Constant(self.learning_rate)).rates(
            np.maximum(steps - begin, 0), per_epoch, max(1, total - begin)
        )
        return np.where(steps < begin, rising, later)

    def configuration(self) -> dict[str, Any]:
        """The arguments that make this schedule again, and its kind."""
        then = None if self.then is None else self.then.configuration()
        return {"kind": self.kind, "learning_rate": self.learning_rate, "epochs": self.epochs, "then": then}


SCHEDULES: dict[str, type[Schedule]] = {schedule.kind: schedule for schedule in (Constant, Step, Cosine, WarmUp)}
"""Every kind of schedule by the name it has in files."""


def schedule_from(configuration: dict[str, Any]) -> Schedule:
    """The schedule that `Schedule.configuration` described."""
    described = dict(configuration)
    kind = described.pop("kind")
    if described.get("then") is not None:
        described["then"] = schedule_from(described["then"])
    return SCHEDULES[kind](**described)


def as_schedule(rate: float | Schedule) -> Schedule:
    """A schedule as it is, a number as a constant one."""
    return rate if isinstance(rate, Schedule) else Constant(check_rate(rate))


def check_rate(rate: float) -> float:
    """The rate as a float, refused unless it is finite and above 0."""
    if not isinstance(rate, int | float | np.integer | np.floating) or not (math.isfinite(rate) and rate > 0):
        raise ConfigurationError(f"learning_rate expected a finite number above 0, got {rate!r}.")
    return float(rate)
