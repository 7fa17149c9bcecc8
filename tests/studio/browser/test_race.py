"""Race: the numbers on the page are those of the trainings alone; by pointer, keyboard and finger."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

import pellucid as pl
from studio.browser.visitor import Visitor

DIGITS = pl.data.load("digits")


@pytest.fixture
def racer(visitor: Visitor) -> Visitor:
    enter(visitor)
    return visitor


def enter(visitor: Visitor) -> None:
    """Come to a new race on the embedded digits."""
    page = visitor.page
    visitor.room("Learn")
    page.get_by_label("data set", exact=True).select_option("digits")
    page.get_by_role("button", name="New network").click()
    visitor.settle()
    visitor.room("Race")
    page.locator("[data-race]").wait_for()
    page.get_by_role("button", name="New race").click()
    visitor.settle()
    expect(page.locator("[data-race]")).to_contain_text("on digits")


def trainer(activation: str, rate: float = 0.1, seed: int = 0, widths: tuple[int, ...] = (16, 16)) -> pl.Trainer:
    """The trainer of a contestant by the public API."""
    layers = [
        *(pl.Dense(width, activation, "glorot_uniform") for width in widths),
        pl.Dense(10, "softmax", "glorot_uniform"),
    ]
    net = pl.Network(layers, input_shape=(28, 28), seed=seed)
    return pl.Trainer(net, DIGITS.train, loss="cross_entropy", optimizer=pl.SGD(rate), batch_size=32, seed=seed)


def accuracy(net: pl.Network) -> float:
    return float((net(DIGITS.test.images).argmax(axis=1) == DIGITS.test.labels).mean())


def told(page: Page, name: str) -> list[float]:
    return [float(each.get_attribute(name) or "nan") for each in page.locator(f"[{name}]").all()]


def run(page: Page) -> None:
    page.get_by_role("button", name="Run", exact=True).click()
    page.locator('[data-race="finished"]').wait_for()


def at_step(page: Page, step: int) -> None:
    expect(page.locator("[data-race]")).to_have_attribute("data-step", str(step))


def check_moment(page: Page, step: int) -> None:
    """Accuracies, gradients, dead and saturated neurons are those of the contestants alone after so many steps."""
    at_step(page, step)
    gradients, dead = [], []
    for number, activation in enumerate(("sigmoid", "relu")):
        alone = trainer(activation)
        alone.take_steps(step)
        expect(page.locator("[data-accuracy]").nth(number)).to_have_attribute("data-accuracy", str(accuracy(alone.net)))
        found = pl.inspect.health(alone.net, DIGITS.train.images[:256], DIGITS.train.labels[:256])
        gradients += found.gradient_sizes.tolist()
        dead += [len(each) for each in found.dead]
    np.testing.assert_allclose(told(page, "data-gradient"), gradients, rtol=1e-4)
    assert told(page, "data-dead") == dead


def test_a_race_shows_the_numbers_of_its_contestants_alone_and_goes_back(racer: Visitor) -> None:
    page = racer.page
    check_moment(page, 0)
    run(page)
    check_moment(page, 250)
    page.get_by_label("Time of the race in mini-batches").fill("60")
    racer.settle()
    check_moment(page, 60)
    page.get_by_role("button", name="Back one mini-batch").click()
    racer.settle()
    check_moment(page, 59)
    chart = page.locator('[data-chart="loss"] svg')
    box = chart.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] - 12, box["y"] + 40)
    at_step(page, 250)
    page.get_by_role("button", name="To start", exact=True).click()
    at_step(page, 0)


def test_it_steps_and_pauses_at_a_slow_pace(racer: Visitor) -> None:
    page = racer.page
    page.get_by_role("button", name="Forward one mini-batch").click()
    check_moment(page, 1)
    page.get_by_label("Speed of the race").fill("0.5")
    page.get_by_role("button", name="Run", exact=True).click()
    page.locator('[data-race="running"]').wait_for()
    racer.room("Read")
    racer.room("Race")  # it goes on beside the other rooms
    page.locator('[data-race="running"]').wait_for()
    page.get_by_role("button", name="Pause", exact=True).click()
    page.locator('[data-race="paused"]').wait_for()
    racer.settle()
    check_moment(page, int(page.locator("[data-race]").get_attribute("data-last") or "nan"))
    page.get_by_label("Speed of the race").fill("1")
    run(page)


def test_a_prediction_by_keyboard_is_locked_in_and_judged(racer: Visitor) -> None:
    page = racer.page
    panel = page.get_by_role("region", name="Prediction")
    expect(panel).to_have_attribute("data-prediction", "open")
    expect(panel.get_by_role("button", name="Lock in")).to_be_disabled()
    panel.get_by_role("radio").first.focus()
    page.keyboard.press("Space")
    end = panel.get_by_role("slider", name="Predicted test accuracy of ReLU at the end")
    end.focus()
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    panel.get_by_role("button", name="Lock in").focus()
    page.keyboard.press("Enter")
    expect(panel).to_have_attribute("data-prediction", "locked")
    run(page)
    ends = [trainer(activation) for activation in ("sigmoid", "relu")]
    for each in ends:
        each.take_steps(250)
    won = int(accuracy(ends[1].net) > accuracy(ends[0].net))
    expect(panel).to_have_attribute("data-prediction", ("right", "wrong")[won])
    gap = float(panel.locator("[data-gap]").get_attribute("data-gap") or "nan")
    assert gap == pytest.approx(abs(accuracy(ends[1].net) - 0.03), abs=1e-6)


def test_a_curve_is_drawn_with_the_pointer(racer: Visitor) -> None:
    page = racer.page
    panel = page.get_by_role("region", name="Prediction")
    panel.get_by_role("radio").nth(2).check()
    panel.get_by_role("button", name="Draw the curve of sigmoid").click()
    box = page.locator('[data-chart="accuracy"] svg').bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 55, box["y"] + 120)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] - 14, box["y"] + 60, steps=8)
    page.mouse.up()
    said = panel.get_by_role("slider", name="Predicted test accuracy of sigmoid at the end")
    predicted = float(said.input_value())
    assert 0.4 < predicted < 0.9
    panel.get_by_role("button", name="Lock in").click()
    run(page)
    alone = trainer("sigmoid")
    alone.take_steps(250)
    gap = float(panel.locator("[data-gap]").get_attribute("data-gap") or "nan")
    assert gap == pytest.approx(abs(accuracy(alone.net) - predicted), abs=0.011)


def test_many_starts_are_real_trainings(racer: Visitor) -> None:
    page = racer.page
    page.get_by_label("Number of starts").fill("4")
    page.get_by_label("Epochs from each start").fill("2")
    page.get_by_role("button", name="Train from all starts").click()
    page.locator('[data-trials="done"]').wait_for()
    for number, activation in enumerate(("sigmoid", "relu")):
        ends = []
        for seed in range(4):
            alone = trainer(activation, seed=seed)
            list(alone.run(2))
            ends.append(accuracy(alone.net))
        ends.sort()
        row = page.locator(f'[data-row="{number}"]')
        shown = [float(each.get_attribute("data-quantile") or "nan") for each in row.locator("[data-quantile]").all()]
        np.testing.assert_allclose(shown, [ends[0], ends[0], ends[1], ends[2], ends[3]], rtol=1e-6)
    assert sum(told(page, "data-wins")) <= 4


def test_all_rates_are_trained_read_off_and_raced(racer: Visitor) -> None:
    page = racer.page
    for name, value in (("Number of rates", "3"), ("Lowest rate", "0.1"), ("Highest rate", "10")):
        page.get_by_label(name).fill(value)
        page.get_by_label(name).press("Enter")
    page.get_by_label("Starts at each rate").fill("1")
    page.get_by_label("Epochs at each rate").fill("1")
    page.get_by_role("button", name="Train at all rates").click()
    page.locator('[data-trials="done"]').wait_for()
    page.get_by_label("Learning rate to read off").fill("1")
    for number, activation in enumerate(("sigmoid", "relu")):
        alone = trainer(activation, rate=1.0)
        list(alone.run(1))
        shown = page.locator("[data-median]").nth(number).get_attribute("data-median")
        assert float(shown or "nan") == pytest.approx(accuracy(alone.net), rel=1e-6)
    page.get_by_role("button", name="Race at this rate").click()
    expect(page.get_by_label("Learning rate of contestant 2")).to_have_value("1")


def test_trials_are_cancelled(racer: Visitor) -> None:
    page = racer.page
    page.get_by_label("Number of starts").fill("200")
    page.get_by_label("Epochs from each start").fill("100")
    page.get_by_role("button", name="Train from all starts").click()
    page.get_by_role("button", name="Cancel").click()
    page.locator('[data-trials="cancelled"]').wait_for()
    expect(page.get_by_role("button", name="Train from all starts")).to_be_enabled()


def test_contestants_of_any_plan_and_what_they_share(racer: Visitor) -> None:
    page = racer.page
    page.get_by_role("button", name="Add a contestant").click()
    page.get_by_label("Hidden layers of contestant 3").fill("16, 16, 16, 16, 16")
    page.get_by_label("Optimiser of contestant 3").select_option("adam")
    page.get_by_label("Activation of contestant 3").select_option("tanh")
    page.get_by_role("button", name="New race").click()
    racer.settle()
    expect(page.locator("[data-contestant]")).to_have_count(3)
    said = page.locator("[data-starts] li")
    expect(said.first).to_contain_text("every layer starts from the same bits")
    expect(said.last).to_contain_text("layers 1, 2 start from the same bits")
    run(page)
    page.get_by_label("Hidden layers of contestant 3").fill("16, none")
    expect(page.get_by_role("button", name="New race")).to_be_disabled()
    expect(page.get_by_role("alert")).to_contain_text("Layers are typed as")
    page.get_by_label("Hidden layers of contestant 3").fill("6@5, /30")
    expect(page.get_by_role("alert")).to_contain_text("do not fit examples of 28×28")


def test_a_convolutional_contestant_races_beside_a_dense_one(racer: Visitor) -> None:
    page = racer.page
    page.get_by_label("Hidden layers of contestant 2").fill("8@5:2, /2, d0.2, 16")
    page.get_by_label("Learning rate of contestant 2").fill("0.05")
    page.get_by_role("button", name="New race").click()
    racer.settle()
    run(page)
    layers = page.get_by_role("group", name="Layers of ReLU 8c-16")
    expect(layers.locator("tbody tr")).to_have_count(3)
    expect(layers.locator("tbody tr").first).to_contain_text("of 8")
    net = pl.Network(
        [
            pl.Conv2d(8, 5, stride=2, activation="relu", initialization="glorot_uniform"), pl.MaxPool2d(2),
            pl.Dropout(0.2), pl.Flatten(), pl.Dense(16, "relu", "glorot_uniform"),
            pl.Dense(10, "softmax", "glorot_uniform"),
        ],
        input_shape=(28, 28), seed=0,
    )  # fmt: skip
    alone = pl.Trainer(net, DIGITS.train, loss="cross_entropy", optimizer=pl.SGD(0.05), batch_size=32, seed=0)
    alone.take_steps(250)
    shown = page.locator('[data-contestant="1"] [data-accuracy]').get_attribute("data-accuracy")
    assert float(shown or "nan") == accuracy(net)


def test_a_race_is_still_there_after_a_reload(racer: Visitor) -> None:
    page = racer.page
    run(page)
    before = told(page, "data-accuracy")
    page.reload()
    page.locator('[data-race="finished"]').wait_for()
    assert told(page, "data-accuracy") == before
    expect(page.locator("[data-race]")).to_have_attribute("data-last", "250")


@pytest.fixture
def toucher(browser: Browser, link: str) -> Iterator[Visitor]:
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    made = Visitor(context, link, "#/race?x=test-8")
    made.page.locator("[data-race]").wait_for()
    yield made
    context.close()
    assert made.complaints == []


def test_it_works_by_touch_on_a_small_screen(toucher: Visitor) -> None:
    page = toucher.page
    page.get_by_role("radio").first.tap()
    page.get_by_role("button", name="Lock in").tap()
    page.get_by_role("button", name="Forward one mini-batch").tap()
    at_step(page, 1)
    page.get_by_role("button", name="To start", exact=True).tap()
    at_step(page, 0)
    chart = page.locator('[data-chart="accuracy"] svg')
    chart.scroll_into_view_if_needed()
    box = chart.bounding_box()
    assert box is not None
    page.touchscreen.tap(box["x"] + box["width"] - 14, box["y"] + 40)
    at_step(page, 1)  # the last step there is
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    small = """() => [...document.querySelectorAll("main button:not(p *, .term *)")].filter((each) => {
        const { width, height } = each.getBoundingClientRect();
        return width > 0 && (width < 24 || height < 24);
    }).map((each) => each.ariaLabel || each.innerText)"""
    assert page.evaluate(small) == []
