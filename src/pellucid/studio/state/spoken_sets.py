"""Spoken digits to train on: words joined to short utterances with their sounds, and single words with their digit."""

from __future__ import annotations

import functools
import itertools
import threading
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from pellucid import data
from pellucid.data import fsdd
from pellucid.data.recordings import Recordings
from pellucid.data.sequences import Sequences
from pellucid.speech.features import BANDS, STACK, evened, powers, stacked
from pellucid.speech.lexicon import CLASSES, spelling
from pellucid.speech.synthesis import padded

Floats = npt.NDArray[np.float32]

SPOKEN, FSDD = "spoken", "fsdd"
INPUTS = STACK * BANDS
"""Features of a step: the bands of some frames."""

DIGITS = tuple("0123456789")

MOST_WORDS = 3
"""Most words of an utterance to train on."""

NOTES = {
    SPOKEN: "digits by about a hundred synthetic voices, in the package; the held-out ones are other voices",
    FSDD: "3,000 recordings of digits by six people; the held-out ones are by the same people",
}


class Utterances(NamedTuple):
    """Utterances to train on, held-out ones, and the speakers of these."""

    train: Sequences
    test: Sequences
    speakers: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class SpokenSet:
    """The same recordings in two forms.

    Attributes
    ----------
    joined : Utterances
        Utterances of one to `MOST_WORDS` digits by one speaker, each with its sounds (`pellucid.speech.lexicon`).
    words : Utterances
        Single words, each with its digit.
    """

    joined: Utterances
    words: Utterances

    def for_loss(self, loss: str) -> Utterances:
        """Return the form that a loss takes: sounds for "ctc", digits for any other."""
        return self.joined if loss == "ctc" else self.words


class SpokenSets:
    """The sets of spoken digits on this machine; each is prepared once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()

    @functools.cached_property
    def names(self) -> list[str]:
        """Names of the sets on this machine."""
        return [SPOKEN, *([FSDD] if fsdd.is_available() else [])]

    def get(self, name: str) -> SpokenSet:
        """Return a set, one of `names`; the first time this takes a few seconds."""
        with self._lock:
            return _prepared(name)


@functools.cache
def _prepared(name: str) -> SpokenSet:
    parts: Any = data.load(name)
    rng = np.random.default_rng(0)
    digits = [part[part.labels >= 0] for part in parts]
    heard = [[powers(samples) for samples, _ in part] for part in digits]
    train, test = ((_joined(part, power, rng), _words(part, power)) for part, power in zip(digits, heard, strict=True))
    held_out = tuple(digits[1].speakers.tolist())
    return SpokenSet(Utterances(train[0], test[0], held_out), Utterances(train[1], test[1], held_out))


def _joined(words: Recordings, power: list[Floats], rng: np.random.Generator) -> Sequences:
    """Return an utterance that begins with each word, with pauses or overlaps between its words."""
    by_speaker = {name: np.flatnonzero(words.speakers == name) for name in set(words.speakers.tolist())}
    frames, labels = [], []
    for first in range(len(words)):
        others = rng.choice(by_speaker[words.speakers[first]], int(rng.integers(MOST_WORDS)))
        said = [first, *others.tolist()]
        sounds = spelling(words.labels[said].tolist())
        made = seen(padded([power[number] for number in said], rng))
        if not fits(sounds, len(made)):  # its words overlap
            sounds, made = spelling([int(words.labels[first])]), seen(padded([power[first]], rng))
        frames.append(made)
        labels.append(np.asarray(sounds, np.int64))
    return Sequences(frames, labels, classes=CLASSES, name=words.name, source=words.source, licence=words.licence)


def _words(words: Recordings, power: list[Floats]) -> Sequences:
    return Sequences(
        [seen(each) for each in power], words.labels.tolist(), classes=DIGITS, name=words.name, source=words.source,
        licence=words.licence,
    )  # fmt: skip


def seen(power: Floats) -> Floats:
    """Return what a network takes for the power of an utterance (T, BANDS): its steps, (steps, INPUTS)."""
    return stacked(evened(power), STACK)


def fits(sounds: list[int], steps: int) -> bool:
    """Whether CTC can align sounds with so many steps: equal neighbours need a blank between them."""
    return steps >= len(sounds) + sum(one == other for one, other in itertools.pairwise(sounds))
