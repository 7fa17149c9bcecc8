"""All sessions: found by their identity, freed after a long idle time, and limited in number."""

from __future__ import annotations

import secrets
import threading

from pellucid.lessons.given_course import GivenCourse
from pellucid.studio.protocol.refusal import RefusedError
from pellucid.studio.session import Session
from pellucid.studio.state.class_rules import ClassRules
from pellucid.studio.state.clock import Clock
from pellucid.studio.state.dataset_catalog import DatasetCatalog
from pellucid.studio.state.outbox import Reason

MAX_SESSIONS = 128

IDLE_SECONDS = 30 * 60.0
"""A session without a page is freed after this time."""

SILENT_SECONDS = 6 * 3600.0
"""A session whose page has sent no request, and which is not training, is freed after this time."""


class Sessions:
    """The sessions of one studio.

    Parameters
    ----------
    model : str, optional
        The network that each starts with.
    limit : int
        Most sessions at a time.
    idle_seconds : float
        How long a session without a page is kept.
    clock : Clock, optional
    rules : ClassRules, optional
        The rules of a class.
    course : GivenCourse, optional
        The course that each begins with.
    """

    def __init__(
        self,
        catalog: DatasetCatalog,
        model: str | None,
        limit: int = MAX_SESSIONS,
        idle_seconds: float = IDLE_SECONDS,
        clock: Clock | None = None,
        rules: ClassRules | None = None,
        course: GivenCourse | None = None,
    ) -> None:
        self._catalog, self._model, self.rules, self._course = catalog, model, rules, course
        self._limit, self._idle_seconds, self._clock = limit, idle_seconds, clock or Clock()
        self._lock = threading.Lock()
        self._sessions: dict[str, Session] = {}

    def __len__(self) -> int:
        return len(self._sessions)

    def check_model(self) -> None:
        """Open a session and close it: this refuses an unusable model at once, and loads the compiled code."""
        Session("", self._catalog, self._model, rules=self.rules, course=self._course).close("closing")

    def find(self, identity: str) -> Session | None:
        """Return the session of that identity, if it still exists."""
        session = self._sessions.get(identity)
        return None if session is None or session.ended else session

    def open(self, identity: str | None) -> tuple[Session, bool]:
        """Return the session that a page asks for and True, or a new one and False.

        Raises
        ------
        RefusedError
            If there are too many sessions, all with a connected page.
        """
        with self._lock:
            self._free_idle()
            session = self._sessions.get(identity or "")
            if session is not None:
                session.used = self._clock.now()
                return session, True
            if len(self._sessions) >= self._limit:
                self._free_oldest()
            identity = secrets.token_urlsafe(18)
            session = Session(identity, self._catalog, self._model, self._clock, self.rules, self._course)
            self._sessions[session.identity] = session
            return session, False

    def free_idle(self) -> None:
        """Free all sessions that have been idle for long; those of a class start again."""
        with self._lock:
            self._free_idle()

    def close(self) -> None:
        """Free all sessions."""
        with self._lock:
            for identity in list(self._sessions):
                self._free(identity, "closing")

    def _free_idle(self) -> None:
        now = self._clock.now()
        for identity, session in list(self._sessions.items()):
            limit = SILENT_SECONDS if session.outbox.attached else self._idle_seconds
            if session.ended or session.is_due(now):
                self._free(identity, "restarted")
            elif now - session.used > limit and not session.training:
                self._free(identity, "idle")

    def _free_oldest(self) -> None:
        """Free the session that has been without a page for longest."""
        alone = [
            (session.used, identity) for identity, session in self._sessions.items() if not session.outbox.attached
        ]
        if not alone:
            raise RefusedError("busy", f"There are {self._limit} sessions already: close a tab and try again.")
        self._free(min(alone)[1], "full")

    def _free(self, identity: str, reason: Reason) -> None:
        self._sessions.pop(identity).close(reason)
