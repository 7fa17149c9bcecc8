"""Limits for reading untrusted files, and of the memory that users allow."""

from __future__ import annotations

import re
import reprlib
from typing import Any, Protocol

from pellucid.errors import ConfigurationError
from pellucid.system.arguments import is_integer

LIMIT_BYTES = 2**31
"""Most bytes of pixels or labels in one file; pass larger arrays to `Dataset`."""

DEFLATE_RATIO = 1032
"""Largest expansion of a valid Deflate stream, which writes at most 258 bytes for two bits (zlib's manual)."""

MEMORY_LIMIT = 256_000_000
"""The most bytes of packed examples that training holds, unless users say another number."""

_CHUNK = 1 << 20
_UNITS = {"": 1, "k": 1_000, "m": 1_000_000, "g": 1_000_000_000, "t": 1_000_000_000_000}
_BINARY_UNITS = {"ki": 1 << 10, "mi": 1 << 20, "gi": 1 << 30, "ti": 1 << 40}


class Readable(Protocol):
    """A binary stream."""

    def read(self, size: int, /) -> bytes:
        """Return at most `size` bytes; no bytes mean the end."""
        ...


def fill(stream: Readable, buffer: memoryview) -> int:
    """Read from `stream` until `buffer` is full or the stream ends; return the number of bytes read."""
    done = 0
    while chunk := stream.read(min(_CHUNK, len(buffer) - done)):
        buffer[done : done + len(chunk)] = chunk
        done += len(chunk)
    return done


def checked_limit(limit: Any) -> int | None:
    """A memory limit in bytes, given as a number or in words; None for the usual one.

    Examples
    --------
    >>> checked_limit("500 MB"), checked_limit("1.5GiB"), checked_limit(1 << 20)
    (500000000, 1610612736, 1048576)
    """
    size: float | None = None
    if is_integer(limit):
        size = int(limit)
    elif isinstance(limit, str):
        found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([kmgt]?i?)b?\s*", limit.lower())
        unit = (_UNITS | _BINARY_UNITS).get(found[2]) if found else None
        size = None if found is None or unit is None else float(found[1]) * unit
    elif limit is None:
        return None
    if size is None or not 1 <= size < 2**63:
        raise ConfigurationError(
            f'memory_limit expected a number of bytes, or a size such as "500 MB", got {reprlib.repr(limit)}.'
        )
    return int(size)
