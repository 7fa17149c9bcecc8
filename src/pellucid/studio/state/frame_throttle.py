"""When the page receives what: at most as often as it can draw, and without slowing training down."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

from pellucid.studio.state.clock import Clock
from pellucid.studio.state.outbox import Outbox

PICTURE_SECONDS = 1 / 60.0
"""Least time between two pictures of the network."""

PICTURE_BYTES_PER_SECOND = 24e6
"""Large networks are sent less often, to stay below this."""

Measurement = Literal["health", "examination", "evaluation"]
"""What is measured beside training: the layers; the errors on held-out examples; loss and accuracy there."""

LEAST_SECONDS: dict[Measurement, float] = {"health": 0.5, "examination": 2.0, "evaluation": 0.0}
"""Least time from one measurement to the next of its kind."""

REST = 250.0
"""After a measurement, the next of its kind waits so many times its processor time: all three take 1.2 %."""

MAX_REST = 30.0
"""Longest wait in seconds."""

_SPEED_SECONDS = 0.25


class FrameThrottle:
    """Decides when each kind of event is due.

    Attributes
    ----------
    wanted : bool
        Whether the page has asked for a picture since the last one.
    speed : float
        Mini-batches per second, lately.
    """

    def __init__(self, clock: Clock, outbox: Outbox) -> None:
        self._clock, self._outbox = clock, outbox
        self.wanted = False
        self.reset()

    def reset(self) -> None:
        """Start again, for another network."""
        self._last_picture = float("-inf")
        self._next: dict[Measurement, float] = dict.fromkeys(LEAST_SECONDS, float("-inf"))
        self.speed, self._counted, self._counted_since = 0.0, 0, self._clock.now()

    def count(self, batches: int) -> None:
        """Count mini-batches for `speed`."""
        self._counted += batches
        now = self._clock.now()
        if now - self._counted_since > _SPEED_SECONDS:
            self.speed = self._counted / (now - self._counted_since)
            self._counted, self._counted_since = 0, now

    def picture_due(self, size: int) -> bool:
        """Whether to send a picture of ``size`` bytes now, which the page has asked for."""
        apart = max(PICTURE_SECONDS, size / PICTURE_BYTES_PER_SECOND)
        return self.wanted and self._outbox.attached and self._clock.now() - self._last_picture >= apart

    def picture_sent(self) -> None:
        """Note that a picture was sent."""
        self._last_picture = self._clock.now()

    @contextmanager
    def measuring(self, kind: Measurement) -> Iterator[None]:
        """Note what a measurement costs; the more it does, the later the next one of its kind is due."""
        began = self._clock.used()
        yield
        rest = min(MAX_REST, REST * (self._clock.used() - began))
        self._next[kind] = self._clock.now() + max(LEAST_SECONDS[kind], rest)

    def due(self, kind: Measurement, key: str | None = None) -> bool:
        """Whether to measure now: the time has come, and a page has fetched the last event of that key."""
        waiting = key is not None and self._outbox.is_waiting(key)
        return self._clock.now() >= self._next[kind] and self._outbox.attached and not waiting
