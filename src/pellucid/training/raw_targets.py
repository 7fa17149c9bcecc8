"""Targets as users give them, for a loss function: they need not suit the outputs."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from pellucid.engine.records import Targets
from pellucid.programs.image_targets import NO_TARGETS, class_targets, value_targets


def is_classes(targets: NDArray[Any]) -> bool:
    """Whether targets are classes; otherwise they are values."""
    return targets.ndim == 1 and targets.dtype.kind in "iu"


def as_given(targets: NDArray[Any]) -> Targets:
    """Classes (n,) or values (n, ...) in the engine's form."""
    return class_targets(np.array(targets, np.int64)) if is_classes(targets) else value_targets(targets)


def given(targets: Targets) -> NDArray[Any]:
    """The targets as the user gave them, classes or values."""
    found: NDArray[Any] = targets.values if targets.classes is NO_TARGETS.classes else targets.classes
    return found


class GivenTargets:
    """The targets of a stream; see `pellucid.training.window_data.StreamTargets`.

    Parameters
    ----------
    name : str
        The loss as users name it.
    """

    loss, weighted = "linear", False

    def __init__(self, name: str) -> None:
        self.name = name

    def __call__(self, targets: NDArray[Any], weights: NDArray[np.float32] | None) -> Targets:
        """The targets (n,) or (n, K) of some examples in the engine's form."""
        return as_given(targets)
