"""What a network learns to hear from: utterances made of recorded words, varied, with what was said in each.

Recordings of single words become utterances of one word or of several by the same speaker, one after another with
pauses: nobody spoke them in one breath. Beside them there are utterances in which no digit is said: words of other
kinds, words played backwards, noise, and tones. They teach the network when to say "something else", and when nothing.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from pellucid.data.sequences import Sequences
from pellucid.speech.features import RATE, evened, powers
from pellucid.speech.lexicon import CLASSES, spelling
from pellucid.speech.varying import PLAIN, WARPS, Vary, at_tempo, noise, warped_powers

if TYPE_CHECKING:
    from pellucid.data.recordings import Recordings

Floats = npt.NDArray[np.float32]

_SHORTEST = RATE * 3 // 20
_ALIKE_BACKWARDS = (6, 8, 9)
"""Digits that, played backwards, are still much like a digit."""


@dataclass(frozen=True)
class Lessons:
    """How utterances are made of recorded words.

    Parameters
    ----------
    vary : Vary
        What is done to every utterance.
    joined : float
        Share of the utterances that have two to five words.
    backwards, silent : float
        For each word, how many utterances there are of a word played backwards, and of noise or tones alone.
    """

    vary: Vary = field(default_factory=Vary)
    joined: float = 0.35
    backwards: float = 0.04
    silent: float = 0.04

    def all_of(self, data: Recordings) -> Words:
        """The recorded words as they are needed, at every length of the vocal tract: some 10 ms a word."""
        return Words([warped_powers(_long_enough(samples)) for samples, _ in data], data.labels, data.speakers)

    def sequences(self, words: Words, seed: int, rounds: int = 1, name: str = "lessons") -> Sequences:
        """Every word ``rounds`` times, each time varied anew, and the utterances without digits.

        Parameters
        ----------
        words : Words
        seed : int
            Draws everything: same seed, same bits.
        rounds : int
            How often each word is the first of an utterance.

        Returns
        -------
        Sequences
            Frames as a network takes them, and the numbers of the sounds in `pellucid.speech.lexicon.CLASSES`.
        """
        rng = np.random.default_rng(seed)
        made: list[tuple[Floats, list[int]]] = []
        for _ in range(rounds):
            made += [self._utterance(words, first, rng) for first in range(len(words))]
            turned = np.flatnonzero((words.labels >= 0) & ~np.isin(words.labels, _ALIKE_BACKWARDS))
            if len(turned):
                chosen = rng.choice(turned, round(self.backwards * len(words)))
                made += [(self.vary(words.powers[i][PLAIN][::-1], rng), spelling([-1])) for i in chosen]
            bands = words.powers[0][PLAIN].shape[1]
            made += [(self.vary(nothing(rng, bands), rng), []) for _ in range(round(self.silent * len(words)))]
        frames, labels = zip(*(one for one in made if _fits(*one)), strict=True)
        arrays = [np.asarray(label, np.int64) for label in labels]
        return Sequences(frames, arrays, classes=CLASSES, name=name)

    def _utterance(self, words: Words, first: int, rng: np.random.Generator) -> tuple[Floats, list[int]]:
        """One word, or several by its speaker, with pauses; varied."""
        said = [first]
        if words.labels[first] >= 0 and rng.random() < self.joined:
            said += rng.choice(words.by_speaker[words.speakers[first]], int(rng.integers(1, 5))).tolist()
        tract, tempo = int(rng.integers(len(WARPS))), rng.uniform(0.9, 1.3)
        hush = 10 ** rng.uniform(-6, -2.5)
        parts: list[Floats] = []
        for place, number in enumerate(said):
            warp = int(np.clip(tract + rng.integers(-1, 2), 0, len(WARPS) - 1))
            stretch = tempo * rng.uniform(0.92, 1.08) / WARPS[warp] ** rng.uniform(0.6, 1.0)
            part = at_tempo(words.powers[number][warp], stretch) * np.float32(10 ** rng.uniform(-0.4, 0.4))
            if place or rng.random() < 0.6:
                parts.append(_pause(rng, part, hush))
            parts.append(part)
        if rng.random() < 0.6:
            parts.append(_pause(rng, parts[-1], hush))
        spelt = spelling([int(words.labels[number]) for number in said])
        return self.vary(np.concatenate(parts), rng), spelt


class Words:
    """Recorded words as power in mel bands at each of `WARPS`, with their labels and who said them."""

    def __init__(
        self, powers: Sequence[list[Floats]], labels: npt.NDArray[np.int64], speakers: npt.NDArray[np.str_]
    ) -> None:
        self.powers, self.labels, self.speakers = list(powers), labels, speakers
        digits = labels >= 0
        self.by_speaker = {name: np.flatnonzero(digits & (speakers == name)) for name in set(speakers.tolist())}

    def __len__(self) -> int:
        return len(self.powers)

    def __getitem__(self, chosen: npt.NDArray[np.bool_]) -> Words:
        """The words that a mask chooses."""
        powers = [self.powers[number] for number in np.flatnonzero(chosen)]
        return Words(powers, self.labels[chosen], self.speakers[chosen])

    def __add__(self, other: Words) -> Words:
        """Both."""
        return Words(
            self.powers + other.powers,
            np.concatenate([self.labels, other.labels]),
            np.concatenate([self.speakers, other.speakers]),
        )


def plain(data: Recordings) -> Sequences:
    """Recorded words as they are, each an utterance of its own."""
    made = [(evened(powers(_long_enough(samples))), spelling([label])) for samples, label in data]
    frames, labels = zip(*(one for one in made if _fits(*one)), strict=True)
    return Sequences(frames, [np.asarray(label, np.int64) for label in labels], classes=CLASSES, name=data.name)


def nothing(rng: np.random.Generator, bands: int) -> Floats:
    """Power (T, bands) of a noise, every other time with tones in it."""
    frames = int(rng.integers(12, 60))
    power = noise(rng, frames, bands)
    if rng.random() < 0.5:
        for _ in range(rng.integers(1, 5)):
            begin, length = int(rng.integers(0, frames - 4)), int(rng.integers(4, frames))
            power[begin : begin + length, rng.integers(bands)] += np.float32(10 ** rng.uniform(0, 2.5))
    return power


def _pause(rng: np.random.Generator, beside: Floats, hush: float) -> Floats:
    """Up to 24 frames of faint noise, more often few."""
    loudest = float(beside.sum(axis=1).max())
    return noise(rng, int(1 + 23 * rng.random() ** 2), beside.shape[1]) * np.float32(hush * loudest / beside.shape[1])


def _long_enough(samples: Floats) -> Floats:
    """Samples (n,) with silence after them, where they are too few for any word."""
    return np.pad(samples, (0, max(0, _SHORTEST - len(samples))))


def _fits(frames: Floats, labels: list[int]) -> bool:
    """Whether CTC can spread the sounds over the frames, with a blank between two that are alike."""
    alike = sum(one == other for one, other in itertools.pairwise(labels))
    return len(frames) >= len(labels) + alike
