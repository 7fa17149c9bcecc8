"""Convolve: every cell is the trace's, by pointer, keyboard and finger; filters slide and are turned; pictures move."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

import pellucid as pl
from studio.browser.visitor import Visitor

CONV = "digits-conv"
NET = pl.load(CONV)
TABLE = "section[aria-label='One place in numbers']"


@pytest.fixture
def walker(visitor: Visitor) -> Visitor:
    """Somebody in the room with the shipped network and a test digit."""
    visitor.open("#/convolve?x=test-8")
    visitor.page.locator("[data-place]").wait_for()
    visitor.settle()
    return visitor


@pytest.fixture
def turner(visitor: Visitor) -> Iterator[Visitor]:
    """Somebody who has opened the convolutional network itself; the session is left as the others expect it."""
    visitor.open("#/convolve?n=digits-conv&x=test-8")
    visitor.page.get_by_label("Turn the chosen weight").wait_for()
    visitor.settle()
    yield visitor
    visitor.open("#/read?n=digits-sigmoid")


def picture(page: Page) -> np.ndarray:
    """The test image that is shown."""
    name = "mnist" if pl.data.mnist.is_available() else "digits"
    return pl.data.load(name).test.images[8]


def place(page: Page) -> tuple[int, int, int, int]:
    layer, channel, row, column = map(int, (page.locator("[data-place]").get_attribute("data-place") or "").split(","))
    return layer, channel, row, column


def number(page: Page, name: str) -> float:
    return float(page.locator(TABLE).get_attribute(name) or "nan")


def check_place(page: Page, image: np.ndarray, net: pl.Network = NET) -> None:
    """The numbers of the place are the trace's, and its products add up to them."""
    layer, channel, row, column = place(page)
    seen = net.trace(image)[layer]
    assert number(page, "data-sum") == pytest.approx(float(seen.sums[channel, row, column]), abs=1e-6)
    assert number(page, "data-activation") == pytest.approx(float(seen.activations[channel, row, column]), abs=1e-6)
    assert number(page, "data-added") == pytest.approx(float(seen.sums[channel, row, column]), rel=1e-4, abs=1e-5)
    field = page.locator("[data-field]").get_attribute("data-field")
    assert field == ",".join(map(str, pl.inspect.receptive_field(net, layer, row, column)))


def test_any_cell_of_any_map_is_the_traces(walker: Visitor) -> None:
    page = walker.page
    image = picture(page)
    for layer, channel in [(0, 3), (1, 11), (2, 31), (3, 5), (4, 20), (5, 63)]:
        tile = page.locator(f'[data-map="{layer}-{channel}"]')
        box = tile.bounding_box()
        assert box is not None
        tile.click(position={"x": 0.7 * box["width"], "y": 0.3 * box["height"]})
        chosen = place(page)
        assert chosen[:2] == (layer, channel)
        check_place(page, image)
        if NET.layers[layer].kind == "conv2d":
            page.locator(f"{TABLE}[data-engine]").wait_for()
            assert number(page, "data-engine") == pytest.approx(number(page, "data-sum"), abs=1e-6)
    products = page.locator(f"{TABLE} [data-product]")
    show = page.get_by_role("button", name="show all")
    show.click()
    values = [float(each.get_attribute("data-product") or "nan") for each in products.all()]
    layer, channel, row, column = place(page)
    terms = NET.trace(image)[layer].terms(channel, row, column)
    np.testing.assert_allclose(np.sort(values), np.sort(terms.reshape(-1)), rtol=1e-5, atol=1e-7)


def test_the_filter_is_dragged_played_and_moved_by_keys(walker: Visitor) -> None:
    page = walker.page
    image = picture(page)
    page.locator('[data-map="0-2"]').click()
    window = page.locator("[data-window]")
    box = window.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + 2, box["y"] + 2, steps=4)
    assert place(page) == (0, 2, 0, 0)
    page.mouse.move(box["x"] + box["width"] - 2, box["y"] + box["height"] / 2, steps=4)
    page.mouse.up()
    assert place(page)[3] == 23
    check_place(page, image)
    window.focus()
    page.keyboard.press("Home")
    page.keyboard.press("PageUp")
    assert place(page) == (0, 2, 0, 0)
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    assert place(page) == (0, 2, 1, 1)
    assert window.get_attribute("data-window") == "1,1,6,6"
    check_place(page, image)
    page.get_by_role("button", name="Play").click()
    expect(page.locator("[data-place]")).not_to_have_attribute("data-place", "0,2,1,1")
    page.get_by_role("button", name="Pause").click()
    check_place(page, image)


