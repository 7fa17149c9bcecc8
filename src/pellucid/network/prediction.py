"""The prediction for one input: all outputs, the best guess and the runner-up, or values, in numbers and in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

VALUE_LOSSES = frozenset({"mean_squared", "mean_absolute", "huber"})
"""The losses of networks that predict values, not classes."""


def predicts_values(record: Mapping[str, Any], activation: str | None) -> bool:
    """Whether a network predicts values: by its record, or, where that is silent, by the activation of its outputs.

    Examples
    --------
    >>> predicts_values({"loss": "huber"}, "identity"), predicts_values({}, "softmax")
    (True, False)
    """
    loss = record.get("loss")
    return loss in VALUE_LOSSES if isinstance(loss, str) else activation == "identity"


def values_in_words(outputs: NDArray[np.float32], names: tuple[str, ...]) -> str:
    """Return predicted values (K,) in words.

    Examples
    --------
    >>> values_in_words(np.array([3.25, 0.5], np.float32), ("price", "taxes"))
    'price 3.25, taxes 0.5'
    """
    return ", ".join(f"{name} {value:.4g}" for name, value in zip(names, outputs.tolist(), strict=True))


@dataclass(frozen=True)
class Reading:
    """The prediction for one input.

    ``outputs`` (K,) float32, one value per class; ``classes`` the K names.

    Examples
    --------
    >>> import numpy as np
    >>> reading = Reading(np.array([0.0, 0.4, 0.6], np.float32), ("1", "8", "3"))
    >>> reading.best, reading.runner_up
    ('3', '8')
    >>> print(reading)
    3 at 0.60, then 8 at 0.40
    """

    outputs: NDArray[np.float32]
    classes: tuple[str, ...]

    @property
    def order(self) -> NDArray[np.int64]:
        """Class indices by decreasing output; equal outputs in the order of the classes."""
        return np.argsort(-self.outputs, kind="stable")

    @property
    def best(self) -> str:
        """The class with the largest output."""
        return self.classes[int(self.order[0])]

    @property
    def runner_up(self) -> str | None:
        """The class with the second largest output; None if there is only one class."""
        return self.classes[int(self.order[1])] if len(self.classes) > 1 else None

    @property
    def confidence(self) -> float:
        """The largest output."""
        return float(self.outputs.max())

    def __str__(self) -> str:
        ranked = [f"{self.classes[i]} at {self.outputs[i]:.2f}" for i in self.order[:2]]
        return ", then ".join(ranked)

    def _repr_html_(self) -> str:
        """All outputs as bars, for notebooks."""
        from pellucid.reports.reading import reading_html

        return reading_html(self.outputs, self.classes, str(self))
