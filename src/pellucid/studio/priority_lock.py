"""A lock that lets requests pass before training."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class PriorityLock:
    """One at a time; who comes by `first` goes before who comes by `later`, however often that one comes again."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._taken = False
        self._first = 0

    @contextmanager
    def high_priority(self) -> Iterator[None]:
        """For what a person waits for."""
        with self._condition:
            self._first += 1
            self._condition.wait_for(lambda: not self._taken)
            self._first -= 1
            self._taken = True
        yield from self._inside()

    @contextmanager
    def low_priority(self) -> Iterator[None]:
        """For what can wait."""
        with self._condition:
            self._condition.wait_for(lambda: not self._taken and not self._first)
            self._taken = True
        yield from self._inside()

    def _inside(self) -> Iterator[None]:
        try:
            yield
        finally:
            with self._condition:
                self._taken = False
                self._condition.notify_all()
