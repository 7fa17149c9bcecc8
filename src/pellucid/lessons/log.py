"""The log of the lessons, kept in a file on this machine: one record a line, only ever added to."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable
from pathlib import Path

import msgspec

from pellucid.lessons.records import AnyRecord
from pellucid.system.atomic_write import replace_whole
from pellucid.system.regular_file import open_regular

MAX_RECORDS = 20_000
"""Most records that are kept; beyond it, the oldest are dropped."""

MAX_BYTES = 32 << 20
"""Most bytes of the file that are read back."""

logger = logging.getLogger("pellucid.lessons")

_decoder = msgspec.json.Decoder(AnyRecord)


class LessonLog:
    """The records of one learner.

    Lines that are no records, such as those of a later version or one that was cut off, are left out. What cannot be
    written stays in memory.

    Parameters
    ----------
    path : Path, optional
        Without one, nothing is kept beyond this process.

    Examples
    --------
    >>> from pellucid.lessons.records import Hinted
    >>> log = LessonLog()
    >>> log.add(Hinted("the-bias", 1.0))
    >>> [record.lesson for record in log.records]
    ['the-bias']
    """

    def __init__(self, path: Path | None = None) -> None:
        self._path, self._lock = path, threading.Lock()
        self._records: list[AnyRecord] = []
        if path is not None:
            self._records = _read(path)
            if len(self._records) > MAX_RECORDS:
                self._shorten(path)

    @property
    def is_kept(self) -> bool:
        """Whether there is a file."""
        return self._path is not None

    @property
    def count(self) -> int:
        """Number of records."""
        return len(self._records)

    @property
    def records(self) -> list[AnyRecord]:
        """All records, oldest first."""
        with self._lock:
            return list(self._records)

    def add(self, record: AnyRecord) -> None:
        """Add a record, and write it down at once."""
        with self._lock:
            self._records.append(record)
            if self._path is not None:
                _guarded(lambda path: _append(path, msgspec.json.encode(record)), self._path)

    def _shorten(self, path: Path) -> None:
        self._records = self._records[-MAX_RECORDS:]
        content = b"".join(msgspec.json.encode(record) + b"\n" for record in self._records)
        _guarded(lambda target: replace_whole(target, content, mode=0o600), path)


def _guarded(write: Callable[[Path], None], path: Path) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write(path)
    except OSError as error:
        logger.warning("the progress in the lessons was not kept: %s", error)


def _append(path: Path, line: bytes) -> None:
    """Add a line in one write. It begins with a line break, so that one that was cut off before spoils no other."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        os.write(handle, b"\n" + line + b"\n")
    finally:
        os.close(handle)


def _read(path: Path) -> list[AnyRecord]:
    try:
        with open_regular(path) as file:
            content = file.read(MAX_BYTES)
    except FileNotFoundError:
        return []
    except OSError as error:
        logger.warning("the progress in the lessons could not be read: %s", error)
        return []
    found = []
    for line in content.splitlines():
        try:
            found.append(_decoder.decode(line))
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            if line:
                logger.warning("a line of the lessons' log is left out: it is no record of this version")
    return found
