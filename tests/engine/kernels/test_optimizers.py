"""Every update rule over several steps against the naive implementation, on arbitrary ranges."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import naive
from engine.probe import probe
from pellucid.engine.records import Moments, Vector
from pellucid.engine.simd.lanes import PLAIN
from pellucid.training import optimizers
from pellucid.training.optimizers import SGD, Adam, AdamW, Momentum, RMSprop

EXAMPLES = 10 if PLAIN else 60
RULES: dict[str, Callable[[float], optimizers.Optimizer]] = {
    "sgd": lambda decay: SGD(0.1, decay=decay),
    "momentum": lambda decay: Momentum(0.1, momentum=0.8, decay=decay),
    "nesterov": lambda decay: Momentum(0.1, momentum=0.8, nesterov=True, decay=decay),
    "adam": lambda decay: Adam(0.1, beta1=0.8, beta2=0.99, epsilon=1e-6, decay=decay),
    "adamw": lambda decay: AdamW(0.1, beta1=0.8, beta2=0.99, epsilon=1e-6, decay=decay),
    "rmsprop": lambda decay: RMSprop(0.1, smoothing=0.99, epsilon=1e-6, decay=decay),
}


def settings_of(optimizer: optimizers.Optimizer, step: int) -> Vector:
    """The engine's settings for one step at a rate of 0.1, behind eight floats of another thread."""
    filled = optimizer.settings()
    filled[[0, 5, 6]] = optimizer.step_rates(np.array([0.1]), np.array([step]))[0]
    return Vector(np.concatenate([np.full(8, np.nan, np.float32), filled]), 8)


@pytest.mark.parametrize("rule", RULES)
@settings(deadline=None, max_examples=EXAMPLES)
@given(
    count=st.integers(1, 70),
    cuts=st.tuples(st.floats(0, 1), st.floats(0, 1)),
    decay=st.sampled_from([0.0, 0.01]),
    seed=st.integers(0),
)
def test_steps(rule: str, count: int, cuts: tuple[float, float], decay: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    begin, end = sorted(int(cut * count) for cut in cuts)
    p = rng.standard_normal(count).astype(np.float32)
    first, second, untouched = np.zeros(count, np.float32), np.zeros(count, np.float32), p.copy()
    optimizer, twin = RULES[rule](decay), naive.Descent(rule, decay, 0.8, 0.8, 0.99, 1e-6)
    expected = p.astype(np.float64)
    for step in range(4):
        g = rng.standard_normal(count).astype(np.float32)
        expected = twin.step(expected, g.astype(np.float64), 0.1)
        gradient = g.copy()
        probe().optimize(optimizer.code, p, Moments(gradient, first, second), begin, end, settings_of(optimizer, step))
        assert (gradient[begin:end] == 0).all()
        outside = np.r_[0:begin, end:count]
        np.testing.assert_array_equal(gradient[outside], g[outside])
        np.testing.assert_array_equal(p[outside], untouched[outside])
    np.testing.assert_allclose(p[begin:end], expected[begin:end], rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("rule", RULES)
def test_no_gradient_and_no_decay_leave_parameters_alone(rule: str) -> None:
    """The weights of a black pixel stay unchanged, also in Adam, where 0 / (0 + epsilon) is 0."""
    p, optimizer = np.linspace(-2, 2, 37).astype(np.float32), RULES[rule](0.0)
    before, first, second = p.copy(), np.zeros(37, np.float32), np.zeros(37, np.float32)
    for step in range(3):
        g = np.zeros(37, np.float32)
        probe().optimize(optimizer.code, p, Moments(g, first, second), 0, 37, settings_of(optimizer, step))
    np.testing.assert_array_equal(p, before)


@pytest.mark.parametrize("size", [1e-30, 1e-12, 1e12, 1e18])
def test_adam_steps_by_the_rate_whatever_the_size_of_the_gradient(size: float) -> None:
    """m' / sqrt(s') is 1 in size for a constant gradient, as long as its square is a float32 and epsilon is small."""
    optimizer = Adam(0.1, epsilon=1e-30)
    p, g = np.zeros(20, np.float32), np.full(20, size, np.float32)
    first, second = np.zeros(20, np.float32), np.zeros(20, np.float32)
    probe().optimize(optimizer.code, p, Moments(g, first, second), 0, 20, settings_of(optimizer, 0))
    assert np.isfinite(p).all()
    if size > 1e-19:
        np.testing.assert_allclose(p, -0.1, rtol=1e-4)


def test_nan_gradients_propagate() -> None:
    for rule, make in RULES.items():
        p, g = np.zeros(16, np.float32), np.zeros(16, np.float32)
        g[3] = np.nan
        first, second = np.zeros(16, np.float32), np.zeros(16, np.float32)
        probe().optimize(make(0.0).code, p, Moments(g, first, second), 0, 16, settings_of(make(0.0), 0))
        assert np.isnan(p).sum() == 1, rule
