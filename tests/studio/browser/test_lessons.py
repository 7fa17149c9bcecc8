"""Lessons: predicted, done in the room and passed, by pointer, by keyboard and on a phone; resumed after a reload."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Page, expect

from studio.browser.visitor import Visitor


@pytest.fixture
def visitor(visit_studio: Callable[..., Visitor]) -> Visitor:
    """Somebody who has done no lesson yet."""
    return visit_studio("--model", "digits-sigmoid")


def stage(page: Page, name: str) -> None:
    expect(page.locator("[data-stage]")).to_have_attribute("data-stage", name)


def open_lesson(visitor: Visitor, name: str) -> Page:
    page = visitor.page
    page.get_by_role("button", name="Lessons", exact=True).click()
    page.locator(f"[data-lesson='{name}']").click()
    stage(page, "predict")
    return page


def test_a_lesson_is_predicted_done_and_passed(visitor: Visitor) -> None:
    page = open_lesson(visitor, "function")
    page.get_by_role("radio", name="it learns while it reads").check()
    page.get_by_role("button", name="Lock in the prediction").click()
    stage(page, "do")
    for number, digit in enumerate(("0", "1", "3"), 1):
        visitor.draw(digit)
        expect(page.locator("[data-status]")).to_contain_text(f"{number} of 5")
        page.get_by_role("button", name="Clear the pad").click()
    visitor.settle()
    page.reload()
    page.locator('main[data-settled="true"]').wait_for()
    expect(page.locator("[data-status]")).to_contain_text("3 of 5")
    visitor.draw("7")
    expect(page.locator("[data-status]")).to_contain_text("4 of 5")
    page.get_by_role("button", name="Clear the pad").click()
    visitor.pad.click(position={"x": 20, "y": 20})
    page.mouse.down()
    page.mouse.move(*[each + 150 for each in (visitor.pad.bounding_box() or {"x": 0, "y": 0}).values()][:2], steps=5)
    page.mouse.up()
    stage(page, "done")
    expect(page.locator("[data-gap]")).to_contain_text("0 of 13,002 knobs have changed")
    page.get_by_role("radio", name="surer").check()
    page.get_by_role("button", name="Answer").click()
    expect(page.get_by_label("Elsewhere").locator("[data-right='false']")).to_contain_text("equal in every bit")
    page.get_by_role("button", name="All lessons").click()
    expect(page.locator("[data-lesson='function']")).to_have_attribute("data-state", "passed")
    assert visitor.complaints == []


def test_a_lesson_leads_to_its_room_by_keyboard_and_outlives_the_studio(visitor: Visitor) -> None:
    page = visitor.page
    page.get_by_role("button", name="Lessons", exact=True).focus()
    page.keyboard.press("Enter")
    page.locator("[data-lesson='bias']").focus()
    page.keyboard.press("Enter")
    stage(page, "predict")
    expect(page.locator("h1")).to_have_text("Turn")
    field = page.get_by_label("Your answer in percent")
    field.focus()
    page.keyboard.type("20")
    page.keyboard.press("Enter")
    stage(page, "do")
    page.get_by_role("button", name="A hint, please (3 left)").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Hint 1.")).to_be_visible()
    page.get_by_role("button", name="Set all 42 biases to 0").focus()
    page.keyboard.press("Enter")
    expect(page.locator("[data-status]")).to_contain_text("With all biases at 0")
    visitor.server.stop()
    with visitor.server:
        page.goto(visitor.server.link + "#/read")
        page.locator('main[data-settled="true"]').wait_for()
        expect(page.locator("[data-lesson='bias']")).to_have_attribute("data-state", "begun")
        page.locator("[data-lesson='bias']").click()
        expect(page.locator("[data-status]")).to_contain_text("With all biases at 0")
        visitor.complaints.clear()  # the studio was away


def test_a_lesson_is_a_sheet_on_a_phone(browser: Browser, link: str) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    try:
        visitor = Visitor(context, link)
        page = visitor.page
        page.get_by_role("button", name="Lessons", exact=True).tap()
        page.locator("[data-lesson='weighted-sum']").tap()
        stage(page, "predict")
        for select in page.locator(".lessons select").all():
            select.select_option("0")
        page.get_by_role("button", name="Lock in the prediction").tap()
        stage(page, "do")
        page.get_by_role("button", name="Hide", exact=True).tap()
        expect(page.locator("[data-stage]")).to_have_count(0)
        page.get_by_role("button", name="Show", exact=True).tap()
        stage(page, "do")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert visitor.complaints == []
    finally:
        context.close()
