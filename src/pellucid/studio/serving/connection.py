"""One WebSocket: requests come in one after another; frames go out as fast as the page takes them."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from typing import Any, TypeVar

import anyio
from anyio import CapacityLimiter, to_thread
from starlette.websockets import WebSocket, WebSocketDisconnect

from pellucid.studio.protocol.events import Failed, Gone
from pellucid.studio.protocol.frames import frame
from pellucid.studio.protocol.messages import MAX_REQUEST, AnyRequest, decode_request, request_header
from pellucid.studio.protocol.refusal import Refused, RefusedError, failure
from pellucid.studio.serving.sessions import Sessions
from pellucid.studio.session import Session

T = TypeVar("T")

MAX_INVALID = 100
"""After so many invalid messages in a row, the connection ends."""


def decoded(text: str | None) -> AnyRequest | Refused:
    """Decode a message of the page, or tell why it cannot be served and which request it was."""
    try:
        if text is None:
            raise RefusedError("malformed", "Expected a request as text, got binary data.")
        if len(text) > MAX_REQUEST:
            raise RefusedError("too_large", f"Expected at most {MAX_REQUEST:,} characters, got {len(text):,}.")
        return decode_request(text)
    except Exception as error:
        number, tag = request_header(text or "")
        return Refused(error, number, tag)


class Connection:
    """Connects a page to its session."""

    def __init__(self, socket: WebSocket, sessions: Sessions, workers: CapacityLimiter) -> None:
        self._socket, self._sessions, self._workers = socket, sessions, workers
        self._loop = asyncio.get_running_loop()
        self._filled = asyncio.Event()

    def _wake(self) -> None:
        with contextlib.suppress(RuntimeError):  # the event loop may have been closed
            self._loop.call_soon_threadsafe(self._filled.set)

    async def run(self) -> None:
        """Serve the page until it disconnects."""
        await self._socket.accept()
        try:
            session, resumed = await self._in_thread(self._sessions.open, self._socket.query_params.get("session"))
        except RefusedError as error:
            await self._end(failure(error), Gone(0, "full"))
            return
        except Exception as error:
            await self._end(failure(error))
            return
        wake = self._wake
        session.outbox.attach(wake)
        try:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(self._send, session, wake, tasks.cancel_scope)
                await self._in_thread(session.greet, resumed)
                await self._receive(session)
                tasks.cancel_scope.cancel()
        except* WebSocketDisconnect:
            pass  # the page has disconnected: nothing is left to send to it
        finally:
            if session.outbox.detach(wake):
                session.page_left()

    async def _receive(self, session: Session) -> None:
        invalid = 0
        while invalid < MAX_INVALID:
            received = await self._socket.receive()
            if received["type"] == "websocket.disconnect":
                return
            request = decoded(received.get("text"))
            invalid = invalid + 1 if isinstance(request, Refused) else 0
            if isinstance(request, Refused):
                await self._in_thread(session.refuse, request)
            elif not session.handled_at_once(request):
                await self._in_thread(session.handle, request)
        message = f"Expected messages of the schema, got {invalid} others in a row: reload the page."
        await self._end(Failed(0, "malformed", message))

    async def _send(self, session: Session, wake: Callable[[], None], scope: anyio.CancelScope) -> None:
        outbox = session.outbox
        while True:
            await self._filled.wait()
            self._filled.clear()
            reason = outbox.reason_to_leave(wake)
            if reason is not None:
                await self._end(Gone(0, reason))
            if reason is not None or outbox.overflowing:
                scope.cancel()
                return
            while (data := outbox.take(wake)) is not None:
                await self._socket.send_bytes(data)

    async def _end(self, *last: Failed | Gone) -> None:
        with contextlib.suppress(WebSocketDisconnect, RuntimeError):
            for event in last:
                await self._socket.send_bytes(frame(event))
            await self._socket.close(1000)

    async def _in_thread(self, work: Callable[..., T], *arguments: Any) -> T:
        return await to_thread.run_sync(work, *arguments, limiter=self._workers)
