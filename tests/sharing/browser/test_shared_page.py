"""The page in Chromium, opened as a file: its answers are the engine's, and it is used by pen, finger and keyboard."""

from __future__ import annotations

import base64
import os
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import pellucid as pl
from pellucid.data.drawings import center
from pellucid.studio.rooms.read.pad import Pad, averaged
from sharing.browser.conftest import settle
from studio.browser.visitor import DIGITS

ROUNDING = 2e-5
"""Largest difference of an output, a number up to 1, that comes from adding in another order."""

READ = """([text, side, bytes]) => {
    const raw = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
    const pixels = bytes ? Float32Array.from(raw, (level) => level / 255) : new Float32Array(raw.buffer);
    const found = [];
    for (let at = 0; at < pixels.length; at += side) found.push(...pellucid.read(pixels.subarray(at, at + side)));
    const outputs = new Uint8Array(Float32Array.from(found).buffer);
    return btoa(Array.from(outputs, (byte) => String.fromCharCode(byte)).join(""));
}"""

Open = Callable[..., Any]


def answers(page: Any, pixels: np.ndarray) -> np.ndarray:
    """What the page's network reads in images (N, ...): bytes, or floats from 0 to 1."""
    text = base64.b64encode(pixels.tobytes()).decode()
    found = page.evaluate(READ, [text, pixels[0].size, pixels.dtype == np.uint8])
    return np.frombuffer(base64.b64decode(found), np.float32).reshape(len(pixels), -1)


@pytest.mark.skipif("PELLUCID_DATA" not in os.environ, reason="needs MNIST: set PELLUCID_DATA")
@pytest.mark.parametrize(("name", "count"), [("digits-relu", 10_000), ("digits-sigmoid", 10_000), ("digits-conv", 300)])
def test_answers_are_the_engines_on_test_images(open_page: Open, name: str, count: int) -> None:
    net, images = pl.load(name), pl.data.load("mnist").test.images[:count]
    found = answers(open_page(net), images)
    assert len(found) == count
    np.testing.assert_allclose(found, net(images), rtol=0, atol=ROUNDING)


@pytest.mark.parametrize(
    ("layers", "shape"),
    [
        ([pl.Dense(5, "tanh"), pl.Dense(3, "identity")], (6, 9)),
        ([pl.Conv2d(3, (3, 2), stride=(2, 1), padding=(1, 2), activation="sigmoid"), pl.AvgPool2d(2), pl.Flatten(),
          pl.Dropout(0.2), pl.Dense(4, "softmax")], (12, 10)),
        ([pl.Conv2d(2, 3, activation="tanh"), pl.MaxPool2d((3, 2), stride=(1, 2)), pl.Conv2d(3, 2, padding=1),
          pl.Flatten(), pl.Dense(2)], (3, 11, 8)),
    ],
)  # fmt: skip
def test_answers_are_the_engines_for_all_layers(open_page: Open, layers: list[Any], shape: tuple[int, ...]) -> None:
    net = pl.Network(layers, input_shape=shape, seed=4)
    net.parameters[...] = np.random.default_rng(5).normal(size=net.parameter_count) * 0.5
    images = np.random.default_rng(6).random((20, *shape), np.float32)
    np.testing.assert_allclose(answers(open_page(net), images), net(images), rtol=1e-5, atol=ROUNDING)


@pytest.mark.parametrize("name", ["digits-relu", "digits-conv"])
def test_the_first_picture_is_there_within_a_second(open_page: Open, name: str) -> None:
    page = open_page(pl.load(name))
    times = []
    for _ in range(3):  # the quickest of three: other programs may keep the processor busy
        page.reload()
        settle(page)
        times.append(page.evaluate("performance.now()"))
        assert page.locator("[data-neuron]").count() > 0
    assert min(times) < 1000


