"""Targets of sequences: a class for each, or a list of labels for each."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pellucid.data.checks import as_array
from pellucid.data.sequences import Sequences
from pellucid.engine.sequence_records import Sequences as EngineSequences
from pellucid.errors import DataError, ShapeError
from pellucid.programs.sequence_batches import Floats, SequenceBatch, as_sequences

Integers = NDArray[np.int64]

_NO_COTANGENTS = np.zeros(1, np.float32)


@dataclass(frozen=True)
class Targets:
    """Targets: those of sequence i are ``symbols[starts[i] : starts[i + 1]]``.

    ``transcribed``: whether they are lists of labels instead of classes; ``per_frame``: whether every frame has one.
    ``cotangents`` (outputs, K) are those of the linear loss.
    """

    symbols: Integers
    starts: Integers
    transcribed: bool
    per_frame: bool = False
    cotangents: Floats = field(default_factory=lambda: _NO_COTANGENTS)

    @classmethod
    def of(cls, data: Sequences) -> Targets:
        """The targets of a data set."""
        return cls(data.symbols, data.label_starts, data.transcribed, data.per_frame)

    @property
    def max_labels(self) -> int:
        """The largest number of labels of a sequence."""
        return int(np.diff(self.starts).max(initial=0))

    def beside(self, flat: Floats, starts: Integers) -> EngineSequences:
        """The engine's record of sequences with these targets."""
        return EngineSequences(flat, starts, self.symbols, self.starts, self.cotangents)


NO_TARGETS = Targets(np.zeros(1, np.int64), np.zeros(1, np.int64), False)


def as_targets(labels: Any, batch: SequenceBatch, per_frame: bool = False) -> Targets:
    """Targets from labels in the form of the sequences: for one sequence its own, otherwise a list of them."""
    listed = [labels] if batch.form == "one" else labels
    frames = [np.zeros((length, 1)) for length in np.diff(batch.starts)]
    return Targets.of(Sequences(frames, listed, per_frame=per_frame))


def check_targets(targets: Targets, lengths: Integers, outputs: tuple[int | None, ...], loss: str) -> None:
    """Check that labels suit the loss, the network's ``outputs``, (K,) or (None, K), and the number of frames.

    Raises
    ------
    DataError
        If they do not; the message names the sequence.
    """
    classes, of_frames = outputs[-1] or 0, len(outputs) > 1
    if loss == "cross_entropy" and targets.per_frame != of_frames:
        raise DataError(
            "An output for every frame needs a label for every frame: pass per_frame=True with them, give the last "
            'recurrent layer outputs="last" or "mean", or use loss="ctc" for transcripts.'
            if of_frames
            else 'Labels for every frame need an output for every frame: give the recurrent layers outputs="frames".'
        )
    if targets.transcribed != (loss == "ctc"):
        kind = "a list of labels" if loss == "ctc" else "one class"
        raise DataError(f"The loss {loss} needs {kind} for every sequence.")
    if len(targets.symbols) and not (targets.symbols.min() >= 0 and targets.symbols.max() < classes):
        raise DataError(
            f"The network has {classes} outputs, so labels run to {classes - 1}; got {int(targets.symbols.max())}: "
            "give the last layer as many neurons as there are classes"
            + (", the blank included." if loss == "ctc" else ".")
        )
    if loss == "ctc":
        check_alignable(targets, lengths)


def cotangents_of(cotangent: Any, batch: SequenceBatch, outputs: tuple[int | None, ...]) -> Floats:
    """One number for each output of sequences, in the form of these outputs, as rows (all frames or sequences, K).

    Raises
    ------
    ShapeError, DataError
        If the shape is another, or a number is not finite.
    """
    width = outputs[-1] or 0
    if len(outputs) > 1:
        lengths = np.diff(batch.starts)
        given = as_sequences(cotangent, width, lengths if batch.form == "padded" else None)
        if given.form != batch.form or not np.array_equal(given.starts, batch.starts):
            raise ShapeError("pullback expected a cotangent of the shape of the outputs: a row for every frame.")
        return given.flat
    rows = as_array(cotangent, "cotangent")
    wanted = (width,) if batch.form == "one" else (batch.count, width)
    if rows.shape != wanted:
        raise ShapeError(f"pullback expected a cotangent of the shape of the outputs, {wanted}, got {rows.shape}.")
    with np.errstate(over="ignore"):
        values = np.array(rows.reshape(-1, width), np.float32, order="C")
    if not np.isfinite(values).all():
        raise DataError("pullback expected a finite cotangent, got NaN, infinity or numbers too large for float32.")
    return values


def check_alignable(targets: Targets, lengths: Integers) -> None:
    """Raise for sequences too short for CTC: each label needs a frame, and each pair of equal neighbours one more."""
    repeats = np.zeros(len(targets.symbols), np.int64)
    repeats[1:] = targets.symbols[1:] == targets.symbols[:-1]
    has_labels = np.diff(targets.starts) > 0
    repeats[targets.starts[:-1][has_labels]] = 0
    repeats_before = np.concatenate([[0], np.cumsum(repeats)])
    counts = np.diff(targets.starts)
    needed = counts + repeats_before[targets.starts[1:]] - repeats_before[targets.starts[:-1]]
    if (needed > lengths).any():
        i = int(np.argmax(needed > lengths))
        raise DataError(
            f"Sequence {i} has {lengths[i]} frames, too few for its {counts[i]} labels, which need {needed[i]} with "
            "the blanks between equal neighbours: drop it, or make frames shorter."
        )
