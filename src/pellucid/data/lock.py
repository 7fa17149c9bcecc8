"""A lock between processes that ends with its holder, however that ends."""

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
    """Hold the lock file `path`, waiting for whoever holds it; the operating system frees it if the process dies."""
    file = _acquire(path)
    try:
        yield
    finally:
        # Windows keeps a file that is open; there the empty lock file stays, and does no harm.
        with suppress(OSError):
            path.unlink()
        file.close()


def _acquire(path: Path) -> BinaryIO:
    """Return the lock file, open and locked."""
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
    """Tell whether `path` is still the file that was opened: its last holder has removed it meanwhile, or not."""
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except FileNotFoundError:
        return False
