"""Checks of a trainer's options."""

from __future__ import annotations

from typing import Any

import numpy as np

from pellucid.errors import ConfigurationError
from pellucid.training.optimizers import OPTIMIZERS, USUAL, Optimizer


def checked_integer(name: str, value: Any, low: int, high: int | None = None) -> int:
    """The value as an int; raises unless it is an integer, Python's or NumPy's, from ``low`` to ``high``."""
    whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
    if whole and low <= value and (high is None or value <= high):
        return int(value)
    range_ = f"of at least {low}" if high is None else f"from {low} to {high:,}"
    raise ConfigurationError(f"{name} expected an integer {range_}, got {value!r}.")


def checked_optimizer(optimizer: Optimizer | str) -> Optimizer:
    """The optimiser, or that of a name; raises for anything else."""
    if isinstance(optimizer, str):
        if optimizer not in USUAL:
            raise ConfigurationError(
                f"optimizer expected one of {', '.join(USUAL)}, or an Optimizer; got {optimizer!r}."
            )
        return USUAL[optimizer]
    if not isinstance(optimizer, Optimizer) or optimizer.kind not in OPTIMIZERS:
        raise ConfigurationError(f"optimizer expected an Optimizer such as pl.SGD(0.1), got {optimizer!r}.")
    return optimizer
