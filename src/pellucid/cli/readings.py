"""Draw a network's answer for a digit: the picture, all outputs as bars, and the answer in words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from rich.text import Text

from pellucid.cli.pictures import bar, cropped, grey_picture
from pellucid.cli.terminal import Terminal
from pellucid.cli.words import clean

if TYPE_CHECKING:
    from pellucid.network.prediction import Reading

CELL = 38
"""Width in characters of a reading when several stand side by side."""
GAP = 3
_MOST_ROWS = 12


def reading_cell(
    terminal: Terminal,
    image: NDArray[np.floating],
    reading: Reading,
    truth: str | None = None,
    width: int = CELL,
    said: str | None = None,
) -> list[Text]:
    """Draw the answer in words (``said``, or the reading), then the picture beside the outputs.

    Lines have at most ``width`` characters.
    """
    picture = grey_picture(cropped(image), terminal.look)
    drawn = max(len(line) for line in picture)
    bars = _bars(terminal, reading, truth, width - drawn - 2)
    height = max(len(picture), len(bars))
    picture += [Text(" " * drawn)] * (height - len(picture))
    lines = [heading(reading, truth) if said is None else Text(clean(said), "bold")]
    for left, right in zip(picture, bars + [Text()] * (height - len(bars)), strict=True):
        lines.append(Text.assemble(left, "  ", right))
    for line in lines:
        line.truncate(width)
    return lines


def heading(reading: Reading, truth: str | None = None) -> Text:
    """Return the best guess and the runner-up in words, and the true class if the guess is wrong."""
    said = clean(str(reading))
    if truth is None or truth == reading.best:
        return Text(said, "bold")
    return Text.assemble((said, "bold"), f": it is {clean(truth)}")


def side_by_side(cells: Sequence[Sequence[Text]], width: int, cell: int = CELL, gap: int = GAP) -> list[Text]:
    """Arrange cells in rows of nearly equal length, as many per row as fit, with an empty line between rows."""
    rows = -(-len(cells) // max(1, (width + gap) // (cell + gap)))
    across = -(-len(cells) // max(1, rows))
    lines: list[Text] = []
    for begin in range(0, len(cells), across):
        row = cells[begin : begin + across]
        if begin:
            lines.append(Text())
        for number in range(max(map(len, row))):
            line = Text()
            for place, one in enumerate(row):
                part = one[number].copy() if number < len(one) else Text()
                if place < len(row) - 1:
                    part.pad_right(max(0, cell + gap - part.cell_len))
                line.append_text(part)
            line.rstrip()
            lines.append(line)
    return lines


def _bars(terminal: Terminal, reading: Reading, truth: str | None, width: int) -> list[Text]:
    """Draw one line per output in class order; if there are too many, only the largest outputs."""
    names = [clean(name) for name in reading.classes]
    shown = sorted(reading.order[:_MOST_ROWS].tolist())
    label = min(max(len(names[i]) for i in shown), max(1, width // 3))
    room = max(1, min(20, width - label - 6))
    lines = []
    for i in shown:
        value = float(reading.outputs[i])
        line = Text(f"{names[i][:label]:>{label}} ")
        line.append(bar(value, room, terminal.unicode), _bar_style(reading, truth, i))
        line.append(f" {value:.2f}")
        line.stylize(_line_style(reading, truth, i))
        lines.append(line)
    return lines


def _bar_style(reading: Reading, truth: str | None, index: int) -> str:
    if reading.classes[index] != reading.best:
        return ""
    return "cyan" if truth in (None, reading.best) else "red"


def _line_style(reading: Reading, truth: str | None, index: int) -> str:
    if reading.classes[index] == reading.best:
        return "bold"
    return "bold" if reading.classes[index] == truth else "dim"
