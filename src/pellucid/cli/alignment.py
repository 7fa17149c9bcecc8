"""Draw a sentence: the spectrogram and, aligned below it, its sounds, syllables, words and digits."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from rich.text import Text

from pellucid.cli.pictures import grey_picture
from pellucid.cli.terminal import Terminal
from pellucid.speech.alignment import word_text

if TYPE_CHECKING:
    from pellucid.speech.alignment import Segment, Sentence, Word

Floats = NDArray[np.floating]

_MARGIN = 11
_MOST_COLUMNS = 110
_FRAME = 0.015
_COLUMNS_A_FRAME = (3.0, 2.0, 1.5, 1.0, 0.75)
_DECIBELS = 45.0


def drawn(terminal: Terminal, sentence: Sentence) -> Iterator[Text]:
    """Return the lines of a sentence's picture. A long sentence is broken between words into several rows."""
    room = max(20, min(terminal.width - _MARGIN - 1, _MOST_COLUMNS))
    levels = _levels(sentence.power)
    rows = list(_rows(sentence, len(levels), room))
    for number, (first, past, words) in enumerate(rows):
        if number:
            yield Text()
        yield from _row(terminal, sentence, levels, first, past, words, room)


def _levels(power: Floats) -> Floats:
    """Map power (T, D) to lightness (T, D) from 0 to 1."""
    decibels = 10 * np.log10(power + 1e-12)
    result: Floats = np.clip(1 + (decibels - decibels.max(initial=-120)) / _DECIBELS, 0, 1)
    return result


def _rows(sentence: Sentence, frames: int, room: int) -> Iterator[tuple[int, int, list[Word]]]:
    """Return the frame range (start, stop) and the words of each row."""
    most = int(room / _COLUMNS_A_FRAME[-1])
    if frames <= most or not sentence.words:
        yield 0, min(frames, most), list(sentence.words)
        return
    first, words = 0, list(sentence.words)
    while words:
        fitting = [word for word in words if _frame(sentence, word.end) - first <= most] or words[:1]
        words = words[len(fitting) :]
        cut = frames if not words else (_frame(sentence, fitting[-1].end) + _frame(sentence, words[0].start)) // 2
        yield max(first, min(_frame(sentence, fitting[0].start) - 2, cut - 1)), min(cut, first + most), fitting
        first = cut


def _row(
    terminal: Terminal, sentence: Sentence, levels: Floats, first: int, past: int, words: Sequence[Word], room: int
) -> Iterator[Text]:
    frames = max(1, past - first)
    wide = next((share for share in _COLUMNS_A_FRAME if frames * share <= room), _COLUMNS_A_FRAME[-1])
    columns = max(1, min(room, round(frames * wide)))
    chosen = first + (np.arange(columns) / columns * frames).astype(int)
    picture = grey_picture(levels[np.minimum(chosen, len(levels) - 1)].T[::-1], terminal.look)
    for number, line in enumerate(picture):
        name = "3.7 kHz" if number == 0 else "0.1 kHz" if number == len(picture) - 1 else ""
        yield Text.assemble((f"{name:>{_MARGIN - 1}} ", "dim"), line)

    def column(second: float) -> int:
        return min(columns, max(0, round((_frame(sentence, second) - first) / frames * columns)))

    syllables = [syllable for word in words for syllable in word.syllables]
    sounds = [sound for syllable in syllables for sound in syllable.sounds]
    yield _line("sounds", sounds, [sound.text for sound in sounds], column)
    yield _line("syllables", syllables, [syllable.text for syllable in syllables], column)
    yield _line("words", words, [word.text if word.sure else f"{word.text.strip('?')}?" for word in words], column)
    yield _line("digits", words, [word_text(word) for word in words], column, "bold")
    yield _line("sure", words, [f"{100 * word.confidence:.0f}%" for word in words], column, "dim")
    yield _line("seconds", words, [f"{word.start:.2f}" for word in words], column, "dim")


def _line(name: str, segments: Sequence[Segment], texts: Sequence[str], column: object, style: str = "") -> Text:
    """Return one level as a line: each text at its start time, cut where the next one begins."""
    line = Text.assemble((f"{name:>{_MARGIN - 1}} ", "dim"))
    at = 0
    starts = [column(segment.start) for segment in segments]  # type: ignore[operator]
    for number, text in enumerate(texts):
        begin = max(starts[number], at)
        end = starts[number + 1] if number + 1 < len(starts) else begin + len(text) + 1
        shown = text[: max(2, end - begin - 1)]
        line.append(" " * (begin - at))
        line.append(shown, style)
        line.append(" ")
        at = begin + len(shown) + 1
    line.rstrip()
    return line


def _frame(sentence: Sentence, second: float) -> int:
    """Return the frame of a sentence's picture at a given time."""
    return max(0, round((second - sentence.heard_from) / _FRAME))
