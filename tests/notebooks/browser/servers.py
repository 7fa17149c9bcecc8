"""Notebook servers on this machine, and their pages in Chromium."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlparse

ADDRESS = r"(http://(?:localhost|127\.0\.0\.1):\d+)"

LAB = [
    "--no-browser", "--allow-root", "--ip=127.0.0.1", "--port=0", "--IdentityProvider.token=",
    "--expose-app-in-browser", "--LabApp.news_url=", "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
]  # fmt: skip
MARIMO = ["--headless", "--no-token", "--host", "127.0.0.1"]

IDLE = "jupyterapp.shell.currentWidget.sessionContext.session?.kernel?.status === 'idle'"

HOMES = ("JUPYTER_CONFIG_DIR", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "IPYTHONDIR")
"""Where the servers keep what is theirs."""

ALL_RUN = """() => Array.from(document.querySelectorAll('.jp-CodeCell .jp-InputPrompt'), (each) => each.textContent)
    .every((text) => /\\[\\d+\\]/.test(text))"""


class Server(NamedTuple):
    """A notebook server: its address, and the folder that it serves."""

    link: str
    folder: Path


def start_lab(folder: Path) -> contextlib.AbstractContextManager[Server]:
    """JupyterLab, which serves a folder."""
    return _started([sys.executable, "-m", "jupyterlab", *LAB], folder)


def start_marimo(notebook: Path) -> contextlib.AbstractContextManager[Server]:
    """marimo, which runs a notebook."""
    return _started([sys.executable, "-m", "marimo", "run", notebook.name, *MARIMO], notebook.parent)


@contextlib.contextmanager
def _started(command: list[str], folder: Path) -> Iterator[Server]:
    """A server that keeps its own files in the folder too."""
    own = {name: str(folder / name.lower()) for name in HOMES}
    process = subprocess.Popen(
        command, cwd=folder, env=os.environ | own, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    try:
        yield Server(_address(process), folder)
    finally:
        process.send_signal(signal.SIGINT)
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)


def _address(process: subprocess.Popen[str]) -> str:
    said = []
    for line in process.stdout or ():
        said.append(line)
        if found := re.search(ADDRESS, line):
            return found[1]
    raise RuntimeError(f"the notebook server ended before it was open:\n{''.join(said)}")


class Visit:
    """Pages of one server in Chromium; requests to other machines and complaints of pages are noted."""

    def __init__(self, browser: Any, server: Server) -> None:
        self.server = server
        self.elsewhere: list[str] = []
        self.complaints: list[str] = []
        self._browser = browser
        self._contexts: list[Any] = []

    def open(self, path: str, **of_context: Any) -> Any:
        """Open a page of the server."""
        context = self._browser.new_context(**{"viewport": {"width": 1440, "height": 1000}, **of_context})
        self._contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(60_000)
        page.on("request", lambda request: self._note(request.url))
        page.on("websocket", lambda socket: self._note(socket.url))
        page.on("pageerror", lambda error: self.complaints.append(error.message))
        page.goto(f"{self.server.link}/{path}")
        return page

    def _note(self, url: str) -> None:
        at = urlparse(url)
        if at.scheme in ("http", "https", "ws", "wss") and at.netloc != urlparse(self.server.link).netloc:
            self.elsewhere.append(url)

    def close(self) -> None:
        """Close all pages."""
        for context in self._contexts:
            context.close()


class Notebook:
    """A notebook in JupyterLab."""

    def __init__(self, visit: Visit, name: str, cells: list[str], **of_context: Any) -> None:
        self.visit, self._of_context = visit, of_context
        self.path = visit.server.folder / f"{name}.ipynb"
        self.path.write_text(json.dumps(_notebook(cells)), encoding="utf-8")
        self.page = self.open()

    def open(self, *, kernel: bool = True) -> Any:
        """Open the file in a page of its own, with or without a kernel."""
        page = self.visit.open("lab?reset", **self._of_context)
        page.wait_for_function("window.jupyterapp?.restored.then(() => true)")
        page.evaluate(
            "async (options) => { await jupyterapp.commands.execute('docmanager:open', options); }",
            {"path": self.path.name, "kernelPreference": {"shouldStart": kernel, "shouldReuse": False}},
        )
        page.locator(".jp-Notebook .jp-CodeCell").first.wait_for()
        return page

    def start(self) -> None:
        """Run all cells."""
        self.page.wait_for_function(IDLE)
        self.page.evaluate("void jupyterapp.commands.execute('notebook:run-all-cells')")

    def run_all(self) -> None:
        """Run all cells, and wait for the last one."""
        self.start()
        self.page.wait_for_function(ALL_RUN)

    def run_cell(self, cell: int) -> None:
        """Run one cell."""
        self.page.wait_for_function(IDLE)
        self.page.evaluate(
            """async (cell) => {
                jupyterapp.shell.currentWidget.content.activeCellIndex = cell;
                await jupyterapp.commands.execute('notebook:run-cell');
            }""",
            cell,
        )

    def printed(self, cell: int) -> str:
        """The text that a cell has printed."""
        outputs = self.page.locator(".jp-CodeCell").nth(cell).locator(".jp-OutputArea-output pre")
        return outputs.filter(has_text=re.compile(r"\S")).last.inner_text()

    def save(self) -> dict[str, Any]:
        """Save the notebook; return what is in the file."""
        self.page.evaluate("async () => { await jupyterapp.commands.execute('docmanager:save'); }")
        found: dict[str, Any] = json.loads(self.path.read_text(encoding="utf-8"))
        return found

    def shut_down(self) -> None:
        """End all kernels."""
        self.page.evaluate("async () => { await jupyterapp.serviceManager.sessions.shutdownAll(); }")


def _notebook(cells: list[str]) -> dict[str, Any]:
    new = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None}
    return {
        "cells": [{**new, "id": f"cell-{at}", "source": code} for at, code in enumerate(cells)],
        "metadata": {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
