"""A neuron as a function: numbers in, one number out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pellucid.errors import ShapeError
from pellucid.layers.layer import Vector

_FUNCTIONS: dict[str, Callable[[Any], Any]] = {
    "identity": lambda z: z,
    "sigmoid": lambda z: 0.5 * (1.0 + np.tanh(0.5 * z)),
    "relu": lambda z: np.maximum(z, 0.0),
    "tanh": np.tanh,
}


@dataclass(frozen=True)
class Neuron:
    """``f(w x + b)`` with w (D,) and b (1,), views of the layer's parameters."""

    weight: Vector
    bias: Vector
    activation: str

    def terms(self, x: ArrayLike) -> NDArray[np.float32]:
        """The terms ``w x`` of the weighted sum, (D,) or (N, D)."""
        return self.weight * self._checked(x)

    def weighted_sum(self, x: ArrayLike) -> float | NDArray[np.float32]:
        """``w x + b`` before the activation, a float or (N,)."""
        z = self._checked(x) @ self.weight + self.bias[0]
        return float(z) if np.ndim(z) == 0 else z

    def __call__(self, x: ArrayLike) -> float | NDArray[np.float32]:
        """The activation, a float or (N,)."""
        a = _FUNCTIONS[self.activation](self.weighted_sum(x))
        return float(a) if np.ndim(a) == 0 else a

    def _checked(self, x: ArrayLike) -> NDArray[np.float32]:
        x = np.asarray(x, np.float32)
        if x.ndim not in (1, 2) or x.shape[-1] != len(self.weight):
            raise ShapeError(
                f"The neuron expected {len(self.weight)} inputs (or (N, {len(self.weight)})), got {x.shape}."
            )
        return x
