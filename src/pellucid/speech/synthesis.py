"""Training data for speech: utterances made of recorded words, augmented and labelled.

Recordings of single words become utterances of one or several words by the same speaker, joined with pauses; they are
not fluent speech. Other utterances contain no digit: other words, words played backwards, noise, and tones. They teach
the network when to answer "something else", and when nothing.
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
from pellucid.speech.features import HOP, RATE, STACK, evened, powers, stacked
from pellucid.speech.lexicon import CLASSES, spelling
from pellucid.speech.negatives import backwards, music, nothing, spliced
from pellucid.speech.words import Words

if TYPE_CHECKING:
    from pellucid.data.recordings import Recordings

Floats = npt.NDArray[np.float32]

_SHORTEST = RATE * 3 // 20
_MOST_CUT = round(0.08 / HOP)


@dataclass(frozen=True)
class UtteranceSynthesis:
    """Makes utterances from recorded words.

    Parameters
    ----------
    vary : Vary
        Augmentation of every utterance.
    joined : float
        Share of the digit utterances with two or more words.
    most : int
        Maximum number of words in an utterance.
    foreign : float
        Share of the words in rows that are not digits.
    mixed : float
        Share of the rows in which any speaker may say any of the words, so that no digit goes with a kind of voice.
    babble : float
        Share of the digit utterances over several other voices.
    cut : float
        Share of the words that lack a piece of their begin or end, as when a recording starts too late.
    backwards, spliced, silent, music : float
        For each word, the number of utterances of a word played backwards, of one spliced from two digits, of noise or
        tones, and of music.
    """

    vary: Vary = field(default_factory=Vary)
    joined: float = 0.5
    most: int = 7
    foreign: float = 0.06
    mixed: float = 0.4
    babble: float = 0.12
    cut: float = 0.12
    backwards: float = 0.06
    spliced: float = 0.06
    silent: float = 0.03
    music: float = 0.05

    def all_of(self, data: Recordings) -> Words:
        """Return the recorded words at every length of the vocal tract; this takes about 10 ms per word."""
        return Words([warped_powers(_long_enough(samples)) for samples, _ in data], data.labels, data.speakers)

    def sequences(self, words: Words, seed: int, rounds: int = 1, name: str = "utterances") -> Sequences:
        """Return every word ``rounds`` times, augmented differently each time, and the utterances without digits.

        Parameters
        ----------
        words : Words
        seed : int
            The same seed gives the same utterances, bit for bit.
        rounds : int
            Number of utterances that start with each word.

        Returns
        -------
        Sequences
            Frames for a network, and the numbers of the sounds in `pellucid.speech.lexicon.CLASSES`.
        """
        rng = np.random.default_rng(seed)
        made: list[tuple[Floats, list[int]]] = []
        for _ in range(rounds):
            made += [self._utterance(words, int(first), rng) for first in words.drawn(rng)]
            made += self._no_digits(words, rng)
        frames, labels = zip(*(one for one in _stacked(made) if _fits(*one)), strict=True)
        arrays = [np.asarray(label, np.int64) for label in labels]
        return Sequences(frames, arrays, classes=CLASSES, name=name)

    def _no_digits(self, words: Words, rng: np.random.Generator) -> list[tuple[Floats, list[int]]]:
        """Return utterances without digits, some of speech and some not."""
        count, bands = len(words), words.powers[0][PLAIN].shape[1]
        spoken = backwards(words, round(self.backwards * count), rng) + spliced(words, round(self.spliced * count), rng)
        silent = [nothing(rng, bands) for _ in range(round(self.silent * count))]
        silent += [music(rng) for _ in range(round(self.music * count))]
        other = spelling([-1])
        return [(padded([part], rng), other) for part in spoken] + [(padded([part], rng), []) for part in silent]

    def _utterance(self, words: Words, first: int, rng: np.random.Generator) -> tuple[Floats, list[int]]:
        """Return one word, or several with pauses or overlaps between them."""
        said = [first]
        if words.labels[first] >= 0 and rng.random() < self.joined:
            said = self._row(words, first, rng)
        tract, tempo = int(rng.integers(len(WARPS))), rng.uniform(0.85, 1.3)
        parts: list[Floats] = []
        for number in said:
            warp = int(np.clip(tract + rng.integers(-1, 2), 0, len(WARPS) - 1))
            stretch = tempo * rng.uniform(0.92, 1.08) / WARPS[warp] ** rng.uniform(0.6, 1.0)
            part = at_tempo(words.powers[number][warp], stretch) * np.float32(10 ** rng.uniform(-0.6, 0.6))
            parts.append(shortened(part, rng) if rng.random() < self.cut else part)
        whole = padded(parts, rng)
        if rng.random() < self.babble:
            whole = over_babble(whole, words, rng)
        return whole, spelling([int(words.labels[number]) for number in said])

    def _row(self, words: Words, first: int, rng: np.random.Generator) -> list[int]:
        """Return the numbers of the words of a row that contains the word ``first``."""
        count = int(rng.integers(1, self.most))
        if rng.random() < self.mixed:
            digits = rng.choice(list(words.by_digit), count)
            others = [int(rng.choice(words.by_digit[int(digit)])) for digit in digits]
        else:
            others = rng.choice(words.by_speaker[words.speakers[first]], count).tolist()
        others.insert(int(rng.integers(count + 1)), first)
        unknown = [len(words.others) > 0 and rng.random() < self.foreign for _ in others]
        return [int(rng.choice(words.others)) if swap else own for own, swap in zip(others, unknown, strict=True)]


def shortened(power: Floats, rng: np.random.Generator) -> Floats:
    """Return a word (T, bands) without up to 80 ms at the begin or the end of what is loud."""
    level = power.sum(axis=1)
    loud = np.flatnonzero(level > 0.01 * level.max())
    missing = int(rng.integers(1, _MOST_CUT + 1))
    if len(loud) < 3 * missing:
        return power
    return power[loud[0] + missing :] if rng.random() < 0.5 else power[: loud[-1] + 1 - missing]


def over_babble(power: Floats, words: Words, rng: np.random.Generator) -> Floats:
    """Add several words at once, at any time, 8 to 25 dB softer than the loudest frame."""
    voices = np.zeros_like(power)
    for number in rng.integers(len(words), size=2 + len(power) // 12):
        part = words.powers[number][PLAIN]
        begin = int(rng.integers(-len(part) + 1, len(power)))
        inside = part[max(0, -begin) : len(power) - begin]
        voices[max(0, begin) : max(0, begin) + len(inside)] += inside / np.float32(part.sum(axis=1).max() + 1e-12)
    loudest = np.float32(power.sum(axis=1).max() / (voices.sum(axis=1).max() + 1e-12))
    return power + voices * loudest * np.float32(10 ** -rng.uniform(0.8, 2.5))


def plain(data: Recordings) -> Sequences:
    """Return recorded words without augmentation, each as an utterance."""
    made = [(evened(powers(_long_enough(samples))), spelling([label])) for samples, label in data]
    frames, labels = zip(*(one for one in _stacked(made) if _fits(*one)), strict=True)
    return Sequences(frames, [np.asarray(label, np.int64) for label in labels], classes=CLASSES, name=data.name)


def padded(parts: list[Floats], rng: np.random.Generator) -> Floats:
    """Join the power (T, bands) of parts, with pauses or overlaps, over faint noise."""
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
    """Draw the number of frames before or after an utterance: 0 to 30, more often few."""
    return int(1 + 29 * rng.random() ** 1.5) if rng.random() < 0.7 else 0


def _gap(rng: np.random.Generator) -> int:
    """Draw the number of frames from the end of one word to the start of the next; below 0 they overlap."""
    kind = rng.random()
    if kind < 0.25:
        return int(rng.integers(-3, 1))
    if kind > 0.88:
        return int(rng.integers(25, 80))
    return int(1 + 24 * rng.random() ** 1.5)


def _stacked(made: list[tuple[Floats, list[int]]]) -> Iterator[tuple[Floats, list[int]]]:
    return ((stacked(frames, STACK), labels) for frames, labels in made)


def _long_enough(samples: Floats) -> Floats:
    """Append silence to samples (n,) that are too short for any word."""
    return np.pad(samples, (0, max(0, _SHORTEST - len(samples))))


def _fits(frames: Floats, labels: list[int]) -> bool:
    """Return whether CTC can fit the sounds into the frames, with a blank between equal neighbours."""
    alike = sum(one == other for one, other in itertools.pairwise(labels))
    return len(frames) >= len(labels) + alike
