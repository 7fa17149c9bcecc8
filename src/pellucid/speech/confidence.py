"""How sure a word is: its probability among everything else that could have been said in its place.

A network trained with CTC is nearly always certain of something in every frame, so the height of its outputs says
little. What says more is how the word fares against its rivals in the frames that it takes up: each of the other
digits, a word of another kind, nothing at all, and the sounds that the network would spell there if it knew no words.
The probability of each is summed over all its paths, and the word has its share of the whole. A digit that is only like
"five" has to share with what it really sounds like. A word's confidence is that share, times the probability of its
weakest sound.
"""

from __future__ import annotations

import itertools

import numpy as np
import numpy.typing as npt

from pellucid.speech.decoding import OTHER_WORD, greedy, log_probability
from pellucid.speech.lexicon import spelling

Logs = npt.NDArray[np.float64]

TEMPERATURE = 1.0
"""Logarithms of probabilities are divided by this before they are compared: above 1, confidences are humbler."""


def rivals(logs: Logs) -> list[list[int]]:
    """What else could have been said in frames (T, K): digits in order, another word, nothing, and the free spelling.

    Examples
    --------
    >>> len(rivals(np.log(np.full((5, 21), 1 / 21))))
    12
    """
    spellings = [spelling([word]) for word in (*range(OTHER_WORD), -1)]
    spellings.append([])
    free = [run.number for run in greedy(logs)]
    return spellings if free in spellings else [*spellings, free]


def shares(logs: Logs, temperature: float = TEMPERATURE) -> npt.NDArray[np.float64]:
    """The share of each of `rivals` in frames (T, K); they add up to 1."""
    values = np.array([log_probability(logs, rival) for rival in rivals(logs)]) / temperature
    result: npt.NDArray[np.float64] = np.exp(values - np.logaddexp.reduce(values))
    return result


def spans(places: list[list[tuple[int, int]]], frames: int) -> list[tuple[int, int]]:
    """The frames (begin, end) that each word may claim: as far as halfway to its neighbours.

    Parameters
    ----------
    places : list of list of (int, int)
        Of each word, the frames of its sounds.
    frames : int
        How many there are.

    Examples
    --------
    >>> spans([[(2, 4), (5, 6)], [(10, 12)]], 20)
    [(0, 8), (8, 20)]
    """
    middles = [(one[-1][1] + other[0][0]) // 2 for one, other in itertools.pairwise(places)]
    edges = [0, *middles, frames]
    return list(itertools.pairwise(edges))
