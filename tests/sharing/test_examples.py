"""The images in a shared page: which, how many, packed without loss."""

from __future__ import annotations

import base64
import zlib

import numpy as np
import pytest

import pellucid as pl
from pellucid.data.dataset import Dataset, TrainTest
from pellucid.studio.sharing.examples import described, examples_for, levels_of
from pellucid.studio.state.edited_network import EditedNetwork
from pellucid.studio.state.input_form import InputForm

FORM = InputForm((28, 28))


def unpacked(packed: str, count: int, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Images (N, D) and labels, as the page reads them."""
    raw = np.frombuffer(zlib.decompress(base64.b64decode(packed)), np.uint8)
    bits = -(-count * size // 8)
    ink = np.unpackbits(raw[count : count + bits])[: count * size].astype(bool)
    levels = np.zeros(count * size, np.uint8)
    levels[ink] = raw[count + bits :]
    return levels.reshape(count, size), raw[:count]


def own(levels: np.ndarray, level_range: tuple[float, float] | None = None) -> TrainTest:
    labels = np.arange(len(levels)) % 2
    part = Dataset(levels, labels, classes=["a", "b"], level_range=level_range, name="own (train)")
    return TrainTest(part, part[:4])


def reader(shape: tuple[int, ...], classes: list[str]) -> pl.Network:
    return pl.Network([pl.Dense(2, "softmax")], input_shape=shape, classes=classes)


def test_the_digits_are_packed_without_loss() -> None:
    net = pl.load("digits-relu")
    found = examples_for(net, FORM, None, 100)
    assert found is not None
    told = described(found, EditedNetwork(net, "net", "cross_entropy"))
    assert (told["name"], told["train"], told["test"], told["seen"]) == ("digits", 100, 50, True)
    assert "CC BY-SA 3.0" in told["licence"]
    levels, labels = unpacked(told["packed"], 150, 784)
    np.testing.assert_array_equal(levels[:100], found.train.images.reshape(100, -1))
    np.testing.assert_array_equal(levels[100:], found.test.images.reshape(50, -1))
    np.testing.assert_array_equal(labels, np.concatenate([found.train.labels, found.test.labels]))
    assert np.bincount(labels[:100], minlength=10).min() >= 8


def test_training_and_held_out_images_are_those_of_the_data() -> None:
    digits = pl.data.load("digits")
    found = examples_for(pl.load("digits-conv"), FORM, None, 60)
    assert found is not None
    for part, whole in zip(found, digits, strict=True):
        known = {image.tobytes() for image in whole.images}
        assert {image.tobytes() for image in part.images} <= known


@pytest.mark.parametrize("name", ["digits-or-none"])
def test_a_network_that_reads_something_else_has_none(name: str) -> None:
    assert examples_for(pl.load(name), FORM, None, 100) is None


def test_none_are_asked_for() -> None:
    assert examples_for(pl.load("digits-relu"), FORM, None, 0) is None


@pytest.mark.parametrize(
    ("levels", "level_range", "expected"),
    [
        (np.array([[0, 255, 7, 0]] * 8, np.uint8).reshape(8, 2, 2), (0, 255), [0, 255, 7, 0]),
        (np.array([[0, 9, 3, 0]] * 8, np.uint8).reshape(8, 2, 2), (0, 9), [0, 255, 85, 0]),
        (np.array([[0, 1, 0.5, 0]] * 8, np.float32).reshape(8, 2, 2), (0, 1), [0, 255, 128, 0]),
    ],
)
def test_levels_of_any_range_become_bytes(
    levels: np.ndarray, level_range: tuple[int, int], expected: list[int]
) -> None:
    data = own(levels, level_range)
    np.testing.assert_array_equal(levels_of(data.train)[0], expected)
    net = reader((2, 2), ["a", "b"])
    found = examples_for(net, InputForm((2, 2)), data, 8)
    assert found is not None
    told = described(found, EditedNetwork(net, "net", "cross_entropy"))
    packed, labels = unpacked(told["packed"], 12, 4)
    np.testing.assert_array_equal(packed[0], expected)
    assert (told["name"], told["train"], told["test"], labels[:2].tolist()) == ("own", 8, 4, [0, 1])


@pytest.mark.parametrize(
    ("net", "message"),
    [
        (
            pl.Network([pl.Dense(2, "softmax")], input_shape=(2, 2), classes=["a", "c"]),
            "its classes are a, c, theirs a, b",
        ),
        (pl.Network([pl.Dense(2, "softmax")], input_shape=(3, 3), classes=["a", "b"]), r"it takes \(3, 3\)"),
    ],
)
def test_images_that_do_not_fit_are_refused(net: pl.Network, message: str) -> None:
    data = own(np.zeros((8, 2, 2), np.uint8))
    with pytest.raises(pl.ConfigurationError, match=message):
        examples_for(net, InputForm(net.input_shape), data, 4)


@pytest.mark.parametrize("count", [-1, 20_001, 1.5, True, "10"])
def test_an_impossible_number_is_refused(count: int) -> None:
    with pytest.raises(pl.ConfigurationError, match="a number from 0 to 20,000"):
        examples_for(pl.load("digits-relu"), FORM, None, count)


def test_what_is_no_data_is_refused() -> None:
    with pytest.raises(pl.ConfigurationError, match=r"as pl\.data\.load returns it"):
        examples_for(pl.load("digits-relu"), FORM, pl.data.load("digits").train, 10)  # type: ignore[arg-type]
