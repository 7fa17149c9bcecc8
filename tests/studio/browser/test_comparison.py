"""Two networks side by side: every number is the engine's, both follow the picture, and what differs is marked."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np
import pytest
from playwright.sync_api import Browser, Locator, expect

import pellucid as pl
from studio.browser.visitor import Visitor

DIFFERS = 0.05


def compare(visitor: Visitor, name: str) -> None:
    visitor.page.get_by_role("button", name="Compare with another network").click()
    visitor.page.get_by_role("button", name=re.compile(rf"^{re.escape(name)}(?![\w-])")).click()
    visitor.page.locator("[data-compared]").nth(1).wait_for()
    visitor.settle()


def side(visitor: Visitor, at: int) -> Locator:
    return visitor.page.locator("[data-compared]").nth(at)


def outputs(visitor: Visitor, at: int) -> list[float]:
    """The ten outputs beside the bars of one of both pictures."""
    labels = [
        side(visitor, at).locator(f'[data-neuron="3-{digit}"]').get_attribute("aria-label") or "" for digit in range(10)
    ]
    return [float(label.rpartition(" ")[2]) for label in labels]


def images_of(visitor: Visitor) -> pl.data.Dataset:
    return pl.data.load(visitor.scene()["s"].partition(".")[2]).test


def accuracy(net: pl.Network, test: pl.data.Dataset) -> float:
    images = np.asarray(test.images, np.float32) / 255
    return float((net(images).argmax(axis=1) == test.labels).mean())


def expect_numbers(visitor: Visitor, nets: list[pl.Network], pixels: np.ndarray) -> None:
    both = [net.trace(pixels).outputs for net in nets]
    for at, wanted in enumerate(both):
        assert outputs(visitor, at) == pytest.approx(wanted.tolist(), abs=0.0051)
        digit = str(int(wanted.argmax()))
        assert side(visitor, at).locator(".reading").inner_text().replace("\n", " ").partition("reads ")[2][0] == digit
    apart = {digit for digit in range(10) if abs(both[0][digit] - both[1][digit]) >= DIFFERS}
    for at in range(2):
        marks = side(visitor, at).locator("[data-differs]").all()
        assert {int(mark.get_attribute("data-differs") or -1) for mark in marks} == apart
    rows = visitor.page.locator("tr[data-difference]").all()
    shown = [float(row.get_attribute("data-difference") or "nan") for row in rows]
    assert shown == pytest.approx((both[1] - both[0]).tolist(), abs=1e-5)
    assert {digit for digit, row in enumerate(rows) if "≠" in row.inner_text()} == apart
    agree = both[0].argmax() == both[1].argmax()
    expect(visitor.page.locator("[data-agree]")).to_have_attribute("data-agree", str(agree).lower())


def test_both_read_the_same_picture_and_are_tested_alike(visitor: Visitor) -> None:
    page = visitor.page
    visitor.open("#/read?x=test-8")
    visitor.settle()
    compare(visitor, "digits-relu")
    nets = [pl.load("digits-sigmoid"), pl.load("digits-relu")]
    test = images_of(visitor)
    for at, (name, net) in enumerate(zip(["digits-sigmoid", "digits-relu"], nets, strict=True)):
        expect(side(visitor, at).get_by_role("heading")).to_have_text(name)
        shown = side(visitor, at).locator("[data-compared-accuracy]").get_attribute("data-compared-accuracy")
        assert float(shown or "nan") == pytest.approx(accuracy(net, test), abs=1e-9)
    expect_numbers(visitor, nets, np.asarray(test.images[8], np.float32) / 255)
    page.get_by_role("button", name="Next test image").click()
    visitor.settle()
    expect_numbers(visitor, nets, np.asarray(test.images[9], np.float32) / 255)
    visitor.draw("3")
    visitor.settle()
    expect_numbers(visitor, nets, visitor.pixels())
    page.get_by_role("button", name="Clear the pad").click()
    visitor.settle()
    for at in range(2):
        expect(side(visitor, at).locator(".reading")).to_contain_text("nothing drawn yet")


def test_closing_returns_to_the_one_network_and_a_reload_keeps_both(visitor: Visitor) -> None:
    page = visitor.page
    visitor.open("#/read?x=test-8")
    visitor.settle()
    compare(visitor, "digits-relu")
    page.reload()
    expect(page.locator("[data-compared]")).to_have_count(2)
    visitor.settle()
    expect(side(visitor, 1).get_by_role("heading")).to_have_text("digits-relu")
    expect(side(visitor, 1).locator(".reading")).to_contain_text("5: ")
    page.get_by_role("button", name="Close comparison").click()
    expect(page.locator("[data-compared]")).to_have_count(0)
    expect(page.locator("section.neuron")).to_be_visible()
    expect(page.locator(".neuron[data-neuron='3-5']")).to_have_count(1)


def test_a_moment_of_this_training_is_compared(visitor: Visitor) -> None:
    page = visitor.page
    visitor.room("Learn")
    page.get_by_label("data set", exact=True).select_option("digits")
    page.get_by_role("button", name="New network").click()
    visitor.settle()
    expect(page.get_by_role("button", name="Compare with a moment")).to_have_count(0)
    page.get_by_role("button", name="To next epoch").click()
    page.locator('[data-state="paused"]').wait_for()
    visitor.settle()
    tested = float(page.locator("[data-epoch-accuracy]").get_attribute("data-epoch-accuracy") or "nan")
    page.get_by_role("button", name="Compare with a moment").click()
    expect(page.get_by_role("button", name="After 1 epoch, now")).to_be_visible()
    page.get_by_role("button", name="Before training").click()
    expect(page.get_by_role("main", name="Read", exact=True)).to_be_visible()
    visitor.settle()
    expect(side(visitor, 1).get_by_role("heading")).to_have_text("untitled after 0 mini-batches")
    now, before = (
        float(side(visitor, at).locator("[data-compared-accuracy]").get_attribute("data-compared-accuracy") or "nan")
        for at in range(2)
    )
    untrained = pl.Network(
        [pl.Dense(16, "sigmoid"), pl.Dense(16, "sigmoid"), pl.Dense(10, "softmax")], input_shape=(28, 28), seed=0
    )
    assert now == pytest.approx(tested, abs=1e-6)
    assert now > 0.6
    assert before == pytest.approx(accuracy(untrained, pl.data.load("digits").test), abs=1e-9)
    visitor.room("Learn")
    expect(page.locator("[data-step]")).to_have_attribute("data-step", "250")


SCREENS = [(1440, 900, "light"), (820, 1180, "dark"), (390, 844, "light")]


@pytest.fixture(params=SCREENS, ids=lambda each: f"{each[0]}-{each[2]}")
def looker(request: pytest.FixtureRequest, browser: Browser, link: str) -> Iterator[Visitor]:
    width, height, scheme = request.param
    context = browser.new_context(
        viewport={"width": width, "height": height}, color_scheme=scheme, reduced_motion="reduce", bypass_csp=True
    )
    made = Visitor(context, link, "#/read?x=test-8")
    made.settle()
    yield made
    context.close()
    assert made.complaints == []


def test_they_stand_side_by_side_or_stacked_and_axe_finds_nothing(looker: Visitor, axe: str) -> None:
    page = looker.page
    width = page.viewport_size["width"]
    page.get_by_role("button", name="Compare with another network").click()
    item = page.get_by_role("button", name="digits-relu", exact=True).bounding_box()
    assert item["x"] >= 0
    assert item["x"] + item["width"] <= width
    page.keyboard.press("Escape")
    compare(looker, "digits-relu")
    first, second = (side(looker, at).bounding_box() for at in range(2))
    if width >= 1100:
        assert first["y"] == second["y"]
        assert first["x"] + first["width"] <= second["x"]
        assert first["width"] == pytest.approx(second["width"], abs=1)
    else:
        assert first["x"] == second["x"]
        assert first["y"] + first["height"] <= second["y"]
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.evaluate(axe + "; undefined")
    found = page.evaluate("axe.run().then(({ violations }) => violations)")
    assert [(each["id"], each["nodes"][0]["html"][:160]) for each in found] == []


def test_a_comparison_can_be_presented(browser: Browser, link: str) -> None:
    context = browser.new_context(viewport={"width": 1280, "height": 720}, reduced_motion="reduce")
    try:
        visitor = Visitor(context, link, "#/read?x=test-8")
        visitor.settle()
        compare(visitor, "digits-relu")
        visitor.page.evaluate("document.activeElement.blur()")
        visitor.page.keyboard.press("p")
        visitor.settle()
        for at in range(2):
            expect(side(visitor, at).get_by_role("heading")).to_be_in_viewport()
            for digit in "0", "9":
                expect(side(visitor, at).locator("text.class").get_by_text(digit)).to_be_in_viewport()
        assert visitor.page.evaluate("document.querySelector('main').scrollHeight") <= 720
        assert visitor.page.evaluate("document.documentElement.scrollHeight") == 720
        assert visitor.complaints == []
    finally:
        context.close()
