"""What a control does is seen where it is used: at three sizes, without scrolling."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, expect

from studio.browser.visitor import Visitor

SIZES = [(1440, 900), (820, 1180), (390, 844)]


@pytest.fixture(params=SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def visitor_of(request: pytest.FixtureRequest, browser: Browser, link: str) -> Iterator[Visitor]:
    """Somebody with a test image, before a screen of one of three sizes."""
    width, height = request.param
    context = browser.new_context(viewport={"width": width, "height": height}, reduced_motion="reduce")
    made = Visitor(context, link, "#/read?x=test-8")
    made.settle()
    yield made
    context.close()
    assert made.complaints == []


def in_sight(thing: Locator) -> bool:
    """Whether a thing is on the screen, and nothing lies over its middle."""
    return bool(
        thing.evaluate("""(element) => {
        const { left, right, top, bottom } = element.getBoundingClientRect();
        const hit = document.elementFromPoint((left + right) / 2, (top + bottom) / 2);
        const whole = top >= 0 && left >= 0 && bottom <= innerHeight && right <= innerWidth;
        return whole && (element.contains(hit) || hit?.contains(element));
    }""")
    )


def seen_first(*things: Locator) -> Locator:
    """The first of some things that comes into sight: which one, depends on the size of the screen."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        for thing in things:
            if thing.count() and in_sight(thing):
                return thing
        things[0].page.wait_for_timeout(50)
    pytest.fail(f"none of {things} came into sight")


def accuracy(visitor: Visitor) -> Locator:
    return visitor.page.locator("[data-strip-accuracy]")


def test_the_name_of_the_room_is_in_sight(visitor_of: Visitor) -> None:
    for name in ["Convolve", "Read", "None of these"]:
        visitor_of.page.evaluate("(id) => (location.hash = `#/${id}`)", name.lower().replace(" ", "-"))
        visitor_of.settle()
        link = visitor_of.page.get_by_role("link", name=name, exact=True)
        expect(link).to_have_attribute("aria-current", "page")
        assert in_sight(link)


def test_the_wall_of_knobs_leaves_the_accuracy_and_the_knob_in_sight(visitor_of: Visitor) -> None:
    page = visitor_of.page
    visitor_of.room("Turn")
    visitor_of.settle()
    wall = page.get_by_label("All knobs as dials")
    wall.evaluate("(wall) => wall.scrollIntoView({ block: 'end' })")
    wall.click(position={"x": 60, "y": 60})
    field = seen_first(
        page.get_by_label("value", exact=True), page.get_by_label("Value of the selected knob", exact=True)
    )
    assert in_sight(accuracy(visitor_of))
    place = field.bounding_box()["y"]
    field.fill("400")
    field.press("Enter")
    visitor_of.settle()
    assert visitor_of.scene()["k"].endswith("_400")
    assert field.bounding_box()["y"] == pytest.approx(place, abs=4)
    assert in_sight(accuracy(visitor_of))


def test_a_wire_that_is_pressed_brings_its_knob_into_reach(visitor_of: Visitor) -> None:
    page = visitor_of.page
    visitor_of.room("Turn")
    visitor_of.settle()
    page.locator('[data-neuron="3-8"]').evaluate("(neuron) => neuron.scrollIntoView({ block: 'center' })")
    visitor_of.press_wire("2-8", "3-8")
    expect(page.locator("section[aria-label='Selected knob'] h2")).to_contain_text("→ output")
    name = page.locator("section[aria-label='Selected knob'] h2").inner_text()
    dial = page.get_by_role("slider", name=name, exact=True)
    control = seen_first(dial, page.get_by_label("Turn the selected knob"))
    before = page.locator('[data-neuron="3-8"]').get_attribute("aria-label")
    control.press("Home")
    visitor_of.settle()
    assert page.locator('[data-neuron="3-8"]').get_attribute("aria-label") != before
    assert in_sight(accuracy(visitor_of))
    assert in_sight(page.locator('[data-neuron="3-8"] .body'))


