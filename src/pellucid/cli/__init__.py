"""The command line: `pellucid`, `pellucid train`, `read`, `look` and `bench`, one command a file."""

from __future__ import annotations

import sys
from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and end the process: 0 for success, 2 for bad input, 1 for a crash of ours."""
    from pellucid.cli.guard import run

    sys.exit(run(sys.argv[1:] if arguments is None else list(arguments)))
