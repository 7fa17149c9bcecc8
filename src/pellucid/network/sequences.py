"""Networks of sequences: made as any `Network`, with an input_shape such as (None, 20)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from pellucid.errors import ConfigurationError, ShapeError
from pellucid.network.network import Network
from pellucid.network.prediction import Reading
from pellucid.programs.running import Gradient
from pellucid.programs.sequence_batches import as_sequences, as_targets
from pellucid.programs.sequences_plan import Room, SequencePlan, sequence_plan

if TYPE_CHECKING:
    from pellucid.network.stream import Stream
    from pellucid.programs.sequences_trace import SequenceTrace


class SequenceNetwork(Network):
    """A network whose inputs are sequences of frames, each as long as it likes.

    Examples
    --------
    >>> import numpy as np
    >>> import pellucid as pl
    >>> net = pl.Network([pl.LSTM(4, bidirectional=True), pl.Dense(3, "softmax")], input_shape=(None, 2))
    >>> net
    <Network 2-8-3: 251 parameters>
    >>> net(np.zeros((7, 2))).shape
    (7, 3)
    >>> [answer.shape for answer in net([np.zeros((7, 2)), np.zeros((4, 2))])]
    [(7, 3), (4, 3)]
    >>> net(np.zeros((2, 7, 2)), lengths=[7, 4]).shape
    (2, 7, 3)
    """

    def _compose(self) -> None:
        self.compose(Room(1, 1, 1))
        if self.level_range is not None:
            raise ConfigurationError("A network of sequences takes frames as they are: leave level_range away.")

    def compose(self, room: Room, *, back: bool = True, by_inputs: bool = False) -> SequencePlan:
        """The program for groups that fit ``room``."""
        return sequence_plan(self.layers, self.input_shape, room, back=back, by_inputs=by_inputs)

    @property
    def reduced(self) -> bool:
        """Whether there is one answer a sequence, else one a frame."""
        return len(self.output_shape) == 1

    @property
    def features(self) -> int:
        """Numbers in one frame."""
        return self.input_shape[1]

    def __call__(self, x: Any, lengths: ArrayLike | None = None) -> Any:
        """The whole network as a function of sequences.

        Parameters
        ----------
        x : array_like
            One sequence (T, D), a list of sequences, or a padded batch (N, T, D).
        lengths : array_like of int, optional
            How many frames of each sequence of a padded batch count, (N,); by default all.

        Returns
        -------
        ndarray, or list of ndarray
            (T, K) for one sequence, or (K,) where the network gives one answer; a list of those for a list; for a
            padded batch (N, T, K), zeros where frames do not count, or (N, K).

        Raises
        ------
        ShapeError, DataError
            For other shapes, for something that is not numbers, and for NaN or infinity among them.
        """
        from pellucid.programs.sequences import evaluate

        return evaluate(self, as_sequences(x, self.features, lengths))

    def read(self, x: ArrayLike) -> Reading:
        """One sequence of a network that gives one answer, with the best guess and the runner-up by name."""
        outputs = self(x)
        if not isinstance(outputs, np.ndarray) or outputs.ndim != 1:
            raise ShapeError("read expected one sequence, and a network that gives one answer a sequence.")
        return Reading(outputs, self.classes)

    def trace(self, x: ArrayLike) -> SequenceTrace:  # type: ignore[override]
        """Every layer at work on one sequence (T, D): every gate, cell and hidden value at every frame."""
        from pellucid.programs.sequences_trace import trace

        return trace(self, as_sequences(x, self.features))

    def gradient(self, x: Any, labels: Any, loss: str | None = None, *, lengths: ArrayLike | None = None) -> Gradient:
        """The mean loss of sequences, and its gradient by every parameter and every input.

        Parameters
        ----------
        x : array_like
            Sequences, as for calling the network.
        labels : array_like
            What is wanted: for one sequence its labels (L,) or its class, for several a list of those.
        loss : str, optional
            "ctc" or "cross_entropy"; by default "ctc" for labels and "cross_entropy" for classes.
        """
        from pellucid.programs.sequences import gradient

        given = as_sequences(x, self.features, lengths)
        targets = as_targets(labels, given)
        return gradient(self, given, targets, loss or ("ctc" if targets.transcribed else "cross_entropy"))

    def stream(self) -> Stream:
        """Listen frame by frame: what comes out is what the whole sequence would have given.

        Raises
        ------
        ConfigurationError
            For a network that has to know the end before it can begin.
        """
        from pellucid.network.stream import Stream

        return Stream(self)