def test_one_goes_from_the_pool_to_its_winner_and_back(walker: Visitor) -> None:
    page = walker.page
    image = picture(page)
    page.locator('[data-map="1-7"]').focus()
    page.keyboard.press("Enter")  # the largest place of the map
    _, _, row, column = place(page)
    maps = NET.trace(image)[1].activations[7]
    assert (row, column) == np.unravel_index(int(maps.argmax()), maps.shape)
    page.locator(f"{TABLE} button.winner").click()
    layer, _channel, row, column = place(page)
    assert layer == 0
    before = NET.trace(image)[0].activations[7]
    assert before[row, column] == maps.max()
    expect(page.locator(f"{TABLE} [data-pool]")).to_have_attribute("data-pool", "true")
    page.get_by_role("button", name="Go there").click()
    assert place(page)[:2] == (1, 7)
    page.keyboard.press("Tab")
    page.locator('[data-map="1-7"]').focus()
    for key, expected in [("ArrowRight", "1-8"), ("ArrowDown", "2-22"), ("End", "2-31"), ("Home", "2-0")]:
        page.keyboard.press(key)
        assert page.evaluate("document.activeElement.dataset.map") == expected
        check_place(page, image)


def test_ones_own_drawing_goes_through_every_map(walker: Visitor) -> None:
    page = walker.page
    walker.draw("7")
    walker.settle()
    for layer, channel in [(0, 5), (3, 9)]:
        page.locator(f'[data-map="{layer}-{channel}"]').click()
        check_place(page, walker.pixels())


def test_a_turned_weight_changes_the_map_and_its_sum(turner: Visitor) -> None:
    page = turner.page
    net = NET.copy()
    ink = np.argwhere(picture(page)[2:-2, 2:-2] > 200)[0]  # where the middle of the filter lies on ink
    tile = page.locator('[data-map="0-4"]')
    box = tile.bounding_box()
    assert box is not None
    tile.click(position={"x": (ink[1] + 0.5) * box["width"] / 24, "y": (ink[0] + 0.5) * box["height"] / 24})
    assert place(page) == (0, 4, *ink)
    page.locator('[data-weight="12"]').click()
    field = page.get_by_label("Value of the chosen weight")
    field.fill("1.5")
    field.press("Enter")
    turner.settle()
    net.layers[0].weight[4, 0, 2, 2] = 1.5
    check_place(page, picture(page), net)
    before = number(page, "data-sum")
    slider = page.get_by_label("Turn the chosen weight")
    slider.focus()
    page.keyboard.press("ArrowLeft")
    turner.settle()
    expect(page.locator(TABLE)).not_to_have_attribute("data-sum", str(before))
    page.get_by_role("button", name="undo", exact=True).click()
    turner.settle()
    check_place(page, picture(page), net)


def test_moved_pictures_are_read_by_the_same_two_networks(walker: Visitor) -> None:
    page = walker.page
    image = picture(page)
    pad = page.get_by_label("The picture that both networks read")
    pad.focus()
    for key in ("ArrowRight", "ArrowRight", "ArrowRight", "ArrowUp"):
        page.keyboard.press(key)
    expect(page.locator("[data-move]")).to_have_attribute("data-move", "3,-1,")
    moved = np.zeros_like(image)
    moved[:-1, 3:] = image[1:, :-3]
    page.locator("[data-score]").wait_for()
    walker.settle()
    check_place(page, moved)
    check_readings(page, moved)
    page.get_by_role("button", name="Shuffle all pixels").click()
    page.get_by_role("button", name="back in place").wait_for()
    order = np.random.default_rng(1).permutation(784)
    shuffled = moved.reshape(-1)[order].reshape(28, 28)
    walker.settle()
    check_place(page, shuffled)
    check_readings(page, shuffled)
    expect(page.get_by_text("These are the same networks, not trained for this")).to_be_visible()
    page.get_by_role("button", name="back in place").click()
    walker.settle()
    check_place(page, image)


