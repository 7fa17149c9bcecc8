"""Why misread: the votes add up to the trace, and a drawn repair is read right, by pointer, keyboard and finger."""

from __future__ import annotations

import numpy as np
import pytest
from playwright.sync_api import Browser, expect

import pellucid as pl
from studio.browser.visitor import Visitor


@pytest.fixture
def wrong(visitor: Visitor) -> tuple[Visitor, int, int, int]:
    """Somebody before the first test image that is misread; its index, its reading and its label."""
    visitor.open("#/why-misread?x=test-0")
    visitor.page.locator("[data-misread]").wait_for()
    found = visitor.page.locator("ul[aria-label='Misread test images'] button").first
    index = int(found.get_attribute("data-index") or -1)
    found.click()
    visitor.settle()
    caption = visitor.page.locator("[data-reading]")
    expect(found).to_have_attribute("aria-current", "true")
    reading, label = (int(caption.get_attribute(f"data-{name}") or -1) for name in ("reading", "label"))
    return visitor, index, reading, label


def pixels_of(visitor: Visitor, index: int) -> np.ndarray:
    total = visitor.page.locator("[data-misread]").inner_text()
    test = pl.data.load("mnist" if "10,000" in total else "digits").test
    return np.asarray(test.images[index])


def numbers(visitor: Visitor, place: str, *names: str) -> list[float]:
    found = visitor.page.locator(place).first
    return [float(found.get_attribute(name) or "nan") for name in names]


def test_the_votes_add_up_to_the_trace(wrong: tuple[Visitor, int, int, int]) -> None:
    visitor, index, reading, label = wrong
    trace = pl.load("digits-sigmoid").trace(pixels_of(visitor, index))
    assert reading == trace.outputs.argmax()
    sums = numbers(visitor, "[data-sum-reading]", "data-sum-reading", "data-sum-label")
    np.testing.assert_allclose(sums, trace[2].sums[[reading, label]], rtol=1e-4, atol=1e-4)
    visitor.page.get_by_role("button", name="show all 16").click()
    expect(visitor.page.locator("[data-vote]")).to_have_count(16)
    weights = pl.load("digits-sigmoid").layers[2].weight
    gap = (weights[reading] - weights[label]) * trace[2].inputs
    said = [visitor.number(row.locator("td").nth(2).inner_text()) for row in visitor.page.locator("[data-vote]").all()]
    np.testing.assert_allclose(said, np.sort(gap)[::-1], atol=0.006)
    for output in (reading, label):
        text = visitor.page.locator(f"[data-adds-up='{output}']").inner_text()
        assert visitor.number(text) == pytest.approx(float(trace[2].sums[output]), abs=0.006)


def test_a_repair_is_found_and_drawn(wrong: tuple[Visitor, int, int, int]) -> None:
    visitor, _, reading, label = wrong
    page = visitor.page
    page.get_by_role("button", name="Find the smallest change").click()
    expect(page.locator("[data-mended='true']")).to_be_visible()
    count = int(page.locator("[data-mended]").get_attribute("data-strokes") or 0)
    expect(page.locator("[data-stroke]")).to_have_count(count)
    page.get_by_role("button", name="Draw it").click()
    visitor.settle()
    expect(page.locator(".large")).to_have_text(f"Mended: it reads {label} now.")
    assert numbers(visitor, "[data-reading]", "data-reading") == [label]
    assert reading != label


def test_ones_own_drawing_is_repaired_by_keyboard_and_undone(visitor: Visitor) -> None:
    page = visitor.page
    visitor.draw("7")
    visitor.room("Why misread?")
    expect(page.locator("[data-reading]")).to_contain_text("say what it should have been")
    page.get_by_role("radio", name="0", exact=True).focus()
    for _ in range(9):
        page.keyboard.press("ArrowRight")
    expect(page.get_by_role("radio", name="9", exact=True)).to_be_checked()
    expect(page.locator("[data-reading]")).to_contain_text("reads 7 instead of 9")
    page.get_by_role("button", name="Find the smallest change").focus()
    page.keyboard.press("Enter")
    expect(page.locator("[data-mended='true']")).to_be_visible()
    page.get_by_role("button", name="Draw it").focus()
    page.keyboard.press("Enter")
    visitor.settle()
    outputs = pl.load("digits-sigmoid")(visitor.pixels())
    assert outputs.argmax() == 9
    expect(page.locator(".large")).to_have_text("Mended: it reads 9 now.")
    page.get_by_role("button", name="Undo the last stroke").click()
    visitor.settle()
    expect(page.locator("[data-reading]")).to_contain_text("reads 7 instead of 9")


def test_it_is_used_by_finger(browser: Browser, link: str) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    try:
        visitor = Visitor(context, link, "#/why-misread?x=test-8")
        page = visitor.page
        page.locator("[data-misread]").wait_for()
        page.locator("ul[aria-label='Misread test images'] button").nth(1).tap()
        visitor.settle()
        page.get_by_role("button", name="Find the smallest change").tap()
        expect(page.locator("[data-mended='true']")).to_be_visible()
        page.get_by_role("button", name="Draw it").tap()
        expect(page.locator(".large")).to_contain_text("Mended")
        assert visitor.complaints == []
    finally:
        context.close()
