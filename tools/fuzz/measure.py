"""Peak memory and time of one case, from the kernel's own counts (Linux)."""

from __future__ import annotations

import os
import re
import time
from contextlib import suppress
from pathlib import Path

_STATUS, _CLEAR = Path("/proc/self/status"), Path("/proc/self/clear_refs")
_RESET = b"5"  # resets the high-water mark of the resident set: proc(5)
_LINES = re.compile(rb"VmHWM:\s*(\d+) kB\s*VmRSS:\s*(\d+) kB")


class Stopwatch:
    """The time of a process less the time for which its main thread waited for a processor: others may be busy too.

    Parameters
    ----------
    process : int or "self"
    """

    def __init__(self, process: int | str = "self") -> None:
        self._file = -1
        with suppress(OSError):
            self._file = os.open(f"/proc/{process}/schedstat", os.O_RDONLY)

    def now(self) -> float:
        """Return seconds, from an arbitrary start."""
        return time.monotonic() - self._waited()

    def close(self) -> None:
        """Stop reading."""
        if self._file >= 0:
            os.close(self._file)

    def _waited(self) -> float:
        with suppress(OSError, IndexError, ValueError):  # without the file, or at the end of the process
            return int(os.pread(self._file, 100, 0).split()[1]) / 1e9
        return 0.0


class PeakMemory:
    """Growth of the resident set from `begin` to its peak until `growth`; always 0 without /proc."""

    def __init__(self) -> None:
        self._status = self._clear = -1
        with suppress(OSError):
            self._status = os.open(_STATUS, os.O_RDONLY)
            self._clear = os.open(_CLEAR, os.O_WRONLY)
        self._before = 0

    def begin(self) -> None:
        """Reset the high-water mark."""
        if self._clear >= 0:
            os.write(self._clear, _RESET)
            self._before = self._read()[1]

    def growth(self) -> int:
        """Return bytes."""
        return max(0, self._read()[0] - self._before) if self._clear >= 0 else 0

    def _read(self) -> tuple[int, int]:
        found = _LINES.search(os.pread(self._status, 4096, 0))
        return (1024 * int(found[1]), 1024 * int(found[2])) if found else (0, 0)
