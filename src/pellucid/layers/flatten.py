"""Flatten: planes as one vector."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from pellucid.layers.layer import Layer, Shape, Vector


@dataclass
class Flatten(Layer):
    """``a = x``, channel by channel and line by line in one row (C H W,).

    A dense layer flattens its input anyway; this layer makes it explicit.

    Examples
    --------
    >>> import pellucid as pl
    >>> pl.Network([pl.MaxPool2d(2), pl.Flatten(), pl.Dense(10)], input_shape=(28, 28)).parameter_count
    1970
    """

    kind: ClassVar[str] = "flatten"

    def output_shape(self, input_shape: Shape) -> Shape:
        """``(D,)``."""
        return (math.prod(input_shape),)

    def parameter_shapes(self, input_shape: Shape) -> dict[str, Shape]:
        """No parameters."""
        return {}

    def initialize(self, rng: np.random.Generator) -> None:
        """There are no parameters to draw."""

    def configuration(self) -> dict[str, Any]:
        """No arguments."""
        return {}

    def describe(self) -> str:
        """What the layer does."""
        return "a = x in a line"

    def named(self) -> dict[str, Vector]:
        """No parameters."""
        return {}
