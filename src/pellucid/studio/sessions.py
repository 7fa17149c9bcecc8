"""All sessions: found again by their identity, freed when they have been idle for long, never too many."""

from __future__ import annotations

import secrets
import threading
import time

from pellucid.studio.dataset_catalog import DatasetCatalog
from pellucid.studio.outbox import Reason
from pellucid.studio.refusal import RefusedError
from pellucid.studio.session import Session

MOST = 128
"""Sessions at a time."""

IDLE_SECONDS = 30 * 60.0
"""After which a session without a page is freed."""

SILENT_SECONDS = 6 * 3600.0
"""After which one is freed whose page has asked for nothing, and which does not train."""


class Sessions:
    """The sessions of one studio.

    Parameters
    ----------
    model : str
        The network that each begins with.
    most, idle_seconds
        How many there may be, and how long one is kept that no page is connected to.
    """

    def __init__(
        self, catalog: DatasetCatalog, model: str, most: int = MOST, idle_seconds: float = IDLE_SECONDS
    ) -> None:
        self._catalog, self._model = catalog, model
        self._most, self._idle = most, idle_seconds
        self._lock = threading.Lock()
        self._sessions: dict[str, Session] = {}

    def __len__(self) -> int:
        return len(self._sessions)

    def try_out(self) -> None:
        """Make a session and forget it: a bad model is told at once, and compiled code is at hand."""
        Session("", self._catalog, self._model).close("closing")

    def find(self, identity: str) -> Session | None:
        """The session of that identity, if it is still there."""
        return self._sessions.get(identity)

    def open(self, identity: str | None) -> tuple[Session, bool]:
        """The session a page asks for, and whether it was there already; else a new one.

        Raises
        ------
        RefusedError
            If there are too many with a page of their own.
        """
        with self._lock:
            self._free_idle()
            session = self._sessions.get(identity or "")
            if session is not None:
                session.used = time.monotonic()
                return session, True
            if len(self._sessions) >= self._most:
                self._free_oldest()
            session = Session(secrets.token_urlsafe(18), self._catalog, self._model)
            self._sessions[session.identity] = session
            return session, False

    def free_idle(self) -> None:
        """Free what has been without a page for long."""
        with self._lock:
            self._free_idle()

    def close(self) -> None:
        """Free all."""
        with self._lock:
            for identity in list(self._sessions):
                self._free(identity, "closing")

    def _free_idle(self) -> None:
        now = time.monotonic()
        for identity, session in list(self._sessions.items()):
            silent = now - session.used
            if silent > (SILENT_SECONDS if session.outbox.attached else self._idle) and not session.training:
                self._free(identity, "idle")

    def _free_oldest(self) -> None:
        """Make room by freeing the one longest without a page."""
        alone = [
            (session.used, identity) for identity, session in self._sessions.items() if not session.outbox.attached
        ]
        if not alone:
            raise RefusedError("busy", f"There are {self._most} sessions already: close a tab, and try again.")
        self._free(min(alone)[1], "full")

    def _free(self, identity: str, reason: Reason) -> None:
        self._sessions.pop(identity).close(reason)
