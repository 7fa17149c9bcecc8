"""Checks of a trainer's options."""

from __future__ import annotations

from pellucid.errors import ConfigurationError
from pellucid.training.optimizers import OPTIMIZERS, USUAL, Optimizer


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
