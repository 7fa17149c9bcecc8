"""The loss plane: its directions, shares, distances and losses."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import pellucid as pl
from pellucid.errors import ConfigurationError, ShapeError

DIGITS = pl.data.load("digits")


def test_the_plane_shows_a_flat_path_whole() -> None:
    net = pl.Network([pl.Dense(10, "softmax")], seed=1)
    rng = np.random.default_rng(0)
    one, two = rng.normal(0, 0.01, (2, net.parameter_count))
    steps = np.linspace(0, 1, 9)
    path = net.parameters + 5 * steps[:, None] * one + (steps**2)[:, None] * two
    data = DIGITS.train[:300]
    result = pl.inspect.loss_plane(net, path, data, side=4)
    assert sum(result.explained) == pytest.approx(1.0)
    assert result.distances.max() < 1e-4 * np.linalg.norm(path[0] - path[-1])
    np.testing.assert_allclose(result.directions @ result.directions.T, np.eye(2), atol=1e-9)
    for row, column in [(0, 0), (3, 1)]:
        net.parameters[...] = (
            result.origin + result.xs[column] * result.directions[0] + result.ys[row] * result.directions[1]
        )
        assert result.losses[row, column] == pytest.approx(net.gradient(data.images, data.labels).loss, rel=1e-5)
    assert result.xs.min() < result.path[:, 0].min()
    assert result.xs.max() > result.path[:, 0].max()


@settings(max_examples=15, deadline=None)
@given(st.integers(2, 12), st.integers(0, 1000))
def test_the_shares_are_those_of_the_variance(count: int, seed: int) -> None:
    net = pl.Network([pl.Dense(2, "softmax")], input_shape=(3,))
    path = np.random.default_rng(seed).normal(size=(count, net.parameter_count))
    data = pl.data.Dataset(np.eye(3, dtype=np.float32), [0, 1, 0])
    result = pl.inspect.loss_plane(net, path, data, side=2)
    centred = path - path.mean(axis=0)
    values = np.linalg.svd(centred, compute_uv=False) ** 2
    np.testing.assert_allclose(result.explained, (values / values.sum())[:2], atol=1e-9)
    back = result.path @ result.directions
    off = np.linalg.norm(path - path[-1] - back, axis=1)
    np.testing.assert_allclose(result.distances, off, atol=1e-6)


def test_a_path_that_stands_still_has_a_plane_too() -> None:
    net = pl.Network([pl.Dense(2, "softmax")], input_shape=(3,))
    data = pl.data.Dataset(np.eye(3, dtype=np.float32), [0, 1, 0])
    result = pl.inspect.loss_plane(net, [net.parameters, net.parameters], data, side=3)
    assert np.isfinite(result.losses).all()
    assert result.explained == (0.0, 0.0)
    with pytest.raises(ShapeError, match="m >= 2"):
        pl.inspect.loss_plane(net, [net.parameters], data)
    with pytest.raises(ConfigurationError):
        pl.inspect.loss_plane(net, [net.parameters] * 2, data, margin=0)
