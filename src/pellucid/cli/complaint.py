"""What a command says of bad input."""

from __future__ import annotations

import sys

from pellucid.cli.words import clean

BAD_INPUT = 2


def complain(error: object) -> int:
    """Say in one line on stderr what is wrong; the exit code for bad input."""
    print(f"error: {clean(' '.join(str(error).split()))}", file=sys.stderr)
    return BAD_INPUT
