"""Groups of parameters that a step treats differently: with another learning rate, or another decay."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pellucid.engine.programs import table as t
from pellucid.engine.programs.capacity import check_groups
from pellucid.engine.records import Schedule
from pellucid.programs.update_rule import UpdateRule


@dataclass(frozen=True)
class ParameterGroup:
    """The parameters from ``begin`` to ``end``: a factor for their learning rate, and their decay.

    With a ``decay`` of None it is the optimiser's.
    """

    begin: int
    end: int
    rate: float = 1.0
    decay: float | None = None

    @property
    def is_usual(self) -> bool:
        """Whether nothing differs from what the optimiser says."""
        return self.rate == 1.0 and self.decay is None


class Settings:
    """What the engine needs of the optimiser in a step, made once for each rule.

    Parameters
    ----------
    groups : sequence of ParameterGroup
        Together they have every parameter once, in ascending order.
    count : int
        The number of all parameters.
    """

    def __init__(self, groups: tuple[ParameterGroup, ...], count: int) -> None:
        self.groups, self._count = groups, count
        self.usual = all(group.is_usual for group in groups)
        self._ranges = np.array([(group.begin, group.end) for group in groups], np.int64).ravel()
        self._made: tuple[UpdateRule, int] | None = None
        self._settings = self._factors = np.zeros(0, np.float32)

    def schedule(
        self, rule: UpdateRule, threads: int, rates: NDArray[np.float32], history: NDArray[np.float64]
    ) -> Schedule:
        """The rates of the steps, and the settings of each thread, those of one group after those of another."""
        if self._made is None or self._made[0] is not rule or self._made[1] != threads:
            self._settings = np.concatenate([_settings(rule, group) for group in self.groups] * threads)
            self._factors = np.array([_factors(rule, group) for group in self.groups], np.float32).ravel()
            check_groups(self._ranges, self._factors, len(self.groups), self._count)
            self._made = rule, threads
        return Schedule(self._settings, rates, history, self._ranges, self._factors, len(self.groups))


def _settings(rule: UpdateRule, group: ParameterGroup) -> NDArray[np.float32]:
    settings = rule.settings()
    if group.decay is not None and not rule.decouples_decay:
        settings[t.DECAY] = group.decay
    return settings


def _factors(rule: UpdateRule, group: ParameterGroup) -> tuple[float, float]:
    """What the learning rate of a step is multiplied by, and the share that decays apart from the gradient."""
    if group.decay is None or not rule.decouples_decay:
        return group.rate, group.rate
    return group.rate, group.rate * group.decay / rule.decay if rule.decay else 0.0
