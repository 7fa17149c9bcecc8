"""Every gradient, by every parameter and every input, against central differences and against the reference network."""

from __future__ import annotations

from typing import cast

import numpy as np
import pytest

import pellucid as pl
from pellucid.inspect import reference

HIDDEN = ["identity", "sigmoid", "relu", "tanh", "softmax"]
LAST = [("squared", name) for name in HIDDEN] + [("cross_entropy", "softmax"), ("cross_entropy", "sigmoid")]
CASES = [(hidden, loss, last) for hidden in HIDDEN for loss, last in LAST]

TARGETS = [0, 2, 1]
STEP = 0.02


def example(hidden: str, last: str) -> tuple[pl.Network, np.ndarray]:
    """A network of 5-4-4-3 and three inputs; no ReLU's sum is near 0, so that differences do not cross its corner."""
    for seed in range(1000):
        net = pl.Network([pl.Dense(4, hidden), pl.Dense(4, hidden), pl.Dense(3, last)], input_shape=(5,), seed=seed)
        rng = np.random.default_rng(seed)
        net.parameters[...] = rng.uniform(-0.9, 0.9, net.parameter_count)
        x = rng.uniform(0.1, 0.9, (3, 5)).astype(np.float32)
        corners = [
            np.abs(sums).min()
            for layer, (_, sums, _) in zip(
                net.layers, reference.forward(reference.layers_of(net), x.astype(np.float64)), strict=True
            )
            if layer.activation == "relu"  # type: ignore[attr-defined]
        ]
        if min(corners, default=1) > 3 * STEP:
            return net, x
    raise AssertionError("no such network")


@pytest.mark.parametrize(("hidden", "loss", "last"), CASES)
def test_the_engine_agrees_with_the_reference_network(hidden: str, loss: str, last: str) -> None:
    net, x = example(hidden, last)
    gradient = net.gradient(x, TARGETS, loss)
    twin = reference.backward(reference.layers_of(net), x.astype(np.float64), TARGETS, loss)
    assert gradient.loss == pytest.approx(twin.loss, rel=1e-6)
    np.testing.assert_allclose(gradient.parameters, twin.parameters, rtol=2e-5, atol=2e-7)
    np.testing.assert_allclose(gradient.inputs, twin.inputs, rtol=2e-5, atol=2e-7)


@pytest.mark.parametrize(("hidden", "loss", "last"), CASES)
def test_the_engine_agrees_with_its_own_differences(hidden: str, loss: str, last: str) -> None:
    """In float32 a loss is accurate to about 1e-7, so a difference over 0.04 gives the derivative to about 1e-5.

    A second step of twice the length cancels the cubic term: (8 (f(h) - f(-h)) - (f(2h) - f(-2h))) / 12h.
    """
    net, x = example(hidden, last)
    gradient = net.gradient(x, TARGETS, loss)
    vector = net.parameters.copy()

    def rise(ahead: float, behind: float) -> float:
        return ahead - behind

    def by_parameter(i: int, step: float) -> float:
        losses = []
        for sign in (1, -1):
            net.parameters[...] = vector
            net.parameters[i] += sign * step
            losses.append(net.gradient(x, TARGETS, loss).loss)
        net.parameters[...] = vector
        return rise(*losses)

    def by_input(place: tuple[int, ...], step: float) -> float:
        losses = []
        for sign in (1, -1):
            moved = x.copy()
            moved[place] += sign * step
            losses.append(net.gradient(moved, TARGETS, loss).loss)
        return rise(*losses)

    for i in range(net.parameter_count):
        expected = (8 * by_parameter(i, STEP) - by_parameter(i, 2 * STEP)) / (12 * STEP)
        assert gradient.parameters[i] == pytest.approx(expected, rel=2e-3, abs=5e-5)
    for place in np.ndindex(x.shape):
        expected = (8 * by_input(place, STEP) - by_input(place, 2 * STEP)) / (12 * STEP)
        assert gradient.inputs[place] == pytest.approx(expected, rel=2e-3, abs=5e-5)


def test_one_example_worked_out_by_hand() -> None:
    """Two inputs, one hidden ReLU, two softmax outputs; target 1.

    ::

        x = (0.5, 1)      W1 = (1, -0.5), b1 = 0.5        z1 = 0.5 - 0.5 + 0.5 = 0.5,  a1 = 0.5
        W2 = (2, -2)', b2 = (0, 0)                        z2 = (1, -1)
        a2 = (e, 1/e) / (e + 1/e) = (0.880797, 0.119203)
        loss = -ln 0.119203 = 2.126928
        delta2 = a2 - (0, 1) = (0.880797, -0.880797)
        dW2 = delta2 a1 = (0.440399, -0.440399)',  db2 = delta2
        d/da1 = 2 * 0.880797 + 2 * 0.880797 = 3.523188,  delta1 = 3.523188 since z1 > 0
        dW1 = delta1 x = (1.761594, 3.523188),  db1 = 3.523188
        d/dx = W1 delta1 = (3.523188, -1.761594)
        one step of descent at rate 0.1: W1 = (0.823841, -0.852319)
    """
    net = pl.Network([pl.Dense(1, "relu"), pl.Dense(2, "softmax")], input_shape=(2,))
    first, second = cast("tuple[pl.Dense, pl.Dense]", net.layers)
    first.weight[...], first.bias[...] = [[1, -0.5]], [0.5]
    second.weight[...], second.bias[...] = [[2], [-2]], [0, 0]
    x = np.array([0.5, 1.0])

    trace = net.trace(x)
    np.testing.assert_allclose(trace[0].sums, [0.5])
    np.testing.assert_allclose(trace[1].sums, [1, -1])
    np.testing.assert_allclose(net(x), [0.880797, 0.119203], atol=1e-6)

    gradient = net.gradient(x, 1)
    assert gradient.loss == pytest.approx(2.126928, abs=1e-6)
    by_hand = [1.761594, 3.523188, 3.523188, 0.440399, -0.440399, 0.880797, -0.880797]
    np.testing.assert_allclose(gradient.parameters, by_hand, atol=2e-6)
    np.testing.assert_allclose(gradient.inputs, [[3.523188, -1.761594]], atol=2e-6)

    data = pl.data.Dataset(x[None], [1], classes=["0", "1"])
    pl.Trainer(net, data, optimizer=pl.SGD(0.1), batch_size=1).take_steps(1)
    np.testing.assert_allclose(first.weight, [[0.823841, -0.852319]], atol=1e-6)
