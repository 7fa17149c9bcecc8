"""What the page sees of a run, as often as the throttle permits: the part that all subjects have in common."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from pellucid.studio.rooms.learn.recent_batches import RecentBatches
from pellucid.studio.rooms.learn.run import Run
from pellucid.studio.state.frame_throttle import FrameThrottle
from pellucid.studio.state.session_state import SessionState


class RunView(ABC):
    """Sends a training run to the page."""

    health_key: ClassVar[str]
    """The key of the events with the health of the layers."""

    def __init__(self, state: SessionState) -> None:
        self._state = state
        self.throttle = FrameThrottle(state.clock, state.outbox)
        self._recent = RecentBatches()

    def reset(self) -> None:
        """Start again, for another network: discard what has not been sent."""
        self._recent = RecentBatches()
        self.throttle.reset()

    def add(self, means: NDArray[np.float64]) -> None:
        """Add mini-batches: the mean loss and accuracy of each, (n, 2)."""
        self._recent.add(means)
        self.throttle.count(len(means))

    def send_due(self, run: Run) -> None:
        """Send a picture and the health of the layers, where they are due."""
        if self.throttle.picture_due(self.picture_bytes(run)):
            self.throttle.wanted = False
            self.send_picture(run)
        if self.throttle.due("health", self.health_key):
            self.send_health(run)

    @abstractmethod
    def picture_bytes(self, run: Run) -> int:
        """The size of a picture, about."""

    @abstractmethod
    def send_picture(self, run: Run, request: int = 0) -> None:
        """Send the network as it is now, and the mini-batches since the last picture."""

    @abstractmethod
    def send_health(self, run: Run) -> None:
        """Send the gradients, and what else takes too long for every picture."""

    @abstractmethod
    def send_examination(self, run: Run, request: int) -> None:
        """Send the errors on the held-out examples."""
