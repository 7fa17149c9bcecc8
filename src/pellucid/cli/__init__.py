"""Commands, one per file: `pellucid`, `train`, `read`, `hear`, `look`, `studio`, `export`, `share` and `bench`."""

from __future__ import annotations

import gc
import sys
from collections.abc import Sequence

from pellucid.system.child import become_child

_SELDOM = 20_000
"""Allocations between two garbage collections; high, because nothing that a command imports at startup is garbage."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit: 0 for success, 2 for bad input, 1 for an internal error."""
    gc.set_threshold(_SELDOM)
    become_child()
    from pellucid.cli.guard import run

    sys.exit(run(sys.argv[1:] if arguments is None else list(arguments)))
