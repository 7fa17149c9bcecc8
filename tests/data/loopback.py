"""A web server on this machine that misbehaves on request."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Mirror:
    """What the server has, how it behaves, and what it was asked."""

    files: dict[str, bytes]
    ranges: bool = True
    lengths: bool = True
    break_after: list[int] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)
    claims_offset: int | None = None
    asked: list[tuple[str, str | None]] = field(default_factory=list)
    address: str = ""


class _Quiet(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients here hang up on purpose."""


class _Handler(BaseHTTPRequestHandler):
    mirror: Mirror

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        name, wanted = self.path.lstrip("/"), self.headers.get("Range")
        mirror = self.mirror
        mirror.asked.append((name, wanted))
        if mirror.answers or name not in mirror.files:
            self.send_error(mirror.answers.pop(0) if mirror.answers else 404)
            return
        content, start = mirror.files[name], 0
        if wanted and mirror.ranges:
            start = int(wanted.removeprefix("bytes=").removesuffix("-"))
            if start >= len(content):
                self.send_error(416)
                return
        self.send_response(206 if start else 200)
        if start:
            claimed = start if mirror.claims_offset is None else mirror.claims_offset
            self.send_header("Content-Range", f"bytes {claimed}-{len(content) - 1}/{len(content)}")
        if mirror.lengths:
            self.send_header("Content-Length", str(len(content) - start))
        self.end_headers()
        body = content[start:]
        self.wfile.write(body[: mirror.break_after.pop(0)] if mirror.break_after else body)


@contextmanager
def serving(files: dict[str, bytes], **behaviour: Any) -> Iterator[Mirror]:
    """Serve `files` until the block ends."""
    mirror = Mirror(files, **behaviour)
    server = _Quiet(("127.0.0.1", 0), type("Handler", (_Handler,), {"mirror": mirror}))
    mirror.address = f"http://127.0.0.1:{server.server_address[1]}/"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield mirror
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
