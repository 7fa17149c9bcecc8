"""Admit only requests of the studio's own page, in the browser that opened the link.

Every HTTP request and every WebSocket passes these checks first:

- ``Host`` must be the address that the studio listens on, so that no other site's name can be pointed at it;
- ``Origin``, where a browser sends it, must be the studio's own; the WebSocket, and all requests that change something,
  must have it;
- the studio's key must come in a cookie that no script can read and that no other site can have sent. A browser gets it
  in exchange for the token of a link, which works once (`pellucid.studio.serving.keys`).
"""

from __future__ import annotations

import contextlib
import html
import ipaddress
import socket
from collections.abc import Iterable
from urllib.parse import parse_qsl, urlencode

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocketClose

from pellucid.studio.serving.keys import Keys

POLICY = "; ".join(
    [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' blob: data:",
        "font-src 'self'",
        "connect-src 'self'",
        "worker-src 'self'",
        "manifest-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    ]
)

_HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(self), usb=()",
    "Cache-Control": "no-store",
}


_ONWARD = '<!doctype html><meta charset="utf-8"><meta http-equiv="refresh" content="0; url={}"><title>Pellucid</title>'


class RequestGuard:
    """The checks, as ASGI middleware.

    Parameters
    ----------
    app : ASGI application
        The guarded application.
    keys : Keys
        The key that a browser must present, and the links that it gets the key by.
    hosts : iterable of str
        Values of ``Host`` that name the studio, such as "127.0.0.1:8000".
    """

    def __init__(self, app: ASGIApp, *, keys: Keys, hosts: Iterable[str]) -> None:
        self._app, self._keys = app, keys
        self._hosts = frozenset(hosts)
        self._origins = frozenset(f"http://{host}" for host in self._hosts)
        port = next(iter(sorted(self._hosts))).rpartition(":")[2]
        # Cookies are shared between ports: two studios must not overwrite each other's.
        self._cookie = f"pellucid_{port}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Admit a request, or refuse it."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        refusal = self._refusal(scope)
        if refusal is not None:
            await self._refuse(refusal, scope, receive, send)
        elif scope["type"] == "http":
            await self._admit(scope, receive, _with_headers(send))
        else:
            await self._app(scope, receive, send)

    async def _refuse(self, refusal: Response, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await WebSocketClose(1008, "refused")(scope, receive, send)
        else:
            await refusal(scope, receive, _with_headers(send))

    async def _admit(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through; one with the token of a link gets the key in a cookie, and a link without token."""
        query = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
        if "token" not in dict(query):
            await self._app(scope, receive, send)
            return
        rest = urlencode([(name, value) for name, value in query if name != "token"])
        place = f"/?{rest}" if rest else "/"
        typed = Headers(scope=scope).get("sec-fetch-site", "none") == "none"
        # After a link from another site, the browser sends a strict cookie only from a page of our own, not after a
        # redirect.
        response = RedirectResponse(place, 303) if typed else HTMLResponse(_ONWARD.format(html.escape(place)))
        response.set_cookie(self._cookie, self._keys.key, path="/", httponly=True, samesite="strict")
        await response(scope, receive, send)

    def _refusal(self, scope: Scope) -> Response | None:
        """Return the answer to a request that is refused, or None."""
        if not scope["query_string"].isascii():  # servers pass such bytes on, and Starlette fails to decode them
            return PlainTextResponse("Expected an address in ASCII, got other bytes: encode them as in %C3%BC.", 400)
        headers = Headers(scope=scope)
        if headers.getlist("host") not in [[host] for host in self._hosts]:
            return PlainTextResponse(
                "Expected the address of the studio: open the link that pellucid studio printed.", 421
            )
        origins = headers.getlist("origin")
        asks = scope["type"] == "http" and scope["method"] in ("GET", "HEAD")
        if (origins or not asks) and (len(origins) != 1 or origins[0] not in self._origins):
            return PlainTextResponse("Expected a request of the studio's own page, got one of another site.", 403)
        if headers.get("sec-fetch-site", "none") not in ("none", "same-origin") and not _opens_page(scope, headers):
            return PlainTextResponse("Expected a request of the studio's own page, got one of another site.", 403)
        if any(name == self._cookie and self._keys.is_key(value) for name, value in _cookies(headers)):
            return None
        links = _link_tokens(scope)
        if any(self._keys.spend(token) for token in links):
            return None
        why = "this link has been used" if links else "this browser has none"
        return PlainTextResponse(
            f"Expected the key of this studio, and {why}. Press Enter in the terminal where pellucid studio runs: it "
            "prints a new link, which works once.",
            401,
        )


def _link_tokens(scope: Scope) -> list[str]:
    """The tokens in the link of a request for the page; other requests bring none."""
    if scope["type"] != "http" or scope["method"] != "GET" or scope["path"] != "/":
        return []
    return [value for name, value in parse_qsl(scope["query_string"].decode("latin-1")) if name == "token"]


def _opens_page(scope: Scope, headers: Headers) -> bool:
    """Whether the request follows a link from another page or program, which is allowed with the token."""
    return scope["type"] == "http" and scope["path"] == "/" and headers.get("sec-fetch-mode") == "navigate"


def _cookies(headers: Headers) -> list[tuple[str, str]]:
    found = []
    for line in headers.getlist("cookie"):
        for part in line.split(";"):
            name, equals, value = part.strip().partition("=")
            if equals:
                found.append((name, value))
    return found


def _with_headers(send: Send) -> Send:
    async def guarded(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in _HEADERS.items():
                headers[name] = value
        await send(message)

    return guarded


_ALL = ("0.0.0.0", "::")
"""Hosts that stand for every address of the machine."""


def hosts_of(host: str, port: int) -> list[str]:
    """Return the values of ``Host`` that browsers send for an address.

    Examples
    --------
    >>> hosts_of("127.0.0.1", 8000)
    ['127.0.0.1:8000', 'localhost:8000']
    >>> hosts_of("::1", 80)
    ['[::1]:80', '[::1]', 'localhost:80', 'localhost']
    """
    found = [host]
    if is_loopback(host) or host in _ALL:
        found.append("localhost")
    if host in _ALL:  # under any name of this machine
        name = socket.gethostname()
        with contextlib.suppress(OSError):
            found += [str(info[4][0]) for info in socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)]
        found = [*found[1:], "127.0.0.1", name, f"{name}.local"]
    names = list(dict.fromkeys(f"[{each}]" if ":" in each else each for each in found))
    return [value for name in names for value in ([f"{name}:{port}", name] if port == 80 else [f"{name}:{port}"])]


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach an address."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
