"""Initialisers of weights, by name. Each draws float32 values (inputs, outputs) from a seeded generator.

``fan_in`` counts a neuron's inputs, ``fan_out`` the neurons that receive its output. In a dense layer these are the
inputs and the outputs. In a convolution ``outputs`` are its filters, and both counts include the positions in a filter.

References
----------
glorot : Glorot and Bengio, "Understanding the difficulty of training deep feedforward neural networks", 2010.
he : He et al., "Delving deep into rectifiers", 2015.
lecun : LeCun et al., "Efficient backprop", 1998.
orthogonal : Saxe et al., "Exact solutions to the nonlinear dynamics of learning in deep linear networks", 2014.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from pellucid.errors import ConfigurationError


class Initializer(Protocol):
    """Draws weights (fan_in, outputs); ``outputs`` defaults to ``fan_out``."""

    def __call__(
        self, rng: np.random.Generator, fan_in: int, fan_out: int, outputs: int | None = None
    ) -> NDArray[np.float32]:
        """Draw the weights."""


def _normal(deviation: Callable[[int, int], float]) -> Initializer:
    def draw(rng: np.random.Generator, fan_in: int, fan_out: int, outputs: int | None = None) -> NDArray[np.float32]:
        return (rng.standard_normal((fan_in, outputs or fan_out)) * deviation(fan_in, fan_out)).astype(np.float32)

    return draw


def _uniform(bound: Callable[[int, int], float]) -> Initializer:
    def draw(rng: np.random.Generator, fan_in: int, fan_out: int, outputs: int | None = None) -> NDArray[np.float32]:
        return (rng.uniform(-1.0, 1.0, (fan_in, outputs or fan_out)) * bound(fan_in, fan_out)).astype(np.float32)

    return draw


def _orthogonal(rng: np.random.Generator, fan_in: int, fan_out: int, outputs: int | None = None) -> NDArray[np.float32]:
    columns = outputs or fan_out
    long, short = max(fan_in, columns), min(fan_in, columns)
    q, r = np.linalg.qr(rng.standard_normal((long, short)))
    q *= np.sign(np.diag(r))
    return np.ascontiguousarray(q if fan_in >= columns else q.T, dtype=np.float32)


def _zeros(rng: np.random.Generator, fan_in: int, fan_out: int, outputs: int | None = None) -> NDArray[np.float32]:
    return np.zeros((fan_in, outputs or fan_out), np.float32)


INITIALIZERS: dict[str, Initializer] = {
    "glorot_uniform": _uniform(lambda fan_in, fan_out: (6.0 / (fan_in + fan_out)) ** 0.5),
    "glorot_normal": _normal(lambda fan_in, fan_out: (2.0 / (fan_in + fan_out)) ** 0.5),
    "he_uniform": _uniform(lambda fan_in, fan_out: (6.0 / fan_in) ** 0.5),
    "he_normal": _normal(lambda fan_in, fan_out: (2.0 / fan_in) ** 0.5),
    "lecun_uniform": _uniform(lambda fan_in, fan_out: (3.0 / fan_in) ** 0.5),
    "lecun_normal": _normal(lambda fan_in, fan_out: (1.0 / fan_in) ** 0.5),
    "orthogonal": _orthogonal,
    "normal": _normal(lambda fan_in, fan_out: 1.0),
    "zeros": _zeros,
}
"""Initialisers by name. Glorot preserves the variance of activations and gradients alike, He compensates for the half
that ReLU cuts off, and LeCun preserves the variance of the forward pass."""


def initializer(name: str) -> Initializer:
    """The initialiser of that name.

    Raises
    ------
    ConfigurationError
        If there is none; the message lists the known names.
    """
    if not isinstance(name, str) or name not in INITIALIZERS:
        raise ConfigurationError(f"initialization expected one of {', '.join(INITIALIZERS)}; got {name!r}.")
    return INITIALIZERS[name]
