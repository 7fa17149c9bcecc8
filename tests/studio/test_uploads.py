"""Uploads: what a later action has made obsolete is dropped, however late it arrives."""

from __future__ import annotations

import io

import pytest
from PIL import Image, ImageDraw

import pellucid as pl
from pellucid.network.files import network_bytes
from pellucid.studio.protocol import requests
from pellucid.studio.state.uploads import Uploads
from studio.fake_page import Page, session

ONE = [0.5, 0.2, 0.5, 0.8]


def picture() -> bytes:
    sheet = Image.new("L", (300, 300), 255)
    ImageDraw.Draw(sheet).line([(150, 40), (148, 260)], fill=0, width=24)
    file = io.BytesIO()
    sheet.save(file, "PNG")
    return file.getvalue()


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        ("clearDrawing", {}),
        ("pen", {"stroke": 0, "points": ONE, "width": 0.1}),
        ("setDrawing", {"strokes": []}),
        ("openExample", {"part": "test", "index": 3}),
        ("openPixels", {"pixels": [0.0] * 784}),
    ],
)
def test_a_picture_does_not_appear_after_a_later_action(kind: str, fields: dict[str, object]) -> None:
    page = Page(session())
    upload = page.session.uploads.begin("picture", after=page.number)
    page.ask(kind, **fields)
    page.session.open_picture(picture(), upload)
    assert page.fetch() == []
    page.session.greet(True)
    drawing = next(event for event in page.fetch() if event.type == "drawing")
    assert drawing.source != "picture"


def test_a_picture_appears_after_earlier_and_other_actions() -> None:
    page = Page(session())
    page.ask("clearDrawing")
    upload = page.session.uploads.begin("picture", after=page.number)
    page.ask("setCentring", pictures=True)
    page.session.open_picture(picture(), upload)
    drawing, reading = page.fetch()
    assert drawing.source == "picture"
    assert reading.order[0] == 1


def test_of_two_pictures_the_later_one_stays() -> None:
    page = Page(session())
    slow, quick = (page.session.uploads.begin("picture", after=page.number) for _ in range(2))
    page.session.open_picture(picture(), quick)
    assert [event.type for event in page.fetch()] == ["drawing", "reading"]
    page.session.open_picture(picture(), slow)
    assert page.fetch() == []


def test_a_network_does_not_replace_one_that_was_chosen_later() -> None:
    page = Page(session())
    upload = page.session.uploads.begin("network", after=page.number)
    page.ask("loadNetwork", name="digits-sigmoid")
    page.session.open_network(network_bytes(pl.load("digits-relu")), "mine", upload)
    assert page.fetch() == []


def test_a_new_page_of_the_session_numbers_anew() -> None:
    uploads = Uploads()
    uploads.note(requests.ClearDrawing(500))
    uploads.connected()
    assert not uploads.is_obsolete(uploads.begin("picture", after=2))


def test_an_upload_without_a_number_is_taken() -> None:
    uploads = Uploads()
    upload = uploads.begin("picture")
    uploads.note(requests.ClearDrawing(5))
    assert not uploads.is_obsolete(upload)


def test_a_recording_is_dropped_after_a_later_one_in_its_place_only() -> None:
    page = Page(session())
    uploads = page.session.uploads
    first, second = uploads.begin("recording 0", after=0), uploads.begin("recording 1", after=0)
    page.ask("hearVoice", slot=0, voice="espeak:en-gb-scotland+f3", digits=[1])
    assert uploads.is_obsolete(first)
    assert not uploads.is_obsolete(second)
