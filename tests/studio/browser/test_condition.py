"""The strip in the header and the plan: what the network is, everywhere, and what training would do."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, expect

from studio.browser.visitor import Visitor

ROOMS = (
    "Read",
    "Turn",
    "Learn",
    "Nudge",
    "Look for",
    "Why misread?",
    "None of these",
    "Map",
    "Race",
    "Listen",
    "Convolve",
)


def strip(visitor: Visitor) -> Locator:
    return visitor.page.locator("header").get_by_role("group", name="The network")


def in_every_room(visitor: Visitor, words: str) -> None:
    for room in ROOMS:
        visitor.room(room)
        expect(strip(visitor)).to_contain_text(words)


def test_a_changed_network_says_so_in_every_room_and_after_a_reload(visitor: Visitor) -> None:
    page = visitor.page
    expect(strip(visitor)).to_contain_text("as opened")
    before = strip(visitor).locator("[data-strip-accuracy]").get_attribute("data-strip-accuracy")
    visitor.room("Turn")
    page.get_by_label("Find a knob").fill("2 bias 7")
    page.keyboard.press("Enter")
    page.get_by_label("value", exact=True).fill("-9")
    page.keyboard.press("Enter")
    visitor.settle()
    in_every_room(visitor, "1 knob changed by hand")
    assert strip(visitor).locator("[data-strip-accuracy]").get_attribute("data-strip-accuracy") != before
    page.reload()
    expect(strip(visitor)).to_contain_text("1 knob changed by hand")
    page.get_by_role("button", name="Revert to opened network: digits-sigmoid").click()
    expect(strip(visitor)).to_contain_text("as opened")
    expect(strip(visitor).locator("[data-strip-accuracy]")).to_have_attribute("data-strip-accuracy", before or "")


def test_training_is_announced_in_every_room_and_leaves_its_mark(visitor: Visitor) -> None:
    page = visitor.page
    visitor.room("Learn")
    page.get_by_role("button", name="Train", exact=True).click()
    in_every_room(visitor, "training: epoch")
    page.reload()
    page.get_by_role("button", name="Pause the training").click()
    in_every_room(visitor, "trained further for")
    page.reload()
    in_every_room(visitor, "trained further for")
    page.get_by_role("button", name="Revert to opened network: digits-sigmoid").click()
    in_every_room(visitor, "as opened")


def plan(visitor: Visitor, rate: str) -> None:
    visitor.room("Learn")
    visitor.page.get_by_label("learning rate", exact=True).fill(rate)


def train_and_answer(visitor: Visitor, answer: str) -> None:
    page = visitor.page
    page.get_by_role("button", name="Forward one mini-batch").click()
    question = page.get_by_role("alertdialog")
    expect(question).to_contain_text("learning rate 0.5 → 0.25")
    question.get_by_role("button", name=answer).click()
    expect(question).to_have_count(0)
    visitor.settle()


@pytest.mark.parametrize(
    ("answer", "rate", "steps", "name"),
    [
        ("A new network with this plan", "0.25", "1", "784-16-16-10 on mnist"),
        ("This network with this plan", "0.25", "1", "digits-sigmoid"),
        ("This network with its earlier plan", "0.5", "1", "digits-sigmoid"),
        ("Cancel", "0.5", "0", "digits-sigmoid"),
    ],
)
def test_training_asks_where_the_plan_is_not_the_run(
    visitor: Visitor, answer: str, rate: str, steps: str, name: str
) -> None:
    page = visitor.page
    plan(visitor, "0.25")
    expect(page.get_by_text("Not yet in effect:")).to_be_visible()
    train_and_answer(visitor, answer)
    expect(page.locator("[data-step]")).to_have_attribute("data-step", steps)
    expect(page.get_by_label("Learning rate as a number")).to_have_value(rate)
    expect(strip(visitor)).to_contain_text(name)
    expect(page.get_by_text("Not yet in effect:")).to_have_count(1 if answer == "Cancel" else 0)


@pytest.mark.parametrize("label", ["learning rate", "Learning rate as a number"])
def test_both_fields_of_the_rate_have_the_same_limits(visitor: Visitor, label: str) -> None:
    visitor.room("Learn")
    field = visitor.page.get_by_label(label, exact=True)
    for text, valid in (("0", False), ("-1", False), ("2000000", False), ("20", True), ("1000000", True)):
        field.fill(text)
        field.press("Tab")
        expect(field).to_have_attribute("aria-invalid", "false" if valid else "true")


def test_the_plan_follows_the_rate_that_is_set_during_training(visitor: Visitor) -> None:
    visitor.room("Learn")
    field = visitor.page.get_by_label("Learning rate as a number")
    field.fill("0.125")
    field.press("Enter")
    expect(visitor.page.get_by_label("learning rate", exact=True)).to_have_value("0.125")
    expect(visitor.page.get_by_text("Not yet in effect:")).to_have_count(0)
