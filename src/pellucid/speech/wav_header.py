"""The sizes in the header of a WAV file, which programs that write to a pipe cannot know."""

from __future__ import annotations

import io
from typing import IO, NamedTuple, cast

_HEAD = 1 << 16
"""The data of a WAV file begin within so many bytes."""

_UNKNOWN = 0x7FFFFFFF
"""Sizes from this on stand for an unknown one."""


class WavHeader(NamedTuple):
    """The samples begin at byte ``begin``; the header states ``size`` bytes of them, at ``rate`` bytes a second."""

    begin: int
    size: int
    rate: int

    @property
    def seconds(self) -> float:
        """The stated length; 0 if it is unknown."""
        return self.size / self.rate if self.rate and self.size < _UNKNOWN else 0.0


def read_header(file: IO[bytes]) -> WavHeader | None:
    """The header of a WAV file, which is read from the present place and left there; None for other files."""
    start = file.tell()
    head = file.read(_HEAD)
    file.seek(start)
    if head[:4] != b"RIFF" or head[8:12] != b"WAVE":
        return None
    at, rate = 12, 0
    while at + 8 <= len(head):
        kind, size = head[at : at + 4], int.from_bytes(head[at + 4 : at + 8], "little")
        if kind == b"fmt " and at + 20 <= len(head):
            rate = int.from_bytes(head[at + 16 : at + 20], "little")
        if kind == b"data":
            return WavHeader(start + at + 8, size, rate)
        at += 8 + size + size % 2
    return None


def with_true_size(file: IO[bytes]) -> IO[bytes]:
    """The file, or if its header states no data although some follow, the file with the size that they have.

    So does a program write a WAV file to a pipe. Chunks that follow an empty one are no samples.
    """
    header = read_header(file)
    if header is None or header.size:
        return file
    start = file.tell()
    end = file.seek(0, io.SEEK_END)
    file.seek(header.begin)
    following = file.read(8)
    file.seek(start)
    size = int.from_bytes(following[4:8], "little")
    is_chunk = len(following) == 8 and following[:4].isalnum() and header.begin + 8 + size + size % 2 <= end
    if header.begin >= end or is_chunk:
        return file
    stated = (end - header.begin).to_bytes(8, "little")[:4]
    return cast("IO[bytes]", _Overlaid(file, header.begin - 4, stated))


class _Overlaid(io.RawIOBase):
    """A file in which some bytes, from ``at`` on, read as others."""

    def __init__(self, file: IO[bytes], at: int, content: bytes) -> None:
        self._file, self._at, self._content = file, at, content

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()

    def readinto(self, buffer: object) -> int:
        view = memoryview(buffer)  # type: ignore[arg-type]
        begin = self._file.tell()
        given = bytearray(self._file.read(len(view)))
        for place, byte in enumerate(self._content, self._at - begin):
            if 0 <= place < len(given):
                given[place] = byte
        view[: len(given)] = given
        return len(given)

    def close(self) -> None:
        self._file.close()
        super().close()
