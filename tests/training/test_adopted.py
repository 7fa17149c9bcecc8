"""What the data declare, training, reading, files and validation agree on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import pellucid as pl

RNG = np.random.default_rng(5)
LABELS = RNG.integers(0, 3, 60)


def network(**options: Any) -> pl.Network:
    return pl.Network([pl.Dense(8, "relu"), pl.Dense(3, "softmax")], input_shape=(8, 8), **options)


def trained(net: pl.Network, data: pl.data.Dataset) -> pl.Trainer:
    trainer = pl.Trainer(net, data, optimizer=pl.SGD(0.1))
    trainer.take_steps(3)
    return trainer


@pytest.mark.parametrize(
    ("images", "level_range", "adopted"),
    [
        (RNG.integers(0, 17, (60, 8, 8)).astype(float), (0, 16), (0, 16)),
        (RNG.integers(0, 256, (60, 8, 8), np.uint8), "auto", (0, 255)),
        (RNG.random((60, 8, 8)), "auto", (0, 1)),
        (RNG.standard_normal((60, 8, 8)), "auto", (0, 1)),
        (RNG.integers(0, 17, (60, 8, 8)).astype(float), None, (0, 1)),
    ],
)
def test_reading_scales_as_training_did(images: Any, level_range: Any, adopted: Any, tmp_path: Path) -> None:
    data, net = pl.data.Dataset(images, LABELS, level_range=level_range), network()
    net(images[0])  # levels may have been chosen by type before
    trained(net, data)
    assert net.level_range == adopted
    loss, accuracy = net.program.evaluate(pl.programs.feed.Feed.of(data), data.labels, "cross_entropy")
    for given in (images, data.images, images.astype(np.float32), images.astype(np.float64)):
        outputs = net(given)
        assert np.mean(outputs.argmax(1) == LABELS) == pytest.approx(accuracy)
        assert -np.log(outputs[np.arange(60), LABELS]).mean() == pytest.approx(loss, rel=1e-4)
        np.testing.assert_allclose(net(given[7]), outputs[7], rtol=1e-4)
    pl.save(net, tmp_path / "net.safetensors")
    again = pl.load(tmp_path / "net.safetensors")
    np.testing.assert_array_equal(again(images), net(images))


def test_exclusive_or_of_integers() -> None:
    rows = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
    for kind in (float, int, bool, np.uint8):
        net = pl.Network([pl.Dense(8, "tanh"), pl.Dense(2, "softmax")], input_shape=(2,), seed=1)
        data = pl.data.Dataset(rows.astype(kind), [0, 1, 1, 0])
        for _ in pl.Trainer(net, data, optimizer=pl.Adam(0.05), batch_size=4).run(300):
            pass
        for asked in (rows, rows.astype(np.uint8), rows.tolist(), rows.astype(float)):
            assert net(asked).argmax(1).tolist() == [0, 1, 1, 0]


def test_what_contradicts_is_refused() -> None:
    data = pl.data.Dataset(np.full((60, 8, 8), 9.0), LABELS, level_range=(0, 16))
    with pytest.raises(pl.ConfigurationError, match=r"takes levels from 0 to 9; those of the data are 0 to 16"):
        pl.Trainer(network(level_range=(0, 9)), data)
    trainer = trained(network(), data)
    other = pl.data.Dataset(np.full((60, 8, 8), 9.0), LABELS, level_range=(0, 10))
    with pytest.raises(pl.ConfigurationError, match="from 0 to 16; those of the data are 0 to 10"):
        trainer.run(1, validation=other)


def test_names_of_classes_are_adopted_and_compared() -> None:
    images, animals = RNG.random((60, 8, 8)), ["cat", "dog", "cow"]
    named, plain = pl.data.Dataset(images, LABELS, classes=animals), pl.data.Dataset(images, LABELS)
    trainer = trained(network(), named)
    assert trainer.net.classes == ("cat", "dog", "cow")
    assert trainer.net.read(images[0]).best in animals
    trainer.run(1, validation=plain)
    with pytest.raises(pl.ConfigurationError, match="classes are cat, dog, cow; those of the data are dog, cat, cow"):
        trainer.run(1, validation=pl.data.Dataset(images, LABELS, classes=["dog", "cat", "cow"]))
    assert trained(network(classes=["x", "y", "z"]), plain).net.classes == ("x", "y", "z")


def test_images_changed_in_place_are_trained_on() -> None:
    images = RNG.random((60, 8, 8)).astype(np.float32)
    data = pl.data.Dataset(images, LABELS)
    first = trained(network(), data).net.parameters.copy()
    data.images[...] = images[::-1].copy()
    second = trained(network(), data).net.parameters
    fresh = trained(network(), pl.data.Dataset(data.images.copy(), LABELS)).net.parameters
    assert (first != second).any()
    np.testing.assert_array_equal(second, fresh)
