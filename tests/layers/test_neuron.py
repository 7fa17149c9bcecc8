"""A neuron as a function: it agrees with the trace, follows its weights, and names what does not fit."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import pellucid as pl
from pellucid.errors import ShapeError
from pellucid.layers.neuron import Neuron


def network(activation: str) -> pl.Network:
    return pl.Network([pl.Dense(6, activation), pl.Dense(3, activation)], input_shape=(3, 4), seed=4)


@pytest.mark.parametrize("activation", ["identity", "sigmoid", "relu", "tanh"])
def test_it_agrees_with_the_trace(activation: str) -> None:
    net, x = network(activation), np.random.default_rng(3).random((5, 12)).astype(np.float32)
    for step in net.trace(x).layers:
        layer: Any = step.layer
        for index in range(layer.out_features):
            neuron = layer.neuron(index)
            np.testing.assert_allclose(neuron(step.inputs), step.activations[:, index], rtol=1e-5, atol=1e-6)
            np.testing.assert_allclose(neuron.weighted_sum(step.inputs), step.sums[:, index], rtol=1e-5, atol=1e-6)
            np.testing.assert_array_equal(neuron.terms(step.inputs), step.terms(index))
            alone = neuron(step.inputs[2])
            assert type(alone) is float
            assert alone == pytest.approx(step.activations[2, index], rel=1e-5, abs=1e-6)


def test_it_counts_from_the_end_too() -> None:
    layer: Any = network("tanh").layers[0]
    x = np.linspace(0, 1, 12)
    assert layer.neuron(-1)(x) == layer.neuron(5)(x)
    assert layer.neuron(-6)(x) == layer.neuron(0)(x)
    assert layer.neuron(np.int64(2))(x) == layer.neuron(2)(x)


def test_it_follows_its_weights() -> None:
    layer: Any = network("identity").layers[0]
    neuron, x = layer.neuron(2), np.zeros(12)
    layer.bias[2] = 5
    assert neuron(x) == 5
    x[7] = 2
    layer.weight[2, 7] = 10
    assert neuron(x) == 25


@pytest.mark.parametrize("shape", [(), (11,), (13,), (12, 1), (3, 4), (2, 3, 12)])
def test_inputs_that_do_not_fit(shape: tuple[int, ...]) -> None:
    layer: Any = network("relu").layers[0]
    for ask in (layer.neuron(0), layer.neuron(0).terms, layer.neuron(0).weighted_sum):
        with pytest.raises(ShapeError, match="The neuron expected 12 inputs"):
            ask(np.zeros(shape))


@pytest.mark.parametrize(("activation", "high", "low"), [("sigmoid", 1, 0), ("tanh", 1, -1), ("relu", 1e4, 0)])
def test_extreme_sums(activation: str, high: float, low: float) -> None:
    neuron = Neuron(np.array([1e4], np.float32), np.zeros(1, np.float32), activation)
    assert (neuron([1.0]), neuron([-1.0])) == (high, low)
