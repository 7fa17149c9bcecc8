"""Map: points, neighbours and mistakes are the engine's; by pointer, keyboard and finger; the drawing travels along."""

from __future__ import annotations

import numpy as np
import pytest
from playwright.sync_api import Browser, Locator, expect

import pellucid as pl
from studio.browser.visitor import Visitor


@pytest.fixture
def mapper(visitor: Visitor) -> Visitor:
    visitor.open("#/map?x=test-8")
    visitor.page.locator("[data-neighbour]").nth(7).wait_for()
    visitor.settle()
    return visitor


def images_of(visitor: Visitor) -> tuple[np.ndarray, np.ndarray]:
    """The images on the map, and their classes."""
    count = int(visitor.page.locator("[data-points]").get_attribute("data-points") or -1)
    text = visitor.page.locator("section[aria-label='Map']").inner_text()
    name = "mnist" if "of 10,000" in text else "digits"
    test = pl.data.load(name).test
    indices = np.sort(np.random.default_rng(0).permutation(len(test))[:count])
    return test.images[indices], test.labels[indices]


def check_neighbours(visitor: Visitor, column: int, query: np.ndarray) -> None:
    """Compare the neighbours on the page with those in a layer's space."""
    net, (images, _) = pl.load("digits-sigmoid"), images_of(visitor)
    values = pl.inspect.layer_values(net, images)[column]
    own = pl.inspect.layer_values(net, query.reshape(1, 28, 28))[column][0]
    visitor.page.locator(f"[data-column='{column}']").wait_for()
    visitor.settle()
    away = np.sort(np.linalg.norm(values - own, axis=1))
    found = visitor.page.locator("[data-neighbour]")
    shown = [float(each.get_attribute("data-distance") or "nan") for each in found.all()]
    begin = 1 if away[0] < 1e-6 and shown[0] > 1e-6 else 0
    np.testing.assert_allclose(shown, away[begin : begin + 8], rtol=1e-3, atol=1e-4)


def middle(place: Locator) -> tuple[float, float, float, float]:
    box = place.bounding_box()
    assert box is not None
    return box["x"], box["y"], box["width"], box["height"]


def test_the_way_is_gone_by_keyboard_and_its_error_is_stated(mapper: Visitor) -> None:
    page, net = mapper.page, pl.load("digits-sigmoid")
    images, _ = images_of(mapper)
    values = pl.inspect.layer_values(net, images)
    maps = pl.inspect.layer_maps(values)
    page.get_by_role("slider", name="Way through the network").focus()
    for column in range(4):
        said = page.locator(f"[data-layer='{column}']")
        said.wait_for()
        assert float(said.get_attribute("data-variance") or "nan") == pytest.approx(maps[column].variance, rel=1e-3)
        kept = pl.inspect.neighbours_kept(values[column], maps[column].points)
        assert float(said.get_attribute("data-kept") or "nan") == pytest.approx(kept, abs=0.005)
        check_neighbours(mapper, column, pl.data.load("mnist").test.images[8])
        page.keyboard.press("ArrowRight")
    page.keyboard.press("Home")
    page.locator("[data-layer='0']").wait_for()
    page.get_by_role("button", name="hidden layer 2", exact=True).click()
    page.locator("[data-layer='2']").wait_for()


def test_nothing_is_measured_between_layers(mapper: Visitor) -> None:
    page = mapper.page
    x, y, width, height = middle(page.get_by_role("slider", name="Way through the network"))
    page.mouse.move(x + 8, y + height / 2)
    page.mouse.down()
    page.mouse.move(x + width / 2, y + height / 2, steps=4)
    expect(page.get_by_text("nothing is measured between layers")).to_be_visible()
    expect(page.locator("[data-variance]")).to_have_count(0)
    expect(page.get_by_role("slider", name="Way through")).to_have_attribute(
        "aria-valuetext", "between hidden layer 1 and hidden layer 2"
    )
    page.mouse.up()
    page.locator("[data-variance]").wait_for()


def test_the_drawing_travels_while_it_is_drawn(mapper: Visitor) -> None:
    page = mapper.page
    cloud = page.locator("[data-own]")
    before = cloud.get_attribute("data-own")
    mapper.draw("7")
    mapper.settle()
    expect(cloud).not_to_have_attribute("data-own", before or "")
    page.get_by_role("button", name="output layer").click()
    check_neighbours(mapper, 3, np.round(mapper.pixels() * 255).astype(np.uint8))


