"""The ten digits as syllables and sounds.

Sounds are phonemes in ARPAbet, the alphabet of the CMU Pronouncing Dictionary. The network has one output for each
sound, one for any other sound, and, as the first, the blank of CTC.

>>> [syllable.sounds for syllable in LEXICON[7].syllables]
[('S', 'EH'), ('V', 'AH', 'N')]
>>> CLASSES[0], CLASSES[-1], len(CLASSES)
('_', '?', 21)
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class SyllableEntry:
    """A syllable: its spelling and its sounds."""

    text: str
    sounds: tuple[str, ...]


@dataclass(frozen=True)
class Entry:
    """A digit: its word and its syllables."""

    digit: int
    word: str
    syllables: tuple[SyllableEntry, ...]

    @property
    def sounds(self) -> tuple[str, ...]:
        """The sounds of all syllables, in order."""
        return tuple(sound for syllable in self.syllables for sound in syllable.sounds)


def _entry(digit: int, word: str, *syllables: str) -> Entry:
    """Make an entry from syllables such as ``"ze Z IH"``."""
    parts = [syllable.split() for syllable in syllables]
    return Entry(digit, word, tuple(SyllableEntry(text, tuple(sounds)) for text, *sounds in parts))


LEXICON: tuple[Entry, ...] = (
    _entry(0, "zero", "ze Z IH", "ro R OW"),
    _entry(1, "one", "one W AH N"),
    _entry(2, "two", "two T UW"),
    _entry(3, "three", "three TH R IY"),
    _entry(4, "four", "four F AO R"),
    _entry(5, "five", "five F AY V"),
    _entry(6, "six", "six S IH K S"),
    _entry(7, "seven", "se S EH", "ven V AH N"),
    _entry(8, "eight", "eight EY T"),
    _entry(9, "nine", "nine N AY N"),
)
"""The digits in order: ``LEXICON[7].word`` is "seven"."""

BLANK = "_"
OTHER = "?"
SOUNDS: tuple[str, ...] = tuple(sorted({sound for entry in LEXICON for sound in entry.sounds}))
CLASSES: tuple[str, ...] = (BLANK, *SOUNDS, OTHER)
"""The network's outputs, in order."""

_NUMBERS = {name: number for number, name in enumerate(CLASSES)}


def spelling(digits: list[int] | tuple[int, ...]) -> list[int]:
    """Return the output numbers that spell the given digits; -1 stands for a word that is not a digit.

    Examples
    --------
    >>> [CLASSES[number] for number in spelling([2, -1, 8])]
    ['T', 'UW', '?', 'EY', 'T']
    """
    return [_NUMBERS[sound] for digit in digits for sound in ((OTHER,) if digit < 0 else LEXICON[digit].sounds)]
