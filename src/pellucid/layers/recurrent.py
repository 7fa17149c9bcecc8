"""What recurrent layers have in common: options, shapes, and the parameters of one or two directions."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike

from pellucid.errors import ConfigurationError, ShapeError
from pellucid.layers.initialization import initializer
from pellucid.layers.layer import Layer, Shape, Vector
from pellucid.system.arguments import as_integer

OUTPUTS = ("frames", "last", "mean")


class Recurrent(Layer):
    """A function of each frame x and of the layer's own state at the previous frame.

    Subclasses declare the options below as fields, and ``gates``. The weights of the gates are stacked: weight_ih
    (G H, D) and weight_hh (G H, H) for G gates and H units; a second direction's have the suffix ``_reverse``.
    """

    gates: ClassVar[tuple[str, ...]]
    """The gates in the order of the rows of the weights."""

    hidden_size: int
    bidirectional: bool
    outputs: str
    initialization: str

    def __post_init__(self) -> None:
        kind = type(self).__name__
        self.hidden_size = as_integer(f"{kind}: hidden_size", self.hidden_size, 1)
        if not isinstance(self.bidirectional, bool):
            raise ConfigurationError(f"{kind} expected bidirectional True or False, got {self.bidirectional!r}.")
        if not isinstance(self.outputs, str) or self.outputs not in OUTPUTS:
            raise ConfigurationError(f"{kind} expected outputs as one of {', '.join(OUTPUTS)}; got {self.outputs!r}.")
        initializer(self.initialization)

    @property
    def directions(self) -> int:
        """2 for a bidirectional layer, otherwise 1."""
        return 1 + self.bidirectional

    @property
    def out_features(self) -> int:
        """Outputs of one frame."""
        return self.directions * self.hidden_size

    def output_shape(self, input_shape: Shape) -> Shape:
        """``(None, outputs)``, or ``(outputs,)`` for one output per sequence."""
        if len(input_shape) != 2 or input_shape[0] is not None:
            kind = type(self).__name__
            raise ShapeError(
                f"{kind} expected sequences, of shape (None, D), got {input_shape}: give the network an input_shape "
                f'such as (None, 20), and only the last {kind} outputs="last" or "mean".'
            )
        return (self.out_features,) if self.outputs != "frames" else (input_shape[0], self.out_features)

    def biases(self) -> dict[str, Shape]:
        """Name and shape of the biases of one direction."""
        return {"bias": (len(self.gates) * self.hidden_size,)}

    def parameter_shapes(self, input_shape: Shape) -> dict[str, Shape]:
        """Weights are stored by input, so that products read contiguous memory."""
        self.output_shape(input_shape)
        h, d, width = self.hidden_size, input_shape[1], len(self.gates) * self.hidden_size
        one = {"weight_ih": (d, width), "weight_hh": (h, width)} | self.biases()
        both = one | {f"{name}_reverse": shape for name, shape in one.items()}
        return both if self.bidirectional else one

    def initialize(self, rng: np.random.Generator) -> None:
        """Draw the weights, gate by gate; the biases become 0."""
        h = self.hidden_size
        for suffix in ("", "_reverse")[: self.directions]:
            for name, start in (("weight_ih", self.initialization), ("weight_hh", "orthogonal")):
                weight = self._view(name + suffix)
                for gate in range(len(self.gates)):
                    weight[:, gate * h : (gate + 1) * h] = initializer(start)(rng, len(weight), h)
            for name in self.biases():
                self._view(name + suffix)[...] = 0.0

    def configuration(self) -> dict[str, Any]:
        """The arguments that recreate this layer."""
        return {
            "hidden_size": self.hidden_size,
            "bidirectional": self.bidirectional,
            "outputs": self.outputs,
            "initialization": self.initialization,
        }

    @abstractmethod
    def equations(self) -> str:
        """The equations of one frame, in one line."""

    def describe(self) -> str:
        """The equations of the cell, and the kind of outputs."""
        taken = {"frames": "", "last": ", at the last frame", "mean": ", the mean over all frames"}[self.outputs]
        ways = ", both ways" if self.bidirectional else ""
        return f"{self.equations()}{ways}{taken}"

    def named(self) -> dict[str, Vector]:
        """Weights (G H, D) and (G H, H) and biases: views."""
        return {name: view.T for name, view in self._views.items()}

    @property
    def weight_ih(self) -> Vector:
        """Weights by input, (G H, D): a writable view."""
        return self._view("weight_ih").T

    @weight_ih.setter
    def weight_ih(self, value: ArrayLike) -> None:
        self.weight_ih[...] = value

    @property
    def weight_hh(self) -> Vector:
        """Weights by hidden unit, (G H, H): a writable view."""
        return self._view("weight_hh").T

    @weight_hh.setter
    def weight_hh(self, value: ArrayLike) -> None:
        self.weight_hh[...] = value

    @property
    def bias(self) -> Vector:
        """The biases of the gates, (G H,): a writable view."""
        return self._view("bias")

    @bias.setter
    def bias(self, value: ArrayLike) -> None:
        self.bias[...] = value

    @property
    def weight_ih_reverse(self) -> Vector:
        """The same for the backward direction."""
        return self._view("weight_ih_reverse").T

    @property
    def weight_hh_reverse(self) -> Vector:
        """The same for the backward direction."""
        return self._view("weight_hh_reverse").T

    @property
    def bias_reverse(self) -> Vector:
        """The same for the backward direction."""
        return self._view("bias_reverse")
