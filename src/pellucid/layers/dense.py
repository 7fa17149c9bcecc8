"""The dense layer: every output depends on every input."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pellucid.errors import ConfigurationError, ShapeError
from pellucid.layers.activation import activation
from pellucid.layers.initialization import initializer
from pellucid.layers.layer import Layer, Shape, Vector, features


@dataclass
class Dense(Layer):
    """``a = f(W x + b)``.

    W is (out_features, in_features), b (out_features,), x (in_features,); an input of another shape is flattened. The
    derivation of the gradients is in ``docs/derivations/dense.md``.

    Parameters
    ----------
    out_features : int
        Neurons in the layer.
    activation : str
        f: "identity", "sigmoid", "relu", "tanh" or "softmax".
    initialization : str, optional
        How W is initialised (see `pellucid.layers.initialization`); by default He for ReLU, Glorot otherwise. b is 0.

    Raises
    ------
    ConfigurationError
        For an unknown name, or a size that is not a positive integer.

    Examples
    --------
    >>> import pellucid as pl
    >>> net = pl.Network([pl.Dense(2, "sigmoid")], input_shape=(3,))
    >>> net.layers[0].weight.shape
    (2, 3)
    """

    kind: ClassVar[str] = "dense"

    out_features: int
    activation: str = "identity"
    initialization: str | None = None

    def __post_init__(self) -> None:
        if isinstance(self.out_features, bool) or not isinstance(self.out_features, int | np.integer):
            raise ConfigurationError(f"Dense expected out_features to be an integer, got {self.out_features!r}.")
        if self.out_features < 1:
            raise ConfigurationError(f"Dense expected out_features of at least 1, got {self.out_features}.")
        self.out_features = int(self.out_features)
        activation(self.activation)
        if self.initialization is not None:
            initializer(self.initialization)

    def output_shape(self, input_shape: Shape) -> Shape:
        """``(out_features,)`` for any input; for a sequence (None, D), ``(None, out_features)``."""
        every_frame = input_shape[:1] if input_shape[0] is None else ()
        return (*every_frame, self.out_features)

    def parameter_shapes(self, input_shape: Shape) -> dict[str, Shape]:
        """Weights are stored by input, so that all weights of one pixel are contiguous."""
        return {"weight": (features(input_shape), self.out_features), "bias": (self.out_features,)}

    def initialize(self, rng: np.random.Generator) -> None:
        """Draw W, set b to 0."""
        draw = initializer(self.initialization or activation(self.activation).initialization)
        weight = self._view("weight")
        weight[...] = draw(rng, *weight.shape)
        self._view("bias")[...] = 0.0

    def configuration(self) -> dict[str, Any]:
        """The arguments that recreate this layer."""
        return {
            "out_features": self.out_features,
            "activation": self.activation,
            "initialization": self.initialization,
        }

    def describe(self) -> str:
        """The equation, with the activation's name."""
        return f"a = {self.activation}(W x + b)" if self.activation != "identity" else "a = W x + b"

    def named(self) -> dict[str, Vector]:
        """``weight`` (out_features, in_features) and ``bias`` (out_features,)."""
        return {"weight": self.weight, "bias": self.bias}

    @property
    def in_features(self) -> int:
        """Inputs of each neuron."""
        return int(self._view("weight").shape[0])

    @property
    def weight(self) -> Vector:
        """W, (out_features, in_features): a writable view."""
        return self._view("weight").T

    @weight.setter
    def weight(self, value: ArrayLike) -> None:
        self.weight[...] = value

    @property
    def bias(self) -> Vector:
        """b, (out_features,): a writable view."""
        return self._view("bias")

    @bias.setter
    def bias(self, value: ArrayLike) -> None:
        self.bias[...] = value

    def neuron(self, index: int) -> Callable[[ArrayLike], float | NDArray[np.float32]]:
        """One neuron as a function of the layer's input.

        Parameters
        ----------
        index : int
            The neuron's number, from 0.

        Returns
        -------
        function
            Takes x (in_features,) or (N, in_features) and returns the activation, a float or (N,). It uses the
            current weights at every call.

        Raises
        ------
        ConfigurationError
            For softmax, whose neurons depend on each other.
        ShapeError
            For an index outside the layer.
        """
        from pellucid.layers.neuron import Neuron

        if self.activation == "softmax":
            raise ConfigurationError(
                "A softmax neuron depends on its whole layer: call the network and take its output."
            )
        if not (isinstance(index, int | np.integer) and -self.out_features <= index < self.out_features):
            raise ShapeError(f"Dense expected a neuron from 0 to {self.out_features - 1}, got {index!r}.")
        return Neuron(self.weight[index], self.bias[index : index + 1 or None], self.activation)
