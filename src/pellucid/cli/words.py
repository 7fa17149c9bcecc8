"""How the command line writes words and numbers."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterable
from pathlib import Path

from pellucid.system.quantities import duration as duration
from pellucid.system.quantities import percent as percent


def clean(text: str) -> str:
    r"""Make text from files safe to print: a control character could move the cursor or worse.

    Examples
    --------
    >>> clean("three\x1b[2J")
    'three?[2J'
    """
    return "".join(character if character.isprintable() else "?" for character in text)


def program() -> str:
    """Return how this program was called, so that the commands it suggests work as printed."""
    return "python -m pellucid" if Path(sys.argv[0]).name == "__main__.py" else "pellucid"


def command(*arguments: object) -> str:
    """Return a command line to type, quoted for the shell."""
    return f"{program()} {shlex.join(map(str, arguments))}".rstrip()


def clock(seconds: float) -> str:
    """Format a remaining time in whole seconds.

    Examples
    --------
    >>> clock(0.2), clock(75)
    ('0:00', '1:15')
    """
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02}:{rest:02}" if minutes >= 60 else f"{minutes}:{rest:02}"


def size(count: int) -> str:
    """Format a file size.

    Examples
    --------
    >>> size(55_320)
    '55 kB'
    """
    return f"{count / 1e6:.1f} MB" if count >= 1_000_000 else f"{max(1, round(count / 1000))} kB"


def speed(images_per_second: float) -> str:
    """Format images per second, with three significant digits and thousands separators.

    Examples
    --------
    >>> speed(1_234_567), speed(950.4)
    ('1,230,000', '950')
    """
    figures = float(f"{images_per_second:.3g}")
    return f"{figures:,.0f}"


def listed(names: Iterable[str]) -> str:
    """Join names with commas, and the last one with "or".

    Examples
    --------
    >>> listed(["sgd", "momentum", "adam"])
    'sgd, momentum or adam'
    """
    *first, last = names
    return f"{', '.join(first)} or {last}" if first else last
