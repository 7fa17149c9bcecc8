"""exp, log, sigmoid and tanh: the largest error in ulps is at most what their docstrings state."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from pellucid.engine.compiler.library import engine
from pellucid.engine.kernels import functions
from pellucid.engine.simd.lanes import LANES, PLAIN

Floats = npt.NDArray[np.float32]

TINY, LARGEST = np.finfo(np.float32).tiny, np.finfo(np.float32).max
PER_EXPONENT = 24 if PLAIN else 4096
TRUTH: dict[int, Callable[[Any], Any]] = {
    functions.EXP: np.exp,
    functions.LOG: np.log,
    functions.SIGMOID: lambda x: 1 / (1 + np.exp(-x)),
    functions.TANH: np.tanh,
}
WITHIN = {functions.EXP: 2.0, functions.LOG: 1.0, functions.SIGMOID: 3.0, functions.TANH: 2.0}
NAMES = {functions.EXP: "exp", functions.LOG: "log", functions.SIGMOID: "sigmoid", functions.TANH: "tanh"}


def applied(which: int, x: npt.ArrayLike) -> Floats:
    x = np.atleast_1d(np.asarray(x, np.float32))
    padded = np.zeros(-(-len(x) // LANES) * LANES, np.float32)
    padded[: len(x)] = x
    y = np.empty_like(padded)
    engine().apply(which, y, padded, len(padded))
    return y[: len(x)]


def samples() -> Floats:
    """Every exponent with both signs, at the ends of its range and at random mantissas; dense around zero."""
    rng = np.random.default_rng(2)
    mantissas = np.concatenate([[0, 1, 2, 0x7FFFFF, 0x7FFFFE], rng.integers(0, 1 << 23, PER_EXPONENT)])
    bits = (np.arange(255)[:, None] << 23 | mantissas).ravel().astype(np.uint32)
    signed = np.concatenate([bits, bits | np.uint32(1 << 31)]).view(np.float32)
    middle = [np.linspace(low, high, 90 * PER_EXPONENT) for low, high in ((-104, 89), (-20, 20), (-1, 1), (0.5, 2))]
    return np.concatenate([signed, *middle]).astype(np.float32)


def ulps(got: Floats, truth: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Distance in units in the last place of the true value's float32."""
    unit = np.ldexp(1.0, np.frexp(truth)[1] - 24)
    distance: npt.NDArray[np.float64] = np.abs(got.astype(np.float64) - truth) / unit
    return distance


@pytest.mark.parametrize("which", TRUTH, ids=NAMES.values())
def test_within_the_stated_ulps_over_the_whole_range(which: int) -> None:
    x = samples()
    if which == functions.LOG:
        x = x[x >= TINY]
    with np.errstate(over="ignore", under="ignore"):
        truth = TRUTH[which](x.astype(np.float64))
    normal = (np.abs(truth) >= TINY) & (np.abs(truth) < LARGEST)
    assert normal.sum() > len(x) / 6
    x, truth = x[normal], truth[normal]
    error = ulps(applied(which, x), truth)
    worst = int(np.argmax(error))
    assert error[worst] <= WITHIN[which], (x[worst], error[worst])


@pytest.mark.parametrize("which", TRUTH, ids=NAMES.values())
def test_the_docstring_states_the_bound(which: int) -> None:
    stated = f"within {WITHIN[which]:.0f} ulp"
    assert stated in str(getattr(functions, NAMES[which]).__doc__)


def test_exp_at_the_ends_of_its_range() -> None:
    last = np.float32(88.72283)
    assert np.isfinite(applied(functions.EXP, last))
    np.testing.assert_array_equal(applied(functions.EXP, [np.nextafter(last, np.float32(99)), 89, 1e30]), np.inf)
    low = np.float32(-87.33654)
    assert applied(functions.EXP, low) >= TINY
    np.testing.assert_array_equal(applied(functions.EXP, [np.nextafter(low, np.float32(-99)), -104, -1e30]), 0.0)


@pytest.mark.parametrize("offset", range(LANES))
def test_special_values_in_any_lane(offset: int) -> None:
    x = np.full(LANES, 0.5, np.float32)
    expected = {
        functions.EXP: {np.inf: np.inf, -np.inf: 0.0, np.nan: np.nan, -0.0: 1.0, 1e-45: 1.0, -1e-40: 1.0},
        functions.LOG: {np.inf: np.inf, np.nan: np.nan, 1.0: 0.0},
        functions.SIGMOID: {np.inf: 1.0, -np.inf: 0.0, np.nan: np.nan, -0.0: 0.5, 1e-45: 0.5, 1e4: 1.0, -1e4: 0.0},
        functions.TANH: {np.inf: 1.0, -np.inf: -1.0, np.nan: np.nan, 0.0: 0.0, 1e-45: 1e-45, -1e-40: -1e-40, 1e4: 1.0},
    }
    for which, cases in expected.items():
        usual = applied(which, x)
        for value, result in cases.items():
            special = x.copy()
            special[offset] = value
            got = applied(which, special)
            np.testing.assert_array_equal(got[offset], np.float32(result))
            np.testing.assert_array_equal(np.delete(got, offset), np.delete(usual, offset))


def test_sigmoid_falls_to_zero_where_it_is_no_longer_normal() -> None:
    x = np.linspace(-89, -87, 2000).astype(np.float32)
    got = applied(functions.SIGMOID, x)
    truth = 1 / (1 + np.exp(-x.astype(np.float64)))
    assert np.abs(got - truth).max() < 3e-39
    assert (np.diff(got) >= 0).all()


@pytest.mark.parametrize("sign", [-1, 1])
@pytest.mark.parametrize("which", [functions.EXP, functions.SIGMOID, functions.TANH], ids=["exp", "sigmoid", "tanh"])
def test_every_float_from_64_to_128_rises_to_a_number(which: int, sign: int) -> None:
    begin, past = (int(np.float32(x).view(np.int32)) for x in (64, 128))
    rising = np.arange(begin, past, 4099 if PLAIN else 1, dtype=np.int32).view(np.float32)
    got = applied(which, rising if sign > 0 else -rising[::-1])
    assert not np.isnan(got).any()
    assert (got[1:] >= got[:-1]).all()


@pytest.mark.parametrize("which", [functions.SIGMOID, functions.TANH], ids=["sigmoid", "tanh"])
def test_never_outside_its_range(which: int) -> None:
    got = applied(which, samples())
    low = 0.0 if which == functions.SIGMOID else -1.0
    assert got.min() >= low
    assert got.max() <= 1.0


def test_tanh_is_odd() -> None:
    x = np.abs(samples())
    np.testing.assert_array_equal(applied(functions.TANH, -x), -applied(functions.TANH, x))
