"""Lessons on levels, orders, rates and convolution: each done before the page, one left half-way and resumed."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

import pellucid as pl
from pellucid.inspect.grey_levels import with_grey_levels
from studio.browser.test_lessons import open_lesson, stage
from studio.browser.visitor import Visitor

TRAINING = 240_000
"""Milliseconds that four new networks may take on a busy machine."""


@pytest.fixture
def visitor(visit_studio: Callable[..., Visitor], monkeypatch: pytest.MonkeyPatch) -> Visitor:
    """Somebody who has done no lesson yet, with the embedded digits."""
    monkeypatch.delenv("PELLUCID_DATA", raising=False)
    return visit_studio("--model", "digits-sigmoid")


def predict(page: Page, answer: str) -> None:
    """Type a number, or choose the option with these words, and lock it in."""
    field = page.get_by_label(re.compile("^Your answer"))
    if field.count():
        field.fill(answer)
    else:
        page.get_by_role("radio", name=answer).check()
    page.get_by_role("button", name="Lock in the prediction").click()
    stage(page, "do")


def retrain(page: Page) -> None:
    page.get_by_role("button", name="Train four new networks").click()
    page.locator("[data-retrained='4']").wait_for(timeout=TRAINING)


def test_ten_grey_levels_by_keyboard_and_resumed(visitor: Visitor) -> None:
    page = open_lesson(visitor, "grey-levels")
    predict(page, "60")
    panel = page.get_by_label("Grey levels", exact=True)
    slider = page.get_by_label("Grey levels of every pixel")
    slider.focus()
    page.keyboard.press("Home")
    expect(page.locator("[data-grey-levels]")).to_have_attribute("data-grey-levels", "2")
    expect(page.locator("[data-status]")).to_contain_text("2 levels")
    visitor.settle()
    assert visitor.scene()["g"] == "2"
    test = pl.data.load("digits").test
    net = pl.load("digits-sigmoid")
    pixels = with_grey_levels(test, 2).images.astype("float32")
    right = (net(pixels).argmax(axis=1) == test.labels).mean()
    shown = page.locator("[data-grey-accuracy]").get_attribute("data-grey-accuracy")
    assert float(shown or "nan") == pytest.approx(right)
    page.reload()
    page.locator('main[data-settled="true"]').wait_for()
    expect(page.locator("[data-grey-levels]")).to_have_attribute("data-grey-levels", "2")
    expect(page.locator("[data-status]")).to_contain_text("2 levels")
    expect(panel).to_contain_text("2 levels, 0 to 1")
    field = page.get_by_label("Number of grey levels")
    field.focus()
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type("10")
    page.keyboard.press("Enter")
    stage(page, "done")
    expect(page.locator("[data-gap]")).to_contain_text("with 10 levels")
    page.get_by_role("button", name="Revert to opened network").click()
    expect(page.locator("[data-grey-levels]")).to_have_attribute("data-grey-levels", "")


def present(visitor: Visitor) -> None:
    page = visitor.page
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("p")
    expect(page.get_by_role("button", name="Presentation", exact=True)).to_have_attribute("aria-pressed", "true")


@pytest.fixture(params=[(1280, 720), (1920, 1080)], ids=lambda each: f"{each[0]}x{each[1]}")
def presenter(request: pytest.FixtureRequest, visitor: Visitor) -> Visitor:
    """Somebody who does a lesson on a projector."""
    width, height = request.param
    visitor.page.set_viewport_size({"width": width, "height": height})
    present(visitor)
    return visitor


def fits(page: Page) -> bool:
    """Whether nothing of the page, and no control in a panel, is wider than its place."""
    return bool(
        page.evaluate(
            """() => document.documentElement.scrollWidth <= innerWidth && [...document.querySelectorAll(
                "main .panel :is(button, input, select)")].every((each) => each.getClientRects().length === 0 ||
                each.getBoundingClientRect().right <= each.closest(".panel").getBoundingClientRect().right)"""
        )
    )


def test_ten_grey_levels_in_a_presentation(presenter: Visitor) -> None:
    page = presenter.page
    expect(page.get_by_label("Grey levels", exact=True)).to_have_count(0)
    open_lesson(presenter, "grey-levels")
    predict(page, "60")
    assert fits(page)
    field = page.get_by_label("Number of grey levels")
    field.fill("10")
    field.press("Enter")
    stage(page, "done")
    page.get_by_role("button", name="All lessons").click()
    expect(page.get_by_label("Grey levels", exact=True)).to_have_count(0)


def test_a_shift_in_a_presentation(presenter: Visitor) -> None:
    page = open_lesson(presenter, "convolution")
    for select in page.locator(".lessons select").all():
        select.select_option("3")
    page.get_by_role("button", name="Lock in the prediction").click()
    stage(page, "do")
    assert fits(page)
    page.get_by_label("Pixels to the right").focus()
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    expect(page.locator("[data-status]")).to_contain_text("Shifted,")
    expect(page.get_by_role("button", name="Train four new networks")).to_be_enabled()


def test_a_learning_rate_in_a_presentation(presenter: Visitor) -> None:
    page = open_lesson(presenter, "learning-rate")
    predict(page, "5")
    assert fits(page)
    field = page.get_by_label("learning rate", exact=True)
    field.fill("0.01")
    field.press("Enter")
    page.get_by_role("button", name="New network").click()
    presenter.settle()
    page.get_by_role("button", name="To next epoch").click()
    expect(page.locator(".status[data-step]")).to_have_attribute("data-step", "250")


def test_pixels_in_a_line_are_shuffled_and_trained_anew(visitor: Visitor) -> None:
    page = open_lesson(visitor, "straight-line")
    expect(page.locator("h1")).to_have_text("Convolve")
    predict(page, "clearly worse")
    page.get_by_role("button", name="Open test image 0").click()
    expect(page.get_by_label("Test image number")).to_have_value("0")
    page.get_by_role("button", name="Shuffle all pixels").click()
    retrain(page)
    for _ in range(3):
        visitor.settle()
        if page.locator("[data-stage='done']").count():
            break
        page.get_by_role("button", name="another order").click()
        retrain(page)
    stage(page, "done")
    expect(page.locator("[data-gap]")).to_contain_text("not “clearly worse”")
    page.get_by_label("Elsewhere").get_by_label("Your answer in percent").fill("90")
    page.get_by_role("button", name="Answer", exact=True).click()
    expect(page.get_by_label("Elsewhere").locator("[data-right='false']")).to_be_visible()


def test_a_valley_of_learning_rates(visitor: Visitor) -> None:
    page = open_lesson(visitor, "learning-rate")
    expect(page.locator("h1")).to_have_text("Learn")
    predict(page, "5")
    for rate in ("0.01", "2", "100"):
        field = page.get_by_label("learning rate", exact=True)
        field.fill(rate)
        field.press("Enter")
        page.get_by_role("button", name="New network").click()
        visitor.settle()
        for epoch in range(1, 6):
            page.get_by_role("button", name="To next epoch").click()
            expect(page.locator(".status[data-step]")).to_have_attribute("data-step", str(250 * epoch))
            expect(page.locator(".status[data-step]")).to_have_attribute("data-state", "paused")
            visitor.settle()
    stage(page, "done")
    expect(page.locator("[data-gap]")).to_contain_text("which is in between")


def test_convolution_is_shifted_and_shuffled(visitor: Visitor) -> None:
    page = open_lesson(visitor, "convolution")
    for select in page.locator(".lessons select").all():
        select.select_option("3")
    page.get_by_role("button", name="Lock in the prediction").click()
    stage(page, "do")
    page.get_by_role("button", name="Open test image 0").click()
    expect(page.get_by_label("Test image number")).to_have_value("0")
    slider = page.get_by_label("Pixels to the right")
    slider.focus()
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    expect(page.locator("[data-status]")).to_contain_text("Shifted,")
    retrain(page)
    stage(page, "done")
    expect(page.locator("[data-gap]")).to_contain_text("instead of")
