"""Training in the shared page: gradients are the engine's, it learns, and it says that the network has changed."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import pellucid as pl
from pellucid.data.dataset import Dataset, TrainTest
from sharing.browser.conftest import settle, until

Open = Callable[..., Any]

GRADIENT = """([text, labels]) => {
    const pixels = new Float32Array(Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)).buffer);
    const size = pixels.length / labels.length;
    const found = labels.map((label, at) => pellucid.gradient(pixels.subarray(at * size, (at + 1) * size), label));
    return Array.from(found[0], (_, knob) => found.reduce((sum, each) => sum + each[knob], 0) / labels.length);
}"""


def gradient(page: Any, pixels: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """The mean gradient that the page computes."""
    text = base64.b64encode(pixels.astype(np.float32).tobytes()).decode()
    return np.array(page.evaluate(GRADIENT, [text, labels.tolist()]))


@pytest.mark.parametrize("name", ["digits-relu", "digits-sigmoid"])
def test_the_gradient_is_the_engines(open_page: Open, name: str) -> None:
    net, test = pl.load(name), pl.data.load("digits").test
    pixels, labels = test.images[:40].reshape(40, -1) / np.float32(255), test.labels[:40]
    expected = net.gradient(pixels.reshape(40, 28, 28), labels, str(net.record.get("loss", "cross_entropy"))).parameters
    found = gradient(open_page(net), pixels, labels)
    np.testing.assert_allclose(found, expected, rtol=2e-4, atol=2e-6 * np.abs(expected).max())


@pytest.mark.parametrize(
    ("activations", "loss"),
    [
        (["tanh", "softmax"], "cross_entropy"),
        (["relu", "sigmoid"], "cross_entropy"),
        (["sigmoid", "tanh", "softmax"], "squared"),
        (["identity", "sigmoid"], "squared"),
    ],
)
def test_the_gradient_is_the_engines_for_all_activations(open_page: Open, activations: list[str], loss: str) -> None:
    rng = np.random.default_rng(3)
    sizes = [7, 6, 3][-len(activations) :]
    net = pl.Network(
        [pl.Dense(size, each) for size, each in zip(sizes, activations, strict=True)], input_shape=(4, 5), seed=2,
        classes=["a", "b", "c"],
    )  # fmt: skip
    net.parameters[...] = rng.normal(size=net.parameter_count) * 0.6
    net.record["loss"] = loss
    pixels, labels = rng.random((9, 20), np.float32), rng.integers(0, 3, 9)
    images = np.round(pixels.reshape(9, 4, 5) * 255).astype(np.uint8)
    part = Dataset(images, labels, classes=["a", "b", "c"], name="own")
    page = open_page(net, data=TrainTest(part, part), examples=9)
    expected = net.gradient(pixels.reshape(9, 4, 5), labels, loss).parameters
    np.testing.assert_allclose(gradient(page, pixels, labels), expected, rtol=1e-4, atol=1e-6)


def value(page: Any, name: str) -> float:
    text = page.locator(f'[data-value="{name}"]').inner_text()
    return float(text.replace("%", "").replace("\u00a0", ""))


def test_a_network_learns_from_random_weights(open_page: Open) -> None:
    page = open_page(pl.load("digits-relu"))
    status = page.locator("[data-trained]")
    assert status.inner_text() == "as shared"
    page.get_by_role("button", name="Random weights").click()
    settle(page)
    assert status.inner_text() == "trained here; no longer the shared network"
    assert value(page, "held-out") < 35
    page.get_by_role("button", name="Train", exact=True).click()
    until(page, "document.querySelector('[data-steps]').dataset.steps >= 200")
    page.get_by_role("button", name="Pause").click()
    settle(page)
    assert value(page, "held-out") > 75
    assert value(page, "loss") < 1
    steps = int(page.locator("[data-steps]").get_attribute("data-steps"))
    page.get_by_role("button", name="One step").click()
    page.locator(f'[data-steps="{steps + 1}"][data-running="false"]').wait_for()
    page.get_by_role("button", name="Reset to the shared network").click()
    settle(page)
    assert status.inner_text() == "as shared"
    assert page.locator("[data-steps]").get_attribute("data-steps") == "0"
    np.testing.assert_allclose(value(page, "held-out"), 98.8, atol=3)
    blank = np.zeros(784, np.float32)
    expected = pl.load("digits-relu")(blank.reshape(1, 28, 28))[0]
    np.testing.assert_allclose(page.evaluate("[...pellucid.read(new Float32Array(784))]"), expected, atol=2e-5)


def halves() -> TrainTest:
    """Images with more ink below or above."""
    labels = np.arange(240) % 2
    images = (np.random.default_rng(1).random((240, 6, 6)) * 90).astype(np.uint8)
    images[labels == 0, 3:] += 120
    images[labels == 1, :3] += 120
    part = Dataset(images, labels, classes=["below", "above"], name="halves (train)")
    return TrainTest(part[:160], part[160:])


def test_a_rate_that_is_too_high_is_told_and_loses_nothing(open_page: Open) -> None:
    net = pl.Network([pl.Dense(2, "identity")], input_shape=(6, 6), seed=3, classes=["below", "above"])
    net.record["loss"] = "squared"
    page = open_page(net, data=halves(), examples=160)
    page.get_by_label("learning rate").fill("100")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Train", exact=True).click()
    page.get_by_role("alert").get_by_text("The weights have become too large").wait_for()
    settle(page)
    assert page.locator("[data-trained]").inner_text() == "as shared"
    page.get_by_label("learning rate").fill("0.01")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="One step").click()
    page.locator('[data-trained="true"]').wait_for()
    settle(page)
    assert page.get_by_role("alert").count() == 0


def test_a_knob_turned_during_training_stops_it_and_counts(open_page: Open) -> None:
    page = open_page(pl.load("digits-relu"))
    page.get_by_role("button", name="Train", exact=True).click()
    until(page, "document.querySelector('[data-steps]').dataset.steps >= 20")
    page.evaluate("pellucid.ask({ type: 'turnKnobs', knobs: [3], values: [0.5], gesture: 1 })")
    settle(page)
    assert page.locator("[data-running]").get_attribute("data-running") == "false"
    assert page.locator("[data-changed]").inner_text() == (
        "trained here; no longer the shared network, 1 knob changed by hand"
    )


def test_a_network_of_ones_own_images_learns_from_these(open_page: Open) -> None:
    layers = [pl.Dense(4, "tanh"), pl.Dense(2, "softmax")]
    net = pl.Network(layers, input_shape=(6, 6), seed=3, classes=["below", "above"])
    page = open_page(net, data=halves(), examples=160)
    assert "160 to learn from and 80 held out, of halves" in page.get_by_label("About this network").inner_text()
    page.get_by_role("button", name="Train", exact=True).click()
    until(page, "document.querySelector('[data-steps]').dataset.steps >= 150")
    page.get_by_role("button", name="Pause").click()
    settle(page)
    assert value(page, "held-out") > 95


@pytest.mark.parametrize("name", ["digits-conv", "digits-or-none"])
def test_other_networks_have_no_training(open_page: Open, name: str) -> None:
    page = open_page(pl.load(name))
    assert page.get_by_role("button", name="Train", exact=True).count() == 0


def test_held_out_images_are_shown(open_page: Open) -> None:
    page = open_page(pl.load("digits-conv"), data=pl.data.load("digits"), examples=4000)
    net, test = pl.load("digits-conv"), pl.data.load("digits").test
    page.get_by_label("Test image number").fill("17")
    page.keyboard.press("Enter")
    settle(page)
    expected = test.classes[int(net(test.images[17]).argmax())]
    assert (page.locator(".reading").get_attribute("data-words") or "").startswith(f"{expected} at ")
