"""The terminal's width, colours and characters, or plain output if there is no terminal."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from typing import IO, Literal

from rich.console import Console, Group, RenderableType
from rich.text import Text

Look = Literal["colour", "blocks", "characters"]
"""How pictures are drawn: half blocks in colour, half blocks in one colour, or letters and signs."""

_SIGNS = str.maketrans("→·–×µ█━─²", ">|-xu##-2")
"""Each character has one substitute, so that styles keep their positions."""


class Terminal(Console):
    """A console that writes plain lines if it is not a terminal, and only characters that it can show."""

    def __init__(self, stream: IO[str] | None = None) -> None:
        super().__init__(file=stream or sys.stdout, highlight=False, markup=False, emoji=False)
        self.unicode = shows_unicode(self.file)

    @property
    def animated(self) -> bool:
        """Whether lines can be overwritten."""
        return self.is_terminal and not self.is_dumb_terminal

    @property
    def look(self) -> Look:
        """How pictures are drawn here."""
        if not self.unicode:
            return "characters"
        return "colour" if self.color_system is not None and not self.no_color else "blocks"

    def on_broken_pipe(self) -> None:
        """Leave the exit to the outermost layer of the process."""
        raise BrokenPipeError

    def say(self, text: str | Text = "", style: str = "") -> None:
        """Print a paragraph, wrapped to the width of the terminal, or in one line if there is no terminal."""
        words = text if isinstance(text, Text) else Text(text)
        self.print(self.spelt(words), style=style, soft_wrap=not self.is_terminal)

    def type(self, line: str) -> None:
        """Print a command line to copy. It is never wrapped."""
        self.print(self.spelt(Text(line)), soft_wrap=True)

    def spelt(self, text: Text) -> Text:
        """Return the text in characters that can be shown here."""
        if self.unicode or text.plain.isascii():
            return text
        spelt = text.copy()
        spelt.plain = text.plain.translate(_SIGNS)
        return spelt

    def show(self, lines: Iterable[Text]) -> None:
        """Print lines that keep their positions: they are truncated at the edge, never wrapped."""
        for line in lines:
            self.print(self.spelt(line), no_wrap=True, overflow="crop", crop=self.is_terminal)

    def convert(self, renderable: RenderableType) -> None:
        """Print anything, in characters that can be shown here."""
        if self.unicode:
            self.print(renderable)
            return
        with self.capture() as capture:
            self.print(renderable)
        self.file.write(capture.get().translate(_SIGNS))

    def stack(self, lines: Iterable[Text]) -> Group:
        """Lines as one renderable that can be drawn repeatedly."""
        return Group(*(self.spelt(line) for line in lines))


def shows_unicode(stream: IO[str]) -> bool:
    """Return whether blocks and arrows can be shown: the encoding has them, and the locale is not plain C."""
    try:
        "█▀▄→·".encode(getattr(stream, "encoding", None) or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    if os.environ.get("PYTHONIOENCODING") or os.environ.get("PYTHONUTF8"):
        return True
    # Python writes UTF-8 in the C locale too, whatever the terminal can show.
    return (os.environ.get("LC_ALL") or os.environ.get("LANG") or "unset") not in ("C", "POSIX")
