"""Serve the studio: listen on this machine, make a token and a link, and stop on Ctrl-C."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import sys
from collections.abc import Callable, Mapping
from typing import Any

import uvicorn

from pellucid.errors import ConfigurationError
from pellucid.lessons.given_course import GivenCourse
from pellucid.lessons.log import LessonLog
from pellucid.studio.protocol.messages import MAX_REQUEST
from pellucid.studio.serving.app import studio_app
from pellucid.studio.serving.http_limits import LimitedProtocol
from pellucid.studio.serving.kept_key import kept_key
from pellucid.studio.serving.keys import Keys
from pellucid.studio.serving.request_guard import hosts_of
from pellucid.studio.serving.sessions import Sessions
from pellucid.studio.state.class_rules import ClassRules
from pellucid.studio.state.dataset_catalog import DatasetCatalog
from pellucid.studio.state.kept_runs import KeptRuns
from pellucid.system.data_folder import data_folder

HOST = "127.0.0.1"
PORT = 8127

SWITCH = 0.0005
"""Python's switch interval in seconds: training must not wait long for the interpreter."""

_ALONE: int = getattr(socket, "SO_EXCLUSIVEADDRUSE", socket.SO_REUSEADDR)
"""The option of a socket that takes over the port of a program that has ended, and no other.

On Windows, `SO_REUSEADDR` would also let another program take over the port of this one.
"""


def serve(
    model: str | None,
    *,
    data: str | None = None,
    table: Mapping[str, Any] | None = None,
    host: str = HOST,
    port: int | None = None,
    rules: ClassRules | None = None,
    course: GivenCourse | None = None,
    opened: Callable[[Callable[[], str]], None],
) -> None:
    """Serve until stopped.

    Parameters
    ----------
    model : str, optional
        The network that sessions start with; see `pellucid.studio.state.plans.first_network`.
    data : str, optional
        Path of the user's own data, which can then be chosen like the named data sets.
    table : mapping, optional
        How to read them where they are a table, as keyword arguments of `pellucid.data.load`.
    host : str
        Address to listen on.
    port : int, optional
        0 chooses any free port. The default is 8127, or any free port where that is taken.
    rules : ClassRules, optional
        The rules of a class, if the studio is for one.
    course : GivenCourse, optional
        The course that it leads through.
    opened : function
        Called once the studio is ready, with a function that makes links; each link works once.

    Raises
    ------
    ConfigurationError, DataError, FileFormatError
        If the address cannot be used, or the data cannot be read.
    """
    listener = listen(host, port)
    folder = data_folder("studio")
    runs = KeptRuns(None if folder is None else folder / "runs", read_only=rules is not None)
    lessons = LessonLog(None if folder is None else folder / "lessons.jsonl")
    catalog = DatasetCatalog(data, runs, table, lessons)
    sessions = Sessions(catalog, model, rules=rules, course=course)
    sessions.check_model()
    sys.setswitchinterval(SWITCH)
    number = listener.getsockname()[1]
    keys = Keys(kept_key(folder, host, number))
    names = hosts_of(host, number)
    app = studio_app(sessions, keys=keys, hosts=names)

    def new_link() -> str:
        return f"http://{names[0]}/?token={keys.new_link_token()}"

    server = _Server(configuration(app), sessions, lambda: opened(new_link))
    # Uvicorn shuts down on Ctrl-C, and then raises KeyboardInterrupt again.
    with listener, contextlib.suppress(KeyboardInterrupt):
        server.run(sockets=[listener])
    if server.link_error is not None:
        raise server.link_error


def configuration(app: object) -> uvicorn.Config:
    """Configure uvicorn: requests are limited in size and time, and no header names the server software."""
    return uvicorn.Config(
        app,  # type: ignore[arg-type]
        http=LimitedProtocol,
        log_level="warning",
        access_log=False,
        server_header=False,
        date_header=False,
        proxy_headers=False,
        ws="websockets-sansio",
        ws_max_size=4 * MAX_REQUEST,  # a request over MAX_REQUEST is answered; one over this ends the connection
        ws_per_message_deflate=False,
        h11_max_incomplete_event_size=32_768,
        limit_concurrency=1000,
        timeout_graceful_shutdown=2,
        lifespan="on",
    )


def listen(host: str, port: int | None) -> socket.socket:
    """Return a listening socket."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    wanted = [PORT, 0] if port is None else [port]
    for number in wanted:
        listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)  # so that asyncio sets TCP_NODELAY
        listener.setsockopt(socket.SOL_SOCKET, _ALONE, 1)
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
    """Reports when it is ready, and tells the pages when it stops."""

    def __init__(self, config: uvicorn.Config, sessions: Sessions, opened: Callable[[], None]) -> None:
        super().__init__(config)
        self._sessions, self._opened = sessions, opened
        self.link_error: OSError | None = None
        """Error while reporting the link, without which nobody can open the studio."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start serving."""
        await super().startup(sockets)
        if self.started:
            try:
                self._opened()
            except OSError as error:
                # An exception here would be logged with the tasks that it cancels: it is raised after an orderly end.
                self.link_error = error
                self.should_exit = True

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop serving, after a moment in which the pages are told."""
        self._sessions.close()
        await asyncio.sleep(0.1)
        await super().shutdown(sockets)