def test_points_are_walked_by_keyboard_and_opened(mapper: Visitor) -> None:
    page = mapper.page
    cloud = page.get_by_role("slider", name="Map of the images")
    expect(cloud).to_have_attribute("aria-valuetext", "your drawing")
    cloud.focus()
    page.keyboard.press("ArrowRight")
    page.locator("[data-position]:not([data-position='own'])").wait_for()
    position = int(page.locator("[data-position]").get_attribute("data-position") or -1)
    images, labels = images_of(mapper)
    expect(cloud).to_have_attribute("aria-valuenow", str(position + 1))
    assert f"class {labels[position]}" in (cloud.get_attribute("aria-valuetext") or "")
    check_neighbours(mapper, 0, images[position])
    page.keyboard.press("Enter")
    mapper.settle()
    assert mapper.scene()["x"].startswith("test-")
    page.keyboard.press("Home")
    expect(cloud).to_have_attribute("aria-valuetext", "your drawing")


def test_a_line_around_images_and_its_keyboard_alternative_lead_to_the_mistakes(mapper: Visitor) -> None:
    page, net = mapper.page, pl.load("digits-sigmoid")
    images, labels = images_of(mapper)
    wrong = net(images).argmax(axis=1) != labels
    x, y, width, height = middle(page.locator(".cloud"))
    page.mouse.move(x + 3, y + 3)
    page.mouse.down()
    for across, up in ((1, 0), (1, 1), (0, 1)):
        page.mouse.move(x + 3 + across * (width - 6), y + 3 + up * (height - 6), steps=3)
    page.mouse.up()
    said = page.locator("[data-selected]")
    expect(said).to_have_attribute("data-selected", str(len(images)))
    expect(said).to_have_attribute("data-wrong", str(int(wrong.sum())))
    page.get_by_role("button", name="Class 5").focus()
    page.keyboard.press("Enter")
    expect(said).to_have_attribute("data-selected", str(int((labels == 5).sum())))
    expect(said).to_have_attribute("data-wrong", str(int((wrong & (labels == 5)).sum())))
    page.get_by_role("button", name="misread:").press("Enter")
    expect(said).to_have_attribute("data-selected", str(int(wrong.sum())))
    first = page.locator("[data-mistake]").first
    index = first.get_attribute("data-mistake")
    first.click()
    mapper.settle()
    assert mapper.scene()["x"] == f"test-{index}"


def test_the_pointer_shows_true_neighbours_and_opens(mapper: Visitor) -> None:
    page = mapper.page
    x, y, width, height = middle(page.locator(".cloud"))
    page.mouse.move(x + width / 2, y + height / 2)
    page.locator("[data-position]:not([data-position='own'])").wait_for()
    mapper.settle()
    position = int(page.locator("[data-position]").get_attribute("data-position") or -1)
    check_neighbours(mapper, 0, images_of(mapper)[0][position])
    page.mouse.click(x + width / 2, y + height / 2)
    mapper.settle()
    assert mapper.scene()["x"] != "test-8"


def test_it_is_used_by_finger(browser: Browser, link: str) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    try:
        visitor = Visitor(context, link, "#/map?x=test-8")
        page = visitor.page
        page.locator("[data-neighbour]").first.wait_for()
        page.get_by_role("button", name="output layer").tap()
        page.locator("[data-layer='3']").wait_for()
        page.get_by_role("button", name="misread:").tap()
        page.locator("[data-mistake]").first.wait_for()
        page.locator("[data-mistake]").first.tap()
        visitor.settle()
        assert visitor.scene()["x"] != "test-8"
        assert visitor.complaints == []
    finally:
        context.close()


def test_it_follows_the_training_and_goes_back_to_any_step(mapper: Visitor) -> None:
    page = mapper.page
    step = page.locator("[data-map-step]")
    cloud = page.locator("[data-points]")
    page.get_by_role("button", name="hidden layer 1", exact=True).click()
    page.locator("[data-layer='1']").wait_for()
    cloud.focus()
    page.keyboard.press("ArrowRight")
    pointed = cloud.get_attribute("aria-valuetext")
    before = page.locator("[data-variance]").get_attribute("data-variance")
    page.get_by_role("button", name="Train", exact=True).click()
    for _ in range(3):
        seen = step.get_attribute("data-map-step")
        expect(step).not_to_have_attribute("data-map-step", seen or "", timeout=20_000)
    expect(page.locator("[data-layer='1']")).to_contain_text("when the network rests")
    page.get_by_role("button", name="Pause", exact=True).click()
    page.locator("[data-kept]").wait_for()
    mapper.settle()
    assert (cloud.get_attribute("aria-valuetext") or "").split(",")[0] == (pointed or "").split(",")[0]
    assert page.locator("[data-variance]").get_attribute("data-variance") != before
    slider = page.get_by_role("slider", name="Step of the training")
    slider.focus()
    page.keyboard.press("Home")
    expect(step).to_have_attribute("data-map-step", "0")
    page.locator("[data-kept]").wait_for()
    mapper.settle()
    after = page.locator("[data-variance]").get_attribute("data-variance")
    assert float(after or "nan") == pytest.approx(float(before or "nan"), rel=1e-6)
    page.keyboard.press("End")
    expect(step).not_to_have_attribute("data-map-step", "0")
