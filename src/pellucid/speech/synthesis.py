"""What a network learns to hear from: utterances made of recorded words, varied, with what was said in each.

Recordings of single words become utterances of one word or of several by the same speaker, one after another with
pauses: nobody spoke them in one breath. Beside them there are utterances in which no digit is said: words of other
kinds, words played backwards, noise, and tones. They teach the network when to say "something else", and when nothing.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from pellucid.data.sequences import Sequences
from pellucid.speech.augmentation import PLAIN, WARPS, Vary, at_tempo, noise, warped_powers
from pellucid.speech.features import RATE, STACK, evened, powers, stacked
from pellucid.speech.lexicon import CLASSES, spelling
from pellucid.speech.negatives import backwards, music, nothing, spliced
from pellucid.speech.words import Words

if TYPE_CHECKING:
    from pellucid.data.recordings import Recordings

Floats = npt.NDArray[np.float32]

_SHORTEST = RATE * 3 // 20


@dataclass(frozen=True)
class UtteranceSynthesis:
    """How utterances are made of recorded words.

    Parameters
    ----------
    vary : Vary
        What is done to every utterance.
    joined : float
        Share of the utterances of digits that have two words or more.
    most : int
        Words in an utterance.
    foreign : float
        Share of the words in rows that are no digits.
    backwards, spliced, silent, music : float
        For each word, how many utterances there are of a word played backwards, of one put together from two digits, of
        noise or tones, and of music.
    """

    vary: Vary = field(default_factory=Vary)
    joined: float = 0.5
    most: int = 7
    foreign: float = 0.06
    backwards: float = 0.06
    spliced: float = 0.06
    silent: float = 0.03
    music: float = 0.05

    def all_of(self, data: Recordings) -> Words:
        """The recorded words as they are needed, at every length of the vocal tract: some 10 ms a word."""
        return Words([warped_powers(_long_enough(samples)) for samples, _ in data], data.labels, data.speakers)

    def sequences(self, words: Words, seed: int, rounds: int = 1, name: str = "utterances") -> Sequences:
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
            made += self._no_digits(words, rng)
        frames, labels = zip(*(one for one in _stacked(made) if _fits(*one)), strict=True)
        arrays = [np.asarray(label, np.int64) for label in labels]
        return Sequences(frames, arrays, classes=CLASSES, name=name)

    def _perhaps_other(self, words: Words, number: int, rng: np.random.Generator) -> int:
        """A word of the row, or now and then one that is no digit, whoever says it."""
        return int(rng.choice(words.others)) if len(words.others) and rng.random() < self.foreign else number

    def _no_digits(self, words: Words, rng: np.random.Generator) -> list[tuple[Floats, list[int]]]:
        """Utterances in which no digit is said: of speech, or of nothing that is spoken."""
        count, bands = len(words), words.powers[0][PLAIN].shape[1]
        spoken = backwards(words, round(self.backwards * count), rng) + spliced(words, round(self.spliced * count), rng)
        silent = [nothing(rng, bands) for _ in range(round(self.silent * count))]
        silent += [music(rng) for _ in range(round(self.music * count))]
        other = spelling([-1])
        return [(padded([part], rng), other) for part in spoken] + [(padded([part], rng), []) for part in silent]

    def _utterance(self, words: Words, first: int, rng: np.random.Generator) -> tuple[Floats, list[int]]:
        """One word, or several by its speaker, with pauses or overlaps between them."""
        said = [first]
        if words.labels[first] >= 0 and rng.random() < self.joined:
            said += rng.choice(words.by_speaker[words.speakers[first]], int(rng.integers(1, self.most))).tolist()
            said = [self._perhaps_other(words, number, rng) for number in said]
        tract, tempo = int(rng.integers(len(WARPS))), rng.uniform(0.9, 1.3)
        parts: list[Floats] = []
        for number in said:
            warp = int(np.clip(tract + rng.integers(-1, 2), 0, len(WARPS) - 1))
            stretch = tempo * rng.uniform(0.92, 1.08) / WARPS[warp] ** rng.uniform(0.6, 1.0)
            parts.append(at_tempo(words.powers[number][warp], stretch) * np.float32(10 ** rng.uniform(-0.6, 0.6)))
        return padded(parts, rng), spelling([int(words.labels[number]) for number in said])


def plain(data: Recordings) -> Sequences:
    """Recorded words as they are, each an utterance of its own."""
    made = [(evened(powers(_long_enough(samples))), spelling([label])) for samples, label in data]
    frames, labels = zip(*(one for one in _stacked(made) if _fits(*one)), strict=True)
    return Sequences(frames, [np.asarray(label, np.int64) for label in labels], classes=CLASSES, name=data.name)


def padded(parts: list[Floats], rng: np.random.Generator) -> Floats:
    """Power (T, bands) of parts one after another, with pauses or overlaps, over a faint noise."""
    at, begins = _lead(rng), []
    for part in parts:
        begins.append(at)
        at = max(at, at + len(part) + _gap(rng))
    frames, bands = begins[-1] + len(parts[-1]) + _lead(rng), parts[0].shape[1]
    loudest = max(float(part.sum(axis=1).max()) for part in parts)
    whole = noise(rng, frames, bands) * np.float32(10 ** rng.uniform(-5, -1.7) * loudest / bands)
    for begin, part in zip(begins, parts, strict=True):
        whole[begin : begin + len(part)] += part
    return whole


def _lead(rng: np.random.Generator) -> int:
    """Frames before an utterance or after it: none, or up to 30, more often few."""
    return int(1 + 29 * rng.random() ** 1.5) if rng.random() < 0.7 else 0


def _gap(rng: np.random.Generator) -> int:
    """Frames from the end of one word to the beginning of the next; below 0 they overlap."""
    if rng.random() < 0.25:
        return int(rng.integers(-3, 1))
    return int(1 + 24 * rng.random() ** 1.5)


def _stacked(made: list[tuple[Floats, list[int]]]) -> Iterator[tuple[Floats, list[int]]]:
    return ((stacked(frames, STACK), labels) for frames, labels in made)


def _long_enough(samples: Floats) -> Floats:
    """Samples (n,) with silence after them, where they are too few for any word."""
    return np.pad(samples, (0, max(0, _SHORTEST - len(samples))))


def _fits(frames: Floats, labels: list[int]) -> bool:
    """Whether CTC can spread the sounds over the frames, with a blank between two that are alike."""
    alike = sum(one == other for one, other in itertools.pairwise(labels))
    return len(frames) >= len(labels) + alike
