"""Dropout: the network learns not to rely on any single number."""

from __future__ import annotations

import reprlib
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from pellucid.errors import ConfigurationError
from pellucid.layers.layer import Layer, Shape, Vector


@dataclass
class Dropout(Layer):
    """In training ``a = m x / (1 - rate)``, where m is 0 with probability ``rate`` and 1 otherwise; else ``a = x``.

    m is drawn for every number of every image from the trainer's seed: the same seed gives the same bits, on any number
    of threads and after resuming. Derivation: ``docs/derivations/dropout.md``.

    Parameters
    ----------
    rate : float
        Probability that a number is dropped, from 0 up to, not including, 1.

    Raises
    ------
    ConfigurationError
        For another rate.

    References
    ----------
    Srivastava et al., "Dropout: a simple way to prevent neural networks from overfitting", 2014.

    Examples
    --------
    >>> import numpy as np
    >>> import pellucid as pl
    >>> pl.Network([pl.Dropout(0.5)], input_shape=(3,))(np.array([0.0, 0.5, 1.0])).tolist()
    [0.0, 0.5, 1.0]
    """

    kind: ClassVar[str] = "dropout"

    rate: float = 0.5

    def __post_init__(self) -> None:
        if isinstance(self.rate, bool) or not isinstance(self.rate, int | float | np.integer | np.floating):
            raise ConfigurationError(f"Dropout expected a number for rate, got {self.rate!r}.")
        if not 0.0 <= self.rate < 1.0:
            raise ConfigurationError(
                f"Dropout expected a rate from 0 up to, not including, 1; got {reprlib.repr(self.rate)}."
            )
        self.rate = float(self.rate)

    @property
    def chance(self) -> int:
        """The rate in units of 2**-32, for the engine."""
        return min(round(self.rate * 2**32), 2**32 - 1)

    def output_shape(self, input_shape: Shape) -> Shape:
        """The input's shape."""
        return input_shape

    def parameter_shapes(self, input_shape: Shape) -> dict[str, Shape]:
        """No parameters."""
        return {}

    def initialize(self, rng: np.random.Generator) -> None:
        """There are no parameters to draw."""

    def configuration(self) -> dict[str, Any]:
        """The arguments that recreate this layer."""
        return {"rate": self.rate}

    def describe(self) -> str:
        """What the layer does, in training and otherwise."""
        return f"a = x; in training, {self.rate:.0%} dropped"

    def named(self) -> dict[str, Vector]:
        """No parameters."""
        return {}
