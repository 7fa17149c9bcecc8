"""Losses of target values, weights and pullbacks: compared with float64 formulas and central differences."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import pellucid as pl
from pellucid.programs.feed import Feed
from pellucid.programs.image_program import ImageProgram

Doubles = NDArray[np.float64]

COUNT = 37
RNG = np.random.default_rng(11)
INPUTS = RNG.standard_normal((COUNT, 6, 6)).astype(np.float32)


def _huber(y: Doubles, t: Doubles) -> Doubles:
    size = np.abs(y - t)
    return np.where(size < 1, size**2 / 2, size - 0.5).mean(1)


FORMULAS: dict[str, Callable[[Doubles, Doubles], Doubles]] = {
    "mean_squared": lambda y, t: ((y - t) ** 2).mean(1),
    "mean_absolute": lambda y, t: np.abs(y - t).mean(1),
    "huber": _huber,
    "binary_cross_entropy": lambda y, t: -(t * np.log(y) + (1 - t) * np.log(1 - y)).mean(1),
    "cross_entropy": lambda y, t: -(t * np.log(y)).sum(1),
}
CASES = [
    ("mean_squared", "identity"), ("mean_squared", "tanh"), ("mean_squared", "softmax"), ("mean_squared", "sigmoid"),
    ("mean_absolute", "identity"), ("mean_absolute", "sigmoid"), ("huber", "identity"), ("huber", "relu"),
    ("binary_cross_entropy", "sigmoid"), ("cross_entropy", "softmax"),
]  # fmt: skip


def network(kind: str, width: int, activation: str) -> pl.Network:
    if kind == "planes":
        layers: list[Any] = [pl.Conv2d(3, 3, activation="tanh"), pl.Dense(width, activation)]
    else:
        layers = [pl.Dense(9, "tanh"), pl.Dense(width, activation)]
    return pl.Network(layers, input_shape=(6, 6), seed=3, level_range=(0, 1))


def targets_for(loss: str, width: int) -> Doubles:
    values = np.random.default_rng(7).random((COUNT, width))
    if loss == "cross_entropy":
        return values / values.sum(1, keepdims=True)
    return values if loss == "binary_cross_entropy" else 3 * values - 1


@pytest.mark.parametrize("kind", ["dense", "planes"])
@pytest.mark.parametrize("width", [1, 3, 19])
@pytest.mark.parametrize(("loss", "activation"), CASES)
def test_losses_and_gradients_are_those_of_the_formula(kind: str, width: int, loss: str, activation: str) -> None:
    if activation == "softmax" and width == 1:
        pytest.skip("a softmax of one output is always 1")
    net, targets = network(kind, width, activation), targets_for(loss, width)
    found = net.gradient(INPUTS, targets, loss)
    formula = FORMULAS[loss]
    assert found.loss == pytest.approx(formula(net(INPUTS).astype(np.float64), targets).mean(), rel=2e-5)

    # The chain rule by hand: the formula's derivative by the outputs, pulled back through the network.
    y = net(INPUTS).astype(np.float64)
    slopes, step = np.zeros_like(y), 1e-6
    for j in range(width):
        more, less = y.copy(), y.copy()
        more[:, j] += step
        less[:, j] -= step
        slopes[:, j] = (formula(more, targets) - formula(less, targets)) / (2 * step) / COUNT
    pulled = net.pullback(INPUTS, slopes)
    size = np.abs(pulled.parameters).max()
    np.testing.assert_allclose(found.parameters, pulled.parameters, rtol=1e-3, atol=2e-4 * size)
    np.testing.assert_allclose(found.inputs, pulled.inputs, rtol=1e-3, atol=2e-4 * np.abs(pulled.inputs).max())


@pytest.mark.parametrize("kind", ["dense", "planes"])
@pytest.mark.parametrize("activation", ["identity", "tanh", "softmax", "sigmoid"])
def test_pullbacks_are_central_differences(kind: str, activation: str) -> None:
    net = network(kind, 4, activation)
    cotangent = np.random.default_rng(5).standard_normal((COUNT, 4))
    found = net.pullback(INPUTS, cotangent)
    assert found.loss == pytest.approx((cotangent * net(INPUTS)).sum(), rel=1e-4, abs=1e-4)
    rng = np.random.default_rng(2)
    for _ in range(5):
        direction = rng.standard_normal(net.parameter_count).astype(np.float32)
        start, step = net.parameters.copy(), 1e-3
        sides = []
        for sign in (1, -1):
            net.parameters[...] = start + sign * step * direction
            sides.append((cotangent * net(INPUTS).astype(np.float64)).sum())
        net.parameters[...] = start
        expected = (sides[0] - sides[1]) / (2 * step)
        assert found.parameters @ direction == pytest.approx(expected, rel=1e-2, abs=3e-2)


def test_the_gradient_of_one_output_of_one_image() -> None:
    net = network("dense", 4, "identity")
    one = net.pullback(INPUTS[0], [0, 0, 1, 0])
    weights = np.zeros((COUNT, 4))
    weights[0, 2] = 1
    np.testing.assert_allclose(one.inputs[0], net.pullback(INPUTS, weights).inputs[0], rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("kind", ["dense", "planes"])
@pytest.mark.parametrize("loss", ["cross_entropy", "squared", "mean_squared"])
def test_a_weight_counts_an_example_that_many_times(kind: str, loss: str) -> None:
    net = network(kind, 3, "softmax")
    labels: Any = np.arange(COUNT) % 3 if loss != "mean_squared" else targets_for(loss, 3)
    times = np.arange(COUNT) % 4
    program = net.program
    assert isinstance(program, ImageProgram)
    feed = Feed(INPUTS.reshape(COUNT, -1), (0, 1))
    weighted = program.supervise(labels, COUNT, loss, times.astype(np.float32))
    mean, accuracy = program.evaluate_supervised(feed, weighted)
    repeated = np.repeat(np.arange(COUNT), times)
    expected = net.gradient(INPUTS[repeated], labels[repeated], loss)
    assert mean == pytest.approx(expected.loss * len(repeated) / COUNT, rel=1e-5)
    assert accuracy == program.evaluate(feed, labels, loss)[1] or loss == "mean_squared"
    found = program._gradient_of(INPUTS.reshape(COUNT, -1), weighted).parameters
    size = np.abs(found).max()
    np.testing.assert_allclose(found, expected.parameters * len(repeated) / COUNT, rtol=1e-3, atol=1e-4 * size)


def test_what_counts_as_correct() -> None:
    net = network("dense", 2, "sigmoid")
    outputs, program, feed = net(INPUTS), net.program, Feed(INPUTS.reshape(COUNT, -1), (0, 1))
    several = (np.random.default_rng(1).random((COUNT, 2)) > 0.5).astype(float)
    found = program.evaluate(feed, several, "binary_cross_entropy")[1]
    assert found == pytest.approx(((outputs > 0.5) == (several > 0.5)).all(1).mean())
    assert np.isnan(program.evaluate(feed, several, "huber")[1])
    soft = network("dense", 3, "softmax")
    shares = targets_for("cross_entropy", 3)
    agree = (soft(INPUTS).argmax(1) == shares.argmax(1)).mean()
    assert soft.program.evaluate(feed, shares, "cross_entropy")[1] == pytest.approx(agree)


@pytest.mark.parametrize(
    ("labels", "loss", "activation", "message"),
    [
        (np.zeros((COUNT, 3)), "squared", "softmax", 'for target values use "mean_squared"'),
        (np.zeros((COUNT, 2)), "mean_squared", "softmax", r"targets of 37 examples are \(37, 3\) values"),
        (np.full((COUNT, 3), 0.5), "cross_entropy", "softmax", "add up to 1"),
        (np.zeros((COUNT, 3)), "cross_entropy", "sigmoid", "binary_cross_entropy"),
        (np.full((COUNT, 3), 1.5), "binary_cross_entropy", "sigmoid", "targets from 0 to 1, got 1.5"),
        (np.zeros((COUNT, 3)), "binary_cross_entropy", "softmax", "sigmoid outputs"),
        (np.full((COUNT, 3), np.nan), "mean_squared", "identity", "finite target values"),
        (np.zeros(COUNT, int), "huber", "identity", r"\(37, 3\) values"),
        (np.zeros((COUNT, 3)), "mse", "identity", "loss expected one of cross_entropy"),
    ],
)
def test_refusals(labels: Any, loss: str, activation: str, message: str) -> None:
    with pytest.raises(pl.PellucidError, match=message):
        network("dense", 3, activation).gradient(INPUTS, labels, loss)


def test_one_image_takes_its_label_or_its_values() -> None:
    net = network("dense", 3, "softmax")
    expected = net.gradient(INPUTS[:1], [2], "cross_entropy")
    for label in (2, [2], np.array([2])):
        found = net.gradient(INPUTS[0], label, "cross_entropy")
        np.testing.assert_array_equal(found.parameters, expected.parameters)
    shares = net.gradient(INPUTS[0], [0.25, 0.25, 0.5])
    assert shares.loss == pytest.approx(-(np.array([0.25, 0.25, 0.5]) * np.log(net(INPUTS[0]))).sum(), rel=1e-4)
    assert network("dense", 1, "identity").gradient(INPUTS[0], 0.5).loss > 0


def test_pullbacks_of_another_shape() -> None:
    with pytest.raises(pl.ShapeError, match=r"\(37, 3\)"):
        network("dense", 3, "identity").pullback(INPUTS, np.zeros((COUNT, 2)))
