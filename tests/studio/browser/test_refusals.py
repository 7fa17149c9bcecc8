"""A request that the server refuses leaves no trace: every control shows what is true, and works again at once."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

import pellucid as pl
from studio.browser.visitor import Visitor

SPOIL = """(() => {
    const send = WebSocket.prototype.send;
    window.spoilt = 0;
    WebSocket.prototype.send = function (text) {
        const request = JSON.parse(text);
        if (request.type === window.spoil) {
            window.spoil = null;
            window.spoilt++;
            text = JSON.stringify({ unknown: 1, ...request });
        }
        send.call(this, text);
    };
})()"""
"""Spoils the next request of the type in ``window.spoil``, so that the server refuses it."""


def spoil(visitor: Visitor, kind: str, act: Callable[[], object]) -> None:
    """Do something whose request is refused; wait until the page says so."""
    before = visitor.page.evaluate("window.spoilt")
    visitor.page.evaluate("(kind) => { window.spoil = kind; }", kind)
    act()
    visitor.page.wait_for_function("(before) => window.spoilt > before", arg=before)
    notice = visitor.page.locator(".notice")
    notice.wait_for()
    visitor.settle()
    notice.get_by_role("button", name="Dismiss").click()
    expect(notice).to_have_count(0)


@pytest.fixture
def turner(visitor: Visitor) -> Visitor:
    visitor.page.evaluate(SPOIL)
    visitor.room("Turn")
    visitor.page.locator("[data-accuracy]").wait_for()
    find = visitor.page.get_by_label("Find a knob")
    find.fill("2 bias 7")
    find.press("Enter")
    visitor.settle()
    return visitor


def type_value(visitor: Visitor, text: str) -> None:
    field = visitor.page.get_by_label("value", exact=True)
    field.fill(text)
    field.press("Enter")


def dial(visitor: Visitor) -> float:
    return float(visitor.page.get_by_role("slider", name="bias of output 7").get_attribute("aria-valuenow") or "nan")


@pytest.mark.parametrize("text", ["1e31", "1e40", "-1e30", "1e400"])
def test_a_value_that_no_knob_can_have_is_marked_and_the_next_one_works(turner: Visitor, text: str) -> None:
    before, value = turner.accuracy(), dial(turner)
    type_value(turner, text)
    field = turner.page.get_by_label("value", exact=True)
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(turner.page.get_by_role("alert")).to_contain_text("Type a number of at ")
    assert dial(turner) == value
    type_value(turner, "5.5")
    turner.settle()
    net = pl.load("digits-sigmoid")
    net.layers[2].bias[7] = 5.5
    assert dial(turner) == 5.5
    assert turner.accuracy() != before
    field.blur()
    turner.page.keyboard.press("Control+z")
    turner.settle()
    assert (turner.accuracy(), dial(turner)) == (before, value)


def test_a_refused_knob_goes_back_and_turns_again(turner: Visitor) -> None:
    before, value = turner.accuracy(), dial(turner)
    spoil(turner, "turnKnobs", lambda: type_value(turner, "5.5"))
    assert (turner.accuracy(), dial(turner)) == (before, value)
    assert "k" not in turner.scene()
    type_value(turner, "5.5")
    turner.settle()
    assert dial(turner) == 5.5
    assert turner.accuracy() != before


def test_turns_that_wait_behind_a_refused_one_are_still_made(turner: Visitor) -> None:
    value, slider = dial(turner), turner.page.get_by_role("slider", name="bias of output 7")
    slider.focus()

    def keys() -> None:
        for _ in range(5):
            slider.press("PageUp")

    spoil(turner, "turnKnobs", keys)
    shown = dial(turner)
    turner.page.reload()
    turner.page.locator("[data-accuracy]").wait_for()
    find = turner.page.get_by_label("Find a knob")
    find.fill("2 bias 7")
    find.press("Enter")
    turner.settle()
    assert dial(turner) == shown
    assert shown > value


def test_refused_switches_and_sliders_go_back_and_work_again(turner: Visitor) -> None:
    page, before = turner.page, turner.accuracy()
    switch = page.get_by_role("switch")
    noise, scale = page.get_by_label("Noise on all knobs"), page.get_by_label("Scale the output of the hidden layer 1")
    for kind, act, state in (
        ("scaleNeuron", switch.click, lambda: switch.get_attribute("aria-checked")),
        ("scaleLayer", lambda: scale.press("End"), scale.input_value),
        ("addNoise", lambda: noise.press("End"), noise.input_value),
    ):
        old = state()
        spoil(turner, kind, act)
        assert (state(), turner.accuracy()) == (old, before), kind
        act()
        turner.settle()
        assert state() != old
        assert turner.accuracy() != before, kind
        page.get_by_role("button", name="Undo the last change").click()
        turner.settle()
        assert turner.accuracy() == before


@pytest.mark.parametrize("kind", ["undoTurn", "resetKnobs", "goToChange", "sweepKnob"])
def test_a_refused_request_of_turn_changes_nothing_and_the_next_is_served(turner: Visitor, kind: str) -> None:
    page, before = turner.page, turner.accuracy()
    type_value(turner, "5.5")
    turner.settle()
    changed = turner.accuracy()
    acts = {
        "undoTurn": page.get_by_role("button", name="Undo the last change").click,
        "resetKnobs": page.get_by_role("button", name="Reset to trained").click,
        "goToChange": page.get_by_role("button", name="network as trained").click,
        "sweepKnob": lambda: type_value(turner, "5.5000001"),
    }
    spoil(turner, kind, acts[kind])
    assert turner.accuracy() == changed
    if kind == "sweepKnob":
        type_value(turner, "4.5")
        expect(page.locator("figure g.old")).to_have_count(0)
        return
    acts[kind]()
    turner.settle()
    assert turner.accuracy() == before


def test_a_refused_stroke_is_taken_back_and_the_next_one_is_read(visitor: Visitor) -> None:
    visitor.page.evaluate(SPOIL)
    spoil(visitor, "pen", lambda: visitor.draw("7"))
    assert visitor.reading == "nothing drawn yet"
    assert "d" not in visitor.scene()
    visitor.draw("1")
    visitor.settle()
    assert visitor.reading == str(pl.load("digits-sigmoid").read(visitor.pixels()))


def test_refused_requests_of_read_change_nothing_and_work_again(visitor: Visitor) -> None:
    page = visitor.page
    page.evaluate(SPOIL)
    visitor.draw("7")
    visitor.settle()
    drawn = visitor.scene()
    box = page.get_by_label("crop and scale")
    for kind, act in (
        ("setCentring", lambda: page.get_by_label("crop and scale").click()),
        ("undoStroke", page.get_by_role("button", name="Undo the last stroke").click),
        ("openExample", page.get_by_role("button", name="Next test image").click),
        ("clearDrawing", page.get_by_role("button", name="Clear the pad").click),
    ):
        spoil(visitor, kind, act)
        assert visitor.scene() == drawn, kind
        expect(box).to_be_checked()
    page.get_by_role("button", name="Clear the pad").click()
    visitor.settle()
    assert visitor.reading == "nothing drawn yet"


@pytest.fixture
def learner(visitor: Visitor) -> Visitor:
    visitor.page.evaluate(SPOIL)
    visitor.room("Learn")
    visitor.page.get_by_label("data set", exact=True).select_option("digits")
    visitor.page.get_by_role("button", name="New network").click()
    visitor.settle()
    for _ in range(3):
        visitor.page.get_by_role("button", name="Forward one mini-batch").click()
        visitor.settle()
    return visitor


def test_refused_requests_of_learn_change_nothing_and_work_again(learner: Visitor) -> None:
    page = learner.page
    state = page.locator("[data-step]")
    time, speed = page.get_by_label("Time in mini-batches"), page.get_by_label("Speed")
    rate = page.get_by_label("Learning rate", exact=True)
    number = page.get_by_label("Learning rate as a number")

    def type_rate() -> None:
        number.fill("0.125")
        number.press("Enter")

    def truth() -> tuple[object, ...]:
        step, phase = state.get_attribute("data-step"), state.get_attribute("data-state")
        return step, phase, time.input_value(), speed.input_value(), rate.input_value(), number.input_value()

    before = truth()
    plane = page.get_by_label("Loss landscape", exact=True)
    for kind, act in (
        ("goToStep", page.get_by_role("button", name="Back one mini-batch").click),
        ("setPace", lambda: speed.press("Home")),
        ("setRate", lambda: rate.press("End")),
        ("setRate", type_rate),
        ("stepBatches", page.get_by_role("button", name="Forward one mini-batch").click),
        ("runToEpoch", page.get_by_role("button", name="To next epoch").click),
        ("train", page.get_by_role("button", name="Train", exact=True).click),
        ("setUp", page.get_by_role("button", name="New network").click),
        ("askLossPlane", plane.get_by_role("button", name="Compute").click),
    ):
        spoil(learner, kind, act)
        assert truth() == before, kind
    plane.get_by_role("button", name="Compute").click()
    plane.locator(".map").wait_for()
    type_rate()
    time.press("Home")
    learner.settle()
    assert truth()[0] == "0"
    assert number.input_value() == "0.5"  # the rate that was set at that step


@pytest.mark.parametrize("text", ["1e7", "0", "-1", "1e-400"])
def test_a_rate_out_of_range_is_marked_and_not_sent(learner: Visitor, text: str) -> None:
    number = learner.page.get_by_label("Learning rate as a number")
    number.fill(text)
    number.press("Enter")
    expect(number).to_have_attribute("aria-invalid", "true")
    learner.settle()
    expect(learner.page.get_by_label("Learning rate", exact=True)).to_have_attribute("aria-valuetext", "0.5")


def test_refused_requests_of_nudge_change_nothing_and_work_again(visitor: Visitor) -> None:
    page: Page = visitor.page
    visitor.open("#/nudge?x=test-8")
    page.evaluate(SPOIL)
    cost = page.locator("[data-cost]")
    cost.wait_for()
    visitor.settle()
    before = cost.get_attribute("data-cost")
    squared = page.get_by_role("button", name="squared error")
    spoil(visitor, "askNudges", squared.click)
    expect(squared).to_have_attribute("aria-pressed", "false")
    assert cost.get_attribute("data-cost") == before
    squared.click()
    expect(squared).to_have_attribute("aria-pressed", "true")
    visitor.settle()
    page.get_by_role("button", name="Stage 5:").click()
    check = page.get_by_role("button", name="Check ").first
    spoil(visitor, "checkNudge", check.click)
    expect(page.get_by_text("computing…")).to_have_count(0)
    check.click()
    page.locator("[data-agrees]").wait_for()
    step = page.get_by_role("button", name="Step on this image")
    spoil(visitor, "takeStep", step.click)
    expect(page.locator("[data-after]")).to_have_count(0)
    step.click()
    page.locator("[data-after]").wait_for()
    average = page.get_by_role("button", name="Average the first 16 training images")
    spoil(visitor, "askBatchNudges", average.click)
    average.click()
    page.locator("[data-mean-nudge]").wait_for()
