"""The confidence of a word: its probability compared with everything that could have been said instead.

A network trained with CTC is nearly always certain in every frame, so its outputs alone say little. The comparison with
the word's rivals in the same frames says more. The probability of each is summed over all its paths. The evidence for a
digit are the logarithms of two ratios, to the best other digit and to another word, and the mean log probability of its
own sounds. Its confidence is a logistic function of the evidence, fitted to recordings of real words that the network
was not trained on (`pellucid.speech.calibration`).

A network without such a function gives the digit's share among more rivals (silence, and the sounds that it would spell
there without a lexicon, too) times the probability of the weakest sound. Where the number of digits is known, each
word is a digit; then its rivals are the other digits, and its confidence is its share among them.
"""

from __future__ import annotations

import itertools

import numpy as np
import numpy.typing as npt

from pellucid.speech.decoding import OTHER_WORD, greedy, log_probabilities
from pellucid.speech.lexicon import spelling

Logs = npt.NDArray[np.float64]

TEMPERATURE = 1.0
"""Temperature: log probabilities are divided by it before they are compared. Above 1, confidences are lower."""

EVIDENCE = 3
"""Numbers in the evidence for a word."""
_MOST_EVIDENCE = 15.0


def rivals(logs: Logs) -> list[list[int]]:
    """List what could have been said in frames (T, K): the digits in order, another word, silence, the free spelling.

    Examples
    --------
    >>> len(rivals(np.log(np.full((5, 21), 1 / 21))))
    12
    """
    spellings = [spelling([word]) for word in (*range(OTHER_WORD), -1)]
    spellings.append([])
    free = [run.number for run in greedy(logs)]
    return spellings if free in spellings else [*spellings, free]


def shares(logs: Logs, temperature: float = TEMPERATURE, *, is_digit: bool = False) -> npt.NDArray[np.float64]:
    """Return the share of each of `rivals` in frames (T, K); the shares add up to 1.

    With ``is_digit`` a digit was said for certain, and the digits alone are rivals.
    """
    against = [spelling([digit]) for digit in range(OTHER_WORD)] if is_digit else rivals(logs)
    values = log_probabilities(logs, against) / temperature
    result: npt.NDArray[np.float64] = np.exp(values - np.logaddexp.reduce(values))
    return result


def evidence(logs: Logs, digit: int, sounds: list[float]) -> npt.NDArray[np.float64]:
    """Return the evidence in frames (T, K) for a digit: `EVIDENCE` numbers, each at most `_MOST_EVIDENCE` in size.

    They are the log ratios of its probability to that of the most probable other digit and to that of another word,
    and the mean log probability of its ``sounds``.
    """
    values = log_probabilities(logs, [spelling([word]) for word in (*range(OTHER_WORD), -1)])
    own, other_word = values[digit], values[OTHER_WORD]
    other_digits = np.delete(values[:OTHER_WORD], digit).max()
    found = [own - other_digits, own - other_word, np.log(np.maximum(sounds, 1e-9)).mean()]
    result: npt.NDArray[np.float64] = np.clip(found, -_MOST_EVIDENCE, _MOST_EVIDENCE)
    return result


def spans(places: list[list[tuple[int, int]]], frames: int) -> list[tuple[int, int]]:
    """Return the frame range (begin, end) of each word, which reaches halfway to its neighbours.

    Parameters
    ----------
    places : list of list of (int, int)
        For each word, the frame ranges of its sounds.
    frames : int
        Number of frames.

    Examples
    --------
    >>> spans([[(2, 4), (5, 6)], [(10, 12)]], 20)
    [(0, 8), (8, 20)]
    """
    middles = [(one[-1][1] + other[0][0]) // 2 for one, other in itertools.pairwise(places)]
    edges = [0, *middles, frames]
    return list(itertools.pairwise(edges))
