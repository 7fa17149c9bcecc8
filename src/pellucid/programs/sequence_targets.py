"""Targets of sequences: a class for each, or a list of labels for each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pellucid.data.sequences import Sequences
from pellucid.errors import DataError
from pellucid.programs.sequence_batches import SequenceBatch

Integers = NDArray[np.int64]


@dataclass(frozen=True)
class Targets:
    """Targets: those of sequence i are ``symbols[starts[i] : starts[i + 1]]``.

    ``transcribed``: whether they are lists of labels instead of classes.
    """

    symbols: Integers
    starts: Integers
    transcribed: bool

    @property
    def max_labels(self) -> int:
        """The largest number of labels of a sequence."""
        return int(np.diff(self.starts).max(initial=0))


NO_TARGETS = Targets(np.zeros(1, np.int64), np.zeros(1, np.int64), False)


def as_targets(labels: Any, batch: SequenceBatch) -> Targets:
    """Targets from labels in the form of the sequences: for one sequence its own, otherwise a list of them."""
    listed = [labels] if batch.form == "one" else labels
    data = Sequences([np.zeros((1, 1))] * batch.count, listed)
    return Targets(data.symbols, data.label_starts, data.transcribed)


def check_targets(targets: Targets, lengths: Integers, classes: int, loss: str) -> None:
    """Check that labels suit the loss, the network's outputs and the number of frames.

    Raises
    ------
    DataError
        If they do not; the message names the sequence.
    """
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
