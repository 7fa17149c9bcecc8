"""The LSTM layer: units with a memory cell, and gates that control what it takes in, keeps and outputs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from pellucid.layers.recurrent import Recurrent


@dataclass
class LSTM(Recurrent):
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
    gates: ClassVar[tuple[str, ...]] = ("i", "f", "g", "o")

    hidden_size: int
    bidirectional: bool = False
    outputs: str = "frames"
    initialization: str = "glorot_uniform"

    def initialize(self, rng: np.random.Generator) -> None:
        """Draw the weights, gate by gate; the forget gate's biases become 1, the others 0."""
        super().initialize(rng)
        for suffix in ("", "_reverse")[: self.directions]:
            self._view("bias" + suffix)[self.hidden_size : 2 * self.hidden_size] = 1.0

    def equations(self) -> str:
        """The equations of the cell."""
        return "c = f c + i g, h = o tanh(c)"
