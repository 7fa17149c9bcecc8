"""Serve the studio: a socket on this machine, a token, a link, and an end on Ctrl-C."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import socket
import sys
from collections.abc import Callable

import uvicorn

from pellucid.errors import ConfigurationError
from pellucid.studio.app import studio_app
from pellucid.studio.dataset_catalog import DatasetCatalog
from pellucid.studio.messages import MAX_REQUEST
from pellucid.studio.request_guard import hosts_of
from pellucid.studio.sessions import Sessions

HOST = "127.0.0.1"
PORT = 8127

SWITCH = 0.0005
"""Seconds after which a thread that computes in Python lets the next one in: training must not wait for long."""


def serve(
    model: str,
    *,
    data: str | None = None,
    host: str = HOST,
    port: int | None = None,
    opened: Callable[[str], None],
) -> None:
    """Serve until stopped.

    Parameters
    ----------
    model : str
        The network that sessions begin with.
    data : str, optional
        The path of one's own data, which can then be chosen beside the data sets that have names.
    host : str
        Address to listen on.
    port : int, optional
        0 takes any that is free. By default 8127, or where that is taken any that is free.
    opened : function
        Called with the link once the studio answers.

    Raises
    ------
    ConfigurationError, DataError, FileFormatError
        If the address cannot be listened on, or the data cannot be read.
    """
    listener = listen(host, port)
    catalog = DatasetCatalog(data)
    sessions = Sessions(catalog, model)
    sessions.try_out()
    sys.setswitchinterval(SWITCH)
    token = secrets.token_urlsafe(32)
    names = hosts_of(host, listener.getsockname()[1])
    app = studio_app(sessions, token=token, hosts=names)
    server = _Server(configuration(app), sessions, lambda: opened(f"http://{names[0]}/?token={token}"))
    # Uvicorn ends in order on Ctrl-C, and then raises it again.
    with listener, contextlib.suppress(KeyboardInterrupt):
        server.run(sockets=[listener])
    if server.untold is not None:
        raise server.untold


def configuration(app: object) -> uvicorn.Config:
    """How uvicorn serves it: what comes in is capped, nobody is told what serves."""
    return uvicorn.Config(
        app,  # type: ignore[arg-type]
        log_level="warning",
        access_log=False,
        server_header=False,
        date_header=False,
        proxy_headers=False,
        ws="websockets-sansio",
        ws_max_size=4 * MAX_REQUEST,  # what is a little too large gets an answer, what is more ends the connection
        ws_per_message_deflate=False,
        h11_max_incomplete_event_size=32_768,
        limit_concurrency=1000,
        timeout_graceful_shutdown=2,
        lifespan="on",
    )


def listen(host: str, port: int | None) -> socket.socket:
    """A socket that listens there."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    wanted = [PORT, 0] if port is None else [port]
    for number in wanted:
        listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)  # told, so that asyncio sets no delay
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, number))
            listener.listen(128)
            return listener
        except OSError as error:
            listener.close()
            trouble = error
    raise ConfigurationError(
        f"Could not listen on {host}, port {wanted[-1]} ({trouble.strerror or trouble}): choose another with --port, "
        "or 0 for any that is free."
    )


class _Server(uvicorn.Server):
    """Tells when it answers, and tells the pages when it stops."""

    def __init__(self, config: uvicorn.Config, sessions: Sessions, opened: Callable[[], None]) -> None:
        super().__init__(config)
        self._sessions, self._opened = sessions, opened
        self.untold: OSError | None = None
        """Why the link could not be told: then nobody can open it."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to answer."""
        await super().startup(sockets)
        if self.started:
            try:
                self._opened()
            except OSError as error:
                # An exception here would be logged with the tasks that it cancels: it is raised after an orderly end.
                self.untold = error
                self.should_exit = True

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop to answer; pages have a moment to hear of it."""
        self._sessions.close()
        await asyncio.sleep(0.1)
        await super().shutdown(sockets)
