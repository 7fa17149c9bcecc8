"""Frames on their way to the page: in order, and where newer ones make older ones useless, only the newest."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from itertools import count
from typing import Literal

MOST_BYTES = 24 << 20
"""Bytes that wait for a slow page, at most; then it is taken to be gone."""


Reason = Literal["elsewhere", "idle", "full", "closing"]


class Outbox:
    """Filled by any thread, emptied by the connection.

    A frame with a ``key`` takes the place of one of the same key that still waits.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: OrderedDict[object, bytes] = OrderedDict()
        self._numbers = count()
        self._bytes = 0
        self._wake: Callable[[], None] | None = None
        self._goodbyes: dict[Callable[[], None], Reason] = {}

    def attach(self, wake: Callable[[], None]) -> None:
        """Begin anew for a page: forget what waited, and call ``wake`` whenever something is put.

        A page that was there before is told to leave.
        """
        self.end("elsewhere")
        with self._lock:
            self._wake = wake

    def end(self, reason: Reason) -> None:
        """Have the page leave: it is woken a last time, to find its `goodbye`."""
        with self._lock:
            wake, self._wake = self._wake, None
            self._forget()
            if wake is not None:
                self._goodbyes[wake] = reason
                wake()

    def goodbye(self, wake: Callable[[], None]) -> Reason | None:
        """Why a page has to leave, if it has to."""
        return self._goodbyes.get(wake)

    def detach(self, wake: Callable[[], None]) -> bool:
        """The page is gone: keep nothing from now on. False where another page has taken over since."""
        with self._lock:
            self._goodbyes.pop(wake, None)
            if self._wake is not wake:
                return False
            self._forget()
            self._wake = None
            return True

    @property
    def attached(self) -> bool:
        """Whether there is a page."""
        return self._wake is not None

    @property
    def overflowing(self) -> bool:
        """Whether the page takes so little that it must be gone."""
        return self._bytes > MOST_BYTES

    def waits(self, key: str) -> bool:
        """Whether a frame of this key has not been fetched yet."""
        return key in self._waiting

    def put(self, data: bytes, key: str | None = None) -> None:
        """Send a frame, if there is a page."""
        with self._lock:
            if self._wake is None:
                return
            name: object = next(self._numbers) if key is None else key
            old = self._waiting.pop(name, b"")
            self._waiting[name] = data
            self._bytes += len(data) - len(old)
            self._wake()

    def take(self, wake: Callable[[], None]) -> bytes | None:
        """The next frame for this page, oldest first; None where nothing waits."""
        with self._lock:
            if self._wake is not wake or not self._waiting:
                return None
            _, data = self._waiting.popitem(last=False)
            self._bytes -= len(data)
            return data

    def _forget(self) -> None:
        self._waiting.clear()
        self._bytes = 0
