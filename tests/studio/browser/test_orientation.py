"""A newcomer knows what this is: a sentence, a digit that is there already, words explained, mistakes marked."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import expect

import pellucid as pl
from studio.browser.visitor import Visitor

ROOMS = (
    "Read",
    "Turn",
    "Learn",
    "Nudge",
    "Look for",
    "Why misread?",
    "None of these",
    "Map",
    "Race",
    "Listen",
    "Convolve",
)


def test_a_first_visit_shows_what_this_is_and_a_digit(visitor: Visitor) -> None:
    page = visitor.context.new_page()  # a tab without a session
    page.goto(visitor.link.split("?")[0])
    page.locator('[data-verdict="right"]').wait_for()
    assert "small neural network" in page.locator(".purpose").inner_text()
    assert re.search(r"\d: [\d.]+\s?%", page.locator(".reading").inner_text())
    assert page.locator('[data-verdict="right"]').inner_text().startswith("label:")


def test_every_room_says_what_it_is_for(visitor: Visitor) -> None:
    said = set()
    for room in ROOMS:
        visitor.room(room)
        purpose = visitor.page.locator(".purpose")
        expect(purpose).to_be_visible()
        said.add(purpose.inner_text())
    assert len(said) == len(ROOMS)


def test_a_term_is_explained_on_focus_and_hidden_with_escape(visitor: Visitor) -> None:
    glossary = (Path(__file__).parents[3] / "docs" / "glossary.md").read_text(encoding="utf-8")
    term = visitor.page.locator(".accuracy .term button")
    term.focus()
    bubble = visitor.page.get_by_role("tooltip")
    expect(bubble).to_contain_text(".")  # the explanation, which is loaded when it is first asked
    assert bubble.inner_text().removeprefix("held out").strip() in glossary
    visitor.settle()
    box = bubble.bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 1440
    term.press("Escape")
    expect(bubble).to_have_count(0)


def test_a_wrong_reading_is_marked_with_the_true_output(visitor: Visitor, mnist: object) -> None:
    """The first test image that the network reads wrongly, found by the network itself."""
    net = pl.load("digits-sigmoid")
    test = pl.data.load("mnist").test
    outputs = net(test.images[:1000])
    wrong = int(np.flatnonzero(outputs.argmax(axis=1) != test.labels[:1000])[0])
    label = int(test.labels[wrong])
    visitor.open(f"#/read?x=test-{wrong}")
    visitor.settle()
    verdict = visitor.page.locator('[data-verdict="wrong"]').inner_text()
    assert f"the label is {label}" in verdict
    shown = re.search(r"output ([\d.]+)(\s%)?", verdict)
    assert shown is not None
    value, scale = float(shown[1]), 100 if shown[2] else 1
    assert value == pytest.approx(scale * outputs[wrong, label], abs=0.0051 * scale)


def test_a_link_to_a_room_alone_begins_with_a_digit_too(visit_studio: Callable[..., Visitor]) -> None:
    visitor = visit_studio(place="#/turn?present")
    visitor.settle()
    assert visitor.scene()["x"] == "test-0"
    visitor.page.keyboard.press("Escape")
    visitor.room("Read")
    assert visitor.reading.startswith("7 at ")
    visitor.page.get_by_role("button", name="Clear").click()
    visitor.settle()
    assert "d=" in visitor.page.url
    visitor.page.reload()
    visitor.settle()
    assert visitor.reading == "nothing drawn yet"
