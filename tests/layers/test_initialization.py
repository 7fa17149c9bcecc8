"""Initialisers: the standard deviations of their papers, and the same draws from the same seed."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

import pellucid as pl
from pellucid.layers.initialization import INITIALIZERS, initializer

FAN_IN, FAN_OUT = 300, 200
VARIANCES = {
    "glorot_uniform": 2 / (FAN_IN + FAN_OUT),
    "glorot_normal": 2 / (FAN_IN + FAN_OUT),
    "he_uniform": 2 / FAN_IN,
    "he_normal": 2 / FAN_IN,
    "lecun_uniform": 1 / FAN_IN,
    "lecun_normal": 1 / FAN_IN,
    "normal": 1.0,
}


def test_every_initializer_is_examined_here() -> None:
    assert set(INITIALIZERS) == {*VARIANCES, "orthogonal", "zeros"}


@pytest.mark.parametrize("name", VARIANCES)
def test_mean_variance_and_shape(name: str) -> None:
    drawn = initializer(name)(np.random.default_rng(8), FAN_IN, FAN_OUT)
    spread = VARIANCES[name] ** 0.5
    assert drawn.shape == (FAN_IN, FAN_OUT)
    assert drawn.dtype == np.float32
    assert abs(drawn.mean()) < 4 * spread / drawn.size**0.5
    assert drawn.var() == pytest.approx(VARIANCES[name], rel=0.03)
    if name.endswith("uniform"):
        bound = spread * 3**0.5
        assert np.abs(drawn).max() <= bound * 1.000001
        wanted = stats.uniform(-bound, 2 * bound)
    else:
        wanted = stats.norm(0, spread)
    assert stats.kstest(drawn.ravel(), wanted.cdf).pvalue > 0.001


@pytest.mark.parametrize(("fan_in", "fan_out"), [(8, 8), (30, 7), (7, 30), (1, 1), (1, 5), (5, 1)])
def test_orthogonal(fan_in: int, fan_out: int) -> None:
    drawn = initializer("orthogonal")(np.random.default_rng(8), fan_in, fan_out)
    assert drawn.shape == (fan_in, fan_out)
    assert drawn.dtype == np.float32
    square = drawn.T @ drawn if fan_in >= fan_out else drawn @ drawn.T
    np.testing.assert_allclose(square, np.eye(min(fan_in, fan_out)), atol=1e-6)


def test_zeros() -> None:
    assert not initializer("zeros")(np.random.default_rng(8), 3, 4).any()


@pytest.mark.parametrize(
    ("activation", "usual"),
    [("relu", "he_normal"), ("sigmoid", "glorot_uniform"), ("tanh", "glorot_uniform"), ("softmax", "glorot_uniform")],
)
def test_what_a_layer_begins_with(activation: str, usual: str) -> None:
    net = pl.Network([pl.Dense(40, activation)], input_shape=(50,), seed=9)
    told = pl.Network([pl.Dense(40, activation, initialization=usual)], input_shape=(50,), seed=9)
    assert net.parameters.tobytes() == told.parameters.tobytes()
    np.testing.assert_array_equal(net.parameters[2000:], 0)
    np.testing.assert_array_equal(net.parameters[:2000], INITIALIZERS[usual](np.random.default_rng(9), 50, 40).ravel())
