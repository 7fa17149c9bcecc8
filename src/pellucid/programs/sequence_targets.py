"""What is wanted of sequences: a class each, or a list of labels each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pellucid.data.sequences import Sequences
from pellucid.errors import DataError
from pellucid.programs.sequence_batches import Given

Integers = NDArray[np.int64]


@dataclass(frozen=True)
class Targets:
    """What is wanted of sequences: those of sequence i are ``symbols[starts[i] : starts[i + 1]]``."""

    symbols: Integers
    starts: Integers
    transcribed: bool

    @property
    def most(self) -> int:
        """Labels of the sequence that has most."""
        return int(np.diff(self.starts).max(initial=0))


NOTHING_WANTED = Targets(np.zeros(1, np.int64), np.zeros(1, np.int64), False)


def as_targets(labels: Any, given: Given) -> Targets:
    """Labels in the form the sequences came in: for one sequence its own, else a list of them."""
    listed = [labels] if given.form == "one" else labels
    data = Sequences([np.zeros((1, 1))] * given.count, listed)
    return Targets(data.symbols, data.label_starts, data.transcribed)


def check_targets(targets: Targets, lengths: Integers, classes: int, loss: str) -> None:
    """Refuse labels that are not of the loss's kind, that the network has no output for, or no frames.

    Raises
    ------
    DataError
        Naming the sequence.
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
    """CTC needs a frame for every label, and one more for the blank between two that are alike."""
    alike = np.zeros(len(targets.symbols), np.int64)
    alike[1:] = targets.symbols[1:] == targets.symbols[:-1]
    inner = np.diff(targets.starts) > 0
    alike[targets.starts[:-1][inner]] = 0
    before = np.concatenate([[0], np.cumsum(alike)])
    counts = np.diff(targets.starts)
    needed = counts + before[targets.starts[1:]] - before[targets.starts[:-1]]
    if (needed > lengths).any():
        i = int(np.argmax(needed > lengths))
        raise DataError(
            f"Sequence {i} has {lengths[i]} frames, too few for its {counts[i]} labels, which need {needed[i]} with "
            "the blanks between equal neighbours: drop it, or make frames shorter."
        )
