"""Activations over tiles of any shape, and their backward passes, against the reference network."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.probe import probe
from pellucid.engine.kernels.activations import Normalizer
from pellucid.engine.programs.table import IDENTITY, RELU, SIGMOID, SOFTMAX, TANH, padded
from pellucid.engine.records import Matrix, Vector
from pellucid.engine.simd.lanes import LANES, PLAIN
from pellucid.inspect import reference

EXAMPLES = 10 if PLAIN else 80
CODES = {"identity": IDENTITY, "sigmoid": SIGMOID, "relu": RELU, "tanh": TANH, "softmax": SOFTMAX}

Floats = npt.NDArray[np.float32]


def kept(top: Floats, mass: Floats) -> Normalizer:
    return Normalizer(Vector(top, 0), Vector(mass, 0))


def activated(name: str, z: Floats) -> tuple[Floats, Floats, Floats]:
    """f(z) row by row from the engine, and the rows' maxima and sums, which softmax stores."""
    rows, width = z.shape
    stride = padded(width)
    memory, y = np.zeros((rows, stride), np.float32), np.zeros((rows, stride), np.float32)
    memory[:, :width] = z
    top, mass = np.zeros(rows, np.float32), np.zeros(rows, np.float32)
    if name == "softmax":
        probe().softmax(Vector(y, 0), Matrix(memory, 0, stride), rows, width, kept(top, mass), -1)
    else:
        probe().activate(CODES[name], Vector(y, 0), Vector(memory, 0), rows * stride)
    return y[:, :width], top, mass


def derived(name: str, d: Floats, y: Floats) -> Floats:
    rows, width = y.shape
    stride = padded(width)
    gradients, values = np.zeros((rows, stride), np.float32), np.zeros((rows, stride), np.float32)
    gradients[:, :width], values[:, :width] = d, y
    probe().activate_backward(CODES[name], Vector(gradients, 0), Matrix(values, 0, stride), rows, width)
    return gradients[:, :width]


@pytest.mark.parametrize("name", CODES)
@settings(deadline=None, max_examples=EXAMPLES)
@given(
    rows=st.integers(1, 5), width=st.integers(1, 40), size=st.sampled_from([0.1, 1.0, 30.0]), seed=st.integers(0, 99)
)
def test_forward_and_backward(name: str, rows: int, width: int, size: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    z, d = ((rng.standard_normal((rows, width)) * scale).astype(np.float32) for scale in (size, 1.0))
    y, top, mass = activated(name, z)
    exact = z.astype(np.float64)
    # softmax takes the rounding of z - max z, where z may be 100, into the exponent
    np.testing.assert_allclose(y, reference.activate(name, exact), rtol=2e-5 if name == "softmax" else 1e-6, atol=1e-30)
    if name == "softmax":
        np.testing.assert_array_equal(top, z.max(axis=1))
        np.testing.assert_allclose(mass, np.exp(exact - exact.max(axis=1, keepdims=True)).sum(axis=1), rtol=2e-5)
    truth = reference.activate_backward(name, reference.activate(name, exact), d.astype(np.float64))
    np.testing.assert_allclose(derived(name, d, y), truth, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", CODES)
@pytest.mark.parametrize("extreme", [1e4, 3e38, -1e4, -3e38])
def test_extreme_sums_give_finite_activations_and_gradients(name: str, extreme: float) -> None:
    z = np.array([[extreme, 0, 1], [extreme] * 3, [extreme, -extreme, extreme]], np.float32)
    y = activated(name, z)[0]
    np.testing.assert_allclose(y, reference.activate(name, z.astype(np.float64)), rtol=1e-6)
    if name != "identity" and (name != "relu" or extreme < 1e5):
        assert np.isfinite(derived(name, np.ones_like(y), y)).all()


@pytest.mark.parametrize("name", CODES)
def test_nan_propagates(name: str) -> None:
    for place in range(20):
        z = np.zeros((1, 20), np.float32)
        z[0, place] = np.nan
        y, _, mass = activated(name, z)
        assert np.isnan(y[0, place])
        if name == "softmax":
            assert np.isnan(y).all()
            assert np.isnan(mass).all()


def test_dead_relu_passes_no_gradient() -> None:
    y = activated("relu", np.array([[-1.0, 0.0, -0.0, 2.0]], np.float32))[0]
    np.testing.assert_array_equal(y, [[0, 0, 0, 2]])
    np.testing.assert_array_equal(derived("relu", np.full((1, 4), 5, np.float32), y), [[0, 0, 0, 5]])
    np.testing.assert_array_equal(derived("relu", np.full((1, 4), np.inf, np.float32), y), [[0, 0, 0, np.inf]])


@settings(deadline=None, max_examples=EXAMPLES)
@given(rows=st.integers(1, 3 * LANES), width=st.integers(1, 40), seed=st.integers(0, 99))
def test_softmax_of_many_rows_has_the_bits_of_each(rows: int, width: int, seed: int) -> None:
    z = (np.random.default_rng(seed).standard_normal((rows, width)) * 5).astype(np.float32)
    singly = [np.concatenate(values) for values in zip(*(activated("softmax", row[None]) for row in z), strict=True)]
    stride = padded(width)
    memory, y = np.zeros((rows, stride), np.float32), np.zeros((2 * rows + 1, stride), np.float32)
    memory[:, :width], y[2 * rows :] = z, 7
    top, mass = np.zeros(rows, np.float32), np.zeros(rows, np.float32)
    probe().softmax(Vector(y, 0), Matrix(memory, 0, stride), rows, width, kept(top, mass), rows * stride)
    for found, expected in zip((y[:rows, :width], top, mass), singly, strict=True):
        assert found.tobytes() == expected.tobytes()
    assert (y[2 * rows :] == 7).all()


def test_softmax_writes_nothing_beyond_a_row() -> None:
    z, y = np.full((2, 16), 9, np.float32), np.full((2, 16), 7, np.float32)
    z[:, :3] = [[1, 2, 3], [3, 2, 1]]
    top, mass = np.zeros(2, np.float32), np.zeros(2, np.float32)
    probe().softmax(Vector(y, 0), Matrix(z, 0, 16), 2, 3, kept(top, mass), -1)
    assert (y[:, 3:] == 7).all()
    assert top.tolist() == [3, 3]
    np.testing.assert_allclose(y[0, :3], y[1, 2::-1])
