"""Firefox without a window, driven over WebDriver BiDi, which it speaks by itself: no driver is needed."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

FIREFOX = os.environ.get("PELLUCID_FIREFOX") or shutil.which("firefox-esr") or shutil.which("firefox")

_SECONDS = 60


class Firefox:
    """One tab.

    Attributes
    ----------
    requests : list of str
        The address of every request since the last `open`.
    complaints : list of str
        What the console has shown as an error since then.
    """

    def __init__(self, socket: Any) -> None:
        self._socket, self._number = socket, 0
        self.requests: list[str] = []
        self.complaints: list[str] = []
        self.version = self._send("session.new", capabilities={})["capabilities"]["browserVersion"]
        self._send("session.subscribe", events=["network.beforeRequestSent", "log.entryAdded"])
        self._tab = self._send("browsingContext.create", type="tab")["context"]

    def open(self, address: str, width: int = 1440, height: int = 900) -> None:
        """Open an address, and wait until it is loaded."""
        self._send("browsingContext.setViewport", context=self._tab, viewport={"width": width, "height": height})
        self.requests.clear()
        self.complaints.clear()
        self._send("browsingContext.navigate", context=self._tab, url=address, wait="complete")

    def evaluate(self, expression: str) -> Any:
        """Return what an expression, or its promise, gives, by way of JSON."""
        answer = self._send(
            "script.evaluate",
            expression=f"(async () => JSON.stringify(await ({expression}) ?? null))()",
            target={"context": self._tab},
            awaitPromise=True,
        )
        if answer["type"] != "success":
            raise AssertionError(answer["exceptionDetails"]["text"])
        return json.loads(answer["result"]["value"])

    def wait(self, condition: str) -> None:
        """Wait until an expression is true."""
        look = f"const look = () => ({condition}) ? done(true) : setTimeout(look, 20); look();"
        self.evaluate(f"new Promise((done) => {{ {look} }})")

    def drag(self, places: list[tuple[float, float]]) -> None:
        """Press the mouse at the first place, move to the others, release it."""
        moves = [{"type": "pointerMove", "x": round(x), "y": round(y), "duration": 16} for x, y in places]
        actions = [moves[0], {"type": "pointerDown", "button": 0}, *moves[1:], {"type": "pointerUp", "button": 0}]
        pointer = {"type": "pointer", "id": "mouse", "actions": actions}
        self._send("input.performActions", context=self._tab, actions=[pointer])

    def picture(self, path: Path) -> None:
        """Save what is seen."""
        found = self._send("browsingContext.captureScreenshot", context=self._tab)
        path.write_bytes(base64.b64decode(found["data"]))

    def _send(self, method: str, **parameters: Any) -> Any:
        self._number += 1
        self._socket.send(json.dumps({"id": self._number, "method": method, "params": parameters}))
        while True:
            message = json.loads(self._socket.recv(timeout=_SECONDS))
            if message.get("id") == self._number:
                if message["type"] == "error":
                    raise AssertionError(f"{method}: {message['message']}")
                return message["result"]
            self._note(message)

    def _note(self, message: dict[str, Any]) -> None:
        if message.get("method") == "network.beforeRequestSent":
            self.requests.append(message["params"]["request"]["url"])
        if message.get("method") == "log.entryAdded" and message["params"]["level"] == "error":
            self.complaints.append(str(message["params"]["text"]))


@contextlib.contextmanager
def started(program: str, profile: Path) -> Iterator[Firefox]:
    """Run Firefox with a profile of its own."""
    from websockets.sync.client import connect

    command = [program, "--headless", "--no-remote", "--profile", str(profile), "--remote-debugging-port", "0"]
    environment = os.environ | {"HOME": str(profile), "MOZ_HEADLESS": "1"}
    with subprocess.Popen(
        command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True, env=environment
    ) as process:
        try:
            assert process.stderr is not None
            found = (re.search(r"BiDi listening on (ws://\S+)", line) for line in process.stderr)
            address = next(each[1] for each in found if each)
            with connect(f"{address}/session", max_size=None) as socket:
                yield Firefox(socket)
        finally:
            process.terminate()
