"""Lanes: every operation has its defined result in each lane, and accesses no memory that it should not."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.probe import probe
from pellucid.engine.simd.lanes import LANES

Floats = npt.NDArray[np.float32]

ODD = [0.0, -0.0, 1.0, -1.0, 1e-45, -1e-40, 1.1754944e-38, 3.4028235e38, np.inf, -np.inf, np.nan, 0.1, 7.0]


def vector(*values: float) -> Floats:
    return np.resize(np.array(values, np.float32), LANES)


def run(which: int, a: Floats, b: Floats, c: Floats) -> Floats:
    y = np.full(LANES, 777, np.float32)
    probe().pair(which, y, a, b, c)
    return y


@settings(deadline=None, max_examples=60)
@given(data=st.data(), which=st.integers(0, 3))
def test_arithmetic_is_ieee(data: st.DataObject, which: int) -> None:
    value = st.sampled_from(ODD) | st.floats(width=32)
    a, b = (np.array(data.draw(st.lists(value, min_size=LANES, max_size=LANES)), np.float32) for _ in range(2))
    with np.errstate(all="ignore"):
        expected = (a + b, a - b, a * b, a / b)[which]
    np.testing.assert_array_equal(run(which, a, b, a), expected)


@settings(deadline=None, max_examples=60)
@given(data=st.data())
def test_fma_differs_from_product_and_sum_by_rounding_only(data: st.DataObject) -> None:
    value = st.floats(-1e10, 1e10, width=32)
    a, b, c = (np.array(data.draw(st.lists(value, min_size=LANES, max_size=LANES)), np.float32) for _ in range(3))
    exact = a.astype(np.float64) * b + c
    slack = 1e-7 * (np.abs(a.astype(np.float64) * b) + np.abs(c)) + 1e-45
    assert (np.abs(run(4, a, b, c) - exact) <= slack).all()


@settings(deadline=None, max_examples=60)
@given(data=st.data())
def test_minimum_and_maximum(data: st.DataObject) -> None:
    value = st.floats(allow_nan=False, width=32)
    a, b = (np.array(data.draw(st.lists(value, min_size=LANES, max_size=LANES)), np.float32) for _ in range(2))
    np.testing.assert_array_equal(run(5, a, b, a), np.minimum(a, b))
    np.testing.assert_array_equal(run(6, a, b, a), np.maximum(a, b))


@pytest.mark.parametrize("which", [5, 6], ids=["minimum", "maximum"])
def test_minimum_and_maximum_with_nan_return_the_first(which: int) -> None:
    a, b = vector(np.nan, 1.0, np.nan, -3.0), vector(2.0, np.nan, np.nan, np.nan)
    np.testing.assert_array_equal(run(which, a, b, a), a)


def test_where_less() -> None:
    a, b, yes = vector(1.0, 2.0, np.nan, 1.0), vector(2.0, 1.0, 1.0, np.nan), vector(10.0, 20.0, 30.0, 40.0)
    np.testing.assert_array_equal(run(7, a, b, yes), vector(10.0, -1.0, -1.0, -1.0))


def test_magnitude_and_sign() -> None:
    a, b = np.resize(np.array(ODD, np.float32), LANES), np.resize(np.array(ODD[::-1], np.float32), LANES)
    for got, expected in ((run(9, a, b, a), np.abs(a)), (run(10, a, b, a), np.copysign(a, b))):
        np.testing.assert_array_equal(got.view(np.int32), expected.view(np.int32))


def test_square_root_is_correctly_rounded() -> None:
    rng = np.random.default_rng(1)
    for _ in range(50):
        a = np.exp(rng.uniform(-80, 80, LANES)).astype(np.float32)
        np.testing.assert_array_equal(run(8, a, a, a), np.sqrt(a))
    np.testing.assert_array_equal(run(8, vector(0.0, -1.0), *[vector(1.0)] * 2), vector(0.0, np.nan))


@pytest.mark.parametrize("count", range(0, 3 * LANES + 2))
def test_masked_copy_touches_the_first_only(count: int) -> None:
    x = np.arange(1, 4 * LANES + 1, dtype=np.float32)
    y = np.full_like(x, -5)
    probe().copy_first(y, x[: max(count, 1)].copy(), count)
    np.testing.assert_array_equal(y[:count], x[:count])
    assert (y[count:] == -5).all()


def reduced(x: Floats, count: int = LANES, small: npt.NDArray[np.uint8] | None = None) -> Floats:
    y = np.zeros(4 + LANES, np.float32)
    probe().reduce(y, x, np.zeros(LANES, np.uint8) if small is None else small, count)
    return y


@pytest.mark.parametrize("place", range(LANES))
def test_reductions_see_every_lane(place: int) -> None:
    x = np.full(LANES, -2, np.float32)
    x[place] = 5
    total, largest, of_first, none = reduced(x, count=place + 1)[:4]
    assert (total, largest, of_first, none) == (5 - 2 * (LANES - 1), 5, 5, 0)
    assert reduced(x, count=place)[2] == (-2 if place else -np.inf)
    lone = np.zeros(LANES, np.float32)
    lone[place] = 1e-45
    assert reduced(lone)[3] == 0
    lone[place] = np.nan
    assert reduced(lone)[3] == 0
    lone[place] = -0.0
    assert reduced(lone)[3] == 1


def test_bytes_are_loaded_as_unsigned() -> None:
    small = np.resize(np.array([0, 1, 127, 128, 200, 255], np.uint8), LANES)
    np.testing.assert_array_equal(reduced(vector(0.0), small=small)[4:], small.astype(np.float32))
