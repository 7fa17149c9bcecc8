"""The plain recurrent layer: units that see each frame and their own previous values, without gates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from pellucid.errors import ConfigurationError
from pellucid.layers.activation import ACTIVATIONS
from pellucid.layers.recurrent import Recurrent

_ACTIVATIONS = tuple(name for name in ACTIVATIONS if name != "softmax")


@dataclass
class RNN(Recurrent):
    """A plain recurrent layer, ``h = f(W_ih x + W_hh h + b)``: no gates.

    Before the first frame h is 0. Every frame replaces all of h, so that what came long ago survives only as far as
    W_hh and the slope of f carry it on, and the gradient fades, or grows, with each frame. The gates of a `GRU` and
    an `LSTM` are the remedy; ``docs/sequences.md`` compares them.

    Parameters
    ----------
    hidden_size : int
        H, the units of one direction.
    activation : str
        f: "tanh", "relu", "sigmoid" or "identity".
    bidirectional : bool
        Whether a second set of units (weight_ih_reverse, ...) reads the sequence from its end; outputs are then 2 H,
        forward ones first.
    outputs : str
        "frames": h of every frame. "last": one output per sequence, h of the frame that each direction reads last.
        "mean": the mean of h over all frames.
    initialization : str
        How weight_ih (H, D) is initialised; weight_hh (H, H) is orthogonal, which neither shrinks nor stretches h, and
        bias (H,) is 0.

    Raises
    ------
    ConfigurationError
        For an unknown name, or a size that is not a positive integer.

    References
    ----------
    Elman, "Finding structure in time", 1990; Bengio, Simard and Frasconi, "Learning long-term dependencies with
    gradient descent is difficult", 1994. The gradients: ``docs/derivations/rnn.md``.

    Examples
    --------
    >>> import pellucid as pl
    >>> net = pl.Network([pl.RNN(8, "relu"), pl.Dense(5, "softmax")], input_shape=(None, 3))
    >>> net.layers[0].weight_ih.shape, net.layers[0].weight_hh.shape, net.layers[0].bias.shape
    ((8, 3), (8, 8), (8,))
    """

    kind: ClassVar[str] = "rnn"
    gates: ClassVar[tuple[str, ...]] = ("h",)

    hidden_size: int
    activation: str = "tanh"
    bidirectional: bool = False
    outputs: str = "frames"
    initialization: str = "glorot_uniform"

    def __post_init__(self) -> None:
        if not isinstance(self.activation, str) or self.activation not in _ACTIVATIONS:
            raise ConfigurationError(
                f"RNN expected activation as one of {', '.join(_ACTIVATIONS)}; got {self.activation!r}."
            )
        super().__post_init__()

    def configuration(self) -> dict[str, Any]:
        """The arguments that recreate this layer."""
        return super().configuration() | {"activation": self.activation}

    def equations(self) -> str:
        """The equation of one frame."""
        total = "W x + U h + b"
        return f"h = {total}" if self.activation == "identity" else f"h = {self.activation}({total})"
