"""The training thread: it holds the session's lock for a few mini-batches at a time, and keeps the pace."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

from pellucid.studio.protocol.refusal import RefusedError
from pellucid.studio.state.clock import Clock
from pellucid.studio.state.outbox import Outbox
from pellucid.studio.state.priority_lock import PriorityLock

SLICE_SECONDS = 0.007
"""Time for which training holds the lock at once, about: the longest that a request waits for it."""

NO_PAGE_SECONDS = 60.0
"""Training without a connected page stops after this time."""

THREAD_NAME = "pellucid-training"

_MAX_STEPS = 4096
_SLICES_PER_SECOND = 60.0

_LONGEST_WAIT = 1.0
"""A pace may be slower than any wait that the system can time."""


@dataclass(eq=False)
class Job:
    """Steps to take: up to step ``goal``, or without end where that is None; ``allowed`` of them in one call."""

    goal: int | None
    pace: float | None = None
    allowed: int = 16

    def count(self, step: int) -> int:
        """Return how many steps the next call may take, given the steps taken so far."""
        return self.allowed if self.goal is None else max(1, min(self.allowed, self.goal - step))

    def reached(self, step: int) -> bool:
        """Whether the goal is reached."""
        return self.goal is not None and step >= self.goal


class Driver:
    """Calls ``work`` repeatedly in a thread of its own.

    Parameters
    ----------
    lock : PriorityLock
        Held during each call, and by the callers of the methods here.
    outbox : Outbox
        Tells whether a page is connected.
    slots : Semaphore
        Bounds the number of trainings that run at the same time.
    work : function
        Takes at most `Job.count` steps; returns whether there are more to take.
    on_stopped : function
        Called when the job ends by itself: with the error that occurred, or None where no page is connected.
    clock : Clock
    """

    def __init__(
        self,
        lock: PriorityLock,
        outbox: Outbox,
        slots: threading.Semaphore,
        work: Callable[[Job], bool],
        on_stopped: Callable[[Exception | None], None],
        clock: Clock,
    ) -> None:
        self._lock, self._outbox, self._slots = lock, outbox, slots
        self._work, self._on_stopped, self._clock = work, on_stopped, clock
        self._job: Job | None = None
        self._interrupt = threading.Event()
        self.pace: float | None = None

    @property
    def busy(self) -> bool:
        """Whether a job is running."""
        return self._job is not None

    def start(self, goal: int | None) -> None:
        """Start a job, in place of the running one.

        Raises
        ------
        RefusedError
            If too many trainings run already.
        """
        self.stop()
        if not self._slots.acquire(blocking=False):
            raise RefusedError("busy", "Too many trainings are running: pause one in another tab.")
        self._job = Job(goal, self.pace)
        threading.Thread(target=self._run, args=(self._job,), name=THREAD_NAME, daemon=True).start()

    def stop(self) -> None:
        """End the job; its thread takes no more steps."""
        self._job = None
        self._interrupt.set()

    def set_pace(self, pace: float | None) -> None:
        """Set the largest number of mini-batches per second; None is full speed."""
        self.pace = pace
        if self._job is not None:
            self._job.pace = pace
        self._interrupt.set()

    def _run(self, job: Job) -> None:
        try:
            self._drive(job)
        except Exception as error:
            with self._lock.high_priority():
                if self._job is job:
                    self.stop()
                    self._on_stopped(error)
        finally:
            self._slots.release()

    def _drive(self, job: Job) -> None:
        page_seen = due = self._clock.now()
        pace = job.pace
        while True:
            self._interrupt.clear()
            with self._lock.low_priority():
                now = self._clock.now()
                if job.pace != pace:
                    pace, due = job.pace, now
                if self._job is not job or ((pace is None or now >= due) and not self._run_slice(job)):
                    return
                if pace is not None and now >= due:
                    now = self._clock.now()
                    due = max(due, now - 1.0 / pace) + job.allowed / pace
                page_seen = now if self._outbox.attached else page_seen
                if now - page_seen > NO_PAGE_SECONDS:
                    self.stop()
                    self._on_stopped(None)
                    return
            if pace is not None:
                self._clock.wait(self._interrupt, min(_LONGEST_WAIT, max(0.0, due - self._clock.now())))

    def _run_slice(self, job: Job) -> bool:
        """Take steps for one holding of the lock; return whether there are more to take."""
        if job.pace is not None:
            job.allowed = max(1, round(job.pace / _SLICES_PER_SECOND))
            return self._work(job)
        now = self._clock.now()
        end = now + SLICE_SECONDS
        while now < end:
            began = now
            if not self._work(job):
                return False
            now = self._clock.now()
            # A step of a large network takes long: allow no more of them than fit into a slice.
            fitting = int(job.allowed * SLICE_SECONDS / max(now - began, 1e-6))
            job.allowed = max(1, min(_MAX_STEPS, 2 * job.allowed, fitting))
        return True
