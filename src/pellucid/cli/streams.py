"""The process's standard streams, whatever they lead to: a pipe that closes, a full disk, a terminal that is gone."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TextIO, cast


class LostOutputError(OSError):
    """What a command prints cannot be written: the command ends, whatever else it can go on with."""


@contextmanager
def prepared() -> Iterator[None]:
    """Have all three streams, and errors of theirs in good order, while the context lasts.

    A stream that is closed leads to the null device. What standard error cannot take is dropped. What standard output
    cannot take raises `LostOutputError`, or BrokenPipeError where its reader has left. Output to a terminal that is
    gone, as after a logout, is dropped: what was begun there may well go on.
    """
    _open_what_is_closed()
    before = sys.stdout, sys.stderr
    streams = _Output(sys.stdout), _Messages(sys.stderr)
    sys.stdout, sys.stderr = cast(TextIO, streams[0]), cast(TextIO, streams[1])
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before
        for stream in streams:
            stream.let_go()


def _open_what_is_closed() -> None:
    """Also the descriptors: a file opened later would take their numbers, and what is printed would go there."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)
    if sys.stdin is None:
        sys.stdin = Path(os.devnull).open(encoding="utf-8")  # noqa: SIM115 - open to the end of the process
    if sys.stdout is None:
        sys.stdout = os.fdopen(1, "w", encoding="utf-8")
    if sys.stderr is None:
        sys.stderr = os.fdopen(2, "w", encoding="utf-8")


class _Stream:
    """A text stream with errors of its own."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._is_terminal = stream.isatty()
        self._lost = False
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        """Write."""
        with self._in_order():
            self._stream.write(text)
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        """Write them one after another."""
        self.write("".join(lines))

    def flush(self) -> None:
        """Flush."""
        with self._in_order():
            self._stream.flush()

    def let_go(self) -> None:
        """Have what is still in the buffer go nowhere, instead of failing at exit."""
        if self._lost:
            with suppress(OSError):
                os.dup2(os.open(os.devnull, os.O_WRONLY), self._stream.fileno())

    @contextmanager
    def _in_order(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            self._lost = True
            if not (self._is_terminal and error.errno == errno.EIO):
                self._fail(error)

    def _fail(self, error: OSError) -> None:
        raise NotImplementedError


class _Output(_Stream):
    """Standard output, which is what a command is there for."""

    def _fail(self, error: OSError) -> None:
        if isinstance(error, BrokenPipeError):
            raise error
        raise LostOutputError(
            f"Could not print: {error.strerror or error}. Have the output go to another place."
        ) from error


class _Messages(_Stream):
    """Standard error: where nobody can be told, nothing is said."""

    def _fail(self, error: OSError) -> None:
        pass
