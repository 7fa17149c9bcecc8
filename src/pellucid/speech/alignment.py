"""The levels from sounds to a sentence, each item with its start, end and confidence.

>>> z, ih = Sound("Z", 0.10, 0.19, 0.98), Sound("IH", 0.19, 0.25, 0.91)
>>> Syllable("ze", 0.10, 0.25, 0.91, (z, ih)).sounds[0].text
'Z'
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

SURE = 0.75
"""Confidence from which a word counts as a digit, unless another is asked for; below it, it is marked as unsure."""
DOUBTFUL = 0.3
"""Confidence below which a digit beside a sure one does not count: most of those are noise, or another word."""


@dataclass(frozen=True)
class Segment:
    """A recognised item.

    Attributes
    ----------
    text : str
        Its spelling.
    start, end : float
        Seconds from the start of the recording.
    confidence : float
        From 0 to 1; see `pellucid.speech.confidence`.
    """

    text: str
    start: float
    end: float
    confidence: float

    def plain(self) -> dict[str, Any]:
        """Return plain data, with times rounded to milliseconds."""
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
    """A word: a digit, another word, or something unclear.

    Attributes
    ----------
    digit : int or None
        None if no digit is likely enough; ``text`` is then the most similar digit, or "?" for another word.
    guess : int or None
        The digit, or if none is likely enough the most similar one; None for another word.
    """

    digit: int | None
    syllables: tuple[Syllable, ...]
    guess: int | None = None

    @property
    def sure(self) -> bool:
        """Whether this counts as a digit."""
        return self.digit is not None

    def plain(self) -> dict[str, Any]:
        """Return plain data."""
        return {"digit": self.digit, "guess": self.guess} | super().plain()


@dataclass(frozen=True)
class Sentence(Segment):
    """The words between two silences, with a ``text`` such as "3(8)1"; see `sentence_text`.

    Attributes
    ----------
    words : tuple of Word
    final : bool
        False while the sentence is still in progress.
    power : ndarray (T, BANDS) or None
        Power in mel bands, if it was kept; the first frame is at ``heard_from`` seconds.
    """

    words: tuple[Word, ...]
    final: bool = True
    power: Any = field(default=None, repr=False, compare=False)
    heard_from: float = field(default=0.0, repr=False, compare=False)

    def without_power(self) -> Sentence:
        """Return the sentence without ``power``, which takes most of the memory."""
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
    """Return the digits as text: an unsure one in parentheses, and "?" for another word beside digits.

    Examples
    --------
    >>> three, five = Word("three", 0.0, 0.4, 0.9, 3, (), 3), Word("five", 0.5, 0.9, 0.4, None, (), 5)
    >>> sentence_text((three, five, Word("?", 1.0, 1.4, 0.9, None, ())))
    '3(5)?'
    """
    return "" if all(word.guess is None for word in words) else "".join(map(word_text, words))


def counted(confidences: list[float], threshold: float = SURE) -> list[bool]:
    """Return which digits of a row count, if unsure ones are to count too: those that have rather been said than not.

    Where a digit is sure, those below `DOUBTFUL` do not count. Otherwise the row is soft or noisy, and all of them do.

    Examples
    --------
    >>> counted([0.9, 0.4, 0.1]), counted([0.4, 0.1]), counted([0.9, 0.1], threshold=0.05)
    ([True, True, False], [True, True], [True, True])
    """
    least = min(DOUBTFUL, threshold) if max(confidences, default=0.0) >= threshold else 0.0
    return [confidence >= least for confidence in confidences]


def word_text(word: Word) -> str:
    """Return a digit, an unsure digit in parentheses, or "?" for another word."""
    if word.guess is None:
        return "?"
    return f"({word.guess})" if word.digit is None else str(word.digit)


@dataclass(frozen=True)
class Hearing:
    """Everything recognised in a recording.

    Attributes
    ----------
    file : str
    seconds : float
        Length of the recording.
    sentences : tuple of Sentence
    notes : tuple of str
        Problems of the recording, in words.
    """

    file: str
    seconds: float
    sentences: tuple[Sentence, ...]
    notes: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The digits of all sentences, such as "38(1)"; empty if no digit was recognised. See `sentence_text`."""
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
        """Return plain data, for JSON."""
        segments = {"words": self.words, "syllables": self.syllables, "sounds": self.sounds}
        return {
            "file": self.file,
            "text": self.text,
            **{name: [segment.plain() for segment in found] for name, found in segments.items()},
            "sentences": [sentence.plain() for sentence in self.sentences],
            "seconds": round(self.seconds, 3),
            "notes": list(self.notes),
        }

    def __str__(self) -> str:
        if self.text:
            return self.text
        return "no digit recognised"
