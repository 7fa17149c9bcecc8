"""The training thread, on a fake clock: it keeps the pace, and holds the lock only briefly."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from pellucid.studio.protocol.refusal import RefusedError
from pellucid.studio.rooms.learn.driver import NO_PAGE_SECONDS, SLICE_SECONDS, Driver, Job
from pellucid.studio.state.outbox import Outbox
from pellucid.studio.state.priority_lock import PriorityLock
from studio.fake_clock import FakeClock


class TimedLock(PriorityLock):
    """Notes how long it was held by training."""

    def __init__(self, clock: FakeClock) -> None:
        super().__init__()
        self.clock, self.held = clock, [0.0]

    @contextmanager
    def low_priority(self) -> Iterator[None]:
        with super().low_priority():
            began = self.clock.time
            yield
            self.held.append(self.clock.time - began)


class Training:
    """Work for a driver: each step takes ``cost`` seconds, and there is no more to do after ``seconds``."""

    def __init__(self, *, cost: float = 0.0, seconds: float = 1e9, page: bool = True) -> None:
        self.clock = FakeClock()
        self.cost, self.end = cost, self.clock.time + seconds
        self.steps, self.calls, self.stopped = 0, [0], 0
        self.errors: list[Exception | None] = []
        self.lock, self.outbox, self.slots = TimedLock(self.clock), Outbox(), threading.Semaphore(1)
        if page:
            self.outbox.attach(lambda: None)
        self.driver = Driver(self.lock, self.outbox, self.slots, self.work, self.on_stopped, self.clock)

    def work(self, job: Job) -> bool:
        count = job.count(self.steps)
        self.calls.append(count)
        self.steps += count
        self.clock.advance(count * self.cost)
        return not job.reached(self.steps) and self.clock.time < self.end

    def on_stopped(self, error: Exception | None) -> None:
        self.stopped += 1
        self.errors.append(error)

    def run(self, goal: int | None = None) -> None:
        """Start, and wait for the end of the thread."""
        with self.lock.high_priority():
            self.driver.start(goal)
        assert self.slots.acquire(timeout=120)


@pytest.mark.parametrize("pace", [0.5, 10.0, 60.0, 1000.0])
def test_the_pace_is_kept(pace: float) -> None:
    training = Training(seconds=20.0)
    training.driver.set_pace(pace)
    training.run()
    assert training.steps == pytest.approx(20 * pace, abs=max(2.0, pace / 30))


def test_a_pace_that_cannot_be_kept_is_not_made_up_for() -> None:
    training = Training(seconds=20.0, cost=0.1)
    training.driver.set_pace(100.0)
    training.run()
    assert 185 <= training.steps <= 201


@pytest.mark.parametrize("cost", [1e-6, 1e-4, 0.002, 0.5])
def test_training_holds_the_lock_for_a_slice_at_most(cost: float) -> None:
    training = Training(cost=cost, seconds=100 * max(cost, SLICE_SECONDS))
    training.run()
    later = training.lock.held[5:]
    assert later
    assert max(later) <= max(2.1 * SLICE_SECONDS, cost) + 1e-9
    if cost > SLICE_SECONDS:
        assert set(training.calls[3:]) == {1}


def test_a_goal_is_reached_exactly() -> None:
    training = Training(cost=1e-4)
    training.run(goal=1234)
    assert training.steps == 1234
    assert training.stopped == 0


def test_training_without_a_page_stops() -> None:
    training = Training(cost=0.01, page=False)
    began = training.clock.time
    training.run()
    assert training.stopped == 1
    assert not training.driver.busy
    assert NO_PAGE_SECONDS < training.clock.time - began < NO_PAGE_SECONDS + 1


def test_an_error_stops_training_is_told_and_frees_its_slot() -> None:
    training = Training()
    training.driver._work = lambda job: 1 / 0 > 1
    training.run()
    assert [type(error) for error in training.errors] == [ZeroDivisionError]
    assert not training.driver.busy


def test_a_training_too_many_is_refused() -> None:
    training = Training()
    assert training.slots.acquire(blocking=False)
    with pytest.raises(RefusedError, match="pause one"):
        training.driver.start(None)
    assert not training.driver.busy