@pytest.mark.parametrize("row", [0, -1])
def test_a_check_is_answered_beside_its_number(visitor_of: Visitor, row: int) -> None:
    page = visitor_of.page
    visitor_of.room("Nudge")
    page.locator("[data-cost]").wait_for()
    page.get_by_role("button", name="Stage 6:").click()
    check = page.get_by_role("button", name="Check ").nth(row)
    check.scroll_into_view_if_needed()
    check.click()
    verdict = page.locator("[data-agrees]")
    verdict.wait_for()
    visitor_of.settle()
    assert in_sight(verdict)
    assert in_sight(check)
    assert abs(verdict.bounding_box()["y"] - check.bounding_box()["y"]) < 120
    assert in_sight(accuracy(visitor_of))


def test_a_step_shows_its_cost_and_the_accuracy_below_its_button(visitor_of: Visitor) -> None:
    page = visitor_of.page
    visitor_of.room("Nudge")
    page.locator("[data-cost]").wait_for()
    before = float(accuracy(visitor_of).get_attribute("data-strip-accuracy") or "nan")
    rate = page.get_by_label("rate", exact=True)
    rate.fill("5")
    step = page.get_by_role("button", name="Step on this image")
    step.evaluate("(button) => button.scrollIntoView({ block: 'center' })")
    step.click()
    result = page.locator("[data-after]")
    result.wait_for()
    visitor_of.settle()
    after = float(accuracy(visitor_of).get_attribute("data-strip-accuracy") or "nan")
    shown = [float(result.get_attribute(f"data-accuracy-{when}") or "nan") for when in ("before", "after")]
    assert shown == [before, after]
    assert after < before - 0.005
    assert float(result.get_attribute("data-after") or "nan") < float(result.get_attribute("data-before") or "nan")
    assert "reads fewer test images correctly" in page.get_by_label("Gradient step").inner_text()
    assert in_sight(result)
    assert in_sight(accuracy(visitor_of))
    page.get_by_role("button", name="Next test image").click()
    visitor_of.settle()
    visitor_of.room("Turn")
    page.get_by_role("button", name="Undo the last change").click()
    visitor_of.settle()
    visitor_of.room("Nudge")
    expect(page.locator("[data-after]")).to_have_count(0)


def test_a_verdict_goes_with_its_network(visitor_of: Visitor) -> None:
    page = visitor_of.page
    visitor_of.room("Nudge")
    page.locator("[data-cost]").wait_for()
    page.get_by_role("button", name="Stage 6:").click()
    check = page.get_by_role("button", name="Check ").first
    verdict = page.locator("[data-agrees]")
    for act in (
        page.get_by_role("button", name="Step on this image").click,
        page.get_by_role("button", name="Undo the step").click,
        page.get_by_role("button", name="squared error").click,
        page.get_by_role("group", name="Target digit").get_by_role("button", name="3", exact=True).click,
        page.get_by_role("button", name="Next test image").click,
    ):
        check.click()
        verdict.wait_for()
        act()
        expect(verdict).to_have_count(0)
        visitor_of.settle()


def test_the_focus_is_never_under_the_header(visitor_of: Visitor) -> None:
    page = visitor_of.page
    visitor_of.room("Nudge")
    page.locator("[data-cost]").wait_for()
    page.evaluate("scrollTo(0, document.body.scrollHeight)")
    page.get_by_role("button", name="Step on this image").focus()
    for _ in range(25):
        page.keyboard.press("Shift+Tab")
        hidden = page.evaluate("""() => {
            const focused = document.activeElement;
            if (focused === document.body || focused.closest("header")) return null;
            const edge = document.querySelector("header").getBoundingClientRect().bottom;
            const { top, bottom } = focused.getBoundingClientRect();
            return bottom - 8 < edge ? focused.outerHTML.slice(0, 100) : null;
        }""")
        assert hidden is None
