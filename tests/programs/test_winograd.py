"""Winograd's algorithm: its matrices, its gradients against a naive implementation, and when plain sums replace it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import naive_planes
import pellucid as pl
from pellucid.engine.programs import table as t
from pellucid.models.architectures import conv, lenet
from pellucid.programs import winograd
from pellucid.programs.planes_plan import PlanesPlan

SIZES = [(points + 2 - taps, taps) for points in winograd._QUARTERS for taps in range(1, points + 1)]


@pytest.mark.parametrize(("tile", "taps"), SIZES)
def test_products_at_points_are_the_correlation(tile: int, taps: int) -> None:
    a, g, b = winograd.matrices(tile, taps)
    rng = np.random.default_rng(tile)
    x, w = rng.normal(size=tile + taps - 1), rng.normal(size=taps)
    np.testing.assert_allclose(a.T @ (g @ w * (b @ x)), np.correlate(x, w), rtol=1e-9, atol=1e-10)


@pytest.mark.parametrize(("tile", "taps"), SIZES)
def test_rounding_stays_small(tile: int, taps: int) -> None:
    a, g, b = (each.astype(np.float32) for each in winograd.matrices(tile, taps))
    rng = np.random.default_rng(taps)
    x = rng.normal(size=(500, tile + taps - 1)).astype(np.float32)
    w = rng.normal(size=(500, taps)).astype(np.float32)
    expected = [np.correlate(one, filtered) for one, filtered in zip(x.astype(float), w.astype(float), strict=True)]
    error = (w @ g.T * (x @ b.T)) @ a - np.array(expected)
    assert np.sqrt(np.mean(error**2)) < 4e-6 * np.sqrt(taps)


def uses_winograd(net: pl.Network) -> list[bool]:
    """For each convolution, whether training uses Winograd's algorithm."""
    assert isinstance(net.program.plan, PlanesPlan)
    return [bool(row[t.WINOGRAD]) for row in net.program.plan.table if row[t.OPERATION] == t.CONV2D]


def awake(net: pl.Network) -> pl.Network:
    """The network with no bias of 0, so that it uses Winograd's algorithm."""
    rng = np.random.default_rng(7)
    for layer in net.layers:
        if layer.named():
            bias = layer.named()["bias"]
            bias[...] = rng.uniform(0.05, 0.3, bias.shape) * rng.choice([-1, 1], bias.shape)
    return net


@st.composite
def networks(draw: Any) -> pl.Network:
    """Two or three smooth convolutions of stride 1, pooling by means; most fit tiles."""
    names = st.sampled_from(["tanh", "sigmoid", "identity"])
    shape: tuple[int, ...] = (draw(st.integers(1, 2)), draw(st.integers(4, 9)), draw(st.integers(6, 14)))
    begin, layers = shape, list[Any]()
    for _ in range(draw(st.integers(2, 3))):
        kernel = draw(st.integers(1, min(4, shape[1]))), draw(st.integers(1, min(5, shape[2])))
        padding = draw(st.integers(0, 3)), draw(st.integers(0, 3))
        layers.append(pl.Conv2d(draw(st.integers(1, 9)), kernel, 1, padding, draw(names)))
        shape = layers[-1].output_shape(shape)
        if min(shape[1:]) > 5 and draw(st.booleans()):
            layers.append(pl.AvgPool2d(2))
            shape = layers[-1].output_shape(shape)
    return pl.Network([*layers, pl.Dense(3, "softmax")], input_shape=begin, seed=draw(st.integers(0, 99)))


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(net=networks(), count=st.integers(1, 40))
def test_a_step_subtracts_the_gradient_of_the_naive_implementation(net: pl.Network, count: int) -> None:
    rng = np.random.default_rng(count)
    x, labels = rng.random((count, *net.input_shape)).astype(np.float32), [i % 3 for i in range(count)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(winograd, "_WORTH_IT", 1e9)
        net = awake(net.copy())
    _, expected, _ = naive_planes.backward(net, x.astype(np.float64), labels)
    start = net.parameters.copy()
    data = pl.data.Dataset(x, np.array(labels), classes=list("abc"))
    pl.Trainer(net, data, optimizer=pl.SGD(1.0), batch_size=count, threads=2).take_steps(1)
    np.testing.assert_allclose(start - net.parameters, expected, rtol=2e-3, atol=2e-5 * np.abs(expected).max() + 3e-7)


def test_training_of_the_shipped_networks_uses_it() -> None:
    assert uses_winograd(pl.Network(lenet(), input_shape=(28, 28))) == [False, True]
    assert uses_winograd(pl.Network(conv(), input_shape=(28, 28))) == [False, True, True, True]


def test_plain_sums_where_tiles_do_not_fit() -> None:
    """Eleven columns are not a whole number of tiles; a stride of two skips sums."""
    for layer in (pl.Conv2d(8, 3, padding=(0, 0)), pl.Conv2d(8, 3, stride=2)):
        net = pl.Network([pl.Conv2d(8, 3, padding=1), layer, pl.Dense(3, "softmax")], input_shape=(13, 13))
        assert uses_winograd(net) == [False, False]


def trained(threads: int, cuts: list[int], plain: bool = False, ready: bool = True) -> Any:
    digits = pl.data.load("digits").train[:200]
    layers = [
        pl.Conv2d(8, 5, activation="relu"), pl.MaxPool2d(2), pl.Conv2d(12, 3, padding=1, activation="relu"),
        pl.MaxPool2d(2), pl.Dense(10, "softmax"),
    ]  # fmt: skip
    net = pl.Network(layers, input_shape=(28, 28), seed=2)
    assert uses_winograd(net) == [False, True]
    if ready:
        awake(net)
    if plain:
        assert isinstance(net.program.plan, PlanesPlan)
        net.program.plan.table[:, t.WINOGRAD] = 0
    one = pl.Trainer(net, digits, optimizer=pl.SGD(0.1), batch_size=70, seed=1, threads=threads)
    return np.concatenate([one.take_steps(steps) for steps in cuts]), net.parameters


def test_the_bits_do_not_depend_on_threads_or_cuts() -> None:
    losses, parameters = trained(1, [7])
    for threads, cuts in ((2, [2, 5]), (3, [1, 6])):
        again, moved = trained(threads, cuts)
        np.testing.assert_array_equal(again, losses)
        np.testing.assert_array_equal(moved, parameters)


def test_results_differ_from_plain_sums_by_rounding_only() -> None:
    losses, parameters = trained(2, [6])
    plain, moved = trained(2, [6], plain=True)
    np.testing.assert_allclose(losses, plain, rtol=1e-4)
    np.testing.assert_allclose(parameters, moved, rtol=1e-2, atol=1e-4)
    assert (parameters != moved).any()


def test_plain_sums_while_a_bias_is_zero() -> None:
    """Over empty inputs, sums are then exactly 0, and so is ReLU's derivative; rounding must not make it 1."""
    for left, right in zip(trained(2, [1], ready=False), trained(2, [1], plain=True, ready=False), strict=True):
        np.testing.assert_array_equal(left, right)
