"""When the page receives what: at most as often as it can draw, and without slowing training down."""

from __future__ import annotations

from pellucid.studio.state.clock import Clock
from pellucid.studio.state.outbox import Outbox

PICTURE_SECONDS = 1 / 60.0
"""Least time between two pictures of the network."""

PICTURE_BYTES_PER_SECOND = 24e6
"""Large networks are sent less often, to stay below this."""

HEALTH_SECONDS = 0.5
EXAMINATION_SECONDS = 2.0

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
        self._next_health = self._next_examination = self._last_picture = float("-inf")
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

    def health_due(self, key: str) -> bool:
        """Whether to send the health of the layers now, as an event of that key."""
        return self._due(key, self._next_health)

    def health_sent(self) -> None:
        """Note that it was sent."""
        self._next_health = self._clock.now() + HEALTH_SECONDS

    def examination_due(self) -> bool:
        """Whether to send the errors on held-out examples now."""
        return self._due("examined", self._next_examination)

    def examination_sent(self) -> None:
        """Note that it was sent."""
        self._next_examination = self._clock.now() + EXAMINATION_SECONDS

    def _due(self, key: str, at: float) -> bool:
        """Whether the time has come, a page is connected, and it has fetched the last event of that key."""
        return self._clock.now() >= at and self._outbox.attached and not self._outbox.is_waiting(key)
