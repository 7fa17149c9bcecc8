"""Decode the network's output into digits: greedily, or by a beam search with the lexicon and a grammar.

For each frame, the network gives a probability for every sound and for the blank, which means "no new sound here". Many
paths through the frames spell the same sounds once repetitions are merged and blanks removed. The probability of a
spelling is the sum over its paths (Graves et al. 2006).

`greedy` takes the best class of each frame and merges repetitions; the result need not be a word. `beam` uses the
lexicon and a grammar (any number of digits unless it is given, with or without silence between them). It keeps the most
probable sequences of digits, each with the sum over all its paths.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from pellucid.speech.lexicon import LEXICON, spelling

Logs = npt.NDArray[np.float64]

NEVER = -1e30
_LEAST = 1e-300
WIDTH = 12
"""Number of sequences that the beam keeps."""
OTHER_WORD = len(LEXICON)
"""The word, numbered after the digits, for speech that is not a digit."""


@dataclass(frozen=True)
class Run:
    """Frames from ``begin`` to before ``end`` with the same best class, and its mean probability there."""

    number: int
    begin: int
    end: int
    probability: float


@dataclass(frozen=True)
class Guess:
    """A sequence of words (10 being "no digit") and the logarithm of its probability."""

    words: tuple[int, ...]
    log_probability: float


def greedy(logs: Logs) -> list[Run]:
    """Take the best class of every frame, merge repetitions, and remove blanks.

    Parameters
    ----------
    logs : ndarray, shape (T, K)
        Logarithms of the probabilities of the K classes, class 0 the blank.

    Examples
    --------
    >>> likely = np.eye(3)[[0, 1, 1, 0, 1, 2]] + 1e-3
    >>> [(run.number, run.begin, run.end) for run in greedy(np.log(likely))]
    [(1, 1, 3), (1, 4, 5), (2, 5, 6)]
    """
    best = logs.argmax(axis=1)
    edges = np.flatnonzero(np.diff(best, prepend=-1, append=-1))
    return [
        Run(int(best[begin]), int(begin), int(end), float(np.exp(logs[begin:end, best[begin]]).mean()))
        for begin, end in itertools.pairwise(edges)
        if best[begin] != 0
    ]


@dataclass(frozen=True)
class _Words:
    """The words as arrays. Word w has states 0 to 2 lengths[w] - 1: a sound, a blank, ..., the last sound, a blank.

    ``classes`` (W, S): the class of each state. ``exists`` (W, S): whether the word has that state. ``skips`` (W, S):
    whether a state may directly follow the state two before it, which requires two different sounds. ``last`` (W,): the
    state of the last sound. ``clash`` (W, W): whether the second word starts with the last sound of the first, so that
    a blank must separate them.
    """

    classes: npt.NDArray[np.int64]
    exists: npt.NDArray[np.bool_]
    skips: npt.NDArray[np.bool_]
    last: npt.NDArray[np.int64]
    clash: npt.NDArray[np.bool_]


@cache
def _words() -> _Words:
    spellings = [spelling([digit]) for digit in (*range(OTHER_WORD), -1)]
    states = 2 * max(map(len, spellings))
    classes = np.zeros((len(spellings), states), np.int64)
    skips = np.zeros(classes.shape, bool)
    for word, sounds in enumerate(spellings):
        classes[word, 0 : 2 * len(sounds) : 2] = sounds
        for i in range(1, len(sounds)):
            skips[word, 2 * i] = sounds[i] != sounds[i - 1]
    lengths = np.array([len(sounds) for sounds in spellings])
    exists = np.arange(states) < 2 * lengths[:, None]
    clash = np.array([[one[-1] == other[0] for other in spellings] for one in spellings])
    return _Words(classes, exists, skips, 2 * lengths - 2, clash)


class Beam:
    """Takes frames as they arrive, and returns the most probable sequences of words at any time.

    Parameters
    ----------
    most : int, optional
        Maximum number of words; if given, all of them are digits.
    width : int
        Number of sequences that are kept.
    penalty : float
        Subtracted from the log probability for each word: above 0, fewer words are recognised.
    """

    def __init__(self, most: int | None = None, width: int = WIDTH, penalty: float = 0.0) -> None:
        self._words = _words()
        self._most, self._width, self._penalty = most, width, penalty
        self._sequences: list[tuple[int, ...]] = [()]
        # alpha (H, S): for each sequence, the paths in each state of its last word. Before the first word there is only
        # the blank, which takes the place of a word's last blank.
        self._alpha = np.full((1, self._words.classes.shape[1]), NEVER)
        self._alpha[0, -1] = 0.0

    def feed(self, logs: Logs) -> None:
        """Advance by frames (T, K)."""
        for frame in logs:
            self._step(frame)

    def _step(self, frame: Logs) -> None:
        words, alpha = self._words, self._alpha
        lasts = np.array([sequence[-1] if sequence else OTHER_WORD for sequence in self._sequences])
        begun = np.array([bool(sequence) for sequence in self._sequences])
        moved = np.logaddexp(alpha, _shifted(alpha, 1))
        moved = np.where(words.skips[lasts], np.logaddexp(moved, _shifted(alpha, 2)), moved)
        classes, exists = words.classes[lasts], words.exists[lasts]
        classes[~begun], exists[~begun] = 0, np.arange(alpha.shape[1]) == alpha.shape[1] - 1
        moved[~begun] = alpha[~begun]
        moved = np.where(exists, moved + frame[classes], NEVER)
        self._merge(moved, self._entries(lasts, begun) + frame[words.classes[:, 0]])

    def _entries(self, lasts: npt.NDArray[np.int64], begun: npt.NDArray[np.bool_]) -> Logs:
        """For each sequence (H,), return the paths that can enter each word (H, W) in the next frame."""
        rows = np.arange(len(lasts))
        at = np.where(begun, self._words.last[lasts], -2)
        blank, sound = self._alpha[rows, at + 1], np.where(begun, self._alpha[rows, at], NEVER)
        entries = np.where(self._words.clash[lasts], blank[:, None], np.logaddexp(blank, sound)[:, None])
        entries[~begun] = blank[~begun, None]
        if self._most is not None:
            entries[[len(sequence) >= self._most for sequence in self._sequences]] = NEVER
            entries[:, OTHER_WORD] = NEVER
        result: Logs = entries - self._penalty
        return result

    def _merge(self, moved: Logs, entries: Logs) -> None:
        """Merge the sequences that stayed in their last word with those that started another, and keep the best."""
        places = {sequence: row for row, sequence in enumerate(self._sequences)}
        totals = np.logaddexp.reduce(moved, axis=1)
        # Only the best entries can be among the sequences that are kept.
        flat = entries.ravel()
        chosen = np.argsort(flat)[-2 * self._width :]
        sequences, rows = list(self._sequences), [moved]
        for number in chosen[flat[chosen] > NEVER / 2]:
            row, word = divmod(int(number), entries.shape[1])
            child = (*self._sequences[row], word)
            if child in places:
                at = places[child]
                moved[at, 0] = np.logaddexp(moved[at, 0], flat[number])
                totals[at] = np.logaddexp.reduce(moved[at])
            else:
                begun = np.full((1, moved.shape[1]), NEVER)
                begun[0, 0] = flat[number]
                rows.append(begun)
                sequences.append(child)
        alpha = np.concatenate(rows)
        totals = np.concatenate([totals, alpha[len(moved) :, 0]])
        kept = np.argsort(-totals)[: self._width]
        self._alpha, self._sequences = alpha[kept], [sequences[row] for row in kept]

    def guesses(self, least: int = 0) -> list[Guess]:
        """Return the sequences with a complete last word and at least ``least`` words, the most probable first."""
        found = []
        for sequence, alpha in zip(self._sequences, self._alpha, strict=True):
            at = int(self._words.last[sequence[-1]]) if sequence else alpha.shape[0] - 2
            whole = float(np.logaddexp(alpha[at], alpha[at + 1]))
            if whole > NEVER / 2 and len(sequence) >= least:
                found.append(Guess(sequence, whole))
        return sorted(found, key=lambda guess: -guess.log_probability)


def beam(logs: Logs, *, digits: int | None = None, width: int = WIDTH, penalty: float = 0.0) -> list[Guess]:
    """Return the most probable sequences of words, the best first.

    Parameters
    ----------
    logs : ndarray, shape (T, K)
        Log probabilities of `pellucid.speech.lexicon.CLASSES` in each frame.
    digits : int, optional
        Number of digits, if known; other words are then excluded.
    width : int
        Number of sequences that are kept.
    penalty : float
        Subtracted from the log probability for each word.

    Returns
    -------
    list of Guess
        Empty if no sequence of this length fits into the frames.
    """
    search = Beam(digits, width, penalty)
    search.feed(np.asarray(logs, np.float64))
    return search.guesses(digits or 0)


def log_probability(logs: Logs, classes: list[int]) -> float:
    """Return the log probability that frames (T, K) spell ``classes``, summed over all paths.

    Examples
    --------
    >>> even = np.log(np.full((2, 2), 0.5))
    >>> round(float(np.exp(log_probability(even, [1]))), 6)
    0.75
    """
    return float(log_probabilities(logs, [classes])[0])


def log_probabilities(logs: Logs, spellings: list[list[int]]) -> Logs:
    """Return the log probability of each spelling in frames (T, K); see `log_probability`.

    All are computed at once, with the probabilities themselves, scaled to a sum of 1 in every frame.

    Examples
    --------
    >>> even = np.log(np.full((2, 2), 0.5))
    >>> np.exp(log_probabilities(even, [[1], []])).round(6).tolist()
    [0.75, 0.25]
    """
    lengths = np.array([2 * len(one) + 1 for one in spellings])
    states = np.zeros((len(spellings), lengths.max() + 2), np.int64)
    for row, one in enumerate(spellings):
        states[row, 3 : lengths[row] + 2 : 2] = one
    own = states[:, 2:]
    exists = (np.arange(own.shape[1]) < lengths[:, None]).astype(np.float64)
    skips = ((own != 0) & (own != states[:, :-2])).astype(np.float64)
    skips[:, :2] = 0
    # Two columns of zeros on the left stand for what precedes the first state.
    alpha = np.zeros(states.shape)
    alpha[:, 2] = 1.0
    total = np.zeros(len(spellings))
    for frame in np.exp(np.asarray(logs, np.float64))[:, own] * exists:
        moved = (alpha[:, 2:] + alpha[:, 1:-1] + alpha[:, :-2] * skips) * frame
        scale = moved.sum(axis=1)
        scale[scale == 0] = _LEAST
        alpha[:, 2:] = moved / scale[:, None]
        total += np.log(scale)
    rows, ends = np.arange(len(spellings)), lengths + 1
    # The end of the empty spelling is its only state.
    last = alpha[rows, ends] + np.where(lengths > 1, alpha[rows, ends - 1], 0.0)
    with np.errstate(divide="ignore"):
        result: Logs = np.maximum(total + np.log(last), NEVER)
    return result


def aligned(logs: Logs, classes: list[int]) -> list[tuple[int, int]]:
    """Return the frame range (begin, end) of each class on the most probable path that spells ``classes``.

    Returns
    -------
    list of (int, int)
        One for each class; empty if there are too few frames.
    """
    states = np.zeros(2 * len(classes) + 1, np.int64)
    states[1::2] = classes
    skips = np.zeros(len(states), bool)
    skips[2:] = (states[2:] != 0) & (states[2:] != states[:-2])
    best = np.full(len(states), NEVER)
    best[0] = 0.0
    came = np.zeros((len(logs), len(states)), np.int64)
    for t, frame in enumerate(np.asarray(logs, np.float64)):
        ways = np.stack([best, _shifted(best[None], 1)[0], np.where(skips, _shifted(best[None], 2)[0], NEVER)])
        came[t] = ways.argmax(axis=0)
        best = ways.max(axis=0) + frame[states]
    at = len(states) - 1 - int(best[-1] < best[-2]) if len(states) > 1 else 0
    if not classes or best[at] < NEVER / 2:
        return []
    path = np.empty(len(logs), np.int64)
    for t in range(len(logs) - 1, -1, -1):
        path[t] = at
        at -= int(came[t, at])
    places = [np.flatnonzero(path == 2 * i + 1) for i in range(len(classes))]
    return [(int(place[0]), int(place[-1]) + 1) for place in places]


def _shifted(alpha: Logs, by: int) -> Logs:
    """Shift states (H, S) up by the given number; the first ones become empty."""
    moved = np.full_like(alpha, NEVER)
    moved[:, by:] = alpha[:, :-by] if alpha.shape[1] > by else NEVER
    return moved
