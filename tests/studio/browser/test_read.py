"""Read: what is drawn is read as the engine reads it, and every number on the way is the engine's."""

from __future__ import annotations

import re

import numpy as np
import pytest
from playwright.sync_api import expect

import pellucid as pl
from studio.browser.visitor import DIGITS, Visitor


@pytest.fixture(scope="module")
def net() -> pl.Network:
    return pl.load("digits-sigmoid")


@pytest.mark.parametrize("digit", DIGITS)
def test_a_digit_drawn_stroke_by_stroke_is_read_as_the_engine_reads_it(
    visitor: Visitor, net: pl.Network, digit: str
) -> None:
    visitor.draw(digit)
    visitor.settle()
    wanted = net.read(visitor.pixels())
    assert visitor.reading == str(wanted)
    assert visitor.reading.startswith(digit)


def test_sums_and_activations_in_the_table_are_the_engines(visitor: Visitor, net: pl.Network) -> None:
    visitor.draw("3")
    visitor.settle()
    trace = net.trace(visitor.pixels())
    visitor.page.get_by_role("button", name="Show as tables").click()
    tables = visitor.page.get_by_role("region", name="The network as tables").locator("table")
    for table, layer in zip(tables.all()[:3], reversed(trace.layers), strict=True):
        rows = [row.locator("td").all_inner_texts() for row in table.locator("tbody tr").all()]
        assert len(rows) == layer.activations.size
        for row, z, a in zip(rows, layer.sums.reshape(-1), layer.activations.reshape(-1), strict=True):
            assert _number(row[1]) == pytest.approx(float(z), abs=0.0006, rel=0.06)
            assert _number(row[2]) == pytest.approx(float(a), abs=0.0006, rel=0.06)


def test_a_neurons_terms_are_ranked_and_light_their_wire_and_pixel(visitor: Visitor, net: pl.Network) -> None:
    visitor.draw("7")
    visitor.settle()
    page = visitor.page
    page.locator('[data-neuron="1-4"]').click()
    pixels = visitor.pixels().reshape(-1)
    terms = net.layers[0].weight[4] * pixels
    ranking = np.argsort(-np.abs(terms), kind="stable")
    shown = page.locator(".terms li button").all()
    for button, index in zip(shown[:5], ranking[:5], strict=True):
        text = button.inner_text()
        assert f"pixel ({index // 28}, {index % 28})" in text
        assert visitor.number(text) == pytest.approx(float(terms[index]), abs=0.0006)
    expect(page.locator(".lit-wire")).to_have_count(0)
    shown[0].hover()
    expect(page.locator(".lit-wire")).to_have_count(1)
    expect(page.locator(".lit-input")).to_have_count(2)
    assert f"pixel ({ranking[0] // 28}, {ranking[0] % 28})" in page.locator(".readout").inner_text()
    page.get_by_role("button", name="all 784").click()
    expect(page.locator(".terms li")).to_have_count(784)


def test_the_numbers_in_the_formula_add_up(visitor: Visitor, net: pl.Network) -> None:
    visitor.draw("0")
    visitor.settle()
    visitor.page.locator('[data-neuron="2-9"]').click()
    trace = net.trace(visitor.pixels())
    first, second = visitor.page.locator(".formula > p").all_inner_texts()
    z = float(trace.layers[1].sums.reshape(-1)[9])
    assert visitor.number(first) == pytest.approx(z, abs=0.0006)
    terms, bias, total = (_number(text) for text in re.findall(r"[−]?\d+\.\d+", first))
    assert terms + bias == pytest.approx(total, abs=0.0016)
    assert visitor.number(second) == pytest.approx(1 / (1 + np.exp(-z)), abs=0.0006)


def test_exponents_stand_above_the_line(visitor: Visitor) -> None:
    visitor.draw("0")
    visitor.settle()
    for neuron, count in (("2-9", 1), ("3-0", 2)):
        visitor.page.locator(f'[data-neuron="{neuron}"]').click()
        formula = visitor.page.locator(".formula > p").nth(1)
        assert "^" not in formula.inner_text()
        expect(formula.locator("sup")).to_have_count(count)
    expect(visitor.page.locator(".formula svg text")).to_have_count(0)
    visitor.page.locator('[data-neuron="1-0"]').click()
    assert set(visitor.page.locator(".formula svg text").all_text_contents()) >= {"0", "1"}


