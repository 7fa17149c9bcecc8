from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from pellucid.data.drawings import center
from pellucid.data.drawings.centring import fit, stroke_width
from pellucid.errors import ConfigurationError, DataError

if TYPE_CHECKING:
    from pellucid.data import TrainTest


def extent(picture: NDArray[Any]) -> tuple[int, int]:
    rows, columns = np.nonzero(picture > 1e-6)
    return int(np.ptp(rows)) + 1, int(np.ptp(columns)) + 1


def mass_centre(picture: NDArray[Any]) -> NDArray[np.float64]:
    weight = picture.astype(np.float64)
    return np.array([(weight * index).sum() / weight.sum() for index in np.indices(picture.shape)])


def test_an_example_worked_out_by_hand() -> None:
    # A 2x4 bar becomes 10x20. Its own middle, 4.5 and 9.5, is its centre of mass; floor(14.5 - that) is where it goes.
    ink = np.zeros((9, 9))
    ink[3:5, 2:6] = 1
    expected = np.zeros((28, 28))
    expected[10:20, 5:25] = 1
    assert center(ink) == pytest.approx(expected, abs=1e-6)


def test_averaging_shares_out_the_pixels_it_splits() -> None:
    assert fit(np.array([[0, 0, 0], [0, 1, 0], [0, 0, 0]], np.float32), 2) == pytest.approx(np.full((2, 2), 1 / 9))


def test_mnist_comes_back_unchanged(mnist: TrainTest) -> None:
    images = mnist.test.images[:300]
    levels = images.astype(np.float32) / np.float32(255)
    assert sum(np.array_equal(center(image), level) for image, level in zip(images, levels, strict=True)) >= 298


def test_enlarged_and_moved_mnist_comes_back(mnist: TrainTest) -> None:
    # A digit as odd as its box is even moves by half a pixel in its square, which a finer grid shows.
    even = [image for image in mnist.test.images[:100] if sum(extent(image)) % 2 == 0]
    for image in even:
        large = np.pad(image.repeat(7, axis=0).repeat(7, axis=1), ((5, 80), (30, 2)))
        assert center(large) == pytest.approx(image / 255, abs=1e-4)
    assert len(even) > 40


@settings(max_examples=80, deadline=None)
@given(st.integers(1, 90), st.integers(1, 90), st.integers(0, 2**32 - 1))
def test_any_ink_fills_the_box_and_is_centred_by_mass(height: int, width: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    ink = np.pad(rng.uniform(0.2, 1, (height, width)), rng.integers(0, 30, (2, 2)))
    centred = center(ink)
    assert centred.shape == (28, 28)
    assert centred.dtype == np.float32
    assert 0 <= centred.min() <= centred.max() <= 1
    assert max(extent(centred)) == 20
    assert np.abs(mass_centre(centred) - 14).max() <= 0.5 + 1e-3
    assert centred.mean() * 784 == pytest.approx(ink.sum() * (20 / max(height, width)) ** 2, rel=1e-3)


def test_shape_is_kept() -> None:
    assert extent(center(np.ones((80, 20)))) == (20, 6)  # 5 wide, over 6 pixels: centred in its square
    assert extent(center(np.ones((20, 80)))) == (6, 20)


def test_each_step_can_be_left_out() -> None:
    pad = np.zeros((56, 56), np.uint8)
    pad[2:22, 4:8] = 255
    pad[18:22, 4:20] = 255
    assert extent(center(pad, scale=False)) == (10, 8)
    assert np.argwhere(center(pad, scale=False, mass=False)).min(axis=0).tolist() == [1, 2]
    assert mass_centre(center(pad, scale=False)) == pytest.approx([14, 14], abs=0.5)
    rows, columns = np.nonzero(center(pad, mass=False))
    assert (rows.min(), rows.max() + 1, columns.min(), columns.max() + 1) == (4, 24, 6, 22)
    assert not np.array_equal(center(pad), center(pad, mass=False))
    tilted = np.tri(50, dtype=np.float32)
    assert set(np.unique(center(tilted, smooth=False))) == {0, 1}
    assert len(np.unique(center(tilted).round(3))) > 2


def test_a_field_smaller_than_the_picture() -> None:
    assert center(np.ones((200, 300), np.bool_), scale=False).any()
    assert center(np.ones((200, 300)), field=8, box=6).shape == (8, 8)


@pytest.mark.parametrize("shape", [(1, 1), (28, 28), (5, 400)])
def test_no_ink_gives_an_empty_field(shape: tuple[int, int]) -> None:
    assert not center(np.zeros(shape)).any()


@pytest.mark.parametrize("width", [1, 3, 9, 20])
def test_stroke_width_is_measured(width: int) -> None:
    ink = np.zeros((220, 220), np.float32)
    ink[10:210, 50 : 50 + width] = 1
    # Rows and columns cross an upright line's outline pi/4 times too often.
    assert stroke_width(ink) * np.pi / 4 == pytest.approx(width, rel=0.15)


def test_only_thin_strokes_are_widened() -> None:
    thin, bold = np.zeros((2, 200, 200), np.float32)
    for y in range(20, 180):
        thin[y, y : y + 2] = bold[y, y - 15 : y + 15] = 1
    assert center(thin, thicken=True).sum() > 3 * center(thin).sum()
    assert np.array_equal(center(bold, thicken=True), center(bold))
    assert max(extent(center(thin, thicken=True))) == 20


def test_widening_keeps_a_hairline_visible() -> None:
    ink = np.zeros((1000, 1000), np.bool_)
    ink[100:900, 500] = True
    assert center(ink).max() < 0.1
    assert center(ink, thicken=True).max() > 0.9


@pytest.mark.parametrize(
    ("ink", "words"),
    [
        (np.full((9, 9), np.nan), "NaN"),
        (np.full((9, 9), 9.0), "divide it by its largest level"),
        (np.zeros((9, 9, 3)), r"shape \(H, W\), got \(9, 9, 3\)"),
        (np.zeros((0, 9)), "pixels in it"),
        (np.zeros((9, 9), np.int64), "int64"),
        ([[0, 1]], "NumPy array, got list"),
    ],
)
def test_what_is_no_ink(ink: Any, words: str) -> None:
    with pytest.raises(DataError, match=words):
        center(ink)


@pytest.mark.parametrize(("field", "box"), [(20, 28), (28, 0), (0, 0)])
def test_a_box_that_does_not_fit(field: int, box: int) -> None:
    with pytest.raises(ConfigurationError, match="1 <= box <= field"):
        center(np.ones((9, 9)), field=field, box=box)
