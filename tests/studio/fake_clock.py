"""A clock that the test moves."""

from __future__ import annotations

import threading

from pellucid.studio.state.clock import Clock


class FakeClock(Clock):
    """Stands still, but for a ``tick`` at each reading; a wait moves it on and returns at once."""

    def __init__(self, tick: float = 0.0) -> None:
        self.time, self._tick = 1000.0, tick
        self.spent = 0.0
        self._lock = threading.Lock()

    def used(self) -> float:
        return self.spent

    def now(self) -> float:
        self.advance(self._tick)
        return self.time

    def wait(self, event: threading.Event, seconds: float) -> None:
        self.advance(seconds)

    def advance(self, seconds: float) -> None:
        with self._lock:
            self.time += seconds
