"""Regression, one sigmoid output, several labels at once, weights, smoothing: trained, saved, resumed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import pellucid as pl

RNG = np.random.default_rng(3)
ROWS = RNG.standard_normal((400, 5))
SLOPES = np.array([1.0, -2.0, 0.5, 0.0, 3.0])
VALUES = ROWS @ SLOPES + np.sin(2 * ROWS[:, 0])


def network(width: int, last: str = "identity") -> pl.Network:
    return pl.Network([pl.Dense(24, "tanh"), pl.Dense(width, last)], input_shape=(5,), seed=2)


def test_regression() -> None:
    data = pl.data.Dataset(ROWS, VALUES)
    net = network(1)
    trainer = pl.Trainer(net, data, optimizer=pl.Adam(0.01))
    assert trainer.loss == "mean_squared"
    events = list(trainer.run(80, validation=data))
    assert np.isnan(events[-1].train_accuracy)
    assert np.isnan(events[-1].test_accuracy)
    errors = net(ROWS)[:, 0] - VALUES
    assert events[-1].test_loss == pytest.approx((errors**2).mean(), rel=1e-3)
    assert (errors**2).mean() < 0.05 * VALUES.var()


@pytest.mark.parametrize("loss", ["mean_absolute", "huber"])
def test_regression_with_outliers(loss: str) -> None:
    wild = VALUES.copy()
    wild[::20] += 100
    net = network(1)
    for _ in pl.Trainer(net, pl.data.Dataset(ROWS, wild), loss=loss, optimizer=pl.Adam(0.01)).run(120):
        pass
    assert np.median(np.abs(net(ROWS)[:, 0] - VALUES)) < 0.5


def test_one_sigmoid_output() -> None:
    labels = (VALUES > 0).astype(int)
    for given in (labels, labels.astype(bool), labels[:, None].astype(float)):
        net = network(1, "sigmoid")
        trainer = pl.Trainer(net, pl.data.Dataset(ROWS, given), optimizer=pl.Adam(0.01))
        assert trainer.loss == "binary_cross_entropy"
        last = list(trainer.run(60))[-1]
        assert last.train_accuracy > 0.95
        assert ((net(ROWS)[:, 0] > 0.5) == labels).mean() > 0.95


def test_several_labels_at_once() -> None:
    labels = np.stack([ROWS[:, 0] > 0, ROWS[:, 1] > 0.5, VALUES > 0], axis=1).astype(int)
    data = pl.data.Dataset(ROWS, labels, classes=["east", "high", "warm"])
    assert "3 target values: east from 0 to 1" in repr(data)
    net = network(3, "sigmoid")
    last = list(pl.Trainer(net, data, optimizer=pl.Adam(0.01)).run(80))[-1]
    assert last.train_accuracy == pytest.approx(((net(ROWS) > 0.5) == labels).all(1).mean(), abs=0.02)
    assert last.train_accuracy > 0.9
    assert net.classes == ("east", "high", "warm")


def test_values_are_split_and_chosen_with_their_images_and_weights() -> None:
    data = pl.data.Dataset(ROWS, VALUES, weight=np.arange(400))
    for part in (*data.split(0.7, seed=1), data.take(50), data[10:30], data[[3, 1]]):
        np.testing.assert_allclose(part.targets[:, 0], part.images @ SLOPES + np.sin(2 * part.images[:, 0]), rtol=1e-4)
        assert part.weight is not None
        np.testing.assert_array_equal(ROWS[part.weight.astype(int)].astype(np.float32), part.images)
    with pytest.raises(pl.DataError, match="target values"):
        _ = data.labels


def test_whole_numbers_may_be_values() -> None:
    assert pl.data.Dataset(ROWS, np.arange(400.0)).has_classes
    data = pl.data.Dataset(ROWS, np.arange(400.0), task="values")
    assert (data.targets.shape, data.targets.dtype) == ((400, 1), np.float32)


def gradient_after_one_step(data: pl.data.Dataset, **options: Any) -> Any:
    net = pl.Network([pl.Dense(4, "tanh"), pl.Dense(3, "softmax")], input_shape=(5,), seed=2)
    start = net.parameters.copy()
    pl.Trainer(net, data, optimizer=pl.SGD(1.0), batch_size=400, **options).take_steps(1)
    return start - net.parameters


CLASSES = np.digitize(VALUES, [-2, 2])


def test_weights_of_examples_and_classes_multiply() -> None:
    weight = RNG.random(400)
    by_class = np.array([0.5, 2.0, 1.0])
    both = pl.data.Dataset(ROWS, CLASSES, weight=weight * by_class[CLASSES])
    expected = gradient_after_one_step(both)
    data = pl.data.Dataset(ROWS, CLASSES, weight=weight, classes=["low", "middle", "high"])
    for given in ([0.5, 2.0, 1.0], {"low": 0.5, "middle": 2.0}, {0: 0.5, 1: 2.0, 2: 1.0}):
        np.testing.assert_allclose(gradient_after_one_step(data, class_weight=given), expected, rtol=1e-3, atol=1e-6)
    plain = pl.data.Dataset(ROWS, CLASSES)
    balanced = 400 / (3 * np.bincount(CLASSES))
    expected = gradient_after_one_step(pl.data.Dataset(ROWS, CLASSES, weight=balanced[CLASSES]))
    np.testing.assert_allclose(gradient_after_one_step(plain, class_weight="balanced"), expected, rtol=1e-3, atol=1e-6)


def test_smoothed_labels_are_target_probabilities() -> None:
    shares = np.full((400, 3), 0.1)
    shares[np.arange(400), CLASSES] += 0.7
    expected = gradient_after_one_step(pl.data.Dataset(ROWS, shares))
    smooth = gradient_after_one_step(pl.data.Dataset(ROWS, CLASSES), label_smoothing=0.3)
    np.testing.assert_allclose(smooth, expected, rtol=1e-4, atol=1e-7)


@pytest.mark.parametrize(
    ("data", "options"),
    [
        (pl.data.Dataset(ROWS, VALUES), {"loss": "huber"}),
        (pl.data.Dataset(ROWS, CLASSES), {"class_weight": {1: 3.0}, "label_smoothing": 0.2}),
        (pl.data.Dataset(ROWS, CLASSES, weight=np.arange(400)), {"class_weight": "balanced"}),
        (pl.data.Dataset(ROWS, np.eye(3)[CLASSES]), {"loss": "cross_entropy"}),
    ],
)
def test_resumed_bit_for_bit(data: pl.data.Dataset, options: dict[str, Any], tmp_path: Path) -> None:
    width = 1 if options.get("loss") == "huber" else 3
    trainers = [
        pl.Trainer(network(width, "identity" if width == 1 else "softmax"), data, optimizer="momentum", **options)
        for _ in range(2)
    ]
    expected = trainers[0].take_steps(40)
    trainers[1].take_steps(17)
    trainers[1].save(tmp_path / "kept.safetensors")
    again = pl.Trainer.resume(tmp_path / "kept.safetensors", data)
    np.testing.assert_array_equal(again.take_steps(23), expected[17:])
    np.testing.assert_array_equal(again.net.parameters, trainers[0].net.parameters)


def test_augmented_images_keep_their_values_and_weights() -> None:
    images = np.zeros((300, 12, 12), np.uint8)
    for number, image in enumerate(images):
        image[3:9, 3 : 4 + number % 6] = 255
    values = (np.arange(300) % 6)[:, None] / 6
    weight = np.where(np.arange(300) % 6 == 5, 0.0, 1.0)  # the widest are not learned
    net = pl.Network([pl.Dense(16, "relu"), pl.Dense(1)], input_shape=(12, 12), seed=1)
    data = pl.data.Dataset(images, values, weight=weight)
    trainer = pl.Trainer(net, data, optimizer=pl.Adam(0.01), augment=pl.Augment(shift=1.0), batch_size=7)
    trainer.take_steps(1500)
    errors = np.abs(net(images) - values)[:, 0]
    assert errors[weight > 0].max() < 0.15
    assert errors[weight == 0].min() > errors[weight > 0].max()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"class_weight": {"tall": 2.0}}, "names the class 'tall'"),
        ({"class_weight": [1.0]}, "expected 3 weights"),
        ({"class_weight": [1.0, -1.0, 2.0]}, "finite number of at least 0"),
        ({"class_weight": "even"}, 'weights or "balanced"'),
        ({"label_smoothing": 2}, "from 0 to 1"),
        ({"label_smoothing": 0.1, "loss": "squared"}, "cross_entropy on classes"),
        ({"optimizer": "adamant"}, "one of sgd, momentum, adam"),
    ],
)
def test_refusals(options: dict[str, Any], message: str) -> None:
    with pytest.raises(pl.ConfigurationError, match=message):
        pl.Trainer(network(3, "softmax"), pl.data.Dataset(ROWS, CLASSES), **options)


@pytest.mark.parametrize("weight", [[1.0], np.full(400, -1.0), np.zeros(400), np.full(400, np.nan), np.ones((400, 1))])
def test_impossible_weights(weight: Any) -> None:
    with pytest.raises(pl.DataError, match="weight"):
        pl.data.Dataset(ROWS, CLASSES, weight=weight)
