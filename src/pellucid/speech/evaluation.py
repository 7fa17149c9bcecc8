"""Evaluation of a speech network: single digits, digits in a row, and sounds that are not digits."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, astuple, dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from pellucid.speech.decoding import OTHER_WORD
from pellucid.speech.features import RATE, powers
from pellucid.speech.joining import Joining, differences
from pellucid.speech.music import HELD_OUT, clip

if TYPE_CHECKING:
    from pellucid.data.recordings import Recordings
    from pellucid.speech.recognizer import Recognizer

Floats = npt.NDArray[np.float32]

_ALIKE_BACKWARDS = (6, 8, 9)


@dataclass(frozen=True)
class Score:
    """Results of one network on one set of recordings.

    Attributes
    ----------
    single : float
        Accuracy on single digits, given that there is exactly one.
    free : float
        Accuracy on single digits when their number is not given.
    joined : float
        Digit error rate on joined sequences of one to seven digits: substitutions, deletions and insertions per spoken
        digit.
    sure : float
        Share of single digits for which the network was sure and correct.
    misled : float
        Share of single digits for which it was sure and wrong.
    """

    single: float
    free: float
    joined: float
    sure: float
    misled: float

    def __str__(self) -> str:
        return (
            f"single {self.single:.2%}, number unknown {self.free:.2%}, joined error {self.joined:.2%}; "
            f"sure and right {self.sure:.2%}, sure and wrong {self.misled:.2%}"
        )


def mean(scores: Iterable[Score]) -> Score:
    """Return the mean of every figure.

    Examples
    --------
    >>> print(mean([Score(1, 1, 0.25, 1, 0), Score(0.5, 0.5, 0.75, 0, 0)]))
    single 75.00%, number unknown 75.00%, joined error 50.00%; sure and right 50.00%, sure and wrong 0.00%
    """
    return Score(*np.mean([astuple(score) for score in scores], axis=0).tolist())


def rounded(score: Score) -> dict[str, float]:
    """Return plain data, rounded to a hundredth of a percent."""
    return {name: round(float(value), 4) for name, value in asdict(score).items()}


def evaluate(recognizer: Recognizer, data: Recordings, sequences: int = 200, seed: int = 0) -> Score:
    """Measure how well digits are recognised.

    Parameters
    ----------
    recognizer : Recognizer
    data : Recordings
        Recordings that are not digits are left out.
    sequences : int
        Number of joined sequences.
    seed : int
        Determines the joined sequences.
    """
    digits = data[data.labels >= 0]
    single = free = sure = misled = 0
    for samples, label in digits:
        power = powers(samples)
        logs = recognizer.logs(power)
        said = recognizer.said(logs)
        heard = [word.digit for word in recognizer.words(logs, power, said) if word.sure]
        single += recognizer.best(logs, 1) == [label]
        free += [word for word in said if word != OTHER_WORD] == [label]
        sure += heard == [label]
        misled += bool(heard) and heard != [label]
    wrong = count = 0
    for samples, labels in Joining().sequences(digits, sequences, seed):
        wrong += differences(labels, recognizer.best(recognizer.logs(powers(samples))))
        count += len(labels)
    every = len(digits)
    return Score(single / every, free / every, wrong / max(1, count), sure / every, misled / every)


def false_alarms(recognizer: Recognizer, clips: Iterable[Floats]) -> int:
    """Count the clips (n,) without a digit for which the network is sure of one."""
    return sum(any(word.sure for word in recognizer.sentence(powers(samples)).words) for samples in clips)


def no_digits(spoken: Recordings, read: Recordings, seed: int = 0) -> dict[str, list[Floats]]:
    """Return clips without digits, by kind.

    Parameters
    ----------
    spoken : Recordings
        Recordings with words that are not digits.
    read : Recordings
        Recordings of digits, to be played backwards.
    seed : int
        Determines all the other clips.
    """
    rng = np.random.default_rng(seed)
    others = [samples for samples, label in spoken if label < 0]
    reversed_ = [samples[::-1].copy() for samples, label in read if label >= 0 and label not in _ALIKE_BACKWARDS]
    return {
        "noise of any colour": [_coloured(rng) for _ in range(60)],
        "music": [clip(rng, HELD_OUT) for _ in range(120)],
        "other words": others,
        "many voices at once": [_babble(others, rng) for _ in range(60)],
        "backwards": reversed_,
    }


def _coloured(rng: np.random.Generator) -> Floats:
    """Return noise from brown to blue."""
    count = round(RATE * rng.uniform(0.4, 2.0))
    hertz = np.maximum(np.fft.rfftfreq(count, 1 / RATE), 20)
    made = np.fft.irfft(np.fft.rfft(rng.normal(0, 1, count)) * hertz ** rng.uniform(-1, 0.5), count)
    result: Floats = (0.5 * made / np.abs(made).max()).astype(np.float32)
    return result


def _babble(others: list[Floats], rng: np.random.Generator) -> Floats:
    """Return ten words at once, within one and a half seconds."""
    count = RATE * 3 // 2
    whole = np.zeros(count, np.float32)
    for number in rng.integers(len(others), size=10):
        word = others[number][:count]
        at = int(rng.integers(count - len(word) + 1))
        whole[at : at + len(word)] += word
    return whole * np.float32(0.8 / (np.abs(whole).max() + 1e-9))
