"""The convolution: small filters applied at every position of a picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike

from pellucid.errors import ConfigurationError
from pellucid.layers.activation import activation
from pellucid.layers.initialization import initializer
from pellucid.layers.layer import Layer, Shape, Vector
from pellucid.layers.planes import Size, as_planes, pair, windows


@dataclass
class Conv2d(Layer):
    """``a[o, y, x] = f(b[o] + sum over c, i, j of W[o, c, i, j] x[c, s y + i - p, s x + j - p])``.

    W is (out_channels, in_channels, kernel height, kernel width), b (out_channels,), x (C, H, W) or, for one channel,
    (H, W); s is the stride, p the padding, and x is 0 outside. The kernel is not flipped: machine learning calls this
    convolution, mathematics cross-correlation. The derivation of its gradients is in
    ``docs/derivations/conv2d.md``.

    Parameters
    ----------
    out_channels : int
        Number of filters; each makes one plane.
    kernel_size, stride, padding : int or (int, int)
        Sides of a filter, its step, and the number of zeros around the picture; two numbers are (down, across).
    activation : str
        f: "identity", "sigmoid", "relu" or "tanh".
    initialization : str, optional
        How W is initialised (see `pellucid.layers.initialization`); by default He for ReLU, Glorot otherwise. b is 0.

    Raises
    ------
    ConfigurationError
        For an unknown name, or an impossible size.

    References
    ----------
    LeCun et al., "Gradient-based learning applied to document recognition", 1998.

    Examples
    --------
    >>> import pellucid as pl
    >>> net = pl.Network([pl.Conv2d(6, 5, padding=2, activation="relu")], input_shape=(28, 28))
    >>> net.layers[0].weight.shape, net.output_shape
    ((6, 1, 5, 5), (6, 28, 28))
    """

    kind: ClassVar[str] = "conv2d"

    out_channels: int
    kernel_size: Size
    stride: Size = 1
    padding: Size = 0
    activation: str = "identity"
    initialization: str | None = None

    def __post_init__(self) -> None:
        if isinstance(self.out_channels, bool) or not isinstance(self.out_channels, int | np.integer):
            raise ConfigurationError(f"Conv2d expected out_channels to be an integer, got {self.out_channels!r}.")
        if self.out_channels < 1:
            raise ConfigurationError(f"Conv2d expected out_channels of at least 1, got {self.out_channels}.")
        self.out_channels = int(self.out_channels)
        self.kernel_size = pair("Conv2d", "kernel_size", self.kernel_size, 1)
        self.stride = pair("Conv2d", "stride", self.stride, 1)
        self.padding = pair("Conv2d", "padding", self.padding, 0)
        if activation(self.activation).name == "softmax":
            raise ConfigurationError("Conv2d expected an activation other than softmax: end the network with a Dense.")
        if self.initialization is not None:
            initializer(self.initialization)

    def output_shape(self, input_shape: Shape) -> Shape:
        """``(out_channels, H', W')``."""
        sides = windows("Conv2d", input_shape, *self.geometry)
        return (self.out_channels, *sides)

    @property
    def geometry(self) -> tuple[tuple[int, int], tuple[int, int], tuple[int, int]]:
        """Kernel, stride and padding, each as (down, across)."""
        return (
            pair("Conv2d", "kernel_size", self.kernel_size, 1),
            pair("Conv2d", "stride", self.stride, 1),
            pair("Conv2d", "padding", self.padding, 0),
        )

    def parameter_shapes(self, input_shape: Shape) -> dict[str, Shape]:
        """Weights are stored as they are shown."""
        channels, _, _ = as_planes("Conv2d", input_shape)
        return {"weight": (self.out_channels, channels, *self.geometry[0]), "bias": (self.out_channels,)}

    def initialize(self, rng: np.random.Generator) -> None:
        """Draw W, set b to 0."""
        draw = initializer(self.initialization or activation(self.activation).initialization)
        weight = self._view("weight")
        seen = weight[0, 0].size
        drawn = draw(rng, weight[0].size, self.out_channels * seen, self.out_channels)
        weight[...] = drawn.T.reshape(weight.shape)
        self._view("bias")[...] = 0.0

    def configuration(self) -> dict[str, Any]:
        """The arguments that recreate this layer."""
        kernel, stride, padding = self.geometry
        return {
            "out_channels": self.out_channels,
            "kernel_size": list(kernel),
            "stride": list(stride),
            "padding": list(padding),
            "activation": self.activation,
            "initialization": self.initialization,
        }

    def describe(self) -> str:
        """The equation, with the activation's name and the filters' sides."""
        (down, across), (step_y, step_x), (pad_y, pad_x) = self.geometry
        stride = "" if (step_y, step_x) == (1, 1) else f", stride {step_y}x{step_x}"
        padding = "" if (pad_y, pad_x) == (0, 0) else f", padding {pad_y}x{pad_x}"
        inside = f"W * x + b, {down}x{across}{stride}{padding}"
        return f"a = {self.activation}({inside})" if self.activation != "identity" else f"a = {inside}"

    def named(self) -> dict[str, Vector]:
        """``weight`` (out_channels, in_channels, kernel height, kernel width) and ``bias`` (out_channels,)."""
        return {"weight": self.weight, "bias": self.bias}

    @property
    def weight(self) -> Vector:
        """W, (out_channels, in_channels, kernel height, kernel width): a writable view."""
        return self._view("weight")

    @weight.setter
    def weight(self, value: ArrayLike) -> None:
        self.weight[...] = value

    @property
    def bias(self) -> Vector:
        """b, (out_channels,): a writable view."""
        return self._view("bias")

    @bias.setter
    def bias(self, value: ArrayLike) -> None:
        self.bias[...] = value
