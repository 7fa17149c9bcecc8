"""Turn: a knob turned on the page is a knob of the engine, the accuracy follows, and everything can be undone."""

from __future__ import annotations

import re

import numpy as np
import pytest
from playwright.sync_api import expect

import pellucid as pl
from studio.browser.visitor import Visitor


@pytest.fixture
def turner(visitor: Visitor) -> Visitor:
    visitor.room("Turn")
    visitor.page.locator("[data-accuracy]").wait_for()
    return visitor


def find(visitor: Visitor, name: str) -> None:
    field = visitor.page.get_by_label("Find a knob by name")
    field.fill(name)
    field.press("Enter")
    visitor.settle()


def type_value(visitor: Visitor, value: float) -> None:
    field = visitor.page.get_by_label("value", exact=True)
    field.fill(str(value))
    field.press("Enter")
    visitor.settle()


def changes(visitor: Visitor) -> list[str]:
    return visitor.page.locator("section[aria-label=Changes] li").all_inner_texts()


def test_a_typed_knob_changes_the_accuracy_as_in_the_engine_and_is_undone(turner: Visitor) -> None:
    net, test = pl.load("digits-sigmoid"), _test_images(turner)
    before = turner.accuracy()
    assert before == pytest.approx(_accuracy(net, test), abs=1e-9)
    find(turner, "layers[2].bias[7]")
    expect(turner.page.get_by_role("heading", name="bias of output 7")).to_be_visible()
    type_value(turner, 9.5)
    net.layers[2].bias[7] = 9.5
    assert turner.accuracy() == pytest.approx(_accuracy(net, test), abs=1e-9)
    assert turner.accuracy() < before
    assert turner.scene()["k"] == f"{_index(net, 2, 7)}_9.5"
    assert changes(turner)[0].startswith("bias of output 7: ")
    turner.page.get_by_label("value", exact=True).blur()
    turner.page.keyboard.press("Control+z")
    turner.settle()
    assert turner.accuracy() == before
    assert "k" not in turner.scene()
    turner.page.get_by_role("button", name="Redo the last change").click()
    turner.settle()
    assert turner.accuracy() == pytest.approx(_accuracy(net, test), abs=1e-9)


def test_the_dial_turns_by_dragging_wheel_and_keys(turner: Visitor) -> None:
    find(turner, "0 w 3 14 14")
    dial = turner.page.get_by_role("slider", name="pixel (14, 14) → hidden layer 1, neuron 3")
    start = float(dial.get_attribute("aria-valuenow") or "nan")
    box = dial.bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    turner.page.mouse.move(x, y)
    turner.page.mouse.down()
    turner.page.mouse.move(x, y - 40, steps=6)
    turner.page.mouse.up()
    turner.settle()
    dragged = float(dial.get_attribute("aria-valuenow") or "nan")
    assert dragged > start
    assert len(changes(turner)) == 2
    turner.page.mouse.wheel(0, 100)
    turner.settle()
    assert float(dial.get_attribute("aria-valuenow") or "nan") < dragged
    dial.focus()
    turner.page.keyboard.press("0")
    turner.settle()
    assert float(dial.get_attribute("aria-valuenow") or "nan") == 0
    turner.page.get_by_role("button", name="as trained", exact=True).click()
    turner.settle()
    assert float(dial.get_attribute("aria-valuenow") or "nan") == start


def test_the_curve_of_a_knob_shows_computed_accuracies_only(turner: Visitor) -> None:
    net, test = pl.load("digits-sigmoid"), _test_images(turner)
    find(turner, "2 bias 7")
    figure, readout = (
        turner.page.get_by_label("Test accuracy for values of this knob"),
        turner.page.locator("[data-value]"),
    )

    def readings() -> tuple[float, float]:
        return tuple(float(readout.get_attribute(name) or "nan") for name in ("data-value", "data-shown-accuracy"))

    def accuracy(value: float) -> float:
        net.layers[2].bias[7] = value
        return pytest.approx(_accuracy(net, test), abs=1e-6)

    type_value(turner, 0.31)
    turner.page.mouse.move(2, 2)
    expect(figure.locator(".point")).to_have_count(41)
    expect(figure.locator("g.old")).to_have_count(0)
    assert readings() == (pytest.approx(0.31), accuracy(0.31))
    assert readout.inner_text() == f"0.310: {100 * turner.accuracy():.2f}\u00a0%"
    box = figure.bounding_box()
    assert box is not None
    for share in (0.3, 0.571, 0.9):
        figure.hover(position={"x": share * box["width"], "y": 40})
        value, shown = readings()
        assert shown == accuracy(value)
    figure.click(position={"x": 0.571 * box["width"], "y": 40})
    turner.settle()
    turner.page.mouse.move(2, 2)
    value, _ = readings()
    assert turner.accuracy() == accuracy(value)
    labels = figure.locator("text").all_text_contents()
    assert sum(label.endswith("%") for label in labels) >= 2
    assert sum(not label.endswith("%") for label in labels) >= 3


