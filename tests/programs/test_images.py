"""Conversion of users' arrays: any shape, type and levels give the same numbers from 0 to 1."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from pellucid.errors import DataError, ShapeError
from pellucid.programs.images import as_batch, pixels_of, scale_of, to_unit


@pytest.mark.parametrize(
    ("shape", "input_shape", "flat", "single"),
    [
        ((28, 28), (28, 28), (1, 784), True),
        ((784,), (28, 28), (1, 784), True),
        ((5, 28, 28), (28, 28), (5, 784), False),
        ((5, 784), (28, 28), (5, 784), False),
        ((1, 784), (28, 28), (1, 784), False),
        ((0, 28, 28), (28, 28), (0, 784), False),
        ((0, 784), (28, 28), (0, 784), False),
        ((3,), (3,), (1, 3), True),
        ((3, 3), (3,), (3, 3), False),
        ((1,), (1,), (1, 1), True),
        ((7, 1), (1,), (7, 1), False),
        ((2, 3, 4), (2, 3, 4), (1, 24), True),
        ((9, 2, 3, 4), (2, 3, 4), (9, 24), False),
    ],
)
def test_shapes(shape: tuple[int, ...], input_shape: tuple[int, ...], flat: tuple[int, ...], single: bool) -> None:
    x = np.arange(np.prod(shape)).reshape(shape)
    made, alone = as_batch(x, input_shape)
    assert (made.shape, alone) == (flat, single)
    np.testing.assert_array_equal(made.ravel(), x.ravel())


@pytest.mark.parametrize("shape", [(), (783,), (28, 27), (5, 28, 27), (2, 3, 28, 28), (28, 28, 5), (0,), (2, 5, 784)])
def test_other_shapes_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ShapeError, match=r"expected x of shape \(28, 28\), \(784,\) or a batch .* got \("):
        as_batch(np.zeros(shape), (28, 28))


@pytest.mark.parametrize("x", ["three", None, object(), [1 + 2j] * 784, [[1, 2], [3]], np.array(["a"]), {"a": 1}])
def test_inputs_that_are_not_numbers_are_refused(x: Any) -> None:
    with pytest.raises(DataError, match="The network expected"):
        as_batch(x, (28, 28))


def test_the_usual_levels() -> None:
    assert scale_of(np.dtype(np.uint8), None) == scale_of(np.dtype(np.int64), None) == (0.0, 255.0)
    assert scale_of(np.dtype(np.float16), None) == scale_of(np.dtype(np.bool_), None) == (0.0, 1.0)
    assert scale_of(np.dtype(np.uint8), (0, 9)) == (0, 9)


@pytest.mark.parametrize("dtype", [np.uint8, np.int32, np.float16, np.float32, np.float64, ">f4", ">i2"])
@pytest.mark.parametrize("levels", [(0.0, 1.0), (0.0, 9.0), (0.0, 255.0), (-1.0, 3.0)])
def test_levels_to_unit(dtype: npt.DTypeLike, levels: tuple[float, float]) -> None:
    low, high = levels
    flat_inputs = np.linspace(low, high, 12).round().astype(dtype).reshape(2, 6)
    expected = (flat_inputs.astype(np.float64) - low) / (high - low)
    unit = to_unit(flat_inputs, levels)
    np.testing.assert_allclose(unit, expected, rtol=1e-7)
    assert unit.dtype == np.float32
    assert unit.dtype.isnative
    assert unit.flags.c_contiguous


def test_numbers_too_large_for_float32_become_infinite_without_a_warning() -> None:
    assert to_unit(np.array([[1e300, -1e300, 1.0]]), None).tolist() == [[np.inf, -np.inf, 1.0]]
    assert pixels_of(np.array([[1e300]]), None).floats.tolist() == [[np.inf]]


def test_strided_and_reversed_arrays_are_read_in_order() -> None:
    whole = np.arange(24, dtype=np.uint8).reshape(4, 6)
    for view in (whole[:, ::2], whole[::-1], whole[:, ::-1], np.asfortranarray(whole)):
        np.testing.assert_array_equal(pixels_of(view, None).small, view)
        np.testing.assert_array_equal(to_unit(view, (0, 1)), view)
