"""One's own data: dark drawings in folders are trained on, shown and read as the pad is, under their own names."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from drawn_shapes import make_folder
from studio.browser.visitor import Visitor


@pytest.fixture
def shaper(visit_studio: Callable[..., Visitor], tmp_path: Path) -> Visitor:
    """Somebody with a folder of crosses, rings and strokes, dark on light and anywhere on the sheet."""
    visitor = visit_studio("--data", str(make_folder(tmp_path / "shapes")))
    visitor.room("Learn")
    return visitor


def line(visitor: Visitor, *places: tuple[float, float]) -> None:
    box = visitor.pad.bounding_box()
    assert box is not None
    points = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in places]
    visitor.page.mouse.move(*points[0])
    visitor.page.mouse.down()
    for point in points[1:]:
        visitor.page.mouse.move(*point, steps=4)
    visitor.page.mouse.up()
    visitor.settle()


def train(visitor: Visitor) -> None:
    page = visitor.page
    page.get_by_role("button", name="Train", exact=True).click()
    page.wait_for_function("() => Number(document.querySelector('[data-step]').dataset.step) > 600")
    page.get_by_role("button", name="Pause", exact=True).click()
    visitor.settle()


def test_the_plan_starts_on_the_data_given_and_drawings_are_read_by_their_names(shaper: Visitor) -> None:
    page = shaper.page
    expect(page.get_by_label("data set", exact=True)).to_have_value("shapes")
    expect(page.get_by_label("ink in the pictures")).to_have_value("dark")
    expect(page.get_by_text("3 classes: cross, ring, stroke")).to_be_visible()
    train(shaper)
    shaper.room("Read")
    line(shaper, (0.2, 0.15), (0.2, 0.5))  # in a corner: training crops and centres, and so does the pad
    assert shaper.reading.startswith("stroke")
    page.get_by_label("Clear the pad").click()
    line(shaper, (0.2, 0.2), (0.7, 0.7))
    line(shaper, (0.2, 0.7), (0.7, 0.2))
    assert shaper.reading.startswith("cross")


def test_examples_show_the_steps_of_training_and_a_switch_says_that_it_departs_from_them(shaper: Visitor) -> None:
    page = shaper.page
    shaper.room("Read")
    page.get_by_label("Test image number").fill("0")
    page.keyboard.press("Enter")
    shaper.settle()
    centring = page.get_by_role("region", name="Centring")
    expect(centring.locator("li")).to_have_count(5)
    expect(centring.get_by_text("prepared differently")).to_have_count(0)
    centring.get_by_label("crop and scale").uncheck()
    expect(centring.get_by_text("without “crop and scale”")).to_be_visible()
    centring.get_by_role("button", name="Prepare as in training").click()
    expect(centring.get_by_label("crop and scale")).to_be_checked()


def test_a_switch_in_the_plan_reaches_training_and_the_pad(shaper: Visitor) -> None:
    page = shaper.page
    page.get_by_label("centre by mass").uncheck()
    page.get_by_role("button", name="New network").click()
    shaper.settle()
    shaper.room("Read")
    line(shaper, (0.2, 0.15), (0.2, 0.5))
    centring = page.get_by_role("region", name="Centring")
    expect(centring.get_by_label("by mass")).not_to_be_checked()
    expect(centring.get_by_text("prepared differently")).to_have_count(0)


def test_a_link_names_its_data_and_says_when_they_are_not_here(shaper: Visitor, link: str) -> None:
    page = shaper.page
    shaper.room("Read")
    page.get_by_label("Test image number").fill("5")
    page.keyboard.press("Enter")
    shaper.settle()
    digest, _, name = shaper.scene()["s"].partition(".")
    assert (name, len(digest)) == ("shapes", 12)
    elsewhere = Visitor(shaper.context, link, "#" + page.url.partition("#")[2])
    elsewhere.page.get_by_text("test image 5 of 'shapes', which is not on this machine").wait_for()
    elsewhere.settle()
    assert "x" not in elsewhere.scene()
    assert elsewhere.complaints == []
