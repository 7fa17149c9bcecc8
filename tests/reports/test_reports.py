"""Reports for notebooks: well-formed, complete, escaped, without scripts, and with the numbers of the network."""

from __future__ import annotations

import re
import subprocess
import sys
from html.parser import HTMLParser
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest

import pellucid as pl
from pellucid.reports.heat import montage, pixels, strip
from pellucid.reports.svg import element, words

VOID = ("img", "br")


class Page(HTMLParser):
    """Collects the text and the attributes of a page, and checks that every element is closed."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.texts: list[str] = []
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.found.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.found if name == tag]

    @property
    def text(self) -> str:
        return " ".join(self.texts)


def page(html: str) -> Page:
    """The page, after checks that hold for every report."""
    parsed = Page(html)
    assert not {"script", "style", "link", "iframe"} & {tag for tag, _ in parsed.found}
    for _, attributes in parsed.found:
        assert not [name for name in attributes if name.startswith("on")]
        assert not re.match(r"https?:", str(attributes.get("src", "")))
    for svg in re.findall(r"<svg.*?</svg>", html, re.DOTALL):
        ElementTree.fromstring(svg)
    assert "nan" not in re.sub(r"base64,[^\"]*", "", html).lower()
    return parsed


def mlp(**options: Any) -> pl.Network:
    return pl.Network([pl.Dense(16, "sigmoid"), pl.Dense(10, "softmax")], input_shape=(28, 28), seed=0, **options)


LENET = [pl.Conv2d(4, 5, activation="relu"), pl.MaxPool2d(2), pl.Flatten(), pl.Dense(10, "softmax")]
SPEECH = [pl.LSTM(6, bidirectional=True), pl.Dense(3, "softmax")]


@pytest.mark.parametrize(
    ("net", "expected"),
    [
        (mlp(), ["Dense", "28x28", "12,560", "12,730"]),
        (pl.Network(LENET, input_shape=(28, 28)), ["Conv2d", "4x24x24", "Flatten", "MaxPool2d"]),
        (pl.Network(SPEECH, input_shape=(None, 20)), ["LSTM", "Tx20", "Tx12"]),
        (pl.Network([pl.Dense(3, "softmax")], input_shape=(4,)), ["input", "15"]),
        (pl.Network([pl.Dense(2, "relu")] * 40, input_shape=(4,)), ["39", "…"]),
    ],
)
def test_network(net: pl.Network, expected: list[str]) -> None:
    shown = page(net._repr_html_())
    assert [text for text in expected if text not in shown.text] == []
    rows = shown.all("tr")
    assert len(rows) == len(net.layers) + 3
    for layer in net.layers:
        assert layer.describe() in shown.text
    assert f"{net.parameter_count:,}" in shown.text


def test_trace_of_dense_layers_has_every_number() -> None:
    net = mlp()
    trace = net.trace(np.zeros((28, 28)))
    shown = page(trace._repr_html_())
    assert len(shown.all("svg")) == 2
    for layer in trace.layers:
        for number, value in enumerate(layer.activations.tolist()):
            assert f"{number}: {value:.4g}" in shown.texts


@pytest.mark.parametrize(
    ("net", "x", "pictures"),
    [
        (pl.Network(LENET, input_shape=(28, 28)), np.zeros((28, 28)), 3),
        (pl.Network(LENET, input_shape=(28, 28)), np.zeros((5, 28, 28)), 4),
        (pl.Network(SPEECH, input_shape=(None, 20)), np.ones((9, 20)), 2),
        (mlp(), np.zeros((40, 28, 28)), 2),
        (pl.Network([pl.Dense(300, "tanh"), pl.Dense(2, "identity")], input_shape=(4,)), [1.0, 2, 3, 4], 1),
    ],
)
def test_trace_of_many_numbers_has_pictures(net: pl.Network, x: Any, pictures: int) -> None:
    shown = page(net.trace(x)._repr_html_())
    images = shown.all("img")
    assert len(images) == pictures
    assert all(image["alt"] and str(image["src"]).startswith("data:image/png;base64,") for image in images)


def test_reading() -> None:
    net = mlp(classes=["<b>&nought", *"123456789"])
    reading = net.read(np.zeros((28, 28)))
    html = reading._repr_html_()
    shown = page(html)
    assert "<b>" not in html
    assert "<b>&nought" in shown.texts
    for value in reading.outputs.tolist():
        assert f"{value:.3f}" in shown.texts
    bars = [float(str(bar["width"])) for bar in shown.all("rect")][1::2]
    np.testing.assert_allclose(bars, reading.outputs * 240, atol=0.01)


def test_reading_of_many_classes_and_of_negative_outputs() -> None:
    reading = pl.Reading(np.linspace(-3, 2, 40, dtype=np.float32), tuple(f"class {number}" for number in range(40)))
    shown = page(reading._repr_html_())
    assert "and 28 more with smaller outputs" in shown.texts
    assert "class 39" in shown.texts
    assert "class 27" not in shown.texts
    assert page(pl.Reading(np.array([-1.5], np.float32), ("only",))._repr_html_()).all("rect")


def test_training() -> None:
    digits = pl.data.load("digits")
    net = mlp()
    trainer = pl.Trainer(net, digits.train.take(200), optimizer=pl.SGD(0.5))
    assert "No epoch is complete yet." in page(trainer._repr_html_()).text
    list(trainer.run(epochs=1))
    assert len(page(trainer._repr_html_()).all("polyline")) == 2
    list(trainer.run(epochs=3, validation=digits.test.take(100)))
    shown = page(trainer._repr_html_())
    lines = shown.all("polyline")
    assert len(lines) == 4
    assert [len(str(line["points"]).split()) for line in lines] == [4, 3, 4, 3]
    last = trainer.history[-1]
    assert f"{last.loss:.4f}" in shown.text
    assert f"{last.test_accuracy:.4f}" in shown.text
    assert "784-16-10" in shown.text


def test_history_follows_the_trainer_back_in_time() -> None:
    trainer = pl.Trainer(mlp(), pl.data.load("digits").train.take(100), optimizer=pl.SGD(0.5))
    events = list(trainer.run(epochs=2))
    snapshot = trainer.snapshot()
    events += trainer.run(epochs=2)
    assert trainer.history == events
    trainer.restore(snapshot)
    again = list(trainer.run(epochs=1))
    assert [event.epoch for event in trainer.history] == [1, 2, 3]
    assert trainer.history[2] is again[0]
    trainer.history.clear()
    assert len(trainer.history) == 3


def test_cells_below_zero_have_a_bar() -> None:
    drawn = strip(np.array([-2.0, 1.0, 0.0, np.inf]), "four", ["a", "b"])
    shown = page(drawn)
    assert [text for text in shown.texts if ":" in text] == ["a: -2", "b: 1", "2: 0", "3: inf"]
    opacity = [float(str(rect["fill-opacity"])) for rect in shown.all("rect") if "fill-opacity" in rect]
    assert opacity == [1, 0.5, 0, 0]
    assert len(shown.all("rect")) == 5


def test_pixels_are_the_numbers() -> None:
    import base64
    import io

    from PIL import Image

    (image,) = page(pixels(np.array([[0.0, -4.0], [2.0, np.nan]]), "four", 20, 20)).all("img")
    content = base64.b64decode(str(image["src"]).split(",")[1])
    assert np.asarray(Image.open(io.BytesIO(content)))[..., 3].tolist() == [[0, 255], [128, 0]]


def test_montage() -> None:
    sheet = montage(np.stack([np.full((2, 3), number) for number in (1.0, 2.0, 3.0)]), 2)
    assert sheet.tolist() == [
        [1, 1, 1, 0, 2, 2, 2], [1, 1, 1, 0, 2, 2, 2], [0] * 7, [3, 3, 3, 0, 0, 0, 0], [3, 3, 3, 0, 0, 0, 0],
    ]  # fmt: skip


def test_markup_is_escaped() -> None:
    assert (
        element("p", words('<i>"'), data_x='"><script>') == '<p data-x="&quot;&gt;&lt;script&gt;">&lt;i&gt;&quot;</p>'
    )


def test_reports_are_imported_when_needed() -> None:
    code = "import sys, pellucid as pl; pl.Network([pl.Dense(2)]); print('pellucid.reports.svg' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"
