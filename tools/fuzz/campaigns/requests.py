"""HTTP requests and WebSockets with random headers: without the token, the right host and origin, none is let in."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import pellucid as pl
from pellucid.data.dataset import TrainTest
from pellucid.network.files import network_bytes
from pellucid.studio.serving.app import studio_app
from pellucid.studio.serving.keys import Keys
from pellucid.studio.serving.request_guard import hosts_of
from pellucid.studio.serving.sessions import Sessions
from pellucid.studio.serving.upload_check import UploadCheck
from tools.fuzz.campaign import Campaign, Case, Tally, WrongResultError
from tools.fuzz.campaigns.messages import SmallCatalog
from tools.fuzz.campaigns.pictures import encoded
from tools.fuzz.mutations import Rng, chance, changed_bytes, pick

_TOKEN = b"k" * 43
_PORT = 8127
_HOST, _NAME = b"127.0.0.1:8127", b"localhost:8127"
_COOKIE = b"pellucid_8127=" + _TOKEN
_REQUESTS = 25
_REFUSALS = (400, 401, 403, 421)

_METHODS = (
    "GET",
    "GET",
    "GET",
    "HEAD",
    "POST",
    "POST",
    "PUT",
    "DELETE",
    "OPTIONS",
    "TRACE",
    "get",
    "",
    "GET\n",
    "X" * 99,
)
_PATHS = (
    "/", "/", "/index.html", "/assets/page.js", "/picture", "/network", "/recording", "/network.safetensors", "/socket",
    "/network.html", "//", "/../app.py", "/%2e%2e/app.py", "/\0", "/assets/\0", "/.", "/a" * 5000, "", "\u00fc",
    "/socket/", "http://evil/",
)  # fmt: skip
_WRONG_HOSTS: tuple[list[bytes], ...] = (
    [], [b""], [b"evil.example:8127"], [b"127.0.0.1"], [b"127.0.0.1:8128"], [_HOST, _HOST], [_HOST, b"evil.example"],
    [b"x@" + _HOST], [_HOST + b"."], [_HOST + b"\t"], [b"127.0.0.1:8127, evil"], [b"[::1]:8127"], [b"\xff"],
    [b"LOCALHOST:8127"], [b"127.1:8127"], [b"127.0.0.1:08127"],
)  # fmt: skip
_WRONG_ORIGINS: tuple[list[bytes], ...] = (
    [b""], [b"null"], [b"http://evil.example"], [b"https://" + _HOST], [b"http://127.0.0.1:3000"],
    [b"http://" + _HOST, b"http://" + _HOST], [b"http://" + _HOST + b"/"], [b"http://" + _HOST + b".evil"], [b"\xff"],
    [_HOST], [b"http://x@" + _HOST],
)  # fmt: skip
_WRONG_COOKIES: tuple[list[bytes], ...] = (
    [], [b""], [b"pellucid_8127="], [b"pellucid_8127=" + _TOKEN[:-1]], [b"pellucid_8127=" + _TOKEN + b"k"],
    [b"pellucid_9000=" + _TOKEN], [_TOKEN], [b"=" + _TOKEN], [b"pellucid_8127=\xe4\xff"], [b"pellucid_8127=\0"],
    [b"Pellucid_8127=" + _TOKEN], [b"pellucid_8127 =" + _TOKEN], [b'pellucid_8127="' + _TOKEN + b'"'], [b";" * 999],
    [b"pellucid_8127=" + _TOKEN.upper()], [b"a=pellucid_8127=" + _TOKEN],
)  # fmt: skip
_RIGHT_COOKIES = ([_COOKIE], [b"a=b; " + _COOKIE + b"; c"], [b"pellucid_8127=x", _COOKIE], [_COOKIE + b";"])
_SITES = (b"none", b"same-origin")
_OTHER_SITES = (b"cross-site", b"same-site", b"", b"None")
_QUERIES = (
    b"", b"", b"token=", b"token=x", b"session=x", b"session=../../etc/passwd", b"session=%00", b"&&=&", b"%", b"\xff",
    b"name=%ff%fe", b"token=%00", b"session=" + b"x" * 4000,
)  # fmt: skip


@dataclass
class _Request:
    """A request, and whether each of its parts is right."""

    kind: str
    path: str
    query: bytes
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    body: bytes = b""
    must_refuse: bool = False
    must_admit: bool = True

    def has(self, name: bytes, values: list[bytes] | tuple[bytes, ...]) -> None:
        """Add a header for each value."""
        self.headers += [(name, value) for value in values]

    @property
    def socket(self) -> bool:
        """Whether it is a WebSocket."""
        return self.kind == "WEBSOCKET"


class _Studio(NamedTuple):
    """An open session, the keys, and files to upload."""

    session: bytes
    keys: Keys
    files: list[bytes]


def prepare(folder: Path) -> Case:
    """Return the case."""
    whole: Any = pl.data.load("digits")
    catalog = SmallCatalog(TrainTest(whole.train[:100], whole.test[:50]))
    sessions = Sessions(catalog, "digits-relu", limit=8)
    (folder / "assets").mkdir()
    (folder / "index.html").write_text("<!doctype html><title>page</title>")
    (folder / "assets/page.js").write_text("export {};")
    keys = Keys(_TOKEN.decode())
    # The child in which an upload is tried takes a second to start; here uploads are opened in this process at once.
    UploadCheck.try_out = lambda *upload: None  # type: ignore[method-assign]
    app = studio_app(sessions, keys=keys, hosts=hosts_of("127.0.0.1", _PORT), page=folder)
    pictures = [encoded(np.random.default_rng(n), whole.test.images) for n in range(20)]
    files = [network_bytes(pl.load("digits-relu")), *pictures]

    async def many(rng: Rng) -> Tally:
        accepted = refused = 0
        studio = _Studio(sessions.open(None)[0].identity.encode(), keys, files)
        for _ in range(_REQUESTS):
            made, before = _request(rng, studio), len(sessions)
            status, headers, body = await _answer(app, made)
            let_in = status == 101 if made.socket else status not in _REFUSALS
            _judge(made, status, let_in, headers, body)
            if made.must_refuse and len(sessions) != before:
                raise WrongResultError(f"a refused request opened a session: {made}"[:400])
            accepted += let_in
            refused += not let_in
        return Tally(accepted, refused)

    def case(rng: Rng) -> Tally:
        return asyncio.run(many(rng))

    return case


def _judge(made: _Request, status: int, let_in: bool, headers: dict[bytes, bytes], body: bytes) -> None:
    if made.must_refuse and (let_in or b"<title>" in body or b"set-cookie" in headers):
        raise WrongResultError(f"let in with {status}: {made}"[:400])
    if made.must_admit and status in _REFUSALS[1:] and not made.socket:
        raise WrongResultError(f"refused with {status}: {made}"[:400])
    if status == 0 or status == 500:
        raise WrongResultError(f"status {status}, {body[:200]!r}: {made}"[:400])
    if not made.socket and b"frame-ancestors 'none'" not in headers.get(b"content-security-policy", b""):
        raise WrongResultError(f"no policy: {made}"[:400])


def _request(rng: Rng, studio: _Studio) -> _Request:
    """Return a request of which each part is right in most cases."""
    if chance(rng, 0.15):
        made = _Request("POST", pick(rng, ("/picture", "/network", "/recording")), b"")
        _complete(rng, made, studio)
        return made
    kind = "WEBSOCKET" if chance(rng, 0.15) else pick(rng, _METHODS)
    path = ("/socket" if kind == "WEBSOCKET" else "/") if chance(rng, 0.3) else pick(rng, _PATHS)
    made = _Request(kind, path, pick(rng, _QUERIES))
    _complete(rng, made, studio)
    return made


def _complete(rng: Rng, made: _Request, studio: _Studio) -> None:
    """Add headers, a query and a body."""
    right = 0.85
    host = [pick(rng, (_HOST, _NAME))] if chance(rng, right) else pick(rng, _WRONG_HOSTS)
    made.has(b"host", host)
    made.must_refuse = host not in ([_HOST], [_NAME])
    _add_origin(rng, made, right)
    cookies = pick(rng, _RIGHT_COOKIES) if chance(rng, right) else pick(rng, _WRONG_COOKIES)
    made.has(b"cookie", cookies)
    link = chance(rng, 0.1)
    if link:
        fresh = chance(rng, 0.5)
        made.query = b"a=b&token=" + (studio.keys.new_link_token().encode() if fresh else _TOKEN)
        link = fresh
    elif not made.query or chance(rng, 0.3):
        made.query = b"session=" + studio.session
    made.must_refuse |= cookies not in _RIGHT_COOKIES and not (link and (made.kind, made.path) == ("GET", "/"))
    if chance(rng, 0.1):
        made.has(b"authorization", [b"Bearer " + _TOKEN])
    if chance(rng, 0.1):
        made.has(pick(rng, (b"range", b"content-length", b"if-none-match", b"x", b"cookie2")), [rng.bytes(8)])
    made.must_admit &= cookies in _RIGHT_COOKIES and not made.must_refuse and made.query.isascii()
    made.body = pick(rng, studio.files) if chance(rng, 0.6) else b""
    if made.body and chance(rng, 0.4):
        made.body = changed_bytes(rng, made.body)


def _add_origin(rng: Rng, made: _Request, right: float) -> None:
    """Add the headers that tell where a request comes from."""
    origin: list[bytes] = [b"http://" + pick(rng, (_HOST, _NAME))]
    if chance(rng, 0.15):
        origin = []
        made.must_refuse |= made.kind not in ("GET", "HEAD")
    elif not chance(rng, right):
        origin = pick(rng, _WRONG_ORIGINS)
        made.must_refuse = True
    made.has(b"origin", origin)
    if chance(rng, 0.5):
        made.has(b"sec-fetch-site", [pick(rng, _SITES)])
    elif chance(rng, 0.1):
        made.has(b"sec-fetch-site", [pick(rng, _OTHER_SITES)])
        navigating = chance(rng, 0.3)
        made.has(b"sec-fetch-mode", [b"navigate"] if navigating else [])
        made.must_refuse |= made.socket or made.path != "/" or not navigating


async def _answer(app: Any, made: _Request) -> tuple[int, dict[bytes, bytes], bytes]:
    """Send a request to the application; the status of a WebSocket is 101 where it was accepted."""
    scope = {
        "type": "websocket" if made.socket else "http", "asgi": {"version": "3.0"}, "http_version": "1.1",
        "method": made.kind, "scheme": "ws" if made.socket else "http", "path": made.path,
        "raw_path": made.path.encode("utf-8", "surrogatepass"), "root_path": "", "query_string": made.query,
        "headers": made.headers, "client": ("127.0.0.1", 50000), "server": ("127.0.0.1", _PORT), "subprotocols": [],
    }  # fmt: skip
    coming: list[Any] = [{"type": "http.request", "body": made.body, "more_body": False}]
    if made.socket:
        coming = [{"type": "websocket.connect"}, {"type": "websocket.disconnect", "code": 1001}]
    status, headers, body = 0, {}, bytearray()

    async def receive() -> Any:
        return coming.pop(0) if coming else {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        nonlocal status, headers
        match message["type"]:
            case "http.response.start":
                status, headers = message["status"], dict(message["headers"])
            case "http.response.body":
                body.extend(message.get("body", b""))
            case "websocket.accept":
                status = 101
            case "websocket.close":
                status = status or 403

    await app(scope, receive, send)
    return status, headers, bytes(body)


CAMPAIGN = Campaign("requests with random methods, paths, hosts, origins and tokens to the studio", prepare, share=100)
