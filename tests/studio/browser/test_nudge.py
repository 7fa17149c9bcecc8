"""Nudge: every number of every stage is what `pellucid.inspect` says, and every one can be checked and acted on."""

from __future__ import annotations

import re

import numpy as np
import pytest
from playwright.sync_api import Locator, expect

import pellucid as pl
from pellucid.inspect.backward import Backpropagation
from studio.browser.visitor import Visitor

INDEX = 8


@pytest.fixture
def nudger(visitor: Visitor) -> Visitor:
    visitor.open(f"#/read?x=test-{INDEX}")
    visitor.settle()
    visitor.room("Nudge")
    visitor.page.locator("[data-cost]").wait_for()
    visitor.settle()
    return visitor


@pytest.fixture
def told(nudger: Visitor) -> Backpropagation:
    """What the engine says of the same picture."""
    name = "mnist" if nudger.page.get_by_text("of mnist").count() or _has_mnist(nudger) else "digits"
    image, label = pl.data.load(name).test[INDEX]
    return pl.inspect.backpropagate(pl.load("digits-sigmoid"), image, label)


def _has_mnist(nudger: Visitor) -> bool:
    nudger.page.get_by_role("button", name=re.compile("^Network:")).click()
    found = "mnist" in nudger.page.locator(".about").inner_text()
    nudger.page.keyboard.press("Escape")
    return found


def stage(nudger: Visitor, kind: str, layer: int, told: Backpropagation) -> None:
    """Go to a stage by its button."""
    stages = pl.inspect.stages(told)
    number = next(at for at, each in enumerate(stages) if (each.kind, each.layer) == (kind, layer))
    nudger.page.get_by_role("button", name=f"Stage {number + 1}:").click()
    expect(nudger.page.get_by_role("heading", name=stages[number].title, exact=True)).to_be_visible()


def values(nudger: Visitor) -> dict[str, float]:
    rows = nudger.page.locator("tr[data-row]").all()
    return {str(row.get_attribute("data-row")): float(row.get_attribute("data-value") or "nan") for row in rows}


def shown(nudger: Visitor, name: str) -> float:
    return float(nudger.page.locator(f"[{name}]").get_attribute(name) or "nan")


def row(nudger: Visitor, key: str) -> Locator:
    return nudger.page.locator(f'tr[data-row="{key}"]')


def test_every_stage_is_walked_by_arrow_keys_and_told_in_words(nudger: Visitor, told: Backpropagation) -> None:
    stages = pl.inspect.stages(told)
    page = nudger.page
    page.locator("main").focus()
    for number, each in enumerate(stages):
        caption = page.locator(".caption").inner_text().replace("−", "-")
        assert caption.endswith(each.caption)
        assert f"Stage {number + 1} of {len(stages)}" in caption
        page.keyboard.press("ArrowRight")
    expect(page.get_by_role("button", name="Next", exact=True)).to_be_disabled()
    for _ in stages:
        page.keyboard.press("ArrowLeft")
    expect(page.get_by_role("heading", name="Forward")).to_be_visible()


def test_the_numbers_are_the_engines(nudger: Visitor, told: Backpropagation) -> None:
    last = len(told.layers) - 1
    assert shown(nudger, "data-cost") == pytest.approx(told.cost)
    stage(nudger, "cost", last, told)
    np.testing.assert_allclose(list(values(nudger).values()), told.costs, rtol=1e-5, atol=1e-9)
    stage(nudger, "outputs", last, told)
    np.testing.assert_allclose(list(values(nudger).values()), told.wishes, rtol=1e-5)
    for number in reversed(range(last + 1)):
        layer = told.layers[number]
        stage(nudger, "sums", number, told)
        np.testing.assert_allclose(list(values(nudger).values()), -layer.by_sums, rtol=1e-5)
        stage(nudger, "weights", number, told)
        neuron = int(np.abs(layer.by_sums).argmax())
        for key, value in values(nudger).items():
            assert value == pytest.approx(float(-layer.by_weights[neuron, int(key[1:])]), rel=1e-5)
        stage(nudger, "biases", number, told)
        np.testing.assert_allclose(list(values(nudger).values()), -layer.by_biases, rtol=1e-5)
    stage(nudger, "inputs", 1, told)
    rows = values(nudger)
    for neuron, slope in enumerate(told.layers[1].by_inputs):
        assert rows[f"a{neuron}"] == pytest.approx(-float(slope), rel=1e-5)
    asked = sum(value for key, value in rows.items() if key.startswith("t"))
    assert asked == pytest.approx(-float(told.layers[1].by_inputs[np.abs(told.layers[1].by_inputs).argmax()]), rel=1e-4)
    stage(nudger, "pixels", 0, told)
    for key, value in values(nudger).items():
        assert value == pytest.approx(-float(told.layers[0].by_inputs[int(key[1:])]), rel=1e-5)


