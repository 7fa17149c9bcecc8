"""Errors of requests, and the event that reports them."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Literal

import msgspec

from pellucid.errors import DataError, DivergedError, FileFormatError, PellucidError
from pellucid.studio.protocol.events import Failed

Code = Literal[
    "malformed", "too_large", "out_of_order", "bad_value", "unavailable", "diverged", "busy", "locked", "internal"
]

logger = logging.getLogger("pellucid.studio")


class RefusedError(PellucidError):
    """A request that cannot be served, with the code that the page receives."""

    def __init__(self, code: Code, message: str) -> None:
        super().__init__(message)
        self.code: Code = code


@dataclass(frozen=True)
class Refused:
    """A message that is no valid request: the error, and the number and tag, where they can be read."""

    error: Exception
    request: int
    tag: str


def failure(error: Exception, request: int = 0) -> Failed:
    """Return the event for an error; an unexpected one is logged with its traceback."""
    match error:
        case RefusedError():
            return Failed(request, error.code, str(error))
        case msgspec.DecodeError() | UnicodeDecodeError() | RecursionError():
            return Failed(request, "malformed", f"Expected a message of the schema: {error or 'nested too deep'}.")
        case DivergedError():
            return Failed(request, "diverged", str(error))
        case FileFormatError() | DataError() | PellucidError():
            return Failed(request, "bad_value", str(error))
        case MemoryError():
            return Failed(request, "too_large", "Not enough memory: choose something smaller.")
    logger.error("a request failed", exc_info=error)
    return Failed(request, "internal", f"The studio has a bug ({error!r}). The session continues.")
