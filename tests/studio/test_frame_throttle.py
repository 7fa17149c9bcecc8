"""The throttle, on a fake clock: pictures on request only, others at intervals."""

from __future__ import annotations

import pytest

from pellucid.studio.state.frame_throttle import (
    EXAMINATION_SECONDS,
    HEALTH_SECONDS,
    PICTURE_BYTES_PER_SECOND,
    PICTURE_SECONDS,
    FrameThrottle,
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


@pytest.mark.parametrize(
    ("due", "sent", "key", "seconds"),
    [
        (FrameThrottle.health_due, FrameThrottle.health_sent, "health", HEALTH_SECONDS),
        (FrameThrottle.examination_due, FrameThrottle.examination_sent, "examined", EXAMINATION_SECONDS),
    ],
)
def test_others_are_due_at_intervals_once_the_last_was_fetched(due, sent, key: str, seconds: float) -> None:  # type: ignore[no-untyped-def]
    made, clock, outbox = throttle()
    assert due(made)
    sent(made)
    clock.advance(seconds * 0.9)
    assert not due(made)
    clock.advance(seconds * 0.2)
    assert due(made)
    outbox.put(b"x", key)
    assert not due(made)
    outbox.end("idle")
    assert not due(made)


def test_the_speed_is_that_of_the_last_quarter_second() -> None:
    made, clock, _ = throttle()
    for _ in range(100):
        clock.advance(0.01)
        made.count(3)
    assert made.speed == pytest.approx(300, rel=0.05)
    made.reset()
    assert made.speed == 0.0
