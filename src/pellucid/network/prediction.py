"""The prediction for one input: all outputs, the best guess and the runner-up, in numbers and in words."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


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
