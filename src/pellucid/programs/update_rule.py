"""What steppers need of an optimiser."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray


class UpdateRule(Protocol):
    """The part of an optimiser that a stepper uses."""

    @property
    def code(self) -> int:
        """The engine's code for the optimiser."""

    @property
    def decay(self) -> float:
        """Weight decay."""

    @property
    def decouples_decay(self) -> bool:
        """Whether parameters decay apart from the gradient."""

    def settings(self) -> NDArray[np.float32]:
        """The optimiser's settings for the engine, (SETTINGS,)."""
