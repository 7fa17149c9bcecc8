"""Ablation: the same as multiplying the activations themselves."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_network import small

import pellucid as pl
from pellucid.errors import ConfigurationError, ShapeError
from pellucid.inspect.reference import activate, layers_of


def forward(net: pl.Network, x: np.ndarray, factors: dict[tuple[int, int], float]) -> np.ndarray:
    """The network in float64, with activations multiplied where they arise; of the last layer, the sums."""
    a = np.array([value * factors.get((-1, k), 1.0) for k, value in enumerate(x)])
    for number, layer in enumerate(layers_of(net)):
        z = layer.weight @ a + layer.bias
        scale = np.array([factors.get((number, k), 1.0) for k in range(len(z))])
        last = number == len(net.layers) - 1
        a = activate(layer.activation, z * scale) if last else activate(layer.activation, z) * scale
    return a


@settings(max_examples=30, deadline=None)
@given(
    st.dictionaries(st.tuples(st.integers(-1, 2), st.integers(0, 3)), st.floats(-2, 2, width=32), max_size=5),
    st.sampled_from([("relu", "tanh", "softmax"), ("sigmoid", "relu", "identity")]),
)
def test_ablation_multiplies_activations(factors: dict, activations: tuple[str, ...]) -> None:
    net, x = small(*activations), np.linspace(0.1, 0.9, 7).astype(np.float32)
    before = net.parameters.copy()
    twin = pl.inspect.ablate(net, factors)
    np.testing.assert_allclose(twin(x), forward(net, x, factors), rtol=2e-4, atol=2e-5)
    np.testing.assert_array_equal(net.parameters, before)
    assert pl.inspect.ablate(net, factors, out=twin) is twin


def test_zeroing_a_layer_switches_all_its_neurons_off() -> None:
    net = small("relu", "sigmoid", "softmax")
    for layer, width in [(-1, 7), (0, 6), (1, 5), (2, 4)]:
        one = pl.inspect.ablate(net, layers={layer: 0.0})
        each = pl.inspect.ablate(net, {(layer, neuron): 0.0 for neuron in range(width)})
        np.testing.assert_array_equal(one.parameters, each.parameters)


def test_ablation_refuses_layers_and_neurons_that_do_not_exist() -> None:
    net = small("relu", "softmax")
    for neurons in ({(2, 0): 0.0}, {(-2, 0): 0.0}, {(0, 6): 0.0}, {(-1, 7): 0.0}, {(0, -1): 0.0}):
        with pytest.raises(ShapeError):
            pl.inspect.ablate(net, neurons)
    with pytest.raises(ConfigurationError, match="finite"):
        pl.inspect.ablate(net, {(0, 0): float("nan")})
    with pytest.raises(ShapeError, match="copy"):
        pl.inspect.ablate(net, out=small("relu"))


def test_noise_has_the_spread_asked_for_and_stays_in_its_layer() -> None:
    net = pl.load("digits-relu")
    noise = pl.inspect.noisy(net, 0.5, layer=0, seed=1).parameters - net.parameters
    weights = net.layers[0].weight
    assert noise[: weights.size].std() == pytest.approx(0.5 * weights.std(), rel=0.05)
    assert not noise[weights.size + 16 :].any()
    double = pl.inspect.noisy(net, 1.0, layer=0, seed=1).parameters - net.parameters
    np.testing.assert_allclose(double, 2 * noise, rtol=1e-3, atol=1e-5)
    for spread in (-1.0, float("inf"), float("nan")):
        with pytest.raises(ConfigurationError):
            pl.inspect.noisy(net, spread)
