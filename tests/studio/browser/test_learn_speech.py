"""Learn on speech in a browser: pictures come alive, by pointer, finger and keyboard; the network goes to Listen."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, Locator, expect

import pellucid as pl
from pellucid.speech.features import powers
from pellucid.speech.lexicon import CLASSES
from pellucid.studio.state.embedded_voices import spoken_by
from pellucid.studio.state.spoken_sets import seen
from studio.browser.visitor import Visitor

VOICE = "espeak:en-gb+m2"


@pytest.fixture
def learner(visitor: Visitor) -> Visitor:
    visitor.open("#/learn")
    begin(visitor)
    return visitor


def begin(visitor: Visitor, plan: str = "last step, digits") -> None:
    """Choose speech, and make the network of a ready plan."""
    page = visitor.page
    page.get_by_role("button", name="Speech", exact=True).click()
    page.locator("[data-spelt]").wait_for()
    page.get_by_role("button", name=plan, exact=True).click()
    page.get_by_role("button", name="New network").click()
    visitor.settle()
    page.locator("[data-spelt]").wait_for()


def stage(visitor: Visitor) -> Locator:
    return visitor.page.get_by_role("slider", name="Time in the utterance")


def train(visitor: Visitor, epochs: int = 1) -> None:
    for _ in range(epochs):
        visitor.page.get_by_role("button", name="To next epoch").click()
        visitor.page.locator('[data-state="paused"]').wait_for()
        visitor.settle()


def values(visitor: Visitor) -> dict[str, float]:
    """The values of the unit at the step in sight."""
    found = visitor.page.locator("[data-quantity][data-value]").all()
    return {
        str(each.get_attribute("data-quantity")): float(each.get_attribute("data-value") or "nan") for each in found
    }


def saved(visitor: Visitor, folder: Path) -> pl.Network:
    with visitor.page.expect_download() as download:
        visitor.page.get_by_role("button", name="Save to a file", exact=True).click()
    path = folder / "trained.safetensors"
    download.value.save_as(path)
    return pl.load(path)


def test_the_numbers_on_the_page_are_the_networks(learner: Visitor, tmp_path: Path) -> None:
    page = learner.page
    page.get_by_label("Voice", exact=True).select_option(VOICE)
    page.get_by_label("Digits to say").fill("42")
    page.get_by_role("button", name="Say it").click()
    learner.settle()
    train(learner)
    stage(learner).focus()
    for _ in range(9):
        page.keyboard.press("ArrowRight")
    for _ in range(5):
        page.keyboard.press("ArrowDown")
    learner.settle()
    expect(stage(learner)).to_have_attribute("aria-valuenow", "9")
    expect(page.get_by_label("Unit", exact=True)).to_have_value("5")
    expect(stage(learner)).to_have_attribute("aria-valuetext", re.compile("unit 5$"))
    net = saved(learner, tmp_path)
    frames = seen(powers(spoken_by(VOICE, [4, 2], 0.12)))
    trace = net.trace(frames)
    for name, value in values(learner).items():
        assert value == pytest.approx(getattr(trace[0], name)[9, 5], abs=1e-6)
    said = np.asarray(net(frames[:10]))
    best = page.locator("[data-class][data-p]").first
    assert best.get_attribute("data-class") == str(said.argmax())
    assert float(best.get_attribute("data-p") or 0) == pytest.approx(said.max(), abs=1e-5)
    assert net.record["data"] == "spoken"


def test_a_visitor_sees_sounds_stand_out(visitor: Visitor) -> None:
    visitor.open("#/learn")
    begin(visitor, "one LSTM, sounds")
    page = visitor.page
    page.get_by_role("button", name="Train", exact=True).click()
    expect(page.locator("[data-spelt]")).to_have_attribute("data-spelt", re.compile(r"\w+ \w+"), timeout=120_000)
    page.get_by_role("button", name="Pause", exact=True).click()
    visitor.settle()
    sounds = (page.locator("[data-spelt]").get_attribute("data-spelt") or "").split()
    assert set(sounds) <= set(CLASSES)
    assert int(page.locator("[data-digits]").get_attribute("data-digits") or 0) > 100


def test_the_pointer_and_a_finger_choose_step_and_unit(learner: Visitor) -> None:
    page = learner.page
    stage(learner).scroll_into_view_if_needed()
    box = stage(learner).bounding_box()
    row = page.locator(".names span", has_text="all c").bounding_box()
    assert box is not None
    assert row is not None
    page.mouse.click(box["x"] + 0.5 * box["width"], row["y"] + 0.5 * row["height"])
    learner.settle()
    unit = int(page.get_by_label("Unit", exact=True).input_value())
    assert 12 <= unit <= 19
    now = int(stage(learner).get_attribute("aria-valuenow") or 0)
    last = int(stage(learner).get_attribute("aria-valuemax") or 0)
    assert abs(now - last / 2) <= 2


def test_time_goes_back_and_the_picture_with_it(learner: Visitor) -> None:
    page = learner.page
    before = values(learner)
    train(learner)
    assert values(learner) != before
    page.get_by_role("button", name="To start").click()
    learner.settle()
    assert values(learner) == before


def test_the_network_goes_to_listen_and_the_shipped_one_stays(learner: Visitor) -> None:
    page = learner.page
    train(learner)
    page.get_by_role("button", name="Hear with it in Listen").click()
    chooser = page.get_by_label("Network that hears")
    expect(chooser).to_have_value("trained")
    page.get_by_label("Voice", exact=True).select_option(VOICE)
    page.get_by_label("Digits to say").fill("7")
    page.get_by_role("button", name="Say it").click()
    learner.settle()
    chooser.select_option("shipped")
    learner.settle()
    expect(page.locator("h2[data-text]").first).to_have_attribute("data-text", "7")


def test_a_kept_network_is_opened_again(learner: Visitor) -> None:
    page = learner.page
    train(learner)
    name = "LSTM 32, 10 on spoken"
    begin(learner)
    page.get_by_role("button", name=f"Open {name}", exact=True).first.click()
    learner.settle()
    expect(page.get_by_role("button", name=f"Open {name}", exact=True).first).to_be_disabled()
    page.get_by_role("button", name="Pictures and tables").click()
    learner.settle()
    expect(page.get_by_role("region", name="Weight pictures")).to_be_visible()


def test_it_works_by_touch_on_a_telephone(browser: Browser, link: str, axe: str) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    phone = Visitor(context, link, "#/learn")
    begin(phone)
    page = phone.page
    stage(phone).scroll_into_view_if_needed()
    box = stage(phone).bounding_box()
    assert box is not None
    page.touchscreen.tap(box["x"] + 0.25 * box["width"], box["y"] + 60)
    phone.settle()
    assert int(stage(phone).get_attribute("aria-valuenow") or 0) > 1
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.evaluate(axe + "; undefined")
    assert page.evaluate("axe.run().then(({ violations }) => violations.map(({ id }) => id))") == []
    context.close()
    assert phone.complaints == []
