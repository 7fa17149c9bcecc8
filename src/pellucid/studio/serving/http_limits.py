"""Time limits for requests that come slowly or not at all, and how many of them one client may hold open.

uvicorn waits without end for a request that has begun. Here a connection is closed that has not sent the whole of its
headers or body in time. A client may have some such connections open; with one more, its oldest is closed. So half-sent
requests, however many, keep no page out.
"""

from __future__ import annotations

import asyncio
import itertools
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

HEADER_SECONDS = 10.0
"""Time from the opening of a connection, or from the last answer, to the end of a request's headers."""

BODY_SECONDS = 60.0
"""Time from the end of the headers to the end of the body."""

MAX_UNFINISHED = 256
"""Connections of one client that wait for the rest of a request. A class may share one address."""


class LimitedProtocol(H11Protocol):
    """HTTP/1.1 with limits on requests that have not arrived in whole."""

    _numbers = itertools.count()

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._number = next(self._numbers)
        self._expected: type[h11.IDLE | h11.SEND_BODY] | None = None
        self._deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for a request."""
        super().connection_made(transport)
        self._wait_for(h11.IDLE)
        self._close_oldest()

    def data_received(self, data: bytes) -> None:
        """Handle some bytes."""
        super().data_received(data)
        self._follow()

    def on_response_complete(self) -> None:
        """Begin to wait for the next request."""
        super().on_response_complete()
        self._expected = None
        self._follow()

    def handle_websocket_upgrade(self, event: h11.Request) -> None:
        """Leave the connection to the WebSocket, whose request has arrived in whole."""
        self._wait_for(None)
        super().handle_websocket_upgrade(event)

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop waiting."""
        self._wait_for(None)
        super().connection_lost(exc)

    def _follow(self) -> None:
        """Wait for what is lacking of the request now."""
        state = self.conn.their_state
        waiting = state in (h11.IDLE, h11.SEND_BODY) and not self.transport.is_closing()
        if (state if waiting else None) is not self._expected:
            self._wait_for(state if waiting else None)

    def _wait_for(self, expected: Any) -> None:
        self._expected = expected
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
        if expected is not None:
            seconds = HEADER_SECONDS if expected is h11.IDLE else BODY_SECONDS
            self._deadline = self.loop.call_later(seconds, self.transport.abort)

    def _close_oldest(self) -> None:
        """Close this client's oldest unfinished connections above the number allowed, headers before bodies.

        This connection, the newest, stays.
        """
        host = self.client[0] if self.client else ""
        others = [
            each
            for each in self.connections
            if isinstance(each, LimitedProtocol) and each is not self
            and each._expected and (each.client or ("",))[0] == host
        ]  # fmt: skip
        others.sort(key=lambda each: (each._expected is h11.SEND_BODY, each._number))
        for each in others[: max(0, len(others) + 1 - MAX_UNFINISHED)]:
            each._wait_for(None)
            each.transport.abort()
