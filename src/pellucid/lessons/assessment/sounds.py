"""Questions about sounds: how much of a spoken digit is still heard without one of its sounds."""

from __future__ import annotations

import zlib
from collections.abc import Iterator

import numpy as np

from pellucid.lessons.assessment.variant import Variant
from pellucid.lessons.deeds import Ear
from pellucid.lessons.records import Question
from pellucid.lessons.sounds import Muted, in_words, muted_alone, spelling_ear, voice_words
from pellucid.lessons.view import View
from pellucid.speech.lexicon import LEXICON

DIGITS = tuple(entry.digit for entry in LEXICON if len(set(entry.sounds)) == len(entry.sounds) >= 3)
"""The digits whose sounds can be told apart by their names."""

SURE = 0.9
MARGIN = 0.1
"""How much more of the word has to be left without any other sound than without the one that carries it."""


def hears(view: View) -> bool:
    """Whether a session has a network that hears digits of the embedded voices, sound by sound."""
    return next(_heard(view, Variant(0, "hears", 0)), None) is not None


def _among(digit: int) -> tuple[int, int, int]:
    """What a voice says so that a digit stands between two others."""
    return (digit + 4) % 10, digit, (digit + 7) % 10


def _heard(view: View, variant: Variant) -> Iterator[tuple[int, Muted]]:
    """Digits of voices that are heard for sure, with what is left of them without each of their sounds."""
    ear: Ear | None = spelling_ear(view)
    if ear is None:
        return
    said = [(voice, digit) for voice in ear.voices for digit in DIGITS]
    for at in np.random.default_rng([variant.seed, zlib.crc32(variant.topic.encode())]).permutation(len(said)):
        voice, digit = said[int(at)]
        found = muted_alone(ear, voice, _among(digit), digit)
        if found is not None:
            yield digit, found


def _nth(found: Iterator[tuple[int, Muted]], number: int) -> tuple[int, Muted]:
    """Return one of them by its number, over again where there are fewer."""
    seen: list[tuple[int, Muted]] = []
    for each in found:
        seen.append(each)
        if len(seen) > number:
            break
    return seen[number % len(seen)]


def _begin(digit: int, found: Muted) -> str:
    return (
        f"The voice {voice_words(found.voice)} says {in_words(_among(digit))}. The {LEXICON[digit].word} is heard as "
        f"the sounds {' '.join(found.names)}."
    )


def _rests(found: Muted) -> str:
    return ", ".join(f"{name} {100 * rest:.0f} %" for name, rest in zip(found.names, found.rests, strict=True))


def carrier(view: View, variant: Variant) -> Question:
    """Which sound carries a word."""
    telling = ((digit, each) for digit, each in _heard(view, variant) if np.diff(np.sort(each.rests)[:2])[0] >= MARGIN)
    digit, found = _nth(telling, variant.number)
    return variant.mixed(
        f"{_begin(digit, found)} One of them is muted. Without which is the least of the word left?",
        found.names,
        int(np.argmin(found.rests)),
        f"Confidence in the {LEXICON[digit].word} without each sound: {_rests(found)}.",
    )


def rest(view: View, variant: Variant) -> Question:
    """What is still heard of a word without one sound."""
    digit, found = _nth(_heard(view, variant), variant.number)
    at = variant.pick(range(len(found.names)), "sound")
    word, left = LEXICON[digit].word, found.rests[at]
    options = (
        f"the {word}, at {100 * SURE:.0f} % or more: the other sounds are enough",
        f"the {word}, but less surely",
        f"no {word} any more",
    )
    return variant.mixed(
        f"{_begin(digit, found)} {found.names[at]} alone is muted. What does the network hear there now?",
        options,
        0 if left >= SURE else 1 if left > 0 else 2,
        f"Confidence in the {word} without each sound: {_rests(found)}.",
    )
