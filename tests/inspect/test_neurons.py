"""Health: neurons that were made dead or saturated are found."""

from __future__ import annotations

import numpy as np
import pytest

import pellucid as pl

DIGITS = pl.data.load("digits")


def test_dead_and_saturated_neurons_are_found() -> None:
    net = pl.Network([pl.Dense(4, "relu"), pl.Dense(4, "sigmoid"), pl.Dense(4, "tanh"), pl.Dense(10, "softmax")])
    net.layers[0].bias[1] = -1e5
    net.layers[1].bias[2], net.layers[1].bias[0] = 50.0, -50.0
    net.layers[2].bias[3] = 50.0
    test = DIGITS.test[:100]
    result = pl.inspect.health(net, test.images, test.labels)
    assert result.dead == ((1,), (0,), (), ())
    assert result.saturated == ((), (0, 2), (3,), ())
    slope = net.gradient(test.images, test.labels).parameters
    first = slope[: 785 * 4]
    assert result.gradient_norms[0] == pytest.approx(np.linalg.norm(first), rel=1e-5)
    assert result.gradient_sizes[0] == pytest.approx(np.sqrt((first**2).mean()), rel=1e-5)
    assert (result.gradient_norms**2).sum() == pytest.approx((slope.astype(float) ** 2).sum(), rel=1e-5)
