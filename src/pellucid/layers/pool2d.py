"""Pooling: each window of a picture is reduced to one number."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from pellucid.layers.layer import Layer, Shape, Vector
from pellucid.layers.planes import Pair, Size, as_planes, pair, windows


@dataclass
class _Pool2d(Layer):
    """Windows of ``kernel_size`` over planes (C, H, W) or (H, W), ``stride`` apart, by default their own size."""

    kernel_size: Size
    stride: Size | None = None

    def __post_init__(self) -> None:
        name = type(self).__name__
        self.kernel_size = pair(name, "kernel_size", self.kernel_size, 1)
        self.stride = self.kernel_size if self.stride is None else pair(name, "stride", self.stride, 1)

    @property
    def geometry(self) -> tuple[Pair, Pair]:
        """Window and stride, each as (down, across)."""
        name = type(self).__name__
        window = pair(name, "kernel_size", self.kernel_size, 1)
        return window, window if self.stride is None else pair(name, "stride", self.stride, 1)

    def output_shape(self, input_shape: Shape) -> Shape:
        """``(C, H', W')``: as many whole windows as fit."""
        name = type(self).__name__
        channels, _, _ = as_planes(name, input_shape)
        return (channels, *windows(name, input_shape, *self.geometry))

    def parameter_shapes(self, input_shape: Shape) -> dict[str, Shape]:
        """No parameters."""
        return {}

    def initialize(self, rng: np.random.Generator) -> None:
        """There are no parameters to draw."""

    def configuration(self) -> dict[str, Any]:
        """The arguments that recreate this layer."""
        window, stride = self.geometry
        return {"kernel_size": list(window), "stride": list(stride)}

    def named(self) -> dict[str, Vector]:
        """No parameters."""
        return {}

    def _describe(self, what: str) -> str:
        (down, across), stride = self.geometry
        moved = "" if stride == (down, across) else f", stride {stride[0]}x{stride[1]}"
        return f"a = {what} of each {down}x{across}{moved}"


@dataclass
class MaxPool2d(_Pool2d):
    """``a[c, y, x] = max over i, j of x[c, s y + i, s x + j]``.

    The gradient goes to the largest value of each window, the first if there are several.
    Derivation: ``docs/derivations/pool2d.md``.

    Parameters
    ----------
    kernel_size : int or (int, int)
        Sides of a window; two numbers are (down, across).
    stride : int or (int, int), optional
        Distance between windows; by default their size.

    Raises
    ------
    ConfigurationError
        For an impossible size.

    Examples
    --------
    >>> import numpy as np
    >>> import pellucid as pl
    >>> net = pl.Network([pl.MaxPool2d(2)], input_shape=(2, 4))
    >>> net(np.array([[0.0, 0.5, 0.25, 0.0], [1.0, 0.5, 0.0, 0.0]])).tolist()
    [[[1.0, 0.25]]]
    """

    kind: ClassVar[str] = "max_pool2d"

    def describe(self) -> str:
        """What the layer computes from each window."""
        return self._describe("the largest")


@dataclass
class AvgPool2d(_Pool2d):
    """``a[c, y, x] = mean over i, j of x[c, s y + i, s x + j]``.

    Derivation: ``docs/derivations/pool2d.md``.

    Parameters
    ----------
    kernel_size : int or (int, int)
        Sides of a window; two numbers are (down, across).
    stride : int or (int, int), optional
        Distance between windows; by default their size.

    Raises
    ------
    ConfigurationError
        For an impossible size.

    Examples
    --------
    >>> import numpy as np
    >>> import pellucid as pl
    >>> net = pl.Network([pl.AvgPool2d(2)], input_shape=(2, 4))
    >>> net(np.array([[0.0, 1.0, 0.5, 0.5], [0.0, 1.0, 0.5, 0.5]])).tolist()
    [[[0.5, 0.5]]]
    """

    kind: ClassVar[str] = "avg_pool2d"

    def describe(self) -> str:
        """What the layer computes from each window."""
        return self._describe("the mean")
