"""The clock that paces training and throttles what the page receives; tests pass one of their own."""

from __future__ import annotations

import threading
import time


class Clock:
    """The machine's clock."""

    def now(self) -> float:
        """Return the time in seconds, from an arbitrary start; it never goes back."""
        return time.perf_counter()

    def used(self) -> float:
        """Return the processor time of this process in seconds, that of all its threads."""
        return time.process_time()

    def wait(self, event: threading.Event, seconds: float) -> None:
        """Wait for an event, at most so many seconds."""
        event.wait(seconds)