def test_a_decimal_comma_is_a_point_and_what_is_no_number_is_refused(turner: Visitor) -> None:
    find(turner, "2 bias 7")
    field = turner.page.get_by_label("value", exact=True)
    for text in ("1,5", "1.5"):
        field.press("Control+a")
        field.press_sequentially(text)
        field.press("Enter")
        turner.settle()
        assert turner.scene()["k"].endswith("_1.5")
    before = changes(turner)
    for text in ("15 %", "1,2,3", "abc", ""):
        field.fill(text)
        field.press("Enter")
        expect(field).to_have_attribute("aria-invalid", "true")
    turner.settle()
    assert changes(turner) == before
    find(turner, "2 bias 6")
    expect(field).to_have_attribute("aria-invalid", "false")


def test_a_thing_has_one_name_on_the_page(turner: Visitor) -> None:
    turner.page.get_by_label("Find a knob").fill("pixel (14, 14) → hidden layer 1, neuron 3")
    turner.page.get_by_label("Find a knob").press("Enter")
    type_value(turner, 0.5)
    assert changes(turner)[0].startswith("pixel (14, 14) → hidden layer 1, neuron 3: ")
    for room in ("Read", "Turn", "Learn", "Nudge"):
        turner.room(room)
        turner.settle()
        text = turner.page.locator("main").inner_text()
        assert not re.search(r"\bhidden \d|\blayer 0|(?<!in Python: )layers\[", text)


def test_knobs_are_found_by_pointing(turner: Visitor) -> None:
    page = turner.page
    name = page.locator("section[aria-label='Selected knob'] h2")
    page.get_by_label("Weights as an image").click(position={"x": 60, "y": 60})
    expect(name).to_contain_text("→ hidden layer 1, neuron 0")
    page.get_by_role("button", name="bias", exact=False).first.click()
    expect(name).to_have_text("bias of hidden layer 1, neuron 0")
    page.get_by_role("button", name="hidden layer 1", exact=True).click()
    page.get_by_label("All knobs as dials").click(position={"x": 40, "y": 40})
    expect(name).to_have_text("pixel (0, 2) → hidden layer 1, neuron 2")
    find(turner, "nonsense")
    assert "No knob has that name" in page.get_by_role("alert").inner_text()


def test_a_wire_is_turned_by_pressing_it(turner: Visitor) -> None:
    turner.draw("3")
    turner.settle()
    page = turner.page
    turner.press_wire("2-8", "3-3")
    expect(page.locator("section[aria-label='Selected knob'] h2")).to_contain_text("→ output")


def test_many_knobs_are_swept_to_zero_and_come_back_as_one(turner: Visitor) -> None:
    page, before = turner.page, turner.accuracy()
    page.get_by_role("button", name="output layer", exact=True).click()
    page.get_by_role("button", name="sweep: set to zero").click()
    dials = page.get_by_label("All knobs as dials")
    dials.scroll_into_view_if_needed()
    box = dials.bounding_box()
    assert box is not None
    right = box["x"] + box["width"]
    page.mouse.move(right - 20 * 16, box["y"] + 8)
    page.mouse.down()
    page.mouse.move(right - 8, box["y"] + 8 + 16 * 4, steps=12)
    page.mouse.up()
    turner.settle()
    assert len(changes(turner)) == 2
    assert turner.accuracy() != before
    assert len(turner.scene()["k"].split("~")) > 10
    page.get_by_role("button", name="Undo the last change").click()
    turner.settle()
    assert turner.accuracy() == before
    assert "k" not in turner.scene()


