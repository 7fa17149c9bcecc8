"""What was heard, in the form that the page receives."""

from __future__ import annotations

from pellucid.speech.alignment import Segment, Word, word_text
from pellucid.speech.features import HOP
from pellucid.studio.protocol.frames import Payload
from pellucid.studio.protocol.listen import HeardRival, HeardSegment, HeardUtterance, HeardWord
from pellucid.studio.rooms.listen.hearer import HeardPart


def utterance_message(part: HeardPart, payload: Payload) -> HeardUtterance:
    """Return an utterance; its posteriors go into the payload."""
    words = [_word(word, told, was) for word, told, was in zip(part.words, part.rivals, part.was, strict=True)]
    return HeardUtterance(
        part.begin * HOP, len(part.posteriors), payload.put(part.posteriors), part.text, words, part.final
    )


def _word(word: Word, rivals: list[HeardRival], was: str | None) -> HeardWord:
    syllables = [_segment(syllable) for syllable in word.syllables]
    sounds = [_segment(sound) for syllable in word.syllables for sound in syllable.sounds]
    return HeardWord(
        word.text, word.start, word.end, word.confidence, word.digit, word.guess, word_text(word), syllables, sounds,
        rivals, was,
    )  # fmt: skip


def _segment(segment: Segment) -> HeardSegment:
    return HeardSegment(segment.text, segment.start, segment.end, segment.confidence)
