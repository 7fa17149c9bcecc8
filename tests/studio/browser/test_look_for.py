"""Look for: every number on the page is the trace's, by pointer, keyboard and finger, channels too."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np
import pytest
from playwright.sync_api import Browser, Locator, expect

import pellucid as pl
from studio.browser.visitor import Visitor

CONV = "digits-conv"


@pytest.fixture
def looker(visitor: Visitor) -> Visitor:
    enter(visitor)
    return visitor


def enter(visitor: Visitor) -> None:
    visitor.open("#/look-for?x=test-8")
    shown(visitor)


def shown(visitor: Visitor) -> None:
    """Wait until everything about the neuron is there."""
    visitor.page.locator("[data-maximum]").nth(1).wait_for()
    visitor.settle()


def images(visitor: Visitor) -> pl.data.Dataset:
    """The test images that the page looked through."""
    count = int(visitor.page.locator("[data-images]").get_attribute("data-images") or 0)
    total = visitor.page.locator("[data-images]").inner_text()
    name = "mnist" if "10,000" in total else "digits"
    return pl.data.load(name).test[:count]


def sums(net: pl.Network, layer: int, neuron: int, pictures: np.ndarray) -> np.ndarray:
    return pl.inspect.responses(net, layer, pictures).excitations[:, neuron]


def numbers(places: Locator, name: str) -> np.ndarray:
    return np.array([float(each.get_attribute(name) or "nan") for each in places.all()])


def check_images(visitor: Visitor, which: str, net: pl.Network, layer: int, neuron: int) -> None:
    """The strongest and weakest images are those of the trace."""
    z = sums(net, layer, neuron, images(visitor).images)
    lists = visitor.page.locator(f'[data-which="{which}"] ul')
    for at, order in enumerate((np.sort(z)[::-1], np.sort(z))):
        buttons = lists.nth(at).locator("button")
        np.testing.assert_allclose(numbers(buttons, "data-excitation"), order[:12], rtol=1e-4, atol=1e-4)
        indices = numbers(buttons, "data-index").astype(int)
        np.testing.assert_allclose(z[indices], order[:12], rtol=1e-4, atol=1e-4)


def choose(visitor: Visitor, layer: str, neuron: str) -> None:
    visitor.page.get_by_role("button", name=layer, exact=True).click()
    visitor.page.get_by_role("radio", name=neuron, exact=True).click()
    visitor.settle()
    shown(visitor)


def test_the_numbers_are_the_traces(looker: Visitor) -> None:
    page, net = looker.page, pl.load("digits-sigmoid")
    twin = pl.inspect.untrained_twin(net)
    for layer, (name, neuron) in enumerate(
        [("hidden layer 1", "neuron 3"), ("hidden layer 2", "neuron 5"), ("output layer", "output 7")]
    ):
        choose(looker, name, neuron)
        number = int(neuron.split()[1])
        check_images(looker, "trained", net, layer, number)
        check_images(looker, "twin", twin, layer, number)
        test = images(looker)
        z = sums(net, layer, number, test.images)
        table = page.locator("table").first
        expected = [np.median(z[test.labels == digit]) for digit in range(10)]
        np.testing.assert_allclose(numbers(table.locator("[data-median]"), "data-median"), expected, atol=1e-3)
        aucs = [pl.inspect.auc(z, test.labels == digit) for digit in range(10)]
        np.testing.assert_allclose(numbers(table.locator("[data-auc]"), "data-auc"), aucs, atol=1e-3)
        told = numbers(page.locator("[data-maximum]"), "data-maximum")
        best = test.images[np.argsort(-z, kind="stable")[:4]]
        assert told[0] == pytest.approx(pl.inspect.maximum(net, layer, number, starts=best).excitation, rel=1e-3)
        assert told[0] >= z.max()
        picture = looker.page.locator("[data-excitement]")
        at = float(picture.get_attribute("data-excitement") or "nan")
        assert at == pytest.approx(float(z[8]), rel=1e-4, abs=1e-4)
    assert page.locator("[data-method]").inner_text().startswith("The best of 8 ascents")


def test_a_neuron_is_chosen_in_the_picture_by_arrow_keys_and_by_buttons(looker: Visitor) -> None:
    page = looker.page
    name = page.locator("[data-neuron-name]")
    page.locator('[data-neuron="2-6"]').click()
    expect(name).to_have_text("hidden layer 2, neuron 6")
    expect(page.get_by_role("radio", name="neuron 6", exact=True)).to_be_checked()
    page.get_by_role("radio", name="neuron 6", exact=True).focus()
    page.keyboard.press("ArrowRight")
    expect(name).to_have_text("hidden layer 2, neuron 7")
    page.keyboard.press("End")
    expect(name).to_have_text("hidden layer 2, neuron 15")
    page.keyboard.press("ArrowRight")
    expect(name).to_have_text("hidden layer 2, neuron 0")
    assert page.evaluate("document.activeElement.getAttribute('aria-label')") == "neuron 0"
    page.get_by_role("button", name="Next neuron").click()
    expect(name).to_have_text("hidden layer 2, neuron 1")
    expect(page.locator('[data-neuron="2-1"]')).to_have_attribute("aria-pressed", "true")
    page.locator('[data-neuron="3-4"]').focus()
    page.keyboard.press("Enter")
    expect(name).to_have_text("output 4")
    shown(looker)
    check_images(looker, "trained", pl.load("digits-sigmoid"), 2, 4)


def test_an_image_that_excites_the_neuron_is_read_on_a_click(looker: Visitor) -> None:
    page = looker.page
    button = page.locator('[data-which="trained"] ul').first.locator("button").nth(2)
    button.click()
    looker.settle()
    assert looker.scene()["x"] == f"test-{button.get_attribute('data-index')}"
    expect(button).to_have_attribute("aria-current", "true")
    z = float(page.locator("[data-excitement]").get_attribute("data-excitement") or "nan")
    assert z == pytest.approx(float(button.get_attribute("data-excitation") or "nan"), rel=1e-4)
    expect(page.locator("[data-below]")).to_have_attribute("data-below", "99")


def test_ones_own_drawing_excites_the_neuron_live(looker: Visitor) -> None:
    page = looker.page
    choose(looker, "hidden layer 1", "neuron 2")
    looker.draw("7")
    looker.settle()
    z = float(page.locator("[data-excitement]").get_attribute("data-excitement") or "nan")
    assert z == pytest.approx(float(pl.load("digits-sigmoid").trace(looker.pixels())[0].sums[2]), abs=1e-3)
    meter = page.get_by_role("meter")
    assert float(meter.get_attribute("aria-valuenow") or "nan") == pytest.approx(z)
    test = images(looker)
    below = float((sums(pl.load("digits-sigmoid"), 0, 2, test.images) < z).mean())
    said = page.locator("[data-below]").get_attribute("data-below") or "nan"
    assert abs(100 * below - float(said)) <= 1.01


def test_a_set_of_classes_is_told_apart_as_well_as_the_trace_says(looker: Visitor) -> None:
    page = looker.page
    choose(looker, "hidden layer 2", "neuron 5")
    for digit in "0689":
        page.get_by_role("button", name=f"{digit} in the set").first.click()
    looker.settle()
    test = images(looker)
    expected = pl.inspect.auc(sums(pl.load("digits-sigmoid"), 1, 5, test.images), np.isin(test.labels, [0, 6, 8, 9]))
    said = page.locator("[data-member-auc]")
    assert float(said.get_attribute("data-member-auc") or "nan") == pytest.approx(expected, abs=1e-3)
    expect(said).to_contain_text(f"0, 6, 8, 9 from the others with AUC {expected:.2f}")
    page.get_by_role("button", name="activation a").click()
    a = pl.load("digits-sigmoid").trace(test.images)[1].activations[:, 5]
    medians = numbers(page.locator("table").first.locator("[data-median]"), "data-median")
    np.testing.assert_allclose(medians, [np.median(a[test.labels == digit]) for digit in range(10)], atol=1e-3)


def test_the_quiz_is_played_by_keyboard_and_scored(looker: Visitor) -> None:
    page, net = looker.page, pl.load("digits-sigmoid")
    z = sums(net, 0, 0, images(looker).images)
    right = 0
    page.get_by_role("button", name="Start the quiz").focus()
    page.keyboard.press("Enter")
    for played in range(1, 5):
        page.locator("[data-round]:has(.guess:enabled)").wait_for()
        pair = numbers(page.locator(".guess"), "data-index").astype(int)
        better = int(z[pair[1]] > z[pair[0]])
        page.get_by_role("button", name=("First image", "Second image")[better if played != 2 else 1 - better]).focus()
        page.keyboard.press("Enter")
        page.locator("[data-right]").wait_for()
        right += played != 2
        expect(page.locator(".verdict")).to_have_text("No, it is the other one." if played == 2 else "Right.")
        expect(page.locator('[data-score="trained"]')).to_contain_text(f"{right} of {played} right")
        expect(page.get_by_role("button", name="Next pair")).to_be_focused()
        page.keyboard.press("Enter")
    page.get_by_role("button", name="untrained", exact=True).click()
    page.get_by_role("button", name="Start the quiz").click()
    page.locator(".guess").first.click()
    expect(page.locator('[data-score="twin"]')).to_contain_text("of 1 right")
    expect(page.locator('[data-score="trained"]')).to_contain_text("3 of 4 right")


def test_the_twin_can_be_left_out(looker: Visitor) -> None:
    page = looker.page
    expect(page.locator("[data-maximum]")).to_have_count(2)
    page.get_by_role("button", name="untrained twin").click()
    expect(page.locator("[data-maximum]")).to_have_count(1)
    expect(page.locator('[data-which="twin"]')).to_have_count(0)
    expect(page.locator("table")).to_have_count(1)


def test_turned_knobs_change_every_number(looker: Visitor) -> None:
    page, net = looker.page, pl.load("digits-sigmoid")
    looker.room("Turn")
    page.get_by_label("Find a knob").fill("0 w 0 14 14")
    page.get_by_label("Find a knob").press("Enter")
    page.get_by_label("value", exact=True).fill("9")
    page.get_by_label("value", exact=True).press("Enter")
    looker.settle()
    page.evaluate("location.hash = location.hash.replace('turn', 'look-for')")
    page.get_by_role("main", name="Look for").wait_for()
    shown(looker)
    net.layers[0].weight[0, 14 * 28 + 14] = 9.0
    choose(looker, "hidden layer 1", "neuron 0")
    check_images(looker, "trained", net, 0, 0)
    told = numbers(page.locator("[data-maximum]"), "data-maximum")
    assert told[0] == pytest.approx(pl.inspect.maximum(net, 0, 0).excitation, rel=1e-4)


def test_training_makes_numbers_old_and_its_pause_new(looker: Visitor) -> None:
    page = looker.page
    looker.room("Learn")
    page.get_by_label("data set", exact=True).select_option("digits")
    page.get_by_role("button", name="New network").click()
    looker.settle()
    page.get_by_role("button", name="Train", exact=True).click()
    looker.room("Look for")
    expect(page.get_by_text("Training is running")).to_be_visible()
    strongest = page.locator('[data-which="trained"] button').first
    before = strongest.get_attribute("data-excitation") or ""
    page.get_by_role("button", name="Compute again").click()
    expect(strongest).not_to_have_attribute("data-excitation", before)
    looker.room("Learn")
    page.get_by_role("button", name="Pause", exact=True).click()
    page.locator('[data-state="paused"]').wait_for()
    looker.room("Look for")
    expect(page.get_by_text("Training is running")).to_have_count(0)
    shown(looker)


def test_channels_of_a_convolutional_network_and_what_they_see(looker: Visitor) -> None:
    page, net = looker.page, pl.load(CONV)
    page.get_by_label("Network to look at").select_option(CONV)
    choose(looker, "layer 3, convolution", "channel 7")
    expect(page.locator("[data-neuron-name]")).to_have_text("layer 3, convolution, channel 7")
    check_images(looker, "trained", net, 2, 7)
    expect(page.locator('[data-which="trained"] .seen')).to_have_count(24)
    test = images(looker)
    z = float(page.locator("[data-excitement]").get_attribute("data-excitement") or "nan")
    assert z == pytest.approx(float(sums(net, 2, 7, test.images[8:9])[0]), rel=1e-3, abs=1e-4)
    looker.draw("1")
    looker.settle()
    z = float(page.locator("[data-excitement]").get_attribute("data-excitement") or "nan")
    assert z == pytest.approx(float(sums(net, 2, 7, looker.pixels()[None])[0]), rel=1e-3, abs=1e-3)
    page.get_by_label("Network to look at").select_option("")
    shown(looker)
    expect(page.locator("[data-neuron-name]")).to_contain_text("hidden layer 1")


@pytest.fixture
def toucher(browser: Browser, link: str) -> Iterator[Visitor]:
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    made = Visitor(context, link, "#/look-for?x=test-8")
    shown(made)
    yield made
    context.close()
    assert made.complaints == []


def test_it_works_by_touch_on_a_small_screen(toucher: Visitor) -> None:
    page = toucher.page
    page.get_by_role("radio", name="neuron 4", exact=True).tap()
    expect(page.locator("[data-neuron-name]")).to_have_text("hidden layer 1, neuron 4")
    shown(toucher)
    page.locator('[data-which="trained"] ul').first.locator("button").first.tap()
    toucher.settle()
    assert re.fullmatch(r"test-\d+", toucher.scene()["x"])
    page.get_by_role("button", name="Start the quiz").tap()
    page.locator(".guess").last.tap()
    page.locator("[data-right]").wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    small = """() => [...document.querySelectorAll("main button:not(p *)")].filter((each) => {
        const { width, height } = each.getBoundingClientRect();
        return width > 0 && (width < 24 || height < 24);
    }).map((each) => each.ariaLabel || each.innerText)"""
    assert page.evaluate(small) == []