def check_readings(page: Page, moved: np.ndarray) -> None:
    for which, name in (("convolutional", CONV), ("dense", "digits-relu")):
        said = page.locator(f'[data-reads="{which}"]')
        expect(said).to_contain_text(f"{pl.load(name)(moved).argmax()}:")


def test_four_new_networks_are_trained_on_request(walker: Visitor) -> None:
    page = walker.page
    page.get_by_role("button", name="Train four new networks").click()
    page.locator('[data-retrained="4"]').wait_for(timeout=120_000)
    scores = [
        float(each.get_attribute("data-retrained-score") or "nan")
        for each in page.locator("[data-retrained-score]").all()
    ]
    assert len(scores) == 4
    assert min(scores) > 0.6
    expect(page.get_by_role("button", name="Train four new networks")).to_be_enabled()


def test_read_turn_and_nudge_show_maps_and_their_numbers(turner: Visitor) -> None:
    page = turner.page
    turner.room("Read")
    page.locator('[data-neuron="1-3"]').click()
    expect(page.get_by_role("heading", name="layer 1, convolution, channel 3")).to_be_visible()
    largest = NET.trace(picture(page))[0].activations[3].max()
    expect(page.get_by_text(f"largest activation {largest:.3f} at").first).to_be_visible()
    page.locator('[data-neuron="9-5"]').click()
    expect(page.get_by_role("heading", name="output 5")).to_be_visible()
    turner.room("Turn")
    page.get_by_label("Find a knob").fill("layers[2].weight[7, 5, 2, 1]")
    page.get_by_label("Find a knob").press("Enter")
    expect(
        page.get_by_role("heading", name="weight (2, 1) of input channel 5 → layer 3, convolution, channel 7")
    ).to_be_visible()
    turner.room("Nudge")
    page.locator("[data-cost]").wait_for()
    page.get_by_role("button", name="Stage 5:", exact=False).click()
    page.get_by_role("button", name="Check ", exact=False).first.click()
    expect(page.locator("[data-agrees]")).to_have_attribute("data-agrees", "true")


def test_lenet_is_chosen_as_a_plan_and_learns(visitor: Visitor) -> None:
    page = visitor.page
    visitor.room("Learn")
    page.get_by_label("data set", exact=True).select_option("digits")
    page.get_by_role("button", name="LeNet-5", exact=True).click()
    expect(page.get_by_text("784-6c-16c-120-84-10, 61,706 knobs")).to_be_visible()
    page.get_by_role("button", name="New network").click()
    visitor.settle()
    page.get_by_role("button", name="To next epoch").click()
    page.locator('[data-state="paused"]').wait_for(timeout=120_000)
    visitor.settle()
    expect(page.get_by_role("button", name="layer 3, convolution", exact=True)).to_be_visible()
    assert float(page.locator("[data-strip-accuracy]").get_attribute("data-strip-accuracy") or "nan") > 0.8
    visitor.room("Convolve")
    page.get_by_label("Turn the chosen weight").wait_for()
    expect(page.locator('[data-map="2-15"]')).to_be_visible()


@pytest.fixture
def toucher(browser: Browser, link: str) -> Iterator[Visitor]:
    context: Any = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    made = Visitor(context, link, "#/convolve?x=test-8")
    made.page.locator("[data-place]").wait_for()
    yield made
    context.close()
    assert made.complaints == []


def test_it_works_by_touch_on_a_small_screen(toucher: Visitor) -> None:
    page = toucher.page
    page.locator('[data-map="0-6"]').tap()
    assert place(page)[:2] == (0, 6)
    check_place(page, picture(page))
    window = page.locator("[data-window]")
    window.scroll_into_view_if_needed()
    box = window.bounding_box()
    assert box is not None
    page.touchscreen.tap(box["x"] + box["width"] - 3, box["y"] + 3)
    assert place(page) == (0, 6, 0, 23)
    check_place(page, picture(page))
    page.get_by_role("button", name="Shuffle all pixels").tap()
    page.get_by_role("button", name="back in place").wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    small = """() => [...document.querySelectorAll("main button:not(p *, figcaption *)")].filter((each) => {
        const { width, height } = each.getBoundingClientRect();
        return width > 0 && (width < 24 || height < 24);
    }).map((each) => each.ariaLabel || each.innerText)"""
    assert page.evaluate(small) == []
