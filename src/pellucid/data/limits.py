"""Limits for reading untrusted files."""

from __future__ import annotations

from typing import Protocol

LIMIT_BYTES = 2**31
"""Most bytes of pixels or labels in one file; pass larger arrays to `Dataset`."""

DEFLATE_RATIO = 1032
"""Largest expansion of a valid Deflate stream, which writes at most 258 bytes for two bits (zlib's manual)."""

_CHUNK = 1 << 20


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
