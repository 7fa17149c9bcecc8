"""What a network makes of held-out utterances, without a search: the likeliest class of every step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from pellucid.speech.joining import differences
from pellucid.speech.lexicon import LEXICON, spelling

_SPELLINGS = [(entry.digit, spelling([entry.digit])) for entry in LEXICON]


@dataclass(frozen=True)
class SpeechScore:
    """Errors on some utterances: substitutions, deletions and insertions.

    Attributes
    ----------
    right : int
        Utterances without any error.
    sounds, sound_errors : int
        Sounds said, and errors in what is heard; 0 for a network of digits.
    digits, digit_errors : int
        Digits said, and errors in the digits heard.
    wrong : tuple of int
        Numbers of the utterances with errors.
    heard : tuple of (tuple of int)
        What is heard in each utterance: numbers of classes.
    """

    right: int
    sounds: int
    sound_errors: int
    digits: int
    digit_errors: int
    wrong: tuple[int, ...]
    heard: tuple[tuple[int, ...], ...]


def spelt(outputs: npt.NDArray[Any]) -> list[int]:
    """Return the likeliest class of every step (T, K), without repetitions and the blank, which is class 0.

    Examples
    --------
    >>> spelt(np.eye(3)[[0, 1, 1, 0, 1, 2]])
    [1, 1, 2]
    """
    best = outputs.argmax(axis=1)
    kept = (best != 0) & (np.diff(best, prepend=0) != 0)
    return [int(number) for number in best[kept]]


def digits_in(sounds: Sequence[int]) -> list[int]:
    """Return the digits whose sounds are spelt exactly; sounds between them are left out.

    Examples
    --------
    >>> digits_in([*spelling([3]), 1, *spelling([7])])
    [3, 7]
    """
    found, at = [], 0
    while at < len(sounds):
        match = next(((d, len(s)) for d, s in _SPELLINGS if list(sounds[at : at + len(s)]) == s), None)
        if match is None:
            at += 1
            continue
        found.append(match[0])
        at += match[1]
    return found


def score_of_sounds(outputs: Sequence[npt.NDArray[Any]], labels: Sequence[npt.NDArray[np.int64]]) -> SpeechScore:
    """Compare outputs (T, K) at every step with the sounds that were said."""
    said = [each.tolist() for each in labels]
    heard = [spelt(each) for each in outputs]
    errors = [differences(one, other) for one, other in zip(said, heard, strict=True)]
    digits = [digits_in(each) for each in said]
    digit_errors = [differences(one, digits_in(other)) for one, other in zip(digits, heard, strict=True)]
    return SpeechScore(
        errors.count(0), sum(map(len, said)), sum(errors), sum(map(len, digits)), sum(digit_errors),
        tuple(number for number, error in enumerate(errors) if error), tuple(map(tuple, heard)),
    )  # fmt: skip


def score_of_digits(outputs: npt.NDArray[Any], labels: npt.NDArray[np.int64]) -> SpeechScore:
    """Compare one output (K,) for each utterance, (N, K), with the digit that was said, (N,)."""
    heard = outputs.argmax(axis=1)
    wrong = np.flatnonzero(heard != labels)
    right = len(labels) - len(wrong)
    return SpeechScore(
        right, 0, 0, len(labels), len(wrong), tuple(wrong.tolist()), tuple((int(each),) for each in heard)
    )
