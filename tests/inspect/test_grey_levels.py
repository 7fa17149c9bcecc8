"""Fewer grey levels: every pixel is the nearest of evenly spaced levels, whatever the type of the images."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

import pellucid as pl
from pellucid.errors import ConfigurationError
from pellucid.inspect.grey_levels import levels_present, rounded, with_grey_levels
from pellucid.programs.images import to_unit


@given(arrays.arrays(np.float32, st.integers(1, 40), elements=st.floats(0, 1, width=32)), st.integers(2, 256))
def test_a_pixel_becomes_the_nearest_level(pixels: np.ndarray, levels: int) -> None:
    every = np.linspace(0, 1, levels)
    nearest = np.abs(pixels[:, None].astype(np.float64) - every).min(axis=1)
    found = rounded(pixels, levels)
    np.testing.assert_allclose(np.abs(found - pixels), nearest, atol=1e-6)
    assert np.isin(np.rint(found * (levels - 1)), np.arange(levels)).all()
    np.testing.assert_array_equal(rounded(found, levels), found)


@pytest.mark.parametrize("levels", [2, 3, 10, 17, 256])
def test_images_of_bytes_and_of_floats_become_the_same_whole_numbers(levels: int) -> None:
    test = pl.data.load("digits").test[:50]
    floats = pl.data.Dataset((test.images / np.float32(255)).astype(np.float32), test.labels)
    found, same = with_grey_levels(test, levels), with_grey_levels(floats, levels)
    assert found.images.dtype == np.uint8
    assert found.level_range == (0, levels - 1)
    np.testing.assert_array_equal(found.images, same.images)
    np.testing.assert_array_equal(found.labels, test.labels)
    unit = to_unit(found.images.reshape(50, -1), found.level_range)
    np.testing.assert_array_equal(unit, rounded(to_unit(test.images.reshape(50, -1), (0, 255)), levels))


def test_levels_are_counted_over_all_images() -> None:
    test = pl.data.load("digits").test
    assert levels_present(test) == len(np.unique(test.images))
    assert levels_present(with_grey_levels(test, 10)) == 10
    floats = pl.data.Dataset(np.array([[[0.0, 0.25]], [[0.25, 1.0]]], np.float32), [0, 1])
    assert levels_present(floats) == 3


@pytest.mark.parametrize("levels", [-1, 0, 1, 257])
def test_other_numbers_of_levels_are_refused(levels: int) -> None:
    with pytest.raises(ConfigurationError, match="2 to 256 grey levels"):
        rounded(np.zeros(3, np.float32), levels)


def test_numbers_that_are_no_levels_are_refused() -> None:
    data = pl.data.Dataset(np.zeros((2, 3), np.float32), [0, 1], level_range=None)
    with pytest.raises(ConfigurationError, match="level_range"):
        with_grey_levels(data, 4)
