"""Send an ASGI application any request, including invalid ones."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, TypeVar

T = TypeVar("T")

Headers = list[tuple[str, str]]


@dataclass
class Answer:
    """What came back: of a WebSocket, status 101 where it was accepted and 403 where not."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


def ask(app: Any, kind: str, path: str, headers: Headers, query: str = "", body: list[bytes] | None = None) -> Answer:
    """One request: ``kind`` is a method, or "WEBSOCKET"."""
    return run(_ask(app, kind, path, headers, query, body or []))


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine in a thread of its own: a browser under test leaves this one with a loop that runs."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()


async def _ask(app: Any, kind: str, path: str, headers: Headers, query: str, body: list[bytes]) -> Answer:
    socket = kind == "WEBSOCKET"
    scope = {
        "type": "websocket" if socket else "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": kind,
        "scheme": "ws" if socket else "http",
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": query.encode("latin-1"),
        "headers": [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers],
        "client": ("127.0.0.1", 50000),
        "server": ("127.0.0.1", 8127),
        "subprotocols": [],
    }
    coming = [{"type": "websocket.connect"}, {"type": "websocket.disconnect", "code": 1001}] if socket else [
        {"type": "http.request", "body": part, "more_body": True} for part in body
    ] + [{"type": "http.request", "body": b"", "more_body": False}]  # fmt: skip
    answer = Answer(0)

    async def receive() -> Any:
        return coming.pop(0) if coming else {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            answer.status = message["status"]
            answer.headers = {name.decode(): value.decode() for name, value in message["headers"]}
        elif message["type"] == "http.response.body":
            answer.body += message.get("body", b"")
        elif message["type"] == "websocket.accept":
            answer.status = 101
        elif message["type"] == "websocket.close" and not answer.status:
            answer.status = 403

    await app(scope, receive, send)
    return answer
