"""The standard streams of the process, also when a pipe closes, a disk is full, or a terminal is gone."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TextIO, cast


class LostOutputError(OSError):
    """Raised when standard output cannot be written: the command ends, even if the rest of its work could continue."""


@contextmanager
def prepared() -> Iterator[None]:
    """Provide all three streams, with well-defined errors, while the context lasts.

    A closed stream is replaced by the null device. Failed writes to standard error are dropped. Failed writes to
    standard output raise `LostOutputError`, or BrokenPipeError if the reader has closed the pipe. Output to a terminal
    that is gone, as after a logout, is dropped, so that a running job can continue.
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
    """Also open the descriptors: otherwise a file opened later could take their numbers and receive the output."""
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
    """A text stream that raises its own errors."""

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
        """Write the lines one after another."""
        self.write("".join(lines))

    def flush(self) -> None:
        """Flush."""
        with self._in_order():
            self._stream.flush()

    def let_go(self) -> None:
        """Discard the buffered output, so that it does not fail at exit."""
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
    """Standard output, which carries the results of a command."""

    def _fail(self, error: OSError) -> None:
        if isinstance(error, BrokenPipeError):
            raise error
        raise LostOutputError(
            f"Could not print: {error.strerror or error}. Redirect the output to another place."
        ) from error


class _Messages(_Stream):
    """Standard error: failed writes are ignored, since there is nowhere to report them."""

    def _fail(self, error: OSError) -> None:
        pass
