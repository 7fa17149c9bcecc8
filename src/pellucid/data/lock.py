"""A lock between processes, which the operating system releases when the holding process ends."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

_PAUSE_SECONDS = 0.1

if sys.platform == "win32":
    import msvcrt

    def _try_lock(file: BinaryIO) -> bool:
        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:
    import fcntl

    def _try_lock(file: BinaryIO) -> bool:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock file `path`; wait while another process holds it."""
    file = _acquire(path)
    try:
        yield
    finally:
        # Windows cannot delete an open file; there the empty lock file stays, which is harmless.
        with suppress(OSError):
            path.unlink()
        file.close()


def _acquire(path: Path) -> BinaryIO:
    """Open and lock the file."""
    while True:
        file = path.open("a+b")
        try:
            while not _try_lock(file):
                time.sleep(_PAUSE_SECONDS)
            if _is_current(file, path):
                return file
        except BaseException:
            file.close()
            raise
        file.close()


def _is_current(file: BinaryIO, path: Path) -> bool:
    """Whether `path` is still the file that was opened; its last holder may have deleted it in the meantime."""
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except FileNotFoundError:
        return False
