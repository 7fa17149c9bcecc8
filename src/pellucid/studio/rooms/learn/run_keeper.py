"""Keeps the training of a session on this machine: whenever it pauses, and every few seconds while it runs."""

from __future__ import annotations

import time

from pellucid.studio.protocol import events
from pellucid.studio.protocol.parts import KeptRun
from pellucid.studio.rooms.learn.run import Run
from pellucid.studio.rooms.learn.trainee import Trainee
from pellucid.studio.state.kept_runs import new_identity
from pellucid.studio.state.session_state import SessionState

KEEP_SECONDS = 10.0
"""Time between two writings during training."""


class RunKeeper:
    """The identity of a session's run, and what of it is kept.

    Attributes
    ----------
    identity : str or None
        Under which the run is kept, or will be; None before any training.
    """

    def __init__(self, state: SessionState, trainee: Trainee) -> None:
        self._state, self._trainee = state, trainee
        self.reset()

    def reset(self, opened: str | None = None) -> None:
        """Start again with another network, perhaps one that was opened from those kept."""
        self.identity = opened
        self._is_opened = opened is not None
        self._step = 0 if self._is_opened else -1
        self._last = float("-inf")

    def forget(self, identity: str) -> None:
        """A kept run was deleted: what follows of it is kept anew."""
        if identity == self.identity:
            self.reset()

    def begin(self) -> None:
        """Training starts: what was opened stays as it is, and what follows has an identity of its own."""
        if self.identity is None or self._is_opened:
            self.reset()
            self.identity = new_identity()
            self._last = self._state.clock.now()

    def is_kept(self, step: int) -> bool:
        """Whether the weights after so many mini-batches are those that are kept."""
        return step == self._step

    def keep(self, run: Run) -> None:
        """Write the network as it is now."""
        state, trainee, step = self._state, self._trainee, run.trainer.step
        self._last = state.clock.now()
        if self.identity is None or step == 0 or self.is_kept(step):
            return
        kept = KeptRun(
            self.identity, trainee.name, False, run.plan, trainee.data_name, step, trainee.evaluation().accuracy,
            trainee.held_out, time.time(),
        )  # fmt: skip
        if state.catalog.runs.keep(kept, trainee.network_bytes()):
            self._step = step
            self.send(0)

    def keep_if_due(self, run: Run) -> None:
        """Write it if some time has passed since the last writing."""
        if self._state.clock.now() - self._last >= KEEP_SECONDS:
            self.keep(run)

    def send(self, request: int) -> None:
        """Send the list of all kept runs."""
        self._state.send(events.Runs(request, self._state.catalog.runs.all()), key=None if request else "runs")
