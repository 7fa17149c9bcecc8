"""Failures: what a case may do wrong."""

from __future__ import annotations

import os
from typing import Any, NamedTuple

CRASH, UNTYPED, WRONG, SLOW, MEMORY = "crash", "untyped", "wrong", "slow", "memory"

KINDS = {
    CRASH: "crashes",
    UNTYPED: "untyped errors",
    WRONG: "wrong results",
    SLOW: "over 5 s",
    MEMORY: "over 500 MB",
}
"""Every kind, and the heading of its column."""

MOST_SECONDS = float(os.environ.get("PELLUCID_FUZZ_SECONDS", "5"))
MOST_BYTES = float(os.environ.get("PELLUCID_FUZZ_BYTES", "500e6"))
"""Bounds of a case; the tests of the runner lower them."""


class Failure(NamedTuple):
    """A case that failed: ``--only campaign:number`` repeats it."""

    campaign: str
    seed: int
    number: int
    kind: str
    message: str

    @classmethod
    def of(cls, plain: list[Any]) -> Failure:
        """Return the failure that was stored as a list."""
        campaign, seed, number, kind, message = plain
        return cls(campaign, seed, number, kind, message)
