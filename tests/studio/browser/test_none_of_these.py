"""None of these: prices are the network's, whatever moves the threshold, and one's own scribble is judged live."""

from __future__ import annotations

import numpy as np
import pytest
from playwright.sync_api import Browser, expect

import pellucid as pl
from studio.browser.visitor import Visitor


@pytest.fixture
def doubter(visitor: Visitor) -> Visitor:
    visitor.open("#/none-of-these?x=test-8")
    complete(visitor)
    return visitor


def complete(visitor: Visitor) -> None:
    """Wait until all pictures are judged."""
    visitor.page.locator("[data-threshold]").wait_for()
    expect(visitor.page.get_by_role("status").filter(has_text="judged")).to_have_count(0, timeout=60_000)
    visitor.settle()


def said(visitor: Visitor, *names: str) -> list[int]:
    found = visitor.page.locator("[data-lost]")
    return [int(found.get_attribute(f"data-{name}") or -1) for name in names]


def check_price(visitor: Visitor, threshold: float) -> None:
    kept, lost, caught, missed, noise = said(visitor, "kept", "lost", "caught", "missed", "noise-told")
    test = pl.data.load("digits").test
    if kept + lost + caught + missed > len(test):
        test = pl.data.load("mnist").test
    net = pl.load("digits-sigmoid")
    outputs = net(test.images)
    price = pl.inspect.price(outputs.max(axis=1), outputs.argmax(axis=1) == test.labels, np.float32(threshold))
    expected = [price.kept, price.lost, price.caught, price.missed]
    np.testing.assert_allclose([kept, lost, caught, missed], expected, atol=1)
    told = (net(pl.inspect.strangers("noise", 2000)).max(axis=1) >= np.float32(threshold)).sum()
    assert abs(noise - told) <= 1


def test_a_threshold_is_moved_by_keyboard_and_by_pointer_and_has_its_price(doubter: Visitor) -> None:
    page = doubter.page
    expect(page.locator("[data-threshold]")).to_have_text("0.90")
    check_price(doubter, 0.9)
    slider = page.get_by_role("slider", name="Threshold")
    slider.focus()
    for _ in range(5):
        page.keyboard.press("ArrowLeft")
    expect(page.locator("[data-threshold]")).to_have_text("0.85")
    check_price(doubter, 0.85)
    box = slider.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    threshold = float(page.locator("[data-threshold]").get_attribute("data-threshold") or "nan")
    assert 0.45 < threshold < 0.55
    check_price(doubter, threshold)


def test_a_second_network_knows_noise(doubter: Visitor) -> None:
    page = doubter.page
    alone = page.locator("[data-kind='letters']").get_attribute("data-told")
    page.get_by_role("button", name="with a second network").click()
    complete(doubter)
    expect(page.locator("[data-threshold]")).to_have_text("0.95")
    assert page.locator("[data-kind='noise']").get_attribute("data-told") == "0"
    both = page.locator("[data-kind='letters']").get_attribute("data-told")
    assert int(both or -1) < int(alone or -1) / 10
    page.get_by_role("button", name="unlike the training images").click()
    complete(doubter)
    assert page.locator("[data-kind='noise']").get_attribute("data-told") == "0"


def test_ones_own_drawing_is_judged_live(doubter: Visitor) -> None:
    page = doubter.page
    doubter.draw("7")
    doubter.settle()
    outputs = pl.load("digits-sigmoid")(doubter.pixels())
    own = page.locator("[data-own]")
    assert float(own.get_attribute("data-own") or "nan") == pytest.approx(float(outputs.max()), rel=1e-3)
    passes = str(bool(outputs.max() >= 0.9)).lower()
    expect(page.locator("[data-passes]")).to_have_attribute("data-passes", passes)


def test_a_stranger_is_opened_and_looked_at(doubter: Visitor) -> None:
    page = doubter.page
    page.get_by_role("button", name="Scribbles", exact=True).click()
    first = page.locator("[data-number]").first
    sureness = float(first.get_attribute("data-sureness") or "nan")
    number = int(first.get_attribute("data-number") or -1)
    picture = pl.inspect.strangers("scribbles", 1, first=number)[0]
    assert sureness == pytest.approx(float(pl.load("digits-sigmoid")(picture).max()), rel=1e-3)
    first.focus()
    page.keyboard.press("Enter")
    doubter.settle()
    expect(page.locator("[data-passes]")).to_have_attribute("data-passes", "true")
    assert float(page.locator("[data-own]").get_attribute("data-own") or "nan") == pytest.approx(sureness, rel=1e-3)


def test_it_is_used_by_finger(browser: Browser, link: str) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    try:
        visitor = Visitor(context, link, "#/none-of-these?x=test-8")
        complete(visitor)
        page = visitor.page
        box = page.get_by_role("slider", name="Threshold").bounding_box()
        assert box is not None
        page.touchscreen.tap(box["x"] + 0.7 * box["width"], box["y"] + box["height"] / 2)
        threshold = float(page.locator("[data-threshold]").get_attribute("data-threshold") or "nan")
        assert 0.6 < threshold < 0.8
        page.get_by_role("button", name="Letters", exact=True).tap()
        page.locator("[data-number]").first.tap()
        visitor.settle()
        expect(page.locator("[data-own]")).to_be_visible()
        assert visitor.complaints == []
    finally:
        context.close()
