"""Tight crops, whose strokes lie along the edges of the picture, get a margin of paper; borders and lines do not."""

from __future__ import annotations

import tracemalloc
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

import pellucid as pl
from pellucid.data.drawings import find_digits
from pellucid.data.drawings.margins import MOST_PIXELS, two_levels, with_margin
from pellucid.data.drawings.noise import without_impulses
from pellucid.programs.images import from_unit

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pellucid.data import TrainTest


@pytest.fixture(scope="module")
def reader() -> pl.Network:
    return pl.load("digits-conv")


def said(reader: pl.Network, picture: NDArray[np.float32]) -> str:
    return "".join(reader.read(from_unit(d.pixels.ravel(), reader.level_range)).best for d in find_digits(picture))


def tight(image: NDArray[np.uint8], side: int) -> NDArray[np.float32]:
    """Crop an image to its ink, and scale it: ink from 0 to 1."""
    rows, columns = np.flatnonzero((image > 25).any(axis=1)), np.flatnonzero((image > 25).any(axis=0))
    cut = image[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].astype(np.float32) / 255
    width, height = (max(8, round(n * side / max(cut.shape))) for n in cut.shape[::-1])
    return np.asarray(Image.fromarray(cut).resize((width, height), Image.Resampling.BICUBIC)).clip(0, 1)


@pytest.mark.parametrize("side", [20, 48])
@pytest.mark.parametrize("dark", [False, True])
def test_tight_crops_of_real_digits_are_read(mnist: TrainTest, reader: pl.Network, side: int, dark: bool) -> None:
    images, labels = np.asarray(mnist.test.images[:80]), mnist.test.labels[:80]
    inks = [tight(image, side) for image in images]
    right = [said(reader, 1 - ink if dark else ink) == str(label) for ink, label in zip(inks, labels, strict=True)]
    assert sum(right) >= 77  # 72 without a margin


def test_digits_of_eight_by_eight_pixels_are_read(reader: pl.Network) -> None:
    images, labels = pytest.importorskip("sklearn.datasets").load_digits(return_X_y=True)
    pictures = images.reshape(-1, 8, 8)[::6].astype(np.float32) / 16
    right = [said(reader, picture) == str(label) for picture, label in zip(pictures, labels[::6], strict=True)]
    assert np.mean(right) > 0.92  # 0.86 without a margin


def seven() -> NDArray[np.float32]:
    ink = np.zeros((48, 34), np.float32)
    ink[:6] = 1
    for row in range(6, 48):
        left = round(28 - 0.5 * (row - 6))
        ink[row, left : left + 6] = 1
    return ink


def test_a_bar_that_fills_a_side_is_a_stroke() -> None:
    (digit,) = find_digits(1 - seven())
    assert digit.box == (0, 0, 34, 48)
    assert digit.pixels.sum(axis=1).max() > 12


def test_the_margin_is_paper() -> None:
    picture = 0.9 - 0.7 * seven()
    wide, width = with_margin(picture, dark=True)
    assert width == 25
    assert wide[width:-width, width:-width] == pytest.approx(picture)
    assert wide[:width] == pytest.approx(0.9)


def test_borders_lines_nets_and_shadows_get_no_margin() -> None:
    y, x = np.indices((60, 60))
    border = np.ones((60, 60), np.float32)
    border[:, :3] = border[:2, :50] = 0
    border[20:40, 30:34] = 0
    line = np.where(np.abs(y - 30) < 2, 0, 1)
    net = np.where((y % 12 < 2) | (x % 12 < 2), 0, 1)
    corner = np.where(x + y < 40, 0.3, 1)
    for picture in (border, line, net, corner, np.ones((60, 60)), 0.5 + 0.5 * x / 60):
        assert with_margin(picture.astype(np.float32), dark=True)[1] == 0


def test_two_levels() -> None:
    threshold, explained = two_levels(np.array([[0.1, 0.1, 0.1, 0.9]], np.float32))
    assert 0.1 < threshold < 0.9
    assert explained == pytest.approx(1)
    assert two_levels(np.linspace(0, 1, 1000, dtype=np.float32)[None])[1] == pytest.approx(0.75, abs=0.01)


def test_impulses_in_small_pictures_are_looked_through(mnist: TrainTest, reader: pl.Network) -> None:
    rng = np.random.default_rng(2)
    images, labels = np.asarray(mnist.test.images[:60]) / np.float32(255), mnist.test.labels[:60]
    hit = rng.random(images.shape) < 0.15
    noisy = np.where(hit, rng.integers(0, 2, images.shape), images).astype(np.float32)
    right = [said(reader, picture) == str(label) for picture, label in zip(noisy, labels, strict=True)]
    assert sum(right) >= 48  # 7 where they stay
    for image in images[:20]:
        assert without_impulses(image) is image


def test_a_long_thin_picture_does_not_grow_beyond_all_memory() -> None:
    line = np.ones((30_000, 12), np.float32)
    line[:, :5] = 0
    assert with_margin(line, dark=True)[1] <= 64
    assert with_margin(line[:, 4:6], dark=True)[0].size <= MOST_PIXELS


def test_a_very_long_stroke_takes_little_memory() -> None:
    line = np.ones((30_000, 12), np.float32)
    line[:, :5] = 0
    tracemalloc.start()
    try:
        find_digits(line)
        assert tracemalloc.get_traced_memory()[1] < 200_000_000
    finally:
        tracemalloc.stop()
