"""A reading that says little is told: several digits in one picture, a scribble, a picture that comes too late."""

from __future__ import annotations

import io

import pytest
from PIL import Image, ImageDraw
from playwright.sync_api import expect

import pellucid as pl
from pellucid.studio.state.dataset_catalog import DatasetCatalog
from studio.browser.visitor import DIGITS, Visitor


def sevens(count: int) -> bytes:
    sheet = Image.new("L", (40 + 130 * count, 200), 255)
    for x in range(30, 30 + 130 * count, 130):
        ImageDraw.Draw(sheet).line([(x, 40), (x + 80, 40), (x + 40, 160)], fill=0, width=14)
    file = io.BytesIO()
    sheet.save(file, "PNG")
    return file.getvalue()


def upload(visitor: Visitor, content: bytes) -> None:
    file = {"name": "digits.png", "mimeType": "image/png", "buffer": content}
    visitor.page.get_by_label("Image file").set_input_files(file)


def doubt(visitor: Visitor) -> str | None:
    return visitor.page.locator(".doubt").get_attribute("data-doubt")


def test_a_picture_of_three_digits_says_that_one_is_read(visitor: Visitor) -> None:
    with visitor.page.expect_response("**/picture?*"):
        upload(visitor, sevens(3))
    visitor.settle()
    visitor.page.get_by_text("This picture seems to hold 3 digits: only one can be read here.").wait_for()
    visitor.page.locator(".doubt button").hover()
    assert "3 separate groups of strokes" in visitor.page.get_by_role("tooltip").inner_text()
    with visitor.page.expect_response("**/picture?*"):
        upload(visitor, sevens(1))
    visitor.settle()
    visitor.page.locator(".doubt:not([data-doubt])").wait_for(state="attached")


def test_a_scribble_is_told_from_digits_with_the_distance(visitor: Visitor) -> None:
    box = visitor.pad.bounding_box()
    assert box is not None
    corners = [
        (0.1, 0.1),
        (0.9, 0.2),
        (0.1, 0.4),
        (0.9, 0.55),
        (0.1, 0.7),
        (0.9, 0.9),
        (0.2, 0.9),
        (0.85, 0.1),
        (0.1, 0.5),
    ]
    places = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in corners]
    visitor.page.mouse.move(*places[0])
    visitor.page.mouse.down()
    for place in places[1:]:
        visitor.page.mouse.move(*place, steps=3)
    visitor.page.mouse.up()
    visitor.settle()
    visitor.page.get_by_text("This does not look like the digits that the network learned from.").wait_for()
    visitor.page.locator(".doubt button").focus()
    known = pl.inspect.Familiarity.of(pl.data.load(DatasetCatalog().data_sets[-1]).train)
    assert known is not None
    text = visitor.page.get_by_role("tooltip").inner_text()
    assert f"99 % of real digits are within {known.limit:.1f}" in text
    assert f"{known.distance(visitor.pixels()):.1f}" in text


@pytest.mark.parametrize("digit", DIGITS)
def test_a_digit_is_read_without_doubt(visitor: Visitor, digit: str) -> None:
    visitor.draw(digit)
    visitor.settle()
    assert visitor.reading.startswith(digit)
    visitor.page.wait_for_timeout(700)
    assert doubt(visitor) is None


def test_a_picture_that_arrives_after_clear_does_not_appear(visitor: Visitor) -> None:
    page, held = visitor.page, []
    page.route("**/picture?*", lambda route: held.append(route))
    upload(visitor, sevens(1))
    while not held:
        page.wait_for_timeout(10)
    page.get_by_role("button", name="Clear the pad").click()
    visitor.settle()
    with page.expect_response("**/picture?*") as answer:
        held[0].continue_()
    assert answer.value.status == 204
    visitor.settle()
    assert visitor.reading == "nothing drawn yet"
    page.get_by_text("Draw a digit", exact=True).wait_for()


def test_a_picture_that_cannot_be_read_is_not_complained_of_after_clear(visitor: Visitor) -> None:
    page, held = visitor.page, []
    page.route("**/picture?*", lambda route: held.append(route))
    upload(visitor, b"no picture at all")
    while not held:
        page.wait_for_timeout(10)
    page.get_by_role("button", name="Clear the pad").click()
    visitor.settle()
    with page.expect_response("**/picture?*"):
        held[0].continue_()
    visitor.settle()
    expect(page.locator(".notice")).to_have_count(0)
