"""Tables in the browser: rows set by pointer and keyboard, numbers of the engine, learning, values, other grids."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, expect

import pellucid as pl
from pellucid.data.columns import Columns
from studio.browser.conftest import Server
from studio.browser.visitor import Visitor
from studio.tables import FEATURES, write_flowers, write_houses


@pytest.fixture
def florist(visit_studio: Callable[..., Visitor], tmp_path: Path) -> Visitor:
    """Somebody with a table of flowers."""
    path = write_flowers(tmp_path / "flowers.csv")
    return visit_studio("--data", str(path), "--label", "species", "--standardize", place="#/read")


@pytest.fixture
def agent(visit_studio: Callable[..., Visitor], tmp_path: Path) -> Visitor:
    """Somebody with a table of houses and their prices."""
    path = write_houses(tmp_path / "houses.csv")
    return visit_studio("--data", str(path), "--label", "price", "--standardize", place="#/learn")


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory, link: str) -> Iterator[str]:
    """The link of a studio with a table of houses; ``link`` skips where there is no page or no browser."""
    home = tmp_path_factory.mktemp("tables")
    path = write_houses(home / "houses.csv")
    with Server(home, "--data", str(path), "--label", "price") as server:
        yield server.link


@pytest.fixture
def visit_tables(browser: Browser, tables: str) -> Iterator[Callable[..., Visitor]]:
    """Somebody with a device of their own before that studio."""
    visitors: list[Visitor] = []

    def visit(**options: Any) -> Visitor:
        visitors.append(Visitor(browser.new_context(**options), tables, "#/read"))
        return visitors[-1]

    yield visit
    for visitor in visitors:
        visitor.context.close()
        assert visitor.complaints == []


def train(visitor: Visitor, steps: int) -> None:
    page = visitor.page
    page.get_by_role("button", name="Train", exact=True).click()
    page.wait_for_function(f"() => Number(document.querySelector('[data-step]').dataset.step) > {steps}")
    page.get_by_role("button", name="Pause", exact=True).click()
    page.locator('[data-state="paused"]').wait_for()
    visitor.settle()


def saved(visitor: Visitor, path: Path) -> pl.Network:
    """The network as the page saves it."""
    visitor.page.get_by_role("button", name="Network:").click()
    with visitor.page.expect_download() as download:
        visitor.page.get_by_role("button", name="Save to a file").click()
    download.value.save_as(path)
    return pl.load(path)


def prepared(net: pl.Network, row: list[float]) -> np.ndarray:
    columns = Columns.of_record(net.record)
    assert columns is not None
    return columns.prepare(row)


def set_feature(visitor: Visitor, name: str, value: str) -> None:
    field = visitor.page.get_by_label(name, exact=True)
    field.fill(value)
    field.press("Enter")
    visitor.settle()


def test_a_row_is_set_and_every_number_is_the_engines(florist: Visitor, tmp_path: Path) -> None:
    page, row = florist.page, [5.1, 3.5, 4.4, 1.3]
    for name, value in zip(FEATURES, row, strict=True):
        set_feature(florist, name, str(value))
    net = saved(florist, tmp_path / "net.safetensors")
    trace = net.trace(prepared(net, row))
    assert florist.reading == str(net.read(prepared(net, row)))
    page.locator('[data-neuron="1-2"]').click()
    terms = net.layers[0].weight[2] * prepared(net, row)
    for index in range(4):
        told = page.locator(f'[data-feature="{index}"] [data-term]').get_attribute("data-term")
        assert float(told or "nan") == pytest.approx(float(terms[index]), rel=1e-4, abs=1e-6)
    first = page.locator(".terms li button").first.inner_text()
    assert FEATURES[int(np.abs(terms).argmax())] in first
    assert florist.number(first) == pytest.approx(float(terms[np.abs(terms).argmax()]), abs=6e-4)
    page.get_by_role("button", name="Show as tables").click()
    tables = page.get_by_role("region", name="The network as tables").locator("table")
    hidden = [each.locator("td").all_inner_texts() for each in tables.nth(2).locator("tbody tr").all()]
    for cells, z, a in zip(hidden, trace[0].sums, trace[0].activations, strict=True):
        assert florist.number(cells[1]) == pytest.approx(float(z), abs=6e-4)
        assert florist.number(cells[2]) == pytest.approx(float(a), abs=6e-4)
    assert tables.last.locator("th[scope=row]").all_inner_texts() == [f"feature {name}" for name in FEATURES]


def test_a_slider_moves_a_value_and_the_link_carries_the_row(florist: Visitor) -> None:
    page = florist.page
    before = florist.reading
    slider = page.get_by_label("petal length, slider")
    box = slider.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] * 0.95, box["y"] + box["height"] / 2)
    florist.settle()
    value = float(page.get_by_label("petal length", exact=True).input_value())
    assert value > 5
    assert florist.reading != before
    row = [float(each) for each in florist.scene()["v"].split("_")]
    assert row[2] == pytest.approx(value)
    words, link = florist.reading, page.url
    page.get_by_role("button", name="Next test row").click()
    florist.settle()
    assert "x" in florist.scene()
    expect(page.locator("[data-verdict]")).to_have_count(1)
    page.goto(link)
    page.get_by_text("petal length").first.wait_for()
    florist.settle()
    assert float(page.get_by_label("petal length", exact=True).input_value()) == pytest.approx(value)
    assert florist.reading == words


def test_a_row_is_walked_by_keyboard_alone(florist: Visitor) -> None:
    page, keys = florist.page, florist.page.keyboard
    page.get_by_label("Test row number").focus()
    for _ in range(3):
        keys.press("Tab")
    assert page.evaluate("document.activeElement.getAttribute('aria-label')") == "sepal length"
    before = float(page.get_by_label("sepal length", exact=True).input_value())
    keys.press("ArrowUp")
    florist.settle()
    assert float(page.get_by_label("sepal length", exact=True).input_value()) == pytest.approx(before + 0.1, abs=0.01)
    keys.press("Tab")
    assert page.evaluate("document.activeElement.getAttribute('aria-label')") == "sepal length, slider"
    keys.press("End")
    florist.settle()
    ends = page.get_by_label("sepal length, slider").evaluate("(each) => [each.value, each.max].map(Number)")
    assert ends[0] == ends[1]
    inputs = page.get_by_role("slider", name="Inputs")
    inputs.focus()
    keys.press("ArrowDown")
    assert (inputs.get_attribute("aria-valuetext") or "").startswith("feature sepal width:")
    assert page.locator("li.lit .name").inner_text() == "sepal width"


def test_learning_turning_and_nudging_on_a_table(florist: Visitor, tmp_path: Path) -> None:
    page = florist.page
    florist.room("Learn")
    expect(page.get_by_label("data set", exact=True)).to_have_value("flowers.csv")
    expect(page.get_by_label("standardise features")).to_be_checked()
    expect(page.get_by_text("augmentation")).to_have_count(0)
    train(florist, 600)
    expect(page.get_by_role("region", name="Confusion matrix").locator("th[scope=row]")).to_have_count(3)
    florist.room("Turn")
    assert florist.accuracy() > 0.85
    page.get_by_label("Find a knob by name").fill("feature petal width → hidden layer 1, neuron 3")
    page.keyboard.press("Enter")
    expect(page.locator("h2", has_text="petal width")).to_be_visible()
    value = page.get_by_label("value", exact=True)
    value.fill("-2.5")
    value.press("Enter")
    florist.settle()
    net = saved(florist, tmp_path / "turned.safetensors")
    assert net.layers[0].weight[3, 3] == np.float32(-2.5)
    florist.room("Nudge")
    page.get_by_role("button", name="Next test row").click()
    florist.settle()
    page.locator("ol.stages li").last.get_by_role("button").click()
    expect(page.locator("h2", has_text="Back to the features")).to_be_visible()
    page.get_by_role("button", name="Check feature", exact=False).first.click()
    expect(page.locator("[data-agrees=true]")).to_be_visible()


def test_values_are_shown_as_values(agent: Visitor, tmp_path: Path) -> None:
    page = agent.page
    train(agent, 6000)
    panel = page.get_by_role("region", name="Predicted and true values")
    score = float(panel.locator("[data-r-squared]").get_attribute("data-r-squared") or "nan")
    net = saved(agent, tmp_path / "net.safetensors")
    test = pl.data.load(tmp_path / "houses.csv", label="price").test
    outputs = net(Columns.of_record(net.record).prepare(test.images))
    errors = ((outputs - test.targets) ** 2).sum()
    assert score == pytest.approx(1 - errors / ((test.targets - test.targets.mean()) ** 2).sum(), abs=1e-4)
    expect(panel.locator("circle")).to_have_count(len(test))
    panel.get_by_role("slider").focus()
    page.keyboard.press("Home")
    page.keyboard.press("Enter")
    agent.settle()
    assert page.url.split("#")[1].startswith("/read")
    example = int(agent.scene()["x"].removeprefix("test-"))
    assert example == int(test.targets[:, 0].argmin())
    assert agent.said.startswith("price ")
    assert agent.number(agent.said) == pytest.approx(float(outputs[example, 0]), rel=1e-3)
    assert float(page.locator("[data-targets]").get_attribute("data-targets")) == pytest.approx(
        float(test.targets[example, 0])
    )
    agent.room("Nudge")
    target = page.get_by_label("Target of price")
    expect(target).not_to_have_value("")
    target.fill("100")
    target.press("Enter")
    agent.settle()
    cost = float(page.locator("[data-cost]").get_attribute("data-cost") or "nan")
    assert cost == pytest.approx((float(outputs[example, 0]) - 100) ** 2, rel=1e-3)
    assert "digit" not in page.locator("main").inner_text()


def test_many_features_are_found_by_name(visit_studio: Callable[..., Visitor], tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    names = [f"measurement {index:02}" for index in range(90)]
    rows = [",".join([*(f"{v:.3f}" for v in rng.normal(at % 2, 1, 90)), "ab"[at % 2] + "-kind"]) for at in range(60)]
    path = tmp_path / "many.csv"
    path.write_text("\n".join([",".join([*names, "kind"]), *rows]) + "\n", encoding="utf-8")
    visitor = visit_studio("--data", str(path), place="#/read")
    page = visitor.page
    expect(page.locator("[data-feature]")).to_have_count(90)
    page.get_by_label("Find a feature").fill("ment 47")
    expect(page.locator("[data-feature]")).to_have_count(1)
    set_feature(visitor, "measurement 47", "1.25")
    assert float(page.get_by_label("measurement 47", exact=True).input_value()) == 1.25
    assert "v" not in visitor.scene()  # too many for a link
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize("shape", [(8, 8), (16, 24)])
def test_other_grids_have_a_pad_of_their_shape(
    visit_studio: Callable[..., Visitor], tmp_path: Path, shape: tuple[int, int]
) -> None:
    images = np.zeros((80, *shape), np.uint8)
    for at, image in enumerate(images):
        middle = (shape[1] if at % 2 else shape[0]) // 2
        image[(slice(None), middle) if at % 2 else (middle, slice(None))] = 255
    np.savez(tmp_path / "lines.npz", images=images, labels=np.arange(80) % 2)
    visitor = visit_studio("--data", str(tmp_path / "lines.npz"), place="#/learn")
    train(visitor, 300)
    visitor.room("Read")
    box = visitor.pad.bounding_box()
    assert box is not None
    assert box["width"] / box["height"] == pytest.approx(shape[1] / shape[0], rel=0.02)
    expect(visitor.page.get_by_role("region", name="Centring")).to_have_count(0)
    visitor.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 0.06 * box["height"])
    visitor.page.mouse.down()
    visitor.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 0.94 * box["height"], steps=8)
    visitor.page.mouse.up()
    visitor.settle()
    assert visitor.reading.startswith("1")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("room", ["Read", "Turn", "Learn", "Nudge"])
def test_axe_finds_nothing_serious(visit_tables: Callable[..., Visitor], axe: str, room: str, scheme: str) -> None:
    visitor = visit_tables(viewport={"width": 1440, "height": 900}, color_scheme=scheme, reduced_motion="reduce")
    visitor.room(room)
    visitor.settle()
    if room == "Nudge":
        visitor.page.get_by_role("button", name="Average the first").click()
        visitor.page.locator("[data-batch-cost]").wait_for()
    visitor.page.evaluate(axe + "; undefined")
    found = visitor.page.evaluate("axe.run().then(({ violations }) => violations)")
    serious = {
        each["id"]: [node["html"][:160] for node in each["nodes"]]
        for each in found
        if each["impact"] in ("serious", "critical")
    }
    assert serious == {}, json.dumps(serious, indent=1)


@pytest.mark.parametrize("width", [390, 820, 1440])
def test_nothing_is_wider_than_the_screen(visit_tables: Callable[..., Visitor], width: int) -> None:
    visitor = visit_tables(viewport={"width": width, "height": 844})
    for room in ("Read", "Turn", "Learn", "Nudge"):
        visitor.room(room)
        visitor.settle()
        assert visitor.page.evaluate("document.documentElement.scrollWidth") <= width
        wide = "(all) => all.filter((each) => each.scrollWidth > each.clientWidth + 1).map((each) => each.ariaLabel)"
        assert visitor.page.locator(".panel").evaluate_all(wide) == []
