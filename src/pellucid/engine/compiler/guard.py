"""Guard pages for the engine: with ``PELLUCID_GUARD=1``, a kernel that accesses memory past an array ends the process.

Each array that is passed to an entry point is copied. The copy ends at an inaccessible page, so that an access past its
end is a memory fault. A pattern before its start is checked after the call. Then the contents are copied back. This is
slow, and meant for tests.
"""

from __future__ import annotations

import ctypes
import functools
import mmap
import os
import threading
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pellucid.engine.compiler.entry import Entry, address_of
from pellucid.errors import CapacityError

_PATTERN = 0xA5


def guarded() -> bool:
    """Whether the engine runs with guard pages: ``PELLUCID_GUARD=1``, on systems that can protect memory."""
    return os.environ.get("PELLUCID_GUARD", "0") not in ("", "0") and os.name == "posix"


class GuardedEntry:
    """An entry point that gets copies of its arrays, each before a guard page. It is called like `Entry`."""

    def __init__(self, entry: Entry) -> None:
        self._entry = entry

    def __call__(self, *arguments: Any) -> None:
        """Run.

        Raises
        ------
        CapacityError
            If the engine wrote before an array, or into one that is read-only.
        """
        taken: list[_Copy] = []
        try:
            with _lock:
                passed = _replaced(arguments, taken)
            self._entry(*passed)
        finally:
            with _lock:
                for copy in taken:
                    copy.release()

    def bind(self, *arguments: Any) -> functools.partial[None]:
        """Fix all arguments."""
        return functools.partial(self, *arguments)


class _Copy:
    """The guarded copy of one array, shared by all concurrent calls that use the array."""

    def __init__(self, array: NDArray[Any]) -> None:
        if not array.flags.c_contiguous:
            raise CapacityError(f"The engine expected C-contiguous arrays, got strides {array.strides}.")
        self.array, self.users = array, 0
        room = -(-max(array.nbytes, 1) // mmap.PAGESIZE) * mmap.PAGESIZE
        memory = np.frombuffer(mmap.mmap(-1, room + mmap.PAGESIZE), np.uint8)
        _protect(address_of(memory) + room, mmap.PAGESIZE)
        self._before, self._content = np.split(memory[:room], [room - array.nbytes])
        self._before[...] = _PATTERN
        self._known = _bytes_of(array).copy()
        self._content[...] = self._known
        self.passed = self._content.view(array.dtype)

    def take(self) -> None:
        """Register a call that uses the copy, and update the copy if the array has changed since the last call."""
        now = _bytes_of(self.array)
        if not np.array_equal(now, self._known):
            self._known[...] = self._content[...] = now
        self.users += 1

    def release(self) -> None:
        """Copy the contents back; the last call to do so drops the copy."""
        self.users -= 1
        if not self.users:
            del _copies[_key(self.array)]
        if not np.array_equal(self._content, self._known):
            if not self.array.flags.writeable:
                raise CapacityError(f"The engine wrote into a read-only array {self.array.shape}.")
            self._known[...] = _bytes_of(self.array)[...] = self._content
        if not (self._before == _PATTERN).all():
            raise CapacityError(f"The engine wrote before an array {self.array.shape} of {self.array.dtype}.")


_copies: dict[tuple[int, int], _Copy] = {}
_lock = threading.Lock()


def _replaced(arguments: Iterable[Any], taken: list[_Copy]) -> list[Any]:
    """The arguments with guarded copies of their arrays, which are added to ``taken``."""
    passed: list[Any] = []
    for each in arguments:
        if isinstance(each, np.ndarray):
            copy = _copies.get(_key(each))
            if copy is None:
                copy = _copies[_key(each)] = _Copy(each)
            copy.take()
            taken.append(copy)
            passed.append(copy.passed)
        else:
            passed.append(tuple(_replaced(each, taken)) if isinstance(each, tuple) else each)
    return passed


def _key(array: NDArray[Any]) -> tuple[int, int]:
    return array.ctypes.data, array.nbytes


def _bytes_of(array: NDArray[Any]) -> NDArray[np.uint8]:
    return array.reshape(-1).view(np.uint8)


def _protect(address: int, size: int) -> None:
    """Make memory inaccessible."""
    library = ctypes.CDLL(None, use_errno=True)
    if library.mprotect(ctypes.c_void_p(address), ctypes.c_size_t(size), 0):
        raise OSError(ctypes.get_errno(), "mprotect failed")
