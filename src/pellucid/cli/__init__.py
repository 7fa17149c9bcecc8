"""The command line: `pellucid`, `pellucid train`, `read`, `hear`, `look`, `studio` and `bench`, one command a file."""

from __future__ import annotations

import gc
import sys
from collections.abc import Sequence

_SELDOM = 20_000
"""Objects made between two searches for garbage: what a command imports at its start is none."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and end the process: 0 for success, 2 for bad input, 1 for a crash of ours."""
    gc.set_threshold(_SELDOM)
    from pellucid.cli.guard import run

    sys.exit(run(sys.argv[1:] if arguments is None else list(arguments)))
