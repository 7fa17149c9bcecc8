"""Streams: sequences whose frames arrive over time, with the network's state kept between calls."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from pellucid.data.checks import as_array
from pellucid.engine.compiler.library import engine
from pellucid.engine.programs import sequence_table as st
from pellucid.engine.sequence_records import Arena, Reading, Selection
from pellucid.errors import ConfigurationError, DataError, ShapeError
from pellucid.layers.recurrent import Recurrent
from pellucid.programs.sequence_batches import Floats
from pellucid.programs.sequence_targets import NO_TARGETS
from pellucid.programs.sequences import SequencesProgram
from pellucid.programs.sequences_plan import Capacity

_CHUNK = 64


class Stream:
    """One sequence whose frames arrive over time; ``net.stream()`` makes it.

    Examples
    --------
    >>> import numpy as np
    >>> import pellucid as pl
    >>> net = pl.Network([pl.LSTM(4), pl.Dense(3, "softmax")], input_shape=(None, 2))
    >>> frames = np.random.default_rng(0).random((9, 2))
    >>> stream = net.stream()
    >>> heard = np.concatenate([stream.feed(frames[:5]), stream.feed(frames[5:])])
    >>> bool((heard == net(frames)).all())
    True
    """

    def __init__(self, program: SequencesProgram) -> None:
        for layer in program.layers:
            if isinstance(layer, Recurrent) and (layer.bidirectional or layer.outputs == "mean"):
                kind = type(layer).__name__
                reason = "reads the sequence from its end too" if layer.bidirectional else "answers with the mean"
                raise ConfigurationError(f"A stream has no end yet, but a layer of this network, {kind}, {reason}.")
        self._features, self._reduced = program.features, program.reduced
        self._busy = threading.Lock()
        self._plan = program.compose(Capacity(_CHUNK, 1, _CHUNK), backward=False)
        self._arena = self._plan.arena()
        self._frames = np.zeros((_CHUNK, self._features), np.float32)
        self._bounds = np.zeros(2, np.int64)
        self._outputs = np.zeros((1 if self._reduced else _CHUNK, program.output_shape[-1]), np.float32)
        # Bound once, because passing the arguments takes longer than a frame.
        self._read = engine("sequences").read.bind(
            self._plan.program(program.parameters),
            Arena(self._arena, self._plan.integers()),
            NO_TARGETS.beside(self._frames, self._bounds),
            Selection(np.zeros(1, np.int64), 1),
            Reading(-1, 1, self._outputs, 1, np.zeros(2)),
        )

    def feed(self, frames: ArrayLike) -> Floats:
        """Process more frames.

        Parameters
        ----------
        frames : array_like
            (n, D), or one frame (D,); n may be 0.

        Returns
        -------
        ndarray
            (n, K), the outputs at each of these frames, or (K,) for one frame; if the network has one output per
            sequence, (K,), the output for the frames so far.

        Raises
        ------
        ShapeError, DataError
            For frames of another size, and for frames that are not finite numbers.
        ConfigurationError
            If another thread is feeding the same stream.
        """
        array = self._checked(frames)
        rows = array.reshape(-1, self._features)
        if self._reduced and not len(rows):
            raise DataError("A stream with one output per sequence expected at least one frame, got none.")
        if not self._busy.acquire(blocking=False):
            raise ConfigurationError("A stream expected to be fed by one thread at a time: wait for the other.")
        try:
            parts = [self._feed_chunk(rows[begin : begin + _CHUNK]) for begin in range(0, len(rows), _CHUNK)]
        finally:
            self._busy.release()
        if self._reduced:
            answer: Floats = parts[-1][0]
            return answer
        outputs = np.concatenate([np.zeros((0, self._outputs.shape[1]), np.float32), *parts])
        return outputs[0] if array.ndim == 1 else outputs

    def reset(self) -> None:
        """Start a new sequence."""
        for rows in self._plan.rows:
            row = self._plan.table[rows[0]]
            if row[st.OPERATION] in st.SHAPES:
                for begin in (row[st.PREVIOUS_HIDDEN], row[st.PREVIOUS_CELLS]):
                    if begin >= 0:
                        self._arena[begin : begin + row[st.UNITS] * (_CHUNK + 16)] = 0.0

    def _checked(self, frames: ArrayLike) -> Any:
        array = as_array(frames, "frames")
        if array.ndim not in (1, 2) or array.shape[-1] != self._features:
            raise ShapeError(f"A stream expected frames (n, {self._features}), got {array.dtype} {array.shape}.")
        with np.errstate(over="ignore"):
            array = np.ascontiguousarray(array, np.float32)
        if not np.isfinite(array).all():
            raise DataError("A stream expected finite numbers, got NaN or infinity among the frames.")
        return array

    def _feed_chunk(self, rows: Floats) -> Floats:
        self._frames[: len(rows)] = rows
        self._bounds[1] = len(rows)
        self._read()
        return self._outputs[: len(rows)].copy()
