"""Sessions of the studio with random requests in random order: each keeps answering, and never reports a bug."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

import pellucid as pl
from pellucid.data.dataset import TrainTest
from pellucid.network.files import network_bytes
from pellucid.studio.protocol.frames import unframe
from pellucid.studio.protocol.messages import REQUESTS, decode_request
from pellucid.studio.protocol.parts import DataChoice
from pellucid.studio.protocol.refusal import failure
from pellucid.studio.session import Session
from pellucid.studio.state.dataset_catalog import DatasetCatalog
from tools.fuzz.campaign import Campaign, Case, Tally, WrongResultError
from tools.fuzz.campaigns.pictures import encoded as encoded_picture
from tools.fuzz.messages import request
from tools.fuzz.mutations import Rng, TensorFile, chance, changed_bytes, changed_json, json_text, pick

_MOST_MESSAGES = 40
_TRAIN, _TEST = 400, 150
_LARGE = 0.01
"""Share of sessions with all the digits of the package."""


class SmallCatalog(DatasetCatalog):
    """The embedded digits alone, or a part of them; nothing is downloaded."""

    def __init__(self, parts: TrainTest) -> None:
        super().__init__()
        self._loaded["digits"] = parts

    @property
    def data_sets(self) -> list[str]:
        """Names of the data sets."""
        return ["digits"]

    @property
    def choices(self) -> list[DataChoice]:
        """All data sets, in the form that the page receives."""
        return [choice for choice in super().choices if choice.here]


class Page:
    """Sends messages to a session as the WebSocket does, and reads what comes back."""

    def __init__(self, catalog: DatasetCatalog) -> None:
        self.session = Session("a", catalog, "digits-relu")
        self._wake = lambda: None  # frames are read after every message
        self.session.outbox.attach(self._wake)
        self.accepted = self.refused = 0
        self.session.greet(False)
        self._read()

    def send(self, text: str) -> None:
        """Send a message."""
        try:
            message = decode_request(text)
        except Exception as error:
            self._refused(error)
            return
        if not self.session.handled_at_once(message):
            self.session.handle(message)
        self._count(self._read())

    def upload(self, picture: bool, content: bytes) -> None:
        """Send a file."""
        try:
            if picture:
                self.session.open_picture(content)
            else:
                self.session.open_network(content, "uploaded")
        except Exception as error:
            self._refused(error)
            return
        self._count(self._read())

    def answers(self) -> bool:
        """Whether the session still answers."""
        self.session.handle(decode_request('{"type": "clearDrawing", "id": 1000000}'))
        found = [unframe(data)[0] for data in self.frames()]
        return any(event["type"] == "reading" and event["request"] == 1_000_000 for event in found)

    def frames(self) -> Iterator[bytes]:
        """Return all frames that are waiting."""
        while (data := self.session.outbox.take(self._wake)) is not None:
            yield data

    def _refused(self, error: Exception) -> None:
        found = failure(error)
        if found.code == "internal":
            raise error
        self.refused += 1

    def _count(self, failed: bool) -> None:
        self.refused += failed
        self.accepted += not failed

    def _read(self) -> bool:
        """Read all frames; return whether one says that a request failed."""
        failed = False
        for data in self.frames():
            if b'"failed"' not in data[:200]:
                continue
            event, _ = unframe(data)
            failed = True
            if event["code"] == "internal":
                raise WrongResultError(event["message"])
        return failed


def prepare(folder: Path) -> Case:
    """Return the case."""
    whole: Any = pl.data.load("digits")
    small = SmallCatalog(TrainTest(whole.train[:_TRAIN], whole.test[:_TEST]))
    large = SmallCatalog(whole)
    network = TensorFile(network_bytes(pl.load("digits-sigmoid")))
    digits = whole.test.images[:50]

    def case(rng: Rng) -> Tally:
        page = Page(large if chance(rng, _LARGE) else small)
        sent: list[str] = []
        try:
            for number in range(1, 1 + int(rng.integers(1, _MOST_MESSAGES))):
                try:
                    _send_one(rng, page, number, network, digits, sent)
                except Exception as error:
                    error.add_note(f"after {' '.join(sent[-3:])}"[:400])
                    raise
            if not page.answers():
                raise WrongResultError(f"the session no longer answers, after {' '.join(sent[-3:])}"[:400])
        finally:
            page.session.close("closing")
        return Tally(page.accepted, page.refused)

    return case


def _send_one(rng: Rng, page: Page, number: int, network: TensorFile, digits: np.ndarray, sent: list[str]) -> None:
    """Send one message or one file."""
    if chance(rng, 0.04):
        picture = chance(rng, 0.7)
        content = encoded_picture(rng, digits) if picture else network.changed(rng)
        sent.append("an upload")
        page.upload(picture, changed_bytes(rng, content) if chance(rng, 0.5) else content)
        return
    message = request(rng, pick(rng, REQUESTS), number)
    text = json.dumps(message)
    if chance(rng, 0.04):
        text = json_text(changed_json(rng, message))
    elif chance(rng, 0.02):
        text = changed_bytes(rng, text.encode()).decode(errors="replace")
    sent.append(text)
    page.send(text)


CAMPAIGN = Campaign("sessions of the studio with random messages and uploads in random order", prepare, share=80)
