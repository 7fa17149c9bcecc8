"""Sequences of digits, joined from recordings of single digits: they are not fluent speech.

Two digits are separated by a pause of random length, or they overlap. Each digit has its own gain, and faint noise
covers the whole sequence. Results on such sequences show how well digits in a row are distinguished and counted. They
do not show how well fluent speech is recognised, where neighbouring sounds influence each other.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from pellucid.data.recordings import Recordings

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Joining:
    """How digits are joined.

    Parameters
    ----------
    pause : (float, float)
        Seconds between one digit and the next; below 0 they overlap.
    gain : float
        Maximum change of a digit's loudness in dB, up or down.
    noise : (float, float)
        Level of the noise in dB below the loudest sample.
    """

    pause: tuple[float, float] = (-0.03, 0.30)
    gain: float = 6.0
    noise: tuple[float, float] = (35.0, 60.0)

    def sequence(
        self, data: Recordings, chosen: npt.NDArray[np.int64], rng: np.random.Generator
    ) -> tuple[Floats, list[int]]:
        """Join the samples (n,) of recordings, and return them with their labels."""
        parts = [data.samples(int(i)) * np.float32(10 ** (rng.uniform(-1, 1) * self.gain / 20)) for i in chosen]
        lead = round(rng.uniform(0.05, 0.3) * data.rate)
        begins = [lead]
        for part in parts:
            begins.append(max(begins[-1], begins[-1] + len(part) + round(rng.uniform(*self.pause) * data.rate)))
        whole = np.zeros(begins[-2] + len(parts[-1]) + lead, np.float32)
        for begin, part in zip(begins, parts, strict=False):
            whole[begin : begin + len(part)] += part
        loudest = float(np.abs(whole).max()) + 1e-9
        whole += rng.normal(0, loudest * 10 ** (-rng.uniform(*self.noise) / 20), len(whole)).astype(np.float32)
        return whole * np.float32(min(1.0, 0.99 / float(np.abs(whole).max()))), data.labels[chosen].tolist()

    def sequences(self, data: Recordings, count: int, seed: int, most: int = 7) -> list[tuple[Floats, list[int]]]:
        """Return ``count`` sequences of 1 to ``most`` digits, each by one speaker.

        Examples
        --------
        >>> from pellucid import data
        >>> spoken = data.load("spoken").test
        >>> [labels for _, labels in Joining().sequences(spoken, 3, seed=1)]
        [[...], [...], [...]]
        """
        rng = np.random.default_rng(seed)
        digits = np.flatnonzero(data.labels >= 0)
        speakers = sorted(set(data.speakers[digits].tolist()))
        by_speaker = [digits[data.speakers[digits] == speaker] for speaker in speakers]
        found = []
        for number in range(count):
            own = by_speaker[number % len(speakers)]
            found.append(self.sequence(data, rng.choice(own, int(rng.integers(1, most + 1))), rng))
        return found


def differences(said: list[int], heard: list[int]) -> int:
    """Return the edit distance: the fewest substitutions, deletions and insertions between heard and said digits.

    Examples
    --------
    >>> differences([3, 8, 1], [3, 1, 1, 4])
    2
    """
    row = list(range(len(heard) + 1))
    for i, digit in enumerate(said, 1):
        before, row[0] = row[0], i
        for j, other in enumerate(heard, 1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (digit != other))
    return row[-1]
