"""The shared page in Firefox, opened as a file; skipped where Firefox is missing."""

from __future__ import annotations

import base64
import itertools
import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import pellucid as pl
from firefox import FIREFOX, Firefox, started
from sharing.browser.test_shared_page import ROUNDING
from studio.browser.visitor import DIGITS

pytestmark = pytest.mark.skipif(
    FIREFOX is None, reason="needs Firefox: apt-get install firefox-esr, or PELLUCID_FIREFOX"
)


@pytest.fixture(scope="module")
def firefox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Firefox]:
    """One Firefox for all tests."""
    with started(str(FIREFOX), tmp_path_factory.mktemp("profile")) as browser:
        yield browser


@pytest.fixture(params=["digits-relu", "digits-conv"])
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def file(template: Path, firefox: Firefox, tmp_path: Path, name: str) -> Iterator[Path]:
    """The file of a network, opened; any other request, and any complaint of the page, fails the test."""
    path = pl.share(pl.load(name), tmp_path / "net.html")
    firefox.open(path.as_uri())
    firefox.wait("document.querySelector('main[data-settled=\"true\"]')")
    yield path
    assert [
        address for address in firefox.requests if address != path.as_uri() and not address.startswith("data:")
    ] == []
    assert firefox.complaints == []


def settle(firefox: Firefox) -> None:
    firefox.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    firefox.wait("document.querySelector('main[data-settled=\"true\"]')")


def draw(firefox: Firefox, digit: str) -> str:
    """Draw a digit; return what is read."""
    x, y, width, height = firefox.evaluate(
        "(({ x, y, width, height }) => [x, y, width, height])"
        "(document.querySelector('canvas[aria-label^=\"Drawing pad\"]').getBoundingClientRect())"
    )
    places = [(x + across * width, y + down * height) for across, down in DIGITS[digit]]
    fine = [places[0]] + [
        (a[0] + (b[0] - a[0]) * share / 3, a[1] + (b[1] - a[1]) * share / 3)
        for a, b in itertools.pairwise(places)
        for share in (1, 2, 3)
    ]
    firefox.drag(fine)
    settle(firefox)
    return str(firefox.evaluate("document.querySelector('.reading').dataset.words"))


@pytest.mark.skipif("PELLUCID_DATA" not in os.environ, reason="needs MNIST: set PELLUCID_DATA")
@pytest.mark.usefixtures("file")
def test_answers_are_the_engines(firefox: Firefox, name: str) -> None:
    net, images = pl.load(name), pl.data.load("mnist").test.images[:400]
    text = base64.b64encode(images.tobytes()).decode()
    found = firefox.evaluate(
        f"(() => {{ const raw = Float32Array.from(atob('{text}'), (letter) => letter.charCodeAt(0) / 255);"
        "return Array.from({ length: raw.length / 784 }, (_, at) => "
        "[...pellucid.read(raw.subarray(784 * at, 784 * at + 784))]); })()"
    )
    np.testing.assert_allclose(found, net(images), rtol=0, atol=ROUNDING)


@pytest.mark.usefixtures("file")
def test_a_digit_is_drawn_and_a_knob_is_turned(firefox: Firefox, name: str) -> None:
    assert draw(firefox, "3").startswith("3 at ")
    last = "JSON.parse(document.getElementById('shared-network').textContent).network.layers.at(-1).bias"
    firefox.evaluate(f"pellucid.ask({{ type: 'turnKnobs', knobs: [{last} + 7], values: [90], gesture: 1 }})")
    assert str(firefox.evaluate("document.querySelector('.reading').dataset.words")).startswith("7 at ")
    assert firefox.evaluate("document.querySelector('[data-changed]').textContent") == "1 knob changed by hand"


@pytest.mark.parametrize("name", ["digits-relu"])
@pytest.mark.usefixtures("file")
def test_it_learns_and_teaches(firefox: Firefox, name: str) -> None:
    press = "Array.from(document.querySelectorAll('button')).find((each) => each.textContent.trim() === {!r}).click()"
    firefox.evaluate(press.format("Random weights"))
    firefox.evaluate(press.format("Train"))
    firefox.wait("document.querySelector('[data-steps]').dataset.steps >= 150")
    firefox.evaluate(press.format("Pause"))
    settle(firefox)
    assert (
        float(firefox.evaluate("document.querySelector('[data-value=\"held-out\"]').textContent").split("\u00a0")[0])
        > 70
    )
    firefox.evaluate(press.format("Reset to the shared network"))
    settle(firefox)
    asked = "pellucid.ask({}).then((events) => events.find(({{ type }}) => type === {!r}))"
    shown = firefox.evaluate(asked.format("{ type: 'openLesson', lesson: 'bias' }", "lessonShown"))
    assert shown["stage"] == "predict"
    assert firefox.evaluate(asked.format("{ type: 'askLessons' }", "lessons"))["kept"] is True
