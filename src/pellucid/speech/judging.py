"""How well a network hears: single digits, and digits in a row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pellucid.speech.features import powers
from pellucid.speech.joining import Joining, differences

if TYPE_CHECKING:
    from pellucid.data.recordings import Recordings
    from pellucid.speech.ear import Ear


@dataclass(frozen=True)
class Score:
    """Figures of one network on one set of recordings.

    Attributes
    ----------
    single : float
        Share of single digits heard right, where it is known that there is one.
    free : float
        Share of single digits heard right, and as one, where their number is not known.
    joined : float
        Digit error rate of sequences of one to seven digits made by joining: digits changed, left out and put in, by
        digits said.
    """

    single: float
    free: float
    joined: float

    def __str__(self) -> str:
        return f"single {self.single:.2%}, number unknown {self.free:.2%}, joined error {self.joined:.2%}"


def judged(ear: Ear, data: Recordings, sequences: int = 200, seed: int = 0) -> Score:
    """Measure how well digits are heard.

    Parameters
    ----------
    ear : Ear
    data : Recordings
        Those that are no digits are left out.
    sequences : int
        How many are joined.
    seed : int
        How they are joined.
    """
    digits = data[data.labels >= 0]
    single = free = 0
    for samples, label in digits:
        logs = ear.logs(powers(samples))
        single += ear.best(logs, 1) == [label]
        free += ear.best(logs) == [label]
    wrong = count = 0
    for samples, labels in Joining().sequences(digits, sequences, seed):
        wrong += differences(labels, ear.best(ear.logs(powers(samples))))
        count += len(labels)
    return Score(single / len(digits), free / len(digits), wrong / max(1, count))
