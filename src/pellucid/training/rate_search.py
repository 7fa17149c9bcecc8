"""A search for a learning rate: a few hundred steps at rising rates, and how far the loss fell."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pellucid.errors import ConfigurationError, DivergedError
from pellucid.training.schedules import check_rate

_SMOOTHING = 0.9
_GIVE_UP = 4.0  # times the loss of the first steps
_FALLEN = 0.95
_FEWEST = 12


@dataclass(frozen=True)
class RateSearch:
    """What `Trainer.search_rate` found.

    Attributes
    ----------
    rates : ndarray (n,)
        The rates tried, rising by the same factor from step to step.
    losses : ndarray (n,)
        The loss of each step's mini-batch before the step, smoothed over the steps so far.
    suggestion : float
        A tenth of the rate with the lowest loss, since the smoothed loss lags behind; where the loss never fell by a
        twentieth, the rate at which it fell fastest.
    """

    rates: NDArray[np.float64]
    losses: NDArray[np.float64]
    suggestion: float


def search_rate(step: Callable[[float], float], lowest: float, highest: float, steps: int) -> RateSearch:
    """Find a rate; ``step`` takes a training step with a rate, and returns the loss before it.

    See `pellucid.training.trainer.Trainer.search_rate`.

    References
    ----------
    Smith, "Cyclical learning rates for training neural networks", 2017.
    """
    if not check_rate(lowest) < check_rate(highest):
        raise ConfigurationError(f"Expected lowest below highest, got {lowest:g} and {highest:g}.")
    rates = np.geomspace(lowest, highest, steps)
    losses = _losses(step, rates)
    if len(losses) < _FEWEST:
        raise ConfigurationError(
            f"The loss exploded within {len(losses)} steps from {lowest:g} on: pass a smaller lowest rate."
        )
    return RateSearch(rates[: len(losses)], losses, _suggestion(rates[: len(losses)], losses))


def _suggestion(rates: NDArray[np.float64], losses: NDArray[np.float64]) -> float:
    lowest = int(losses.argmin())
    if lowest >= _FEWEST and losses[lowest] < _FALLEN * losses[_FEWEST - 1]:
        return float(rates[lowest] / 10)
    settled = slice(_FEWEST - 1, None)  # the mean of the first losses jumps
    falls = np.gradient(losses[settled], np.log(rates[settled]))
    return float(rates[settled][int(falls.argmin())])


def _losses(step: Callable[[float], float], rates: NDArray[np.float64]) -> NDArray[np.float64]:
    """The smoothed losses at these rates, until they explode."""
    losses: list[float] = []
    mean, begin = 0.0, math.inf
    for number, rate in enumerate(rates.tolist()):
        try:
            mean = _SMOOTHING * mean + (1 - _SMOOTHING) * step(rate)
        except DivergedError:
            break
        smooth = mean / (1 - _SMOOTHING ** (number + 1))
        if smooth > _GIVE_UP * begin:
            break
        losses.append(smooth)
        if len(losses) == _FEWEST:
            begin = smooth
    return np.array(losses)
