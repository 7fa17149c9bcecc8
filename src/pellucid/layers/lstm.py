"""The LSTM layer: units with a memory cell, and gates that control what it takes in, keeps and outputs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike

from pellucid.errors import ConfigurationError, ShapeError
from pellucid.layers.initialization import initializer
from pellucid.layers.layer import Layer, Shape, Vector

GATES = ("i", "f", "g", "o")
"""Input, forget, candidate and output, in the order of the rows of the weights."""

OUTPUTS = ("frames", "last", "mean")


@dataclass
class LSTM(Layer):
    """Long short-term memory: a function of each frame x and of the layer's h and c at the previous frame.

    ::

        i = sigmoid(W_ih[i] x + W_hh[i] h + b[i])      how much of the candidate to take in
        f = sigmoid(W_ih[f] x + W_hh[f] h + b[f])      how much of the cell to keep
        g = tanh(W_ih[g] x + W_hh[g] h + b[g])         the candidate
        o = sigmoid(W_ih[o] x + W_hh[o] h + b[o])      how much of the cell to output
        c = f c + i g
        h = o tanh(c)

    Before the first frame h and c are 0. The weights of the four gates are stacked: weight_ih (4 H, D),
    weight_hh (4 H, H), bias (4 H,), gates in the order i, f, g, o. There is one bias, since only the sum of two would
    matter. The biases of the forget gate are initialised to 1, so that every cell remembers at first.

    LSTM layers may follow one another; a dense layer after one is applied to every frame.

    Parameters
    ----------
    hidden_size : int
        H, the units of one direction.
    bidirectional : bool
        Whether a second set of units (weight_ih_reverse, ...) reads the sequence from its end; outputs are then 2 H,
        forward ones first.
    outputs : str
        "frames": h of every frame. "last": one output per sequence, h of the frame that each direction reads last.
        "mean": the mean of h over all frames.
    initialization : str
        How weight_ih is initialised; weight_hh is orthogonal, gate by gate.

    Raises
    ------
    ConfigurationError
        For an unknown name, or a size that is not a positive integer.

    References
    ----------
    Hochreiter and Schmidhuber, "Long short-term memory", 1997; Gers et al., "Learning to forget: continual prediction
    with LSTM", 2000. The gradients: ``docs/derivations/lstm.md``.

    Examples
    --------
    >>> import pellucid as pl
    >>> net = pl.Network([pl.LSTM(8, bidirectional=True), pl.Dense(5, "softmax")], input_shape=(None, 3))
    >>> net.layers[0].weight_ih.shape, net.layers[0].weight_hh_reverse.shape
    ((32, 3), (32, 8))
    >>> net.output_shape
    (None, 5)
    """

    kind: ClassVar[str] = "lstm"

    hidden_size: int
    bidirectional: bool = False
    outputs: str = "frames"
    initialization: str = "glorot_uniform"

    def __post_init__(self) -> None:
        size = self.hidden_size
        if isinstance(size, bool) or not isinstance(size, int | np.integer) or size < 1:
            raise ConfigurationError(f"LSTM expected hidden_size to be an integer of at least 1, got {size!r}.")
        self.hidden_size = int(size)
        if not isinstance(self.bidirectional, bool):
            raise ConfigurationError(f"LSTM expected bidirectional True or False, got {self.bidirectional!r}.")
        if not isinstance(self.outputs, str) or self.outputs not in OUTPUTS:
            raise ConfigurationError(f"LSTM expected outputs as one of {', '.join(OUTPUTS)}; got {self.outputs!r}.")
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
            raise ShapeError(
                f"LSTM expected sequences, of shape (None, D), got {input_shape}: give the network an input_shape such "
                'as (None, 20), and only the last LSTM outputs="last" or "mean".'
            )
        return (self.out_features,) if self.outputs != "frames" else (input_shape[0], self.out_features)

    def parameter_shapes(self, input_shape: Shape) -> dict[str, Shape]:
        """Weights are stored by input, so that products read contiguous memory."""
        self.output_shape(input_shape)
        h, d = self.hidden_size, input_shape[1]
        one = {"weight_ih": (d, 4 * h), "weight_hh": (h, 4 * h), "bias": (4 * h,)}
        both = one | {f"{name}_reverse": shape for name, shape in one.items()}
        return both if self.bidirectional else one

    def initialize(self, rng: np.random.Generator) -> None:
        """Draw the weights, gate by gate; the forget gate's biases become 1, the others 0."""
        h = self.hidden_size
        for suffix in ("", "_reverse")[: self.directions]:
            for name, start in (("weight_ih", self.initialization), ("weight_hh", "orthogonal")):
                weight = self._view(name + suffix)
                for gate in range(4):
                    weight[:, gate * h : (gate + 1) * h] = initializer(start)(rng, len(weight), h)
            self._view("bias" + suffix)[...] = np.repeat(np.array([0, 1, 0, 0], np.float32), h)

    def configuration(self) -> dict[str, Any]:
        """The arguments that recreate this layer."""
        return {
            "hidden_size": self.hidden_size,
            "bidirectional": self.bidirectional,
            "outputs": self.outputs,
            "initialization": self.initialization,
        }

    def describe(self) -> str:
        """The equations of the cell, and the kind of outputs."""
        taken = {"frames": "", "last": ", at the last frame", "mean": ", the mean over all frames"}[self.outputs]
        ways = ", both ways" if self.bidirectional else ""
        return f"c = f c + i g, h = o tanh(c){ways}{taken}"

    def named(self) -> dict[str, Vector]:
        """Weights (4 H, D) and (4 H, H), biases (4 H,): views."""
        return {name: view.T for name, view in self._views.items()}

    @property
    def weight_ih(self) -> Vector:
        """Weights by input, (4 H, D): a writable view."""
        return self._view("weight_ih").T

    @weight_ih.setter
    def weight_ih(self, value: ArrayLike) -> None:
        self.weight_ih[...] = value

    @property
    def weight_hh(self) -> Vector:
        """Weights by hidden unit, (4 H, H): a writable view."""
        return self._view("weight_hh").T

    @weight_hh.setter
    def weight_hh(self, value: ArrayLike) -> None:
        self.weight_hh[...] = value

    @property
    def bias(self) -> Vector:
        """The biases of the gates, (4 H,): a writable view."""
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
