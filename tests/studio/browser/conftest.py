"""A real studio on this machine and a real Chromium; skips where either is missing."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

import pytest

from chromium import CHROMIUM
from pellucid.studio.serving.app import PAGE
from studio.browser.visitor import Visitor

sync_api = pytest.importorskip("playwright.sync_api", reason="needs playwright: pip install '.[browser]'")


@pytest.fixture(scope="session")
def link(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The link of a studio that runs while the tests do."""
    if not (PAGE / "index.html").is_file():
        pytest.skip("needs the studio's page: make web")
    if CHROMIUM is None:
        pytest.skip("needs Chromium: apt-get install chromium, or PELLUCID_CHROMIUM")
    with Server(tmp_path_factory.mktemp("home"), "--model", "digits-sigmoid") as server:
        yield server.link


class Server:
    """A studio in a process of its own, which keeps what it keeps in ``home``."""

    def __init__(self, home: Path, *options: str, port: int = 0) -> None:
        self.home, self.options, self.port = home, options, port
        self.link = ""

    def __enter__(self) -> Server:
        command = [sys.executable, "-m", "pellucid", "studio", "--no-browser", "--port", str(self.port), *self.options]
        environment = {**os.environ, "XDG_DATA_HOME": str(self.home)}
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
        self.link = _link(self._process)
        self.port = urlparse(self.link).port or 0
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Stop it as Ctrl-C does; starting it again takes the same port."""
        if self._process.poll() is not None:
            return
        self._process.send_signal(signal.SIGINT)
        self._process.wait(30)
        assert self._process.stdout is not None
        self._process.stdout.close()


@pytest.fixture
def visit_studio(browser: sync_api.Browser, tmp_path: Path) -> Iterator[Callable[..., Visitor]]:
    """Somebody before a studio of their own: ``visit_studio("--data", folder)``."""
    with contextlib.ExitStack() as stack:
        visitors: list[Visitor] = []

        def visit(*options: str, place: str = "#/read?d=", **of_context: Any) -> Visitor:
            server = stack.enter_context(Server(tmp_path / "home", *options))
            context = browser.new_context(**{"viewport": {"width": 1440, "height": 900}, **of_context})
            stack.callback(context.close)
            visitors.append(Visitor(context, server.link, place))
            visitors[-1].server = server
            return visitors[-1]

        yield visit
        for visitor in visitors:
            assert visitor.complaints == []


def _link(server: subprocess.Popen[str]) -> str:
    for line in server.stdout or ():
        if found := re.search(r"http://\S+", line):
            return found[0]
    raise RuntimeError(f"the studio ended before it was open: exit code {server.wait()}")


@pytest.fixture(scope="session")
def browser(link: str, chromium: sync_api.Browser) -> sync_api.Browser:
    return chromium


@pytest.fixture
def visitor(browser: sync_api.Browser, link: str) -> Iterator[Visitor]:
    """Somebody before the page, at first in the room Read; what the page complains of fails the test."""
    context = browser.new_context(viewport={"width": 1440, "height": 900}, accept_downloads=True)
    visitor = Visitor(context, link)
    yield visitor
    context.close()
    assert visitor.complaints == []


@pytest.fixture(scope="session")
def axe() -> str:
    """The source of axe-core."""
    script = Path(__file__).parents[3] / "web" / "node_modules" / "axe-core" / "axe.min.js"
    if not script.is_file():
        pytest.skip("needs axe-core: npm ci in web/")
    return script.read_text(encoding="utf-8")