def drawings() -> list[list[dict[str, Any]]]:
    """Drawings of one or two strokes: digits thin and thick, an erased part, random lines."""
    rng = np.random.default_rng(8)
    found: list[list[dict[str, Any]]] = []
    for line in DIGITS.values():
        points = [share for place in line for share in place]
        found += [[{"points": points, "width": width, "erase": False}] for width in (0.02, 0.045, 0.1)]
    for _ in range(12):
        kinds = [(float(rng.uniform(0.02, 0.12)), False), (0.05, True)]
        lines = [rng.random(2 * int(rng.integers(1, 7))).round(3).tolist() for _ in kinds]
        found.append([{"points": line, "width": w, "erase": e} for line, (w, e) in zip(lines, kinds, strict=True)])
    return found


def test_drawings_become_the_same_pixels_as_in_python(open_page: Open) -> None:
    page = open_page(pl.load("digits-relu"))
    for strokes in drawings():
        pad = Pad()
        for number, stroke in enumerate(strokes):
            pad.draw(number, stroke["points"], stroke["width"], stroke["erase"])
        found = page.evaluate("(strokes) => [...pellucid.pixelsOf(strokes)]", strokes)
        np.testing.assert_allclose(found, center(pad.ink, thicken=True).reshape(-1), rtol=0, atol=1e-5)


def test_drawings_on_other_grids_are_averaged_as_in_python(open_page: Open) -> None:
    net = pl.Network([pl.Dense(2)], input_shape=(3, 10, 14))
    page = open_page(net)
    for strokes in drawings()[:6]:
        pad = Pad((10, 14))
        for number, stroke in enumerate(strokes):
            pad.draw(number, stroke["points"], stroke["width"], stroke["erase"])
        found = np.reshape(page.evaluate("(strokes) => [...pellucid.pixelsOf(strokes)]", strokes), net.input_shape)
        np.testing.assert_allclose(found, [averaged(pad.ink, (10, 14))] * 3, rtol=0, atol=1e-5)


def draw(page: Any, digit: str) -> None:
    """Draw with the mouse."""
    box = page.get_by_label("Drawing pad").bounding_box()
    places = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in DIGITS[digit]]
    page.mouse.move(*places[0])
    page.mouse.down()
    for place in places[1:]:
        page.mouse.move(*place, steps=3)
    page.mouse.up()
    settle(page)


def reading(page: Any) -> str:
    return page.locator(".reading").get_attribute("data-words") or ""


@pytest.mark.parametrize("name", ["digits-relu", "digits-conv", "digits-or-none"])
def test_a_digit_is_drawn_and_undone(open_page: Open, name: str) -> None:
    page = open_page(pl.load(name), name)
    assert page.locator("h1").inner_text() == name
    draw(page, "3")
    assert reading(page).startswith("3 at ")
    page.get_by_label("Undo the last stroke").click()
    settle(page)
    assert reading(page) == ""
    page.get_by_label("Redo the last stroke").click()
    settle(page)
    assert reading(page).startswith("3 at ")
    page.get_by_label("Clear the pad").click()
    settle(page)
    assert reading(page) == ""
    assert page.locator(".notice").count() == 0


def test_a_finger_draws(open_page: Open) -> None:
    page = open_page(pl.load("digits-relu"), viewport={"width": 390, "height": 800}, has_touch=True)
    box = page.get_by_label("Drawing pad").bounding_box()
    session = page.context.new_cdp_session(page)
    points = [{"x": box["x"] + x * box["width"], "y": box["y"] + y * box["height"]} for x, y in DIGITS["7"]]
    for number, point in enumerate(points):
        kind = "touchMove" if number else "touchStart"
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [point]})
    session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    settle(page)
    assert reading(page).startswith("7 at ")


