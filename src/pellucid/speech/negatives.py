"""Utterances without digits, on which a network learns to answer "something else", or nothing.

Some are speech: words played backwards, and words spliced from the start of one digit and the end of another, such as
"fo-ine", which resemble digits as closely as possible. Others are not speech: noise, tones, music.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from pellucid.speech.augmentation import PLAIN, WARPS, at_tempo, noise
from pellucid.speech.features import powers
from pellucid.speech.music import LEARNT, clip
from pellucid.speech.words import Words

Floats = npt.NDArray[np.float32]

_ALIKE_BACKWARDS = (6, 8, 9)
"""Digits that still resemble a digit when played backwards."""
_ONSETS = ("Z", "W", "T", "TH", "F", "F", "S", "S", "EY", "N")
_CODAS = ("OW", "N", "UW", "IY", "R", "V", "S", "N", "T", "N")


def backwards(words: Words, count: int, rng: np.random.Generator) -> list[Floats]:
    """Return the power (T, bands) of digits played backwards."""
    reversible = np.flatnonzero((words.labels >= 0) & ~np.isin(words.labels, _ALIKE_BACKWARDS))
    return [words.powers[i][PLAIN][::-1] for i in rng.choice(reversible, count if len(reversible) else 0)]


def spliced(words: Words, count: int, rng: np.random.Generator) -> list[Floats]:
    """Return the power (T, bands) of words that start as one digit and end as another, by one speaker."""
    speakers = [name for name, own in words.by_speaker.items() if len(set(words.labels[own].tolist())) > 2]
    made: list[Floats] = []
    for _ in range(count if speakers else 0):
        own = words.by_speaker[speakers[int(rng.integers(len(speakers)))]]
        first, last = (int(i) for i in rng.choice(own, 2))
        if spliceable(int(words.labels[first]), int(words.labels[last])):
            tract = int(rng.integers(len(WARPS)))
            made.append(_cut(words.powers[first][tract], words.powers[last][tract], rng))
    return made


def spliceable(first: int, last: int) -> bool:
    """Return whether the start of one digit and the end of another never form a digit, wherever they are cut.

    Examples
    --------
    >>> spliceable(2, 6), spliceable(4, 5), spliceable(1, 9)
    (True, False, False)
    """
    return _ONSETS[first] != _ONSETS[last] and _CODAS[first] != _CODAS[last]


def _cut(first: Floats, last: Floats, rng: np.random.Generator) -> Floats:
    """Splice the first part of one word and the last part of the other, equally loud, at a random tempo."""
    begin = first[: max(2, round(rng.uniform(0.4, 0.65) * len(first)))]
    end = last[min(len(last) - 2, round(rng.uniform(0.35, 0.6) * len(last))) :]
    even = np.float32(begin.sum(axis=1).max() / (end.sum(axis=1).max() + 1e-12))
    return at_tempo(np.concatenate([begin, even * end]), rng.uniform(0.85, 1.2))


def nothing(rng: np.random.Generator, bands: int) -> Floats:
    """Return the power (T, bands) of noise, half of the time with tones."""
    frames = int(rng.integers(12, 60))
    power = noise(rng, frames, bands)
    if rng.random() < 0.5:
        for _ in range(rng.integers(1, 5)):
            begin, length = int(rng.integers(0, frames - 4)), int(rng.integers(4, frames))
            power[begin : begin + length, rng.integers(bands)] += np.float32(10 ** rng.uniform(0, 2.5))
    return power


def music(rng: np.random.Generator) -> Floats:
    """Return the power (T, bands) of music and similar sounds."""
    return powers(clip(rng, LEARNT))
