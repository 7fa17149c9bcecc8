"""A page in Python: it talks to a session as the browser does, without a network in between."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pellucid.studio.protocol.frames import unframe
from pellucid.studio.protocol.messages import REQUESTS
from pellucid.studio.protocol.refusal import Refused
from pellucid.studio.serving.connection import decoded
from pellucid.studio.session import Session
from pellucid.studio.state.clock import Clock
from pellucid.studio.state.dataset_catalog import DatasetCatalog

TAGS = {kind.__struct_config__.tag: kind for kind in REQUESTS}


class Event:
    """One event and its arrays: fields by attribute, arrays looked up."""

    def __init__(self, data: bytes) -> None:
        self.fields, self._payload = unframe(data)

    def __getattr__(self, name: str) -> Any:
        return self._looked_up(self.fields[name])

    def _looked_up(self, value: Any) -> Any:
        if isinstance(value, dict) and value.keys() == {"offset", "shape"}:
            count = int(np.prod(value["shape"]))
            return self._payload[value["offset"] : value["offset"] + count].reshape(value["shape"])
        if isinstance(value, dict):
            return {name: self._looked_up(each) for name, each in value.items()}
        if isinstance(value, list):
            return [self._looked_up(each) for each in value]
        return value


class Page:
    """Sends requests to a session, and collects its events."""

    def __init__(self, session: Session, *, greet: bool = True) -> None:
        self.session, self.number = session, 0
        self._wake = lambda: None
        session.outbox.attach(self._wake)
        self.greeting: list[Event] = []
        if greet:
            session.greet(False)
            self.greeting = self.fetch()

    def fetch(self) -> list[Event]:
        """Everything that is waiting."""
        found = []
        while (data := self.session.outbox.take(self._wake)) is not None:
            found.append(Event(data))
        return found

    def ask(self, kind: str, /, **fields: Any) -> list[Event]:
        """Send a request through the schema; return the events that answer it."""
        self.number += 1
        return self.send(json.dumps({"type": kind, "id": self.number, **fields}))

    def send(self, text: str) -> list[Event]:
        """Send any text, as the connection does; return the events that answer it."""
        request = decoded(text)
        if isinstance(request, Refused):
            self.session.refuse(request)
        else:
            self.session.handle(request)
        number = request.request if isinstance(request, Refused) else request.id
        events = self.fetch()
        if self.session.outbox.attached:
            [done] = [event for event in events if event.type == "done"]  # training may have sent something after it
            assert done.request == number
        return [event for event in events if event.type != "done"]

    def asked(self, kind: str, answer: str, /, **fields: Any) -> Event:
        """The one event of that type among the answers."""
        events = self.ask(kind, **fields)
        [found] = [event for event in events if event.type == answer]
        assert found.request == self.number
        return found

    def refused(self, kind: str, /, **fields: Any) -> str:
        """The code of the error, which has to be the only answer, but for the drawing as it is."""
        event, *others = self.ask(kind, **fields)
        assert event.type == "failed"
        assert event.request == self.number
        assert [other.type for other in others] in ([], ["drawing"])
        assert len(event.message) > 20
        code: str = event.code
        return code


class EmbeddedCatalog(DatasetCatalog):
    """Only the data sets of the package."""

    @property
    def data_sets(self) -> list[str]:
        return ["digits"]


def session(model: str = "digits-relu", catalog: DatasetCatalog | None = None, clock: Clock | None = None) -> Session:
    return Session("a", catalog or EmbeddedCatalog(), model, clock)


def wait_for(done: Callable[[], bool]) -> None:
    """Wait until something has happened; the bound only ends a test that hangs."""
    end = time.monotonic() + 120
    while not done():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.002)


def digits() -> NDArray[np.uint8]:
    import pellucid as pl

    images: NDArray[np.uint8] = pl.data.load("digits").test.images
    return images