def test_rows_of_the_tables_are_as_tall_as_their_text(visitor: Visitor) -> None:
    visitor.draw("3")
    visitor.settle()
    visitor.page.get_by_role("button", name="Show as tables").click()
    tables = visitor.page.get_by_role("region", name="The network as tables")
    heights = tables.locator("tr").evaluate_all("(rows) => rows.map((row) => row.getBoundingClientRect().height)")
    assert len(heights) > 40
    assert max(heights) < 36


def test_steps_of_the_centring_are_seen_and_switched(visitor: Visitor, net: pl.Network) -> None:
    visitor.draw("1")
    visitor.settle()
    steps = visitor.page.get_by_label("Centring", exact=True)
    expect(steps.locator("li")).to_have_count(5)
    before = visitor.reading
    steps.get_by_label("crop and scale").uncheck()
    visitor.settle()
    assert visitor.scene()["c"] == "thicken-smooth-mass"
    assert visitor.reading != before
    steps.get_by_label("crop and scale").check()
    visitor.settle()
    assert visitor.reading == before


def test_strokes_are_undone_erased_and_cleared(visitor: Visitor) -> None:
    page = visitor.page
    visitor.draw("1")
    visitor.draw("7")
    visitor.settle()
    two = visitor.scene()["d"]
    page.get_by_role("button", name="Undo the last stroke").click()
    visitor.settle()
    assert visitor.scene()["d"] != two
    page.keyboard.press("Control+Shift+Z")
    visitor.settle()
    assert visitor.scene()["d"] == two
    page.get_by_role("button", name="Eraser").click()
    before = visitor.reading
    visitor.draw("7")
    visitor.settle()
    assert visitor.reading != before
    page.get_by_role("button", name="Clear the pad").click()
    visitor.settle()
    assert visitor.reading == "nothing drawn yet"
    assert "d" not in visitor.scene()


def test_any_test_digit_is_read_and_its_label_told(visitor: Visitor, net: pl.Network) -> None:
    test = pl.data.load("mnist" if "mnist" in _data(visitor) else "digits").test
    visitor.page.get_by_label("Test image number").fill("42")
    visitor.page.get_by_label("Test image number").press("Enter")
    visitor.settle()
    assert visitor.reading == str(net.read(test.images[42]))
    expect(visitor.page.get_by_text(f"label: {test.labels[42]}")).to_be_visible()
    assert visitor.scene()["x"] == "test-42"
    visitor.draw("1")
    visitor.settle()
    assert "x" not in visitor.scene()
    assert visitor.reading.startswith("1")


def test_a_picture_from_a_file_is_read(visitor: Visitor) -> None:
    from io import BytesIO

    from PIL import Image, ImageDraw

    picture = Image.new("L", (300, 300), 255)
    ImageDraw.Draw(picture).line([(150, 40), (148, 150), (146, 260)], fill=0, width=24)
    data = BytesIO()
    picture.save(data, "PNG")
    with visitor.page.expect_response("**/picture?*") as answer:
        visitor.page.get_by_label("Image file").set_input_files(
            {"name": "one.png", "mimeType": "image/png", "buffer": data.getvalue()}
        )
    assert answer.value.status == 204
    visitor.reads("1")
    expect(visitor.page.get_by_label("Centring", exact=True).locator("li")).to_have_count(5)


def test_a_picture_that_is_none_is_refused_in_a_sentence(visitor: Visitor) -> None:
    visitor.page.get_by_label("Image file").set_input_files(
        {"name": "no.png", "mimeType": "image/png", "buffer": b"no picture at all"}
    )
    visitor.page.locator(".notice").wait_for()
    assert len(visitor.page.locator(".notice p").inner_text()) > 20
    visitor.complaints[:] = [text for text in visitor.complaints if "400" not in text]


def _number(text: str) -> float:
    digits = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")
    mantissa, _, power = text.replace("−", "-").partition("·10")
    return float(mantissa) * 10.0 ** float(power.translate(digits) or 0)


def _data(visitor: Visitor) -> str:
    visitor.page.get_by_role("button", name=re.compile("^Network:")).click()
    text = visitor.page.locator(".about").inner_text()
    visitor.page.keyboard.press("Escape")
    return text
