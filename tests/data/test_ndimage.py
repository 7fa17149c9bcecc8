"""Patches, distances and filters: the results are those of SciPy, on pictures of all sizes."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pellucid.data.drawings import ndimage

scipy = pytest.importorskip("scipy.ndimage")

shapes = st.tuples(st.integers(1, 24), st.integers(1, 24))
seeds = st.integers(0, 10_000)
STRUCTURES = [np.ones((3, 3)), np.ones((5, 5)), ndimage.CROSS]


def mask_of(shape: tuple[int, int], seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.random(shape) < rng.uniform(0.2, 0.9)


def picture_of(shape: tuple[int, int], seed: int, dtype: type = np.float32) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape).astype(dtype)


@given(shapes, seeds, st.sampled_from([np.ones((3, 3)), ndimage.CROSS]))
def test_patches_have_the_same_numbers_and_boxes(shape: tuple[int, int], seed: int, structure: np.ndarray) -> None:
    mask = mask_of(shape, seed)
    labels, count = ndimage.label(mask, structure)
    expected, known = scipy.label(mask, structure)
    assert count == known
    np.testing.assert_array_equal(labels, expected)
    assert labels.dtype == np.int32
    assert ndimage.find_objects(labels) == scipy.find_objects(expected)


@given(shapes, seeds)
def test_distances(shape: tuple[int, int], seed: int) -> None:
    mask = np.pad(mask_of(shape, seed), 1)
    np.testing.assert_allclose(ndimage.distance_transform_edt(mask), scipy.distance_transform_edt(mask), rtol=1e-12)


@given(shapes, seeds, st.sampled_from([0.05, 0.4, 0.8, 1.6, 5.0]), st.sampled_from(["reflect", "nearest"]))
def test_smoothing(shape: tuple[int, int], seed: int, sigma: float, mode: str) -> None:
    for dtype in (np.float32, np.float64):
        picture = picture_of(shape, seed, dtype)
        smooth = ndimage.gaussian_filter(picture, sigma, mode=mode)
        assert smooth.dtype == dtype
        np.testing.assert_allclose(smooth, scipy.gaussian_filter(picture, sigma, mode=mode), rtol=1e-5, atol=1e-6)


def test_smoothing_leaves_an_axis_alone() -> None:
    colour = np.random.default_rng(0).random((9, 7, 3))
    sigmas = (2.0, 2.0, 0)
    np.testing.assert_allclose(
        ndimage.gaussian_filter(colour, sigmas), scipy.gaussian_filter(colour, sigmas), rtol=1e-12
    )


@given(shapes, seeds, st.sampled_from([3, 5, 11, 31]))
def test_means_of_windows(shape: tuple[int, int], seed: int, size: int) -> None:
    picture = picture_of(shape, seed)
    mean = ndimage.uniform_filter(picture, size)
    np.testing.assert_allclose(mean, scipy.uniform_filter(picture, size), rtol=1e-4, atol=1e-5)


@given(shapes, seeds)
def test_medians(shape: tuple[int, int], seed: int) -> None:
    picture = picture_of(shape, seed)
    median = ndimage.median_filter(picture, 3, mode="nearest")
    np.testing.assert_array_equal(median, scipy.median_filter(picture, 3, mode="nearest"))


@given(shapes, seeds)
def test_morphology(shape: tuple[int, int], seed: int) -> None:
    mask = mask_of(shape, seed)
    for structure in STRUCTURES:
        np.testing.assert_array_equal(ndimage.binary_dilation(mask, structure), scipy.binary_dilation(mask, structure))
        np.testing.assert_array_equal(ndimage.binary_erosion(mask, structure), scipy.binary_erosion(mask, structure))
    for length in (2, 3, 4, 7):
        column = np.ones((length, 1))
        np.testing.assert_array_equal(ndimage.binary_opening(mask, column), scipy.binary_opening(mask, column))
    np.testing.assert_array_equal(ndimage.binary_fill_holes(mask), scipy.binary_fill_holes(mask))


def test_scipy_takes_the_place_of_a_missing_mahotas() -> None:
    code = (
        "import sys; sys.modules['mahotas'] = None; from pellucid.data.drawings import ndimage; "
        "print(all(getattr(ndimage, name).__module__.startswith('scipy') for name in ndimage.__all__))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "True"


def test_nothing_else_needs_scipy() -> None:
    code = (
        "import sys, pkgutil, importlib; sys.modules['scipy'] = None; "
        "import pellucid.data.drawings as d, pellucid.speech as s; "
        "[importlib.import_module(f'{p.__name__}.{m.name}') for p in (d, s) for m in pkgutil.iter_modules(p.__path__)]"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
