"""Half-sent requests are ended in time, and never keep a page out."""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Iterator

import pytest

from pellucid.studio.serving import http_limits
from studio.test_server import TOKEN, Studio


@pytest.fixture(scope="module")
def studio() -> Iterator[Studio]:
    made = Studio()
    yield made
    made.close()


def connect(studio: Studio, sent: bytes = b"") -> socket.socket:
    made = socket.create_connection(("127.0.0.1", studio.port), 10)
    made.sendall(sent)
    return made


def request(studio: Studio, method: str = "GET", path: str = "/", more: str = "") -> bytes:
    host = f"127.0.0.1:{studio.port}"
    cookie = f"Cookie: pellucid_{studio.port}={TOKEN}\r\nOrigin: http://{host}\r\n"
    return f"{method} {path} HTTP/1.1\r\nHost: {host}\r\n{cookie}{more}\r\n".encode()


def answer(connection: socket.socket) -> bytes:
    """The first bytes that come, or none if the server ended the connection."""
    with contextlib.suppress(ConnectionResetError):
        return connection.recv(4096)
    return b""


def test_a_request_that_comes_byte_by_byte_is_ended_in_time(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_limits, "HEADER_SECONDS", 0.3)
    begun = time.monotonic()
    with connect(studio) as slow, connect(studio, request(studio)) as quick:
        assert answer(quick).startswith(b"HTTP/1.1 200")
        with contextlib.suppress(OSError):
            for byte in b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 1000:
                slow.sendall(bytes([byte]))
                time.sleep(0.05)
        assert time.monotonic() - begun < 5


@pytest.mark.parametrize("path", ["/picture", "/", "/nothing"])
def test_a_body_that_does_not_come_is_ended_in_time(studio: Studio, path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_limits, "BODY_SECONDS", 0.3)
    with connect(studio, request(studio, "POST", path, "Content-Length: 1000\r\n") + b"x") as half:
        half.settimeout(10)
        begun = time.monotonic()
        while answer(half):
            pass
        assert time.monotonic() - begun < 5


def test_a_thousand_half_sent_requests_keep_no_page_out(studio: Studio) -> None:
    parts = [
        b"",
        b"GET / HT",
        request(studio)[:-2],
        request(studio, "POST", "/network", "Content-Length: 9\r\n") + b"x",
    ]
    with contextlib.ExitStack() as stack:
        for i in range(1000):
            with contextlib.suppress(OSError):
                stack.enter_context(connect(studio, parts[i % 4]))
            if i % 100 == 99:
                begun = time.monotonic()
                with connect(studio, request(studio)) as page:
                    assert answer(page).startswith(b"HTTP/1.1 200")
                assert time.monotonic() - begun < 2
        assert len(studio.server.server_state.connections) <= http_limits.MAX_UNFINISHED + 1


def test_a_connection_that_is_kept_serves_one_request_after_another(studio: Studio) -> None:
    with connect(studio) as kept:
        for _ in range(3):
            kept.sendall(request(studio, "GET", "/nothing"))
            received = answer(kept)
            while not received.endswith(b"Not Found"):
                received += answer(kept)
            assert received.startswith(b"HTTP/1.1 404")
