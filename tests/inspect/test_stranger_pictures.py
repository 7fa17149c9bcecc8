"""Strangers: each picture depends on seed and number alone; thresholds count what they say."""

from __future__ import annotations

import numpy as np
import pytest

import pellucid as pl
from pellucid.inspect.stranger_pictures import KINDS, Kind

IMAGES = pl.data.load("digits").test.images[:20] / np.float32(255)


@pytest.mark.parametrize("kind", KINDS)
def test_a_picture_depends_on_its_number_alone(kind: Kind) -> None:
    many = pl.inspect.strangers(kind, 8, images=IMAGES)
    assert many.shape == (8, 28, 28)
    assert many.min() >= 0
    assert many.max() <= 1
    np.testing.assert_array_equal(pl.inspect.strangers(kind, 3, first=5, images=IMAGES), many[5:])
    if kind == "blank":
        assert not many.any()
    else:
        other = pl.inspect.strangers(kind, 8, images=IMAGES, seed=1)
        assert (other != many).any(axis=(1, 2)).sum() >= 6


def test_shuffled_pictures_keep_their_pixels_and_shifted_ones_move() -> None:
    shuffled = pl.inspect.strangers("shuffled", 25, images=IMAGES)
    for at in range(25):
        np.testing.assert_array_equal(np.sort(shuffled[at], axis=None), np.sort(IMAGES[at % 20], axis=None))
    for at, moved in enumerate(pl.inspect.strangers("shifted", 20, images=IMAGES)):
        ways = [np.zeros((28, 28), np.float32) for _ in range(4)]
        ways[0][6:], ways[1][:-6] = IMAGES[at][:-6], IMAGES[at][6:]
        ways[2][:, 6:], ways[3][:, :-6] = IMAGES[at][:, :-6], IMAGES[at][:, 6:]
        assert any(np.array_equal(moved, way) for way in ways)


def test_the_sigmoid_network_knows_noise_and_the_relu_network_does_not() -> None:
    noise = pl.inspect.strangers("noise", 2000)
    outputs = {name: pl.load(name)(noise) for name in ("digits-sigmoid", "digits-relu")}
    shares = {name: (found.max(axis=1) >= 0.9).mean() for name, found in outputs.items()}
    assert shares["digits-sigmoid"] < 0.02
    assert 0.4 < shares["digits-relu"] < 0.6


def test_drawn_strangers_take_any_preparation_and_noise_any_shape() -> None:
    letters = pl.inspect.strangers("letters", 2, prepare=lambda ink: ink[::8, ::8])
    assert letters.shape == (2, 14, 14)
    assert pl.inspect.strangers("noise", 0, shape=(3, 8, 8)).shape == (0, 3, 8, 8)


def test_wrong_arguments_are_refused() -> None:
    with pytest.raises(pl.ConfigurationError, match="noise"):
        pl.inspect.strangers("spots", 1)  # type: ignore[arg-type]
    with pytest.raises(pl.ConfigurationError, match="images="):
        pl.inspect.strangers("shuffled", 1)
    with pytest.raises(pl.ShapeError, match="N, H, W"):
        pl.inspect.strangers("shifted", 1, images=np.zeros((3, 784)))
    with pytest.raises(pl.ShapeError, match="at least 0"):
        pl.inspect.strangers("noise", -1)


def test_a_price_counts_every_reading_once() -> None:
    found = pl.inspect.price([0.2, 0.5, 0.9, 0.9, 0.1], [True, True, True, False, False], 0.5)
    assert (found.kept, found.lost, found.caught, found.missed) == (2, 1, 1, 1)
    assert found.lost_share == pytest.approx(1 / 3)
    assert found.accuracy == pytest.approx(2 / 3)
    assert np.isnan(pl.inspect.price([0.2], [True], 0.5).accuracy)
    assert pl.inspect.price([], [], 0.5).lost_share == 0
    with pytest.raises(pl.ShapeError, match="two arrays"):
        pl.inspect.price([0.2], [True, False], 0.5)
