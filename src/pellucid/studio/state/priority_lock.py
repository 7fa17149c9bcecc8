"""A lock that serves requests before training."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class PriorityLock:
    """A lock with two priorities: while anybody waits for `high_priority`, nobody enters by `low_priority`."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._held = False
        self._urgent = 0

    @contextmanager
    def high_priority(self) -> Iterator[None]:
        """Hold the lock for work that a person waits for."""
        with self._condition:
            self._enter_first()
        yield from self._inside()

    @contextmanager
    def low_priority(self) -> Iterator[None]:
        """Hold the lock for work that can wait."""
        with self._condition:
            self._condition.wait_for(lambda: not self._held and not self._urgent)
            self._held = True
        yield from self._inside()

    @contextmanager
    def released(self) -> Iterator[None]:
        """Let others in, such as training, for work on copies; the caller holds the lock, and holds it again after."""
        with self._condition:
            self._held = False
            self._condition.notify_all()
        try:
            yield
        finally:
            with self._condition:
                self._enter_first()

    def _enter_first(self) -> None:
        """Wait before all of low priority, and hold the lock; the caller holds its condition."""
        self._urgent += 1
        self._condition.wait_for(lambda: not self._held)
        self._urgent -= 1
        self._held = True

    def _inside(self) -> Iterator[None]:
        try:
            yield
        finally:
            with self._condition:
                self._held = False
                self._condition.notify_all()
