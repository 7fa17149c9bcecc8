"""The throttle, on a fake clock: pictures on request only, others at intervals."""

from __future__ import annotations

import pytest

from pellucid.studio.state.frame_throttle import (
    LEAST_SECONDS,
    MAX_REST,
    PICTURE_BYTES_PER_SECOND,
    PICTURE_SECONDS,
    REST,
    FrameThrottle,
    Measurement,
)
from pellucid.studio.state.outbox import Outbox
from studio.fake_clock import FakeClock


def throttle() -> tuple[FrameThrottle, FakeClock, Outbox]:
    clock, outbox = FakeClock(), Outbox()
    outbox.attach(lambda: None)
    return FrameThrottle(clock, outbox), clock, outbox


def test_a_picture_is_due_when_asked_for_and_not_too_soon() -> None:
    made, clock, _ = throttle()
    assert not made.picture_due(1000)
    made.wanted = True
    assert made.picture_due(1000)
    made.picture_sent()
    assert not made.picture_due(1000)
    clock.advance(PICTURE_SECONDS * 1.01)
    assert made.picture_due(1000)
    assert not made.picture_due(int(PICTURE_BYTES_PER_SECOND))
    clock.advance(1.0)
    assert made.picture_due(int(PICTURE_BYTES_PER_SECOND))


@pytest.mark.parametrize(("kind", "key"), [("health", "health"), ("examination", "examined")])
def test_others_are_due_at_intervals_once_the_last_was_fetched(kind: Measurement, key: str) -> None:
    made, clock, outbox = throttle()
    assert made.due(kind, key)
    with made.measuring(kind):
        pass
    clock.advance(LEAST_SECONDS[kind] * 0.9)
    assert not made.due(kind, key)
    clock.advance(LEAST_SECONDS[kind] * 0.2)
    assert made.due(kind, key)
    outbox.put(b"x", key)
    assert not made.due(kind, key)
    outbox.end("idle")
    assert not made.due(kind, key)


@pytest.mark.parametrize(("cost", "rest"), [(0.018, 0.018 * REST), (2.0, MAX_REST)])
def test_what_costs_much_is_measured_less_often(cost: float, rest: float) -> None:
    made, clock, _ = throttle()
    with made.measuring("evaluation"):
        clock.spent += cost
    assert made.due("health", "health")
    clock.advance(rest * 0.99)
    assert not made.due("evaluation")
    clock.advance(rest * 0.02)
    assert made.due("evaluation")


def test_the_speed_is_that_of_the_last_quarter_second() -> None:
    made, clock, _ = throttle()
    for _ in range(100):
        clock.advance(0.01)
        made.count(3)
    assert made.speed == pytest.approx(300, rel=0.05)
    made.reset()
    assert made.speed == 0.0
