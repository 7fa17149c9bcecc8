"""The ladder from sounds to a sentence: each rung with when it began, when it ended, and how sure it is.

>>> z, ih = Sound("Z", 0.10, 0.19, 0.98), Sound("IH", 0.19, 0.25, 0.91)
>>> Syllable("ze", 0.10, 0.25, 0.91, (z, ih)).sounds[0].text
'Z'
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

SURE = 0.75
"""A digit is taken for one from this confidence on; below, it is told as something that is like it."""


@dataclass(frozen=True)
class Segment:
    """Something heard.

    Attributes
    ----------
    text : str
        How it is written.
    start, end : float
        Seconds from the beginning of the recording.
    confidence : float
        From 0 to 1; see `pellucid.speech.confidence`.
    """

    text: str
    start: float
    end: float
    confidence: float

    def plain(self) -> dict[str, Any]:
        """As plain data, times in milliseconds' precision."""
        return {
            "text": self.text,
            "start": round(self.start, 3),
            "end": round(self.end, 3),
            "confidence": round(self.confidence, 4),
        }


@dataclass(frozen=True)
class Sound(Segment):
    """A phoneme, in ARPAbet."""


@dataclass(frozen=True)
class Syllable(Segment):
    """A syllable, such as "ze"."""

    sounds: tuple[Sound, ...]


@dataclass(frozen=True)
class Word(Segment):
    """A word: a digit, or something that is none or cannot be told.

    Attributes
    ----------
    digit : int or None
        None where no digit is likely enough; ``text`` is then what it is most like, or "?" for a word of another kind.
    """

    digit: int | None
    syllables: tuple[Syllable, ...]

    @property
    def sure(self) -> bool:
        """Whether this is taken for a digit."""
        return self.digit is not None

    def plain(self) -> dict[str, Any]:
        """As plain data."""
        return {"digit": self.digit} | super().plain()


@dataclass(frozen=True)
class Sentence(Segment):
    """What was said between two silences; ``text`` such as "381", with "?" for a word that is not clearly a digit.

    Attributes
    ----------
    words : tuple of Word
    final : bool
        False while the speaker has not come to an end.
    power : ndarray (T, BANDS) or None
        What was heard, in mel bands, where it was asked to be kept; the first frame is at ``heard_from`` seconds.
    """

    words: tuple[Word, ...]
    final: bool = True
    power: Any = field(default=None, repr=False, compare=False)
    heard_from: float = field(default=0.0, repr=False, compare=False)

    def without_power(self) -> Sentence:
        """The sentence without what it was heard in, which takes most of the memory."""
        return replace(self, power=None)

    @property
    def syllables(self) -> Iterator[Syllable]:
        """The syllables of all words."""
        for word in self.words:
            yield from word.syllables

    @property
    def sounds(self) -> Iterator[Sound]:
        """The sounds of all words."""
        for syllable in self.syllables:
            yield from syllable.sounds


def sentence_text(words: tuple[Word, ...]) -> str:
    """The digits in a row; empty where none is sure.

    Examples
    --------
    >>> sentence_text((Word("three", 0.0, 0.4, 0.9, 3, ()), Word("five", 0.5, 0.9, 0.4, None, ())))
    '3?'
    """
    if not any(word.sure for word in words):
        return ""
    return "".join("?" if word.digit is None else str(word.digit) for word in words)


@dataclass(frozen=True)
class Hearing:
    """All that was heard in a recording.

    Attributes
    ----------
    file : str
    seconds : float
        How long the recording is.
    sentences : tuple of Sentence
    notes : tuple of str
        What is wrong with the recording, in words.
    """

    file: str
    seconds: float
    sentences: tuple[Sentence, ...]
    notes: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The digits of all sentences in a row, such as "381"; empty where no digit was heard.

        A "?" stands for a word that is not clearly a digit.
        """
        return "".join(sentence.text for sentence in self.sentences)

    @property
    def words(self) -> tuple[Word, ...]:
        """The words of all sentences."""
        return tuple(word for sentence in self.sentences for word in sentence.words)

    @property
    def syllables(self) -> tuple[Syllable, ...]:
        """The syllables of all words."""
        return tuple(syllable for sentence in self.sentences for syllable in sentence.syllables)

    @property
    def sounds(self) -> tuple[Sound, ...]:
        """The sounds of all syllables."""
        return tuple(sound for sentence in self.sentences for sound in sentence.sounds)

    def plain(self) -> dict[str, Any]:
        """As plain data, for JSON."""
        segments = {"words": self.words, "syllables": self.syllables, "sounds": self.sounds}
        return {
            "file": self.file,
            "text": self.text,
            **{name: [rung.plain() for rung in found] for name, found in segments.items()},
            "sentences": [sentence.plain() for sentence in self.sentences],
            "seconds": round(self.seconds, 3),
            "notes": list(self.notes),
        }

    def __str__(self) -> str:
        if self.text:
            return self.text
        return "no digit heard"
