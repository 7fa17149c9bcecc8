"""Plots: their numbers are the network's, they draw on the Axes they are given, and refuse what they cannot plot."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import pellucid as pl

matplotlib = pytest.importorskip("matplotlib", reason="needs matplotlib: pip install '.[plot]'")
matplotlib.use("Agg")

from matplotlib import pyplot  # noqa: E402
from matplotlib.axes import Axes  # noqa: E402


@pytest.fixture(autouse=True)
def _close() -> Iterator[None]:
    yield
    pyplot.close("all")


@pytest.fixture(scope="module")
def trainer() -> pl.Trainer:
    digits = pl.data.load("digits")
    net = pl.Network([pl.Dense(8, "relu"), pl.Dense(10, "softmax")], input_shape=(28, 28), seed=0)
    trainer = pl.Trainer(net, digits.train.take(500), optimizer=pl.SGD(0.1))
    list(trainer.run(epochs=3, validation=digits.test.take(200)))
    return trainer


@pytest.fixture(scope="module")
def blobs() -> pl.data.Table:
    rng = np.random.default_rng(0)
    labels = np.arange(90) % 3
    rows = rng.normal([10, -300], [1, 20], (90, 2)) + 6 * np.array([[0, 0], [1, 20], [-1, 20]])[labels]
    return pl.data.Table(rows, labels, features=["mass", "charge"], classes=["a", "b", "c"])


def drawn(axes: Axes) -> Axes:
    """The Axes, once their figure was drawn completely."""
    axes.figure.canvas.draw()
    return axes


def test_curves(trainer: pl.Trainer) -> None:
    axes = drawn(pl.plot.curves(trainer))
    train, test = axes.get_lines()
    assert train.get_xydata().tolist() == [[event.epoch, event.loss] for event in trainer.history]
    assert test.get_xydata().tolist() == [[event.epoch, event.test_loss] for event in trainer.history]
    assert axes.get_ylabel() == "loss"
    axes = pl.plot.curves(iter(trainer.history), "accuracy")
    assert axes.get_lines()[0].get_ydata().tolist() == [event.train_accuracy for event in trainer.history]
    assert axes.get_ylabel() == "accuracy"


def test_curves_without_validation_and_with_other_events(trainer: pl.Trainer) -> None:
    digits = pl.data.load("digits").train.take(100)
    other = pl.Trainer(trainer.net.copy(), digits, optimizer=pl.SGD(0.1))
    events = list(other.run(epochs=2, progress=0.0))
    assert len(pl.plot.curves(events).get_lines()) == 1


def test_confusion(trainer: pl.Trainer) -> None:
    test = pl.data.load("digits").test
    axes = drawn(pl.plot.confusion(trainer.net, test))
    counts = pl.inspect.mistakes(trainer.net, test).confusion
    (image,) = axes.get_images()
    np.testing.assert_allclose(image.get_array(), counts / counts.sum(axis=1, keepdims=True))
    assert {text.get_text() for text in axes.texts} == {str(count) for count in counts.ravel() if count}
    assert [text.get_text() for text in axes.get_yticklabels()] == list(map(str, range(10)))
    assert "of 2,000 correct" in axes.get_title()


@pytest.mark.parametrize("ax", [True, False])
def test_given_axes_are_drawn_on(trainer: pl.Trainer, blobs: pl.data.Table, ax: bool) -> None:
    given: Any = pyplot.subplots()[1] if ax else None
    net = pl.Network([pl.Dense(3, "softmax")], input_shape=(2,), classes=blobs.classes)
    speech = pl.Network([pl.LSTM(3), pl.Dense(2, "softmax")], input_shape=(None, 4))
    trace = speech.trace(np.ones((5, 4)))
    plots = [
        pl.plot.curves(trainer, ax=given),
        pl.plot.confusion(net, blobs, ax=given),
        pl.plot.weights(trainer.net, ax=given),
        pl.plot.decision_regions(net, blobs, ax=given),
        pl.plot.gates(trace, ax=given),
        pl.plot.gates(trace, unit=1, ax=given),
    ]
    assert all((axes is given) == ax for axes in plots)
    assert all(isinstance(axes, Axes) for axes in plots)


def test_weights_that_form_pictures(trainer: pl.Trainer) -> None:
    (image,) = drawn(pl.plot.weights(trainer.net)).get_images()
    sheet = np.ma.filled(image.get_array(), np.nan)
    assert np.array_equal(sheet[:28, :28], trainer.net.layers[0].weight[0].reshape(28, 28))
    assert np.isnan(sheet[28]).all()
    lenet = pl.Network([pl.Conv2d(4, (5, 3)), pl.Flatten(), pl.Dense(2, "softmax")], input_shape=(2, 9, 9))
    (image,) = pl.plot.weights(lenet).get_images()
    assert np.array_equal(np.ma.filled(image.get_array(), np.nan)[:5, :3], lenet.layers[0].weight[0, 0])


def test_weights_that_form_none(blobs: pl.data.Table) -> None:
    net = pl.Network([pl.Dense(5, "relu"), pl.Dense(3, "softmax")], input_shape=(2,))
    net.record = {"columns": blobs.columns.configuration()}
    axes = drawn(pl.plot.weights(net))
    assert np.array_equal(axes.get_images()[0].get_array(), net.layers[0].weight)
    assert [text.get_text() for text in axes.get_xticklabels()] == ["mass", "charge"]
    assert np.array_equal(pl.plot.weights(net, 1).get_images()[0].get_array(), net.layers[1].weight)
    speech = pl.Network([pl.LSTM(3), pl.Dense(2, "softmax")], input_shape=(None, 4))
    assert drawn(pl.plot.weights(speech)).get_images()[0].get_array().shape == (12, 4)


@pytest.mark.parametrize("standardize", [True, False])
def test_decision_regions_are_what_the_network_reads(blobs: pl.data.Table, standardize: bool) -> None:
    data = blobs.standardized() if standardize else blobs
    net = pl.Network([pl.Dense(8, "tanh"), pl.Dense(3, "softmax")], input_shape=(2,), seed=1, classes=data.classes)
    list(pl.Trainer(net, data, optimizer=pl.Adam(0.02), batch_size=10).run(epochs=50))
    axes = drawn(pl.plot.decision_regions(net, data))
    (image,) = axes.get_images()
    tints = np.asarray(image.get_array())
    left, right, bottom, top = image.get_extent()
    x, y = np.linspace(left, right, 200), np.linspace(bottom, top, 200)
    for row, column in np.random.default_rng(0).integers(0, 200, (50, 2)):
        point = [x[column], y[row]]
        best = int(net(data.prepare(point)).argmax())
        expected = matplotlib.colormaps["tab10"].colors[best]
        assert tuple(tints[row, column, :3]) == pytest.approx(expected)
    shown = np.concatenate([points.get_offsets() for points in axes.collections])
    expected = np.concatenate([blobs.images[blobs.labels == number] for number in range(3)])
    np.testing.assert_allclose(shown, expected, rtol=1e-3, atol=1e-3)
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("mass", "charge")
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["a", "b", "c"]


def test_decision_regions_of_levels() -> None:
    data = pl.data.Dataset(np.array([[0, 255], [255, 0], [10, 200]], np.uint8), [0, 1, 0])
    net = pl.Network([pl.Dense(2, "softmax")], input_shape=(2,))
    points = np.concatenate([each.get_offsets() for each in pl.plot.decision_regions(net, data).collections])
    assert points.max() == 1


def test_gates() -> None:
    net = pl.Network([pl.LSTM(3, bidirectional=True), pl.LSTM(2), pl.Dense(2, "softmax")], input_shape=(None, 4))
    trace = net.trace(np.random.default_rng(0).normal(size=(7, 4)))
    axes = drawn(pl.plot.gates(trace))
    sheet = np.ma.filled(axes.get_images()[0].get_array(), np.nan)
    assert np.array_equal(sheet[:6], trace[0].i.T)
    assert np.array_equal(sheet[-6:], trace[0].h.T)
    assert [text.get_text().split()[-1] for text in axes.get_yticklabels()] == ["i", "f", "g", "o", "c", "h"]
    lines = drawn(pl.plot.gates(trace, layer=1, unit=1)).get_lines()
    for name, line in zip("ifgoch", lines, strict=True):
        assert np.array_equal(line.get_ydata(), getattr(trace[1], name)[:, 1])
    assert len(pl.plot.gates(trace[1], unit=0).get_lines()) == 6


@pytest.mark.parametrize(("layer", "names"), [(pl.GRU(3), "rznh"), (pl.RNN(3), "h")])
def test_gates_of_other_cells(layer: Any, names: str) -> None:
    trace = pl.Network([layer, pl.Dense(2, "softmax")], input_shape=(None, 4)).trace(np.ones((7, 4)))
    axes = drawn(pl.plot.gates(trace))
    assert [text.get_text().split()[-1] for text in axes.get_yticklabels()] == list(names)
    lines = drawn(pl.plot.gates(trace, unit=1)).get_lines()
    for name, line in zip(names, lines, strict=True):
        assert np.array_equal(line.get_ydata(), getattr(trace[0], name)[:, 1])


def test_what_cannot_be_plotted(trainer: pl.Trainer, blobs: pl.data.Table) -> None:
    net = trainer.net
    fresh = pl.Trainer(net.copy(), pl.data.load("digits").train.take(50))
    two = pl.Network([pl.Dense(3, "softmax")], input_shape=(2,))
    lenet = pl.Network([pl.Conv2d(2, 3), pl.Flatten(), pl.Dense(2, "softmax")], input_shape=(9, 9))
    cases: list[tuple[type[pl.PellucidError], str, Any]] = [
        (pl.ConfigurationError, "at least one complete epoch", lambda: pl.plot.curves(fresh)),
        (pl.ConfigurationError, "loss or accuracy", lambda: pl.plot.curves(trainer, "speed")),
        (pl.ConfigurationError, "Trainer or its events", lambda: pl.plot.curves(3)),  # type: ignore[arg-type]
        (pl.ConfigurationError, "Axes", lambda: pl.plot.curves(trainer, ax=3)),
        (pl.ShapeError, "layer from 0 to 1", lambda: pl.plot.weights(net, 2)),
        (pl.ShapeError, "with weights, got .* flatten", lambda: pl.plot.weights(lenet, 1)),
        (pl.ShapeError, "a network of two features", lambda: pl.plot.decision_regions(net, blobs)),
        (pl.ShapeError, "data of two features", lambda: pl.plot.decision_regions(two, pl.data.load("digits").test)),
        (pl.ConfigurationError, "a Dataset", lambda: pl.plot.decision_regions(two, [1])),  # type: ignore[arg-type]
        (
            pl.ShapeError,
            "expected a recurrent layer, .*got Dense, Dense",
            lambda: pl.plot.gates(net.trace(np.zeros(784))),
        ),
        (pl.ShapeError, "expected a trace", lambda: pl.plot.gates(3)),  # type: ignore[arg-type]
    ]
    for kind, message, work in cases:
        with pytest.raises(kind, match=message):
            work()