@pytest.mark.parametrize(("kind", "layer", "key"), [("weights", 0, None), ("inputs", 1, "a3"), ("pixels", 0, None)])
def test_a_number_is_checked_on_screen(
    nudger: Visitor, told: Backpropagation, kind: str, layer: int, key: str | None
) -> None:
    stage(nudger, kind, layer, told)
    chosen = row(nudger, key) if key else nudger.page.locator("tr[data-row]").first
    value = float(chosen.get_attribute("data-value") or "nan")
    chosen.get_by_role("button", name="Check").click()
    verdict = nudger.page.locator("[data-agrees]")
    verdict.wait_for()
    assert verdict.get_attribute("data-agrees") == "true"
    assert float(verdict.get_attribute("data-derivative") or "nan") == pytest.approx(-value, rel=1e-5)
    assert float(verdict.get_attribute("data-difference") or "nan") == pytest.approx(-value, rel=2e-3, abs=1e-5)


def test_a_check_goes_with_the_image_it_was_made_for(nudger: Visitor, told: Backpropagation) -> None:
    stage(nudger, "weights", 0, told)
    nudger.page.locator("tr[data-row]").first.get_by_role("button", name="Check").click()
    nudger.page.locator("[data-agrees]").wait_for()
    nudger.page.get_by_role("button", name="Next test image").click()
    expect(nudger.page.locator("[data-agrees]")).to_have_count(0)


def test_another_class_and_cost_are_wanted(nudger: Visitor, told: Backpropagation) -> None:
    page = nudger.page
    page.get_by_role("group", name="Target digit").get_by_role("button", name="3", exact=True).click()
    page.get_by_role("button", name="squared error").click()
    nudger.settle()
    expected = pl.inspect.backpropagate(told.net, told.x.reshape(28, 28), 3, "squared")
    assert shown(nudger, "data-cost") == pytest.approx(expected.cost, rel=1e-5)
    page.get_by_role("button", name="Stage 3:").click()
    np.testing.assert_allclose(list(values(nudger).values()), expected.wishes, rtol=1e-4, atol=1e-9)


def test_a_mini_batch_is_averaged_and_its_step_taken_and_undone(nudger: Visitor, told: Backpropagation) -> None:
    page = nudger.page
    page.get_by_role("button", name="Average the first 16 training images").click()
    page.locator("[data-mean-nudge]").wait_for()
    nudger.settle()
    name = "mnist" if _has_mnist(nudger) else "digits"
    train = pl.data.load(name).train[:16]
    whole = told.net.gradient(train.images, train.labels)
    assert shown(nudger, "data-batch-cost") == pytest.approx(whole.loss, rel=1e-5)
    wish = shown(nudger, "data-mean-nudge")
    assert wish == pytest.approx(-float(whole.parameters[np.abs(whole.parameters).argmax()]), rel=1e-4)
    page.get_by_role("button", name="Step on the mini-batch").click()
    page.locator("[data-after]").wait_for()
    nudger.settle()
    told.net.parameters[...] -= np.float32(0.1) * whole.parameters
    after = told.net.gradient(train.images, train.labels).loss
    assert shown(nudger, "data-after") == pytest.approx(after, rel=1e-4)
    assert "k" not in nudger.scene()
    page.get_by_role("button", name="Undo the step").click()
    nudger.settle()
    assert shown(nudger, "data-batch-cost") == pytest.approx(whole.loss, rel=1e-5)


def test_a_cleared_pad_stays_empty(nudger: Visitor) -> None:
    nudger.page.get_by_role("button", name="Clear the pad").click()
    nudger.settle()
    nudger.page.wait_for_timeout(600)
    assert "x" not in nudger.scene()
    expect(nudger.page.get_by_text("Draw a digit", exact=True)).to_be_visible()
    expect(nudger.page.locator("[data-cost]")).to_have_count(0)


def test_a_drawing_that_nobody_knows_asks_what_it_is(nudger: Visitor) -> None:
    page = nudger.page
    nudger.draw("7")
    nudger.settle()
    assert "has no label" in page.get_by_role("status").all_inner_texts()[-1]
    expect(page.locator("[data-cost]")).to_have_count(0)
    page.get_by_role("group", name="Target digit").get_by_role("button", name="7", exact=True).click()
    page.locator("[data-cost]").wait_for()
    assert re.search(r"reads \S+ \(output [01]\.\d\d\)", page.locator(".caption").inner_text())
