"""The error message for bad input."""

from __future__ import annotations

import sys

from pellucid.cli.words import clean

BAD_INPUT = 2


def complain(error: object) -> int:
    """Print the error on one line of stderr and return the exit code for bad input."""
    print(f"error: {clean(' '.join(str(error).split()))}", file=sys.stderr)
    return BAD_INPUT
