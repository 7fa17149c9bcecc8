"""The widgets as Python objects: what they hold, what they refuse, when they follow and when they have stopped."""

from __future__ import annotations

import gc
import weakref
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import pellucid as pl
from pellucid.reports.live import StillPicture

pytest.importorskip("anywidget", reason="needs anywidget: pip install '.[notebook]'")

from pellucid.notebook import kept, module, training_widget
from pellucid.notebook.network_widget import NetworkWidget
from pellucid.notebook.training_widget import TrainingWidget

LENET = [pl.Conv2d(4, 5, activation="relu"), pl.MaxPool2d(2), pl.Flatten(), pl.Dense(10, "softmax")]


@pytest.fixture(autouse=True)
def script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A script in place of the built one."""
    path = tmp_path / "widget.js"
    path.write_text("export default { render() {} };")
    monkeypatch.setattr(module, "WIDGET_MODULE", path)
    module.module_text.cache_clear()
    return path


def mlp(**options: Any) -> pl.Network:
    return pl.Network([pl.Dense(16, "sigmoid"), pl.Dense(10, "softmax")], input_shape=(28, 28), seed=0, **options)


def trainer(net: pl.Network) -> pl.Trainer:
    return pl.Trainer(net, pl.data.load("digits").train.take(640), optimizer=pl.SGD(0.5))


def rows(widget: TrainingWidget) -> np.ndarray:
    return np.frombuffer(widget.curves, "<f4").reshape(-1, 5)


@pytest.mark.parametrize(
    "net", [mlp(), pl.Network(LENET, input_shape=(28, 28)), pl.Network([pl.Dense(2)], input_shape=(5,))]
)
def test_a_network_widget_holds_the_network(net: pl.Network) -> None:
    shown = pl.widget(net)
    assert isinstance(shown, NetworkWidget)
    np.testing.assert_array_equal(np.frombuffer(shown._parameters, "<f4"), net.parameters)
    assert shown.description["network"]["parameterCount"] == net.parameter_count
    assert shown.inputs is None
    x = np.random.default_rng(0).random(net.input_shape, np.float32)
    shown.inputs = x
    np.testing.assert_array_equal(shown.inputs, x)


def test_the_image_is_prepared_as_for_calling_the_network() -> None:
    net = mlp(level_range=(0, 9))
    levels = np.random.default_rng(0).integers(0, 10, (28, 28))
    shown = pl.widget(net, levels)
    np.testing.assert_array_equal(net(levels), net(shown.inputs * 9))
    assert "1 Dense: 10 activations" in shown.still_html()


@pytest.mark.parametrize("image", [np.zeros((2, 28, 28)), np.zeros((27, 28)), np.zeros(3), "seven"])
def test_what_is_no_image_is_refused_with_a_sentence(image: Any) -> None:
    with pytest.raises(pl.PellucidError, match=r"expected"):
        pl.widget(mlp(), image)


def test_other_objects_are_refused_with_a_sentence() -> None:
    with pytest.raises(pl.ConfigurationError, match="expected a Network or a Trainer, got str"):
        pl.widget("digits-relu")  # type: ignore[call-overload]
    with pytest.raises(pl.ConfigurationError, match="with a Network only"):
        pl.widget(trainer(mlp()), np.zeros((28, 28)))  # type: ignore[call-overload]


@pytest.mark.parametrize(
    ("net", "x", "why"),
    [
        (pl.Network([pl.LSTM(6), pl.Dense(3, "softmax")], input_shape=(None, 20)), np.ones((9, 20)), "sequences"),
        (pl.Network([pl.Dense(2000)], input_shape=(28, 28)), np.ones((28, 28)), "at most 300,000 parameters"),
    ],
)
def test_other_networks_are_still_pictures_that_say_why(net: pl.Network, x: np.ndarray, why: str) -> None:
    for shown in (pl.widget(net), pl.widget(net, x)):
        assert isinstance(shown, StillPicture)
        assert why in shown.html
        assert f"{net.parameter_count:,}" in shown.html
    assert "activations" in shown.html
    assert kept.kept_widget(net) is None


def test_the_picture_follows_the_network_until_it_is_closed() -> None:
    net = mlp()
    shown = pl.widget(net)
    net.parameters += 1
    shown.refresh()
    np.testing.assert_array_equal(np.frombuffer(shown._parameters, "<f4"), net.parameters)
    before = shown._parameters
    shown.close()
    net.parameters += 1
    shown.refresh()
    assert shown._parameters == before
    assert shown.is_closed


def test_a_drawing_of_the_page_is_an_input_of_the_network() -> None:
    """As a page sends it: a view of bytes."""
    net = mlp()
    shown = pl.widget(net)
    drawn = np.random.default_rng(1).random((28, 28), np.float32)
    shown.set_state({"_inputs": memoryview(drawn.tobytes())})
    np.testing.assert_array_equal(shown.inputs, drawn)
    np.testing.assert_array_equal(net(shown.inputs), net(drawn))


def test_the_curves_are_those_of_the_history() -> None:
    training = trainer(mlp())
    shown = pl.widget(training)
    assert len(shown.curves) == 0
    assert not shown.progress["running"]
    list(training.run(epochs=3, validation=pl.data.load("digits").test.take(50)))
    expected = [(e.epoch, e.loss, e.train_accuracy, e.test_loss, e.test_accuracy) for e in training.history]
    np.testing.assert_array_equal(rows(shown), np.array(expected, np.float32))
    assert shown.progress["planned"] == 3
    assert not shown.progress["running"]


def test_the_curves_grow_during_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training_widget, "INTERVAL", 0.0)
    monkeypatch.setattr(training_widget, "_SHARE", 1e9)
    training = trainer(mlp())
    shown = pl.widget(training)
    lengths = [len(rows(shown)) for _ in training.run(epochs=4)]
    assert lengths == [1, 2, 3, 4]


def test_messages_are_rare(monkeypatch: pytest.MonkeyPatch) -> None:
    training = trainer(mlp())
    shown = pl.widget(training)
    sent: list[object] = []
    shown.observe(lambda change: sent.append(change), "curves")
    monkeypatch.setattr(training_widget, "INTERVAL", 1e9)
    list(training.run(epochs=20))
    assert len(sent) <= 2
    assert len(rows(shown)) == 20


def test_of_many_epochs_some_are_left_out_and_the_last_is_not() -> None:
    net = pl.Network([pl.Dense(2, "softmax")], input_shape=(2,))
    training = pl.Trainer(net, pl.data.Dataset(np.eye(2, dtype=np.float32), [0, 1]), batch_size=2)
    list(training.run(epochs=2345))
    shown = pl.widget(training)
    assert len(rows(shown)) <= 600
    assert rows(shown)[-1, 0] == 2345


def test_a_closed_widget_is_told_nothing_more() -> None:
    training = trainer(mlp())
    shown = pl.widget(training)
    list(training.run(epochs=1))
    shown.close()
    list(training.run(epochs=1))
    assert len(rows(shown)) == 1


def test_a_widget_keeps_neither_network_nor_trainer_alive() -> None:
    net = mlp()
    training = trainer(net)
    shown = [pl.widget(net), pl.widget(training)]
    stills = [each.still_html() for each in shown]
    gone = [weakref.ref(net), weakref.ref(training)]
    del net, training
    gc.collect()
    assert [each() for each in gone] == [None, None]
    for each, still in zip(shown, stills, strict=True):
        each.refresh_still()
        assert each.still_html() == still
        each.close()


def test_what_is_shown_again_has_the_same_widget_unless_it_was_closed() -> None:
    net = mlp()
    first = kept.kept_widget(net)
    assert kept.kept_widget(net) is first
    assert kept.kept_widget(mlp()) is not first
    first.close()
    assert kept.kept_widget(net) is not first


def test_beside_the_widget_is_a_still_picture() -> None:
    shown = pl.widget(mlp())
    data, _ = shown._repr_mimebundle_()
    assert data["application/vnd.jupyter.widget-view+json"]["model_id"] == shown.model_id
    assert "12,730" in data["text/html"]


def test_a_checkout_without_the_built_script_shows_still_pictures(script: Path) -> None:
    script.unlink()
    assert kept.kept_widget(mlp()) is None
    with pytest.raises(pl.ConfigurationError, match="make web"):
        pl.widget(mlp())
