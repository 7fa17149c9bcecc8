"""Load the data that a command is given."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pellucid.cli.terminal import Terminal
    from pellucid.data import TrainTest


def load_data(source: str, terminal: Terminal, **options: Any) -> TrainTest:
    """Load data by name or path, with options of `pellucid.data.load`, and show the progress of a download."""
    from pellucid import data

    reported: set[tuple[str, int]] = set()

    def progress(name: str, here: int, whole: int | None) -> None:
        tenth = 10 * here // whole if whole else 0
        if (name, tenth) not in reported:
            reported.add((name, tenth))
            share = f"{10 * tenth} %" if whole else f"{here / 1e6:.1f} MB"
            print(f"downloading {name}: {share}", file=sys.stderr, flush=True)

    return data.load(source, progress=progress, **options)
