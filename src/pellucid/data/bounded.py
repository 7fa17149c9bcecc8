"""Reading files nobody vouches for: how much may be read, and reading exactly that much."""

from __future__ import annotations

from typing import Protocol

LIMIT_BYTES = 2**31
"""Most bytes of pixels or labels that one file may hold; larger arrays go straight to `Dataset`."""

DEFLATE_RATIO = 1032
"""Deflate writes at most 258 bytes for two bits, so no honest stream grows by more than this (zlib's manual)."""

_CHUNK = 1 << 20


class Readable(Protocol):
    """A binary stream."""

    def read(self, size: int, /) -> bytes:
        """Return at most `size` bytes, and none only at the end."""
        ...


def fill(stream: Readable, buffer: memoryview) -> int:
    """Read from `stream` until `buffer` is full or the stream ends; return the number of bytes read."""
    done = 0
    while chunk := stream.read(min(_CHUNK, len(buffer) - done)):
        buffer[done : done + len(chunk)] = chunk
        done += len(chunk)
    return done