def test_a_neuron_is_switched_off_a_layer_zeroed_noise_added_and_all_reset(turner: Visitor) -> None:
    page, before = turner.page, turner.accuracy()
    page.get_by_role("switch").click()
    turner.settle()
    assert turner.scene()["f"] == "0_0_0"
    switched_off = turner.accuracy()
    assert switched_off != before
    assert "switched off" in (page.locator('[data-neuron="1-0"]').get_attribute("aria-label") or "")
    page.get_by_role("button", name="zero", exact=True).first.click()
    turner.settle()
    assert turner.accuracy() < switched_off
    noise = page.get_by_label("Noise on all knobs")
    noise.focus()
    noise.press("ArrowRight")
    turner.settle()
    page.get_by_role("button", name="Reset to initial weights").click()
    turner.settle()
    initial = turner.accuracy()
    assert initial < 0.3
    page.get_by_role("button", name="Reset to trained").click()
    turner.settle()
    assert turner.accuracy() == before
    page.get_by_role("button", name="Reset to initial weights").click()
    turner.settle()
    assert turner.accuracy() == initial


def test_a_link_brings_back_room_drawing_and_knobs(turner: Visitor) -> None:
    turner.draw("7")
    find(turner, "2 bias 7")
    type_value(turner, -4.25)
    address, words, accuracy = turner.page.url, turner.reading, turner.accuracy()
    other = Visitor(turner.context, turner.link, "#" + address.partition("#")[2])
    other.settle()
    assert (other.reading, other.accuracy()) == (words, accuracy)
    assert "k=" in other.page.url
    other.page.reload()
    other.page.locator("[data-accuracy]").wait_for()
    other.settle()
    assert (other.reading, other.accuracy(), other.page.url) == (words, accuracy, address)
    assert other.complaints == []


def test_a_saved_network_is_the_one_on_the_page_and_opens_again(turner: Visitor, tmp_path_factory) -> None:
    page = turner.page
    find(turner, "2 bias 7")
    type_value(turner, -4.25)
    changed = turner.accuracy()
    page.get_by_role("button", name=re.compile("^Network:")).click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Save to a file").click()
    file = tmp_path_factory.mktemp("saved") / "turned.safetensors"
    download.value.save_as(file)
    assert float(pl.load(file).layers[2].bias[7]) == -4.25
    page.get_by_label("Network file").set_input_files(file)
    expect(page.locator("section[aria-label=Changes]")).to_contain_text("None. This is the network as trained")
    turner.settle()
    assert turner.accuracy() == changed


def test_the_changed_network_is_shared_as_one_file(turner: Visitor, tmp_path_factory) -> None:
    page = turner.page
    find(turner, "2 bias 7")
    type_value(turner, 90)
    page.get_by_role("button", name=re.compile("^Network:")).click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Share as one file").click()
    file = tmp_path_factory.mktemp("shared") / download.value.suggested_filename
    download.value.save_as(file)
    assert file.suffix == ".html"
    shared = page.context.new_page()
    shared.goto(file.as_uri())
    shared.locator('main[data-settled="true"]').wait_for()
    outputs = shared.evaluate("[...pellucid.read(new Float32Array(784))]")
    assert outputs[7] == max(outputs) > 0.99
    shared.close()


def _index(net: pl.Network, layer: int, neuron: int) -> int:
    bias = net.layers[layer].bias
    return (bias.ctypes.data - net.parameters.ctypes.data) // 4 + neuron


def _test_images(visitor: Visitor) -> tuple[np.ndarray, np.ndarray]:
    visitor.page.get_by_role("button", name=re.compile("^Network:")).click()
    text = visitor.page.locator(".about").inner_text()
    visitor.page.keyboard.press("Escape")
    test = pl.data.load("mnist" if "mnist" in text else "digits").test
    return test.images, test.labels


def _accuracy(net: pl.Network, test: tuple[np.ndarray, np.ndarray]) -> float:
    images, labels = test
    return float((net(images).argmax(axis=1) == labels).mean())


def test_a_link_brings_back_all_13002_knobs(turner: Visitor) -> None:
    turner.page.get_by_label("Noise on all knobs").press("End")
    turner.settle()
    assert "k" not in turner.scene()
    assert len(turner.scene()["b"]) > 13_002 * 5
    address, words, accuracy = turner.page.url, turner.reading, turner.accuracy()
    other = Visitor(turner.context, turner.link, "#" + address.partition("#")[2])
    other.settle()
    assert (other.reading, other.accuracy()) == (words, accuracy)
    other.page.close()