def test_the_terms_of_a_neuron_add_up(open_page: Open) -> None:
    net = pl.load("digits-relu")
    page = open_page(net)
    draw(page, "7")
    page.get_by_role("button", name="Next neuron").click()
    assert page.locator("section.neuron h2").inner_text() == "hidden layer 1, neuron 1"
    page.get_by_role("button", name="show all 784").click()
    products = page.locator(".terms .product").evaluate_all(
        "(all) => all.map((each) => Number(each.textContent.replace('−', '-').replace('+', '')) || 0)"
    )
    sums = page.locator("section.neuron dl dd").all_inner_texts()
    bias, z = (float(text.replace("−", "-")) for text in sums[:2])
    assert sum(products) + bias == pytest.approx(z, abs=0.1)
    assert bias == pytest.approx(net.layers[0].bias[1], abs=6e-4)


def test_a_place_of_a_map_adds_up(open_page: Open) -> None:
    page = open_page(pl.load("digits-conv"))
    draw(page, "3")
    panel = page.get_by_label("One place in numbers")
    products = panel.locator("[data-product]").evaluate_all("(all) => all.map((each) => Number(each.dataset.product))")
    bias = float(pl.load("digits-conv").layers[0].bias[0])
    assert len(products) == 25
    assert sum(products) + bias == pytest.approx(float(panel.get_attribute("data-sum") or "nan"), abs=1e-5)


def test_a_knob_is_turned_told_undone_and_reset_by_keyboard(open_page: Open) -> None:
    page = open_page(pl.load("digits-relu"))
    draw(page, "3")
    status = page.locator("[data-changed]")
    assert status.inner_text() == "as shared"
    assert page.get_by_role("button", name="Reset to the shared network").is_disabled()
    page.get_by_label("Find a knob by name").focus()
    page.keyboard.type("2 bias 7")
    page.keyboard.press("Enter")
    page.get_by_label("value", exact=True).fill("90")
    page.keyboard.press("Enter")
    settle(page)
    assert reading(page).startswith("7 at 1.00")
    assert status.inner_text() == "1 knob changed by hand"
    page.get_by_role("button", name="Undo the last change").focus()
    page.keyboard.press("Control+z")
    settle(page)
    assert reading(page).startswith("3 at ")
    page.get_by_role("button", name="Redo the last change").click()
    settle(page)
    assert reading(page).startswith("7 at ")
    page.get_by_role("button", name="Reset to the shared network").focus()
    page.keyboard.press("Enter")
    settle(page)
    assert reading(page).startswith("3 at ")
    assert status.get_attribute("data-changed") == "0"


def test_a_digit_is_drawn_by_keyboard(open_page: Open) -> None:
    page = open_page(pl.load("digits-relu"))
    page.get_by_label("Drawing pad").focus()
    page.keyboard.press("Space")
    for _ in range(18):
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Space")
    settle(page)
    assert reading(page).startswith("1 at ")


def test_hostile_names_are_shown_as_text(open_page: Open) -> None:
    hostile = ["<img src=x onerror=alert(1)>", "</script><script>document.title='taken'</script>"]
    net = pl.Network([pl.Dense(2, "softmax")], input_shape=(28, 28), classes=hostile)
    page = open_page(net, hostile[1])
    assert page.locator("h1").inner_text() == hostile[1]
    assert page.title() == f"{hostile[1]} · Pellucid"
    assert page.locator("img").count() == 0
    assert ", ".join(hostile) in page.get_by_label("About this network").inner_text()


@pytest.mark.parametrize(("width", "scheme"), [(390, "light"), (1024, "dark"), (1600, "light")])
@pytest.mark.parametrize("name", ["digits-relu", "digits-conv"])
def test_axe_finds_nothing(open_page: Open, axe: str, name: str, width: int, scheme: str) -> None:
    page = open_page(
        pl.load(name), viewport={"width": width, "height": 900}, color_scheme=scheme, reduced_motion="reduce"
    )
    draw(page, "3")
    page.get_by_label("Find a knob by name").fill("0")
    page.keyboard.press("Enter")
    page.evaluate(axe + "; undefined")
    found = page.evaluate("axe.run().then(({ violations }) => violations)")
    assert {each["id"]: [node["html"][:160] for node in each["nodes"]] for each in found} == {}
    assert page.evaluate("document.documentElement.scrollWidth") <= width
