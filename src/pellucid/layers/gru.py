"""The GRU layer: units that mix their previous value with a new candidate, by two gates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from numpy.typing import ArrayLike

from pellucid.layers.layer import Shape, Vector
from pellucid.layers.recurrent import Recurrent


@dataclass
class GRU(Recurrent):
    """Gated recurrent units: a function of each frame x and of the layer's h at the previous frame.

    ::

        r = sigmoid(W_ih[r] x + W_hh[r] h + b[r])              the reset gate: how much of h the candidate sees
        z = sigmoid(W_ih[z] x + W_hh[z] h + b[z])              the update gate: how much of h to keep
        n = tanh(W_ih[n] x + b[n] + r (W_hh[n] h + b_hn))      the candidate
        h = (1 - z) n + z h

    Before the first frame h is 0. There is no separate cell: h is both memory and output, so that a layer has three
    quarters of the weights of an `LSTM` with as many units.

    This is the form of cuDNN, PyTorch and Keras, in which the reset gate acts *after* the product of W_hh[n] and h, so
    that all products of a frame are one. In the form of Cho et al. it acts before, W_hh[n] (r h), and there are no
    biases. The weights of the gates are stacked: weight_ih (3 H, D), weight_hh (3 H, H), bias (3 H,), gates in the
    order r, z, n. In r and z only the sum of PyTorch's two biases matters, so there is one, bias_ih + bias_hh. In n the
    reset gate multiplies the second, so it is kept: bias_hn (H,).

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
        How weight_ih is initialised; weight_hh is orthogonal, gate by gate, and biases are 0.

    Raises
    ------
    ConfigurationError
        For an unknown name, or a size that is not a positive integer.

    References
    ----------
    Cho et al., "Learning phrase representations using RNN encoder-decoder for statistical machine translation", 2014;
    Chung et al., "Empirical evaluation of gated recurrent neural networks on sequence modeling", 2014. The gradients:
    ``docs/derivations/gru.md``.

    Examples
    --------
    >>> import pellucid as pl
    >>> net = pl.Network([pl.GRU(8, bidirectional=True), pl.Dense(5, "softmax")], input_shape=(None, 3))
    >>> net.layers[0].weight_ih.shape, net.layers[0].bias.shape, net.layers[0].bias_hn.shape
    ((24, 3), (24,), (8,))
    >>> net.output_shape
    (None, 5)
    """

    kind: ClassVar[str] = "gru"
    gates: ClassVar[tuple[str, ...]] = ("r", "z", "n")

    hidden_size: int
    bidirectional: bool = False
    outputs: str = "frames"
    initialization: str = "glorot_uniform"

    def biases(self) -> dict[str, Shape]:
        """The biases of the gates, and that of the candidate's recurrent part."""
        return super().biases() | {"bias_hn": (self.hidden_size,)}

    def equations(self) -> str:
        """The equations of one frame."""
        return "n = tanh(W x + r U h), h = (1 - z) n + z h"

    @property
    def bias_hn(self) -> Vector:
        """The bias of the candidate's recurrent part, (H,): a writable view."""
        return self._view("bias_hn")

    @bias_hn.setter
    def bias_hn(self, value: ArrayLike) -> None:
        self.bias_hn[...] = value

    @property
    def bias_hn_reverse(self) -> Vector:
        """The same for the backward direction."""
        return self._view("bias_hn_reverse")
