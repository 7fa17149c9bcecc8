"""Frames on their way to the page, in order; a newer frame replaces an older one that it makes obsolete."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from typing import Literal

MAX_BYTES = 24 << 20
"""Most bytes that wait for a slow page; beyond it, the page is disconnected."""

Reason = Literal["elsewhere", "idle", "full", "closing", "restarted"]


class Outbox:
    """Filled by any thread, emptied by the connection.

    A frame with a ``key`` replaces a waiting one with the same key.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: OrderedDict[object, bytes] = OrderedDict()
        self._numbers = count()
        self._bytes = 0
        self._wake: Callable[[], None] | None = None
        self._gathering: int | None = None
        self._reasons: dict[Callable[[], None], Reason] = {}

    def attach(self, wake: Callable[[], None]) -> None:
        """Connect a page: discard all waiting frames, and call ``wake`` whenever a frame is put.

        A page that was connected before has to leave.
        """
        self.end("elsewhere")
        with self._lock:
            self._wake = wake

    def end(self, reason: Reason) -> None:
        """Disconnect the page: it is woken a last time, to find its `reason_to_leave`."""
        with self._lock:
            wake, self._wake = self._wake, None
            self._discard()
            if wake is not None:
                self._reasons[wake] = reason
                wake()

    def reason_to_leave(self, wake: Callable[[], None]) -> Reason | None:
        """Why a page has to leave, or None."""
        return self._reasons.get(wake)

    def detach(self, wake: Callable[[], None]) -> bool:
        """Note that the page has disconnected; return False where another page has taken its place."""
        with self._lock:
            self._reasons.pop(wake, None)
            if self._wake is not wake:
                return False
            self._discard()
            self._wake = None
            return True

    @property
    def attached(self) -> bool:
        """Whether a page is connected."""
        return self._wake is not None

    @property
    def overflowing(self) -> bool:
        """Whether more is waiting than a live page would leave."""
        return self._bytes > MAX_BYTES

    def is_waiting(self, key: str) -> bool:
        """Whether a frame with this key is waiting."""
        return key in self._waiting

    def put(self, data: bytes, key: str | None = None) -> None:
        """Send a frame, if a page is connected."""
        with self._lock:
            if self._wake is None:
                return
            name: object = next(self._numbers) if key is None else key
            old = self._waiting.pop(name, b"")
            self._waiting[name] = data
            self._bytes += len(data) - len(old)
            if self._gathering != threading.get_ident():
                self._wake()

    @contextmanager
    def gathering(self) -> Iterator[None]:
        """Send what this thread puts meanwhile at the end of the outermost: the page then shows it in one frame."""
        if self._gathering == threading.get_ident():
            yield
            return
        self._gathering = threading.get_ident()
        try:
            yield
        finally:
            self._gathering = None
            with self._lock:
                if self._wake is not None and self._waiting:
                    self._wake()

    def take(self, wake: Callable[[], None]) -> bytes | None:
        """Return the oldest waiting frame for this page, or None."""
        with self._lock:
            if self._wake is not wake or not self._waiting:
                return None
            _, data = self._waiting.popitem(last=False)
            self._bytes -= len(data)
            return data

    def _discard(self) -> None:
        self._waiting.clear()
        self._bytes = 0
