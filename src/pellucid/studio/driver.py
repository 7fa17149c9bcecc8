"""The thread that training runs in: it takes the lock for a few mini-batches at a time, and keeps the pace."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from pellucid.studio.outbox import Outbox
from pellucid.studio.priority_lock import PriorityLock
from pellucid.studio.refusal import RefusedError

HOLD = 0.007
"""Seconds for which training keeps the lock, about: that is how long a request waits for it, at most."""

ALONE = 60.0
"""Seconds without a page after which training is no longer worth its while."""

_MOST_AT_ONCE = 4096
_TICK = 60.0

logger = logging.getLogger("pellucid.studio")


@dataclass(eq=False)
class Job:
    """Steps to be taken, up to ``goal`` or, where that is None, until stopped."""

    goal: int | None
    pace: float | None = None
    allowed: int = 16

    def count(self, step: int) -> int:
        """How many steps may be taken now."""
        return self.allowed if self.goal is None else max(1, min(self.allowed, self.goal - step))

    def reached(self, step: int) -> bool:
        """Whether there is no more to do."""
        return self.goal is not None and step >= self.goal


class Driver:
    """Calls ``work`` over and over in a thread of its own.

    Parameters
    ----------
    lock : PriorityLock
        Held during each call, and by whoever calls the methods here.
    outbox : Outbox
        Tells whether there is a page to train for.
    slots : Semaphore
        How many may train at a time.
    work : function
        Takes at most `Job.count` steps; whether there are more to take.
    given_up : function
        Called where the job ends by itself: nobody looks, or something is wrong.
    """

    def __init__(
        self,
        lock: PriorityLock,
        outbox: Outbox,
        slots: threading.Semaphore,
        work: Callable[[Job], bool],
        given_up: Callable[[], None],
    ) -> None:
        self._lock, self._outbox, self._slots = lock, outbox, slots
        self._work, self._given_up = work, given_up
        self._job: Job | None = None
        self._stirred = threading.Event()
        self.pace: float | None = None

    @property
    def busy(self) -> bool:
        """Whether there is a job."""
        return self._job is not None

    def start(self, goal: int | None) -> None:
        """Begin a job in place of that under way.

        Raises
        ------
        RefusedError
            If too many train already.
        """
        self.stop()
        if not self._slots.acquire(blocking=False):
            raise RefusedError("busy", "Too many trainings run already: pause one in another tab.")
        self._job = Job(goal, self.pace)
        threading.Thread(target=self._run, args=(self._job,), name="pellucid-training", daemon=True).start()

    def stop(self) -> None:
        """End the job; its thread takes no more steps."""
        self._job = None
        self._stirred.set()

    def set_pace(self, pace: float | None) -> None:
        """Mini-batches a second, at most; None for all that can be done."""
        self.pace = pace
        if self._job is not None:
            self._job.pace = pace
        self._stirred.set()

    def _run(self, job: Job) -> None:
        try:
            self._drive(job)
        except Exception as error:
            logger.error("training failed", exc_info=error)
            with self._lock.high_priority():
                if self._job is job:
                    self.stop()
                    self._given_up()
        finally:
            self._slots.release()

    def _drive(self, job: Job) -> None:
        seen, due = time.monotonic(), time.monotonic()
        while True:
            self._stirred.clear()
            with self._lock.low_priority():
                if self._job is not job or not self._some(job):
                    return
                now = time.monotonic()
                seen = now if self._outbox.attached else seen
                if now - seen > ALONE:
                    self.stop()
                    self._given_up()
                    return
            if job.pace is not None:
                due = max(due, now - 1.0 / job.pace) + job.allowed / job.pace
                self._stirred.wait(max(0.0, due - time.monotonic()))

    def _some(self, job: Job) -> bool:
        """Hold the lock for a moment's worth of steps."""
        if job.pace is not None:
            job.allowed = max(1, round(job.pace / _TICK))
            return self._work(job)
        began = time.perf_counter()
        while (took := time.perf_counter() - began) < HOLD:
            step_began = took
            if not self._work(job):
                return False
            spent = time.perf_counter() - began - step_began
            # Large networks take long over a step: no more of them at once than there is time for.
            job.allowed = max(1, min(_MOST_AT_ONCE, 2 * job.allowed, int(job.allowed * HOLD / max(spent, 1e-6))))
        return True
