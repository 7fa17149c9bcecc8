"""Evaluation after a change by hand: at once where it is quick, otherwise beside further changes."""

from __future__ import annotations

import threading

from pellucid.studio.state.priority_lock import PriorityLock
from pellucid.studio.state.session_state import Evaluation, SessionState

QUICK = 1_000_000_000
"""Multiply-adds that nobody notices."""

REST = 0.1
"""Seconds without another change before a long evaluation begins."""


class LateEvaluation:
    """Sends loss and accuracy after changes of the network.

    Evaluating a convolutional network on all held-out images takes longer than a frame. It is then done in a thread, on
    a copy and without the session's lock, so that a weight can be turned meanwhile; only the last change is evaluated.
    """

    def __init__(self, state: SessionState, lock: PriorityLock) -> None:
        self._state, self._lock = state, lock
        self._asked = threading.Event()
        self._thread: threading.Thread | None = None

    def send(self, request: int) -> None:
        """Send the evaluation, now or soon; the caller holds the lock."""
        state = self._state
        if state.edited.net.program.cost.products * len(state.data.test) <= QUICK:
            state.send_evaluation(request)
            return
        self._asked.set()
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="pellucid-evaluation", daemon=True)
            self._thread.start()

    def _work(self) -> None:
        """Evaluate until nothing more was asked for."""
        pause = threading.Event()
        while True:
            while self._asked.is_set():
                self._asked.clear()
                pause.wait(REST)
            self._evaluate()
            with self._lock.high_priority():
                if not self._asked.is_set():
                    self._thread = None
                    return

    def _evaluate(self) -> None:
        state = self._state
        with self._lock.high_priority():
            edited, version, test, net = state.edited, state.edited.version, state.test, state.edited.effective
            known, twin = state.is_evaluated, net.copy()
        found = None if known else state.evaluate(twin, edited.loss, test)
        with self._lock.high_priority():
            if state.edited is not edited or edited.version != version:
                return  # whatever changed it is evaluated itself
            if found is not None:
                state.keep_evaluation(Evaluation(version, *found))
            state.send_evaluation(0)
