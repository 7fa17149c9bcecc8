"""The base class of layers: configuration, shapes, and named views of the parameters."""

from __future__ import annotations

import copy
import math
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from pellucid.errors import ConfigurationError, ShapeError

Shape = tuple[int, ...]
Vector = NDArray[np.float32]


def features(shape: Shape) -> int:
    """The number of values in one input of this shape; for sequences (None, D), in one frame."""
    return math.prod(side for side in shape if side is not None)


@dataclass
class Layer(ABC):
    """A layer is configuration; in a network it also has views of its part of the parameter vector.

    It computes nothing itself: a plan writes the layer's row of the program table, and the engine runs that.
    """

    kind: ClassVar[str]
    """The layer's name in files."""

    input_shape: Shape = field(init=False, repr=False, compare=False, default=())
    _attached: bool = field(init=False, repr=False, compare=False, default=False)
    _views: dict[str, Vector] = field(init=False, repr=False, compare=False, default_factory=dict)

    @abstractmethod
    def output_shape(self, input_shape: Shape) -> Shape:
        """The shape of one output for inputs of ``input_shape``; ShapeError if the layer cannot take them."""

    @abstractmethod
    def parameter_shapes(self, input_shape: Shape) -> dict[str, Shape]:
        """Name and stored shape of each parameter, in the order of the flat vector."""

    @abstractmethod
    def initialize(self, rng: np.random.Generator) -> None:
        """Draw the parameters anew, in place."""

    @abstractmethod
    def configuration(self) -> dict[str, Any]:
        """The arguments that recreate this layer."""

    @abstractmethod
    def describe(self) -> str:
        """What the layer computes, in one line."""

    def parameter_count(self, input_shape: Shape) -> int:
        """The number of parameters."""
        return sum(math.prod(shape) for shape in self.parameter_shapes(input_shape).values())

    def attach(self, input_shape: Shape, vector: Vector) -> Self:
        """A copy of this layer whose parameters are views of ``vector`` (parameter_count,)."""
        attached = copy.copy(self)
        vars(attached).update(input_shape=input_shape, _views={})
        begin = 0
        for name, shape in self.parameter_shapes(input_shape).items():
            end = begin + math.prod(shape)
            attached._views[name] = vector[begin:end].reshape(shape)
            begin = end
        vars(attached).update(_attached=True)
        return attached

    def __setattr__(self, name: str, value: Any) -> None:
        self._refuse_change(name)
        super().__setattr__(name, value)

    def __delattr__(self, name: str) -> None:
        self._refuse_change(name)
        super().__delattr__(name)

    def _refuse_change(self, name: str) -> None:
        """Raise if the layer is in a network, which was compiled to a program for this configuration."""
        if self._attached and name in vars(self):
            raise ConfigurationError(
                f"The {name} of a {type(self).__name__} in a network stay as they were made: make a new network."
            )

    @property
    def is_attached(self) -> bool:
        """Whether the layer belongs to a network, and has parameters."""
        return self._attached

    @abstractmethod
    def named(self) -> dict[str, Vector]:
        """The parameters by name, as views in their usual shapes."""

    def _view(self, name: str) -> Vector:
        if name not in self._views:
            raise ShapeError(
                f"{type(self).__name__} has no {name} yet: a layer gets its parameters from the network it is part of; "
                "use net.layers[i]."
            )
        return self._views[name]
