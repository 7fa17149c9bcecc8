"""The studio as a web application: the page, the WebSocket, uploads and downloads."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Literal

import anyio
import msgspec
from anyio import CapacityLimiter, to_thread
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp
from starlette.websockets import WebSocket

from pellucid.studio.protocol.refusal import RefusedError, failure
from pellucid.studio.serving.built_page import PAGE as PAGE
from pellucid.studio.serving.connection import Connection
from pellucid.studio.serving.keys import Keys
from pellucid.studio.serving.request_guard import RequestGuard
from pellucid.studio.serving.sessions import Sessions
from pellucid.studio.serving.upload_check import UploadCheck
from pellucid.studio.session import MAX_UPLOAD, Session
from pellucid.studio.state.uploads import Kind, Upload

NO_PAGE = (
    "The studio's page has not been built: this is a checkout, not an installed package. Build it with `make web` "
    "(it needs Node 20 or newer), or install with `pip install .`; then start the studio again."
)

_WORKERS = 8
_UPLOADS = 4  # in threads of their own, so that they leave those of the pages free
_UPLOAD_SECONDS = 60
_CLEANUP_SECONDS = 30
_CLASS_SECONDS = 1
_STATUS = {"too_large": 413, "busy": 503, "unavailable": 404, "locked": 403, "internal": 500}


def studio_app(sessions: Sessions, *, keys: Keys, hosts: list[str], page: Path = PAGE) -> ASGIApp:
    """Build the application, with its request guard.

    Parameters
    ----------
    sessions : Sessions
    keys : Keys
        The key that a browser must present, and the links that it gets the key by.
    hosts : list of str
        Values of the ``Host`` header that name this studio.
    page : Path
        The folder of the built page.
    """
    handlers = _Routes(sessions)
    routes = [
        Route("/picture", handlers.picture, methods=["POST"]),
        Route("/network", handlers.network, methods=["POST"]),
        Route("/recording", handlers.recording, methods=["POST"]),
        Route("/network.safetensors", handlers.download, methods=["GET"]),
        Route("/network.html", handlers.shared_page, methods=["GET"]),
        WebSocketRoute("/socket", handlers.socket),
        Mount("/", _page(page)),
    ]
    return RequestGuard(Starlette(routes=routes, lifespan=handlers.lifespan), keys=keys, hosts=hosts)


def _page(folder: Path) -> ASGIApp:
    if (folder / "index.html").is_file():
        return StaticFiles(directory=folder, html=True)
    return PlainTextResponse(NO_PAGE, 503)


class _Routes:
    """The handlers of the routes."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions
        self._workers = CapacityLimiter(_WORKERS)
        self._uploads = CapacityLimiter(_UPLOADS)
        self._check = UploadCheck()

    @contextlib.asynccontextmanager
    async def lifespan(self, app: Starlette) -> AsyncIterator[None]:
        """Run while the studio is open."""
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._free_idle)
            try:
                yield
            finally:
                tasks.cancel_scope.cancel()
        await to_thread.run_sync(self._sessions.close)

    async def _free_idle(self) -> None:
        seconds = _CLEANUP_SECONDS if self._sessions.rules is None else _CLASS_SECONDS
        while True:
            await anyio.sleep(seconds)
            await to_thread.run_sync(self._sessions.free_idle)

    async def socket(self, socket: WebSocket) -> None:
        """Serve the WebSocket."""
        await Connection(socket, self._sessions, self._workers).run()

    async def picture(self, request: Request) -> Response:
        """Receive a picture."""
        return await self._receive(request, "picture", Session.open_picture)

    async def network(self, request: Request) -> Response:
        """Receive a network file."""
        name = request.query_params.get("name", "network.safetensors")[:200]

        def use(session: Session, content: bytes, upload: Upload) -> None:
            session.open_network(content, name, upload)

        return await self._receive(request, "network", use)

    async def recording(self, request: Request) -> Response:
        """Receive a recording."""
        name = request.query_params.get("name", "recording")[:200]
        slot: Literal[0, 1] = 1 if request.query_params.get("slot") == "1" else 0
        kind: Kind = "recording 1" if slot else "recording 0"

        def use(session: Session, content: bytes, upload: Upload) -> None:
            session.open_recording(content, name, slot, upload)

        return await self._receive(request, kind, use)

    async def download(self, request: Request) -> Response:
        """Send the network as a file."""
        make = Session.speech_file if request.query_params.get("subject") == "speech" else Session.network_file
        return await self._send(request, "network.safetensors", "application/octet-stream", make)

    async def shared_page(self, request: Request) -> Response:
        """Send the network inside a page, as one HTML file."""
        return await self._send(request, "network.html", "text/html", Session.shared_page)

    async def _send(self, request: Request, name: str, kind: str, make: Callable[[Session], bytes]) -> Response:
        """Send what a session makes as a file to save, which a browser never opens in the studio's own place."""
        try:
            content = await to_thread.run_sync(make, self._session(request), limiter=self._workers)
        except Exception as error:
            return _failed(error)
        return Response(content, media_type=kind, headers={"Content-Disposition": f'attachment; filename="{name}"'})

    def _session(self, request: Request) -> Session:
        session = self._sessions.find(request.query_params.get("session", ""))
        if session is None:
            raise RefusedError(
                "unavailable",
                "This session was closed because it was idle for a long time: reload the page.",
            )
        return session

    async def _receive(self, request: Request, kind: Kind, use: Callable[[Session, bytes, Upload], None]) -> Response:
        def work(session: Session, content: bytes, upload: Upload) -> None:
            try:
                self._check.try_out(kind, content)
            except Exception:
                if session.uploads.is_obsolete(upload):
                    return
                raise
            use(session, content, upload)

        try:
            session = self._session(request)
            session.check_upload()
            upload = session.uploads.begin(kind, _number(request.query_params.get("after", "")))
            with anyio.fail_after(_UPLOAD_SECONDS):
                content = await _body(request)
            await to_thread.run_sync(work, session, content, upload, limiter=self._uploads)
        except TimeoutError:
            return _failed(
                RefusedError("too_large", f"Expected the file within {_UPLOAD_SECONDS} seconds: send a smaller one.")
            )
        except ClientDisconnect:
            return Response(status_code=400)
        except Exception as error:
            return _failed(error)
        return Response(status_code=204)


def _number(text: str) -> int | None:
    """Return the number of a request, where the page tells it."""
    return int(text) if text.isdecimal() and len(text) < 14 else None


async def _body(request: Request) -> bytes:
    """Read the body of a request, up to the limit."""
    content = bytearray()
    async for chunk in request.stream():
        content += chunk
        if len(content) > MAX_UPLOAD:
            raise RefusedError("too_large", f"Expected a file of at most {MAX_UPLOAD:,} bytes, got more.")
    return bytes(content)


def _failed(error: Exception) -> Response:
    event = failure(error)
    content = msgspec.json.encode(event)
    return Response(content, status_code=_STATUS.get(event.code, 400), media_type="application/json")
