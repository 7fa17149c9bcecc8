"""Two lessons from the first page to the outcome by keyboard alone, and what a screen reader is told on the way."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from studio.browser.visitor import Visitor

LISTENER = """
window.announced = [];
const listen = () => {
    const places = [...document.querySelectorAll("[data-said]")];
    for (const place of places) {
        if (place.dataset.heard) continue;
        place.dataset.heard = "yes";
        new MutationObserver(() => window.announced.push(place.textContent.trim().replaceAll("\u00a0", " ")))
            .observe(place, { childList: true, characterData: true, subtree: true });
    }
};
new MutationObserver(listen).observe(document, { childList: true, subtree: true });
"""
"""Keeps what the live region of the lessons has said."""


@pytest.fixture
def visitor(visit_studio: Callable[..., Visitor]) -> Visitor:
    """Somebody without a mouse who has done no lesson yet."""
    visitor = visit_studio("--model", "digits-sigmoid")
    visitor.page.evaluate(LISTENER)
    return visitor


def focused(page: Page) -> str:
    """The name of what has the focus."""
    name: str = page.evaluate("""(() => {
        const focused = document.activeElement;
        if (focused === document.body) return "";
        const label = focused.getAttribute("aria-label") || focused.labels?.[0]?.innerText;
        return label || focused.innerText || "";
    })()""")
    return name


def tab_to(page: Page, name: str, key: str = "Tab") -> None:
    for _ in range(160):
        page.keyboard.press(key)
        if focused(page).startswith(name):
            return
    raise AssertionError(f"no control named {name} was reached; the focus is at {focused(page)!r}")


def announced(page: Page, text: str) -> None:
    """A screen reader was told a text."""
    page.wait_for_function("(text) => window.announced.some((each) => each.includes(text))", arg=text)


def begin(page: Page, lesson: str) -> None:
    tab_to(page, "New here? Begin with a lesson.")
    page.keyboard.press("Enter")
    page.locator("[data-lesson]").first.wait_for()
    tab_to(page, lesson)
    page.keyboard.press("Enter")
    page.locator("[data-stage='predict']").wait_for()
    announced(page, "Predict first.")
    # The focus is at the head of the lesson: the answer is near.
    assert focused(page)


def test_grey_levels_by_keyboard(visitor: Visitor) -> None:
    page, keys = visitor.page, visitor.page.keyboard
    begin(page, "1")
    assert focused(page) == "1. Ten grey levels"
    tab_to(page, "Your answer in percent")
    keys.type("90")
    keys.press("Enter")
    page.locator("[data-stage='do']").wait_for()
    announced(page, "The prediction is locked in. Now try it.")
    assert focused(page) == "Now try it"
    tab_to(page, "Show me where")
    keys.press("Enter")
    assert focused(page) == "Grey levels"
    tab_to(page, "Number of grey levels")
    keys.press("Control+a")
    keys.type("10")
    keys.press("Enter")
    page.locator("[data-stage='done']").wait_for()
    announced(page, "Passed. You predicted 90.0 %")
    tab_to(page, "Your answer in percent")
    keys.type("95")
    keys.press("Enter")
    announced(page, "Computed just now with 2 levels")
    tab_to(page, "Next: Pixels in a line")
    keys.press("Enter")
    page.locator("[data-open-lesson='straight-line']").wait_for()
    assert focused(page) == "2. Pixels in a line"
    assert visitor.complaints == []


def test_the_bias_by_keyboard(visitor: Visitor) -> None:
    page, keys = visitor.page, visitor.page.keyboard
    begin(page, "5")
    expect(page.locator("h1")).to_have_text("Turn")
    tab_to(page, "Your answer in percent")
    keys.type("20")
    keys.press("Enter")
    page.locator("[data-stage='do']").wait_for()
    tab_to(page, "A hint, please (3 left)")
    keys.press("Enter")
    announced(page, "Hint 1.")
    tab_to(page, "Set all 42 biases to 0", "Shift+Tab")
    keys.press("Enter")
    announced(page, "With all biases at 0")
    visitor.settle()
    tab_to(page, "Find a knob by name")
    keys.type("bias of hidden layer 1, neuron 3")
    keys.press("Enter")
    page.locator(".knob, [role=slider][aria-label^='bias of hidden layer 1, neuron 3']").first.wait_for()
    tab_to(page, "bias of hidden layer 1, neuron 3")
    tab_to(page, "value")
    keys.press("Control+a")
    keys.type("-10")
    keys.press("Enter")
    page.locator("[data-stage='done']").wait_for()
    announced(page, "Passed. You predicted 20.0 %")
    assert visitor.complaints == []


def test_what_keeps_a_lesson_from_counting_is_announced_and_reset_by_keyboard(visitor: Visitor) -> None:
    page, keys = visitor.page, visitor.page.keyboard
    tab_to(page, "Number of grey levels")
    keys.press("Control+a")
    keys.type("4")
    keys.press("Enter")
    visitor.settle()
    tab_to(page, "New here? Begin with a lesson.", "Shift+Tab")
    keys.press("Enter")
    page.locator("[data-lesson]").first.wait_for()
    tab_to(page, "6")
    keys.press("Enter")
    note = page.locator("[data-foreign]")
    expect(note).to_contain_text("The network is not as it was trained: pixels are rounded to 4 grey levels.")
    tab_to(page, "Reset to the trained network")
    keys.press("Enter")
    expect(note).to_have_count(0)
    expect(page.locator("[data-condition]")).to_have_attribute("data-condition", "as opened")
    assert visitor.complaints == []
