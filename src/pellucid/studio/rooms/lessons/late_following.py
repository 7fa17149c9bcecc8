"""Looks whether what has ended beside the requests counts for the open lesson, in a thread of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable

from pellucid.studio.state.priority_lock import PriorityLock

REST = 0.05
"""Seconds to wait for more to end: short epochs follow each other quickly."""


class LateFollowing:
    """Calls ``follow`` soon after `begin`, holding the lock of the session.

    What ends beside the requests, such as a training, does so in threads that hold other locks or none; a thread of its
    own can wait for the session without holding anything.

    Parameters
    ----------
    lock : PriorityLock
    follow : function
        Called with 0, for no request.
    failed : function
        Called with the error, if ``follow`` fails.
    """

    def __init__(self, lock: PriorityLock, follow: Callable[[int], None], failed: Callable[[Exception], None]) -> None:
        self._lock, self._follow, self._failed = lock, follow, failed
        self._guard = threading.Lock()
        self._asked = False
        self._running = False

    def begin(self) -> None:
        """Follow soon; may be called from any thread, whatever it holds."""
        with self._guard:
            self._asked = True
            if self._running:
                return
            self._running = True
        threading.Thread(target=self._work, name="pellucid-lessons", daemon=True).start()

    def _work(self) -> None:
        """Follow until nothing more was asked for."""
        pause = threading.Event()
        while True:
            pause.wait(REST)
            with self._guard:
                if not self._asked:
                    self._running = False
                    return
                self._asked = False
            try:
                with self._lock.high_priority():
                    self._follow(0)
            except Exception as error:
                self._failed(error)
