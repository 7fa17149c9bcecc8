"""Votes: terms that add up, and a slope that is a derivative."""

from __future__ import annotations

import numpy as np
import pytest
from small_network import small

import pellucid as pl
from pellucid.errors import ShapeError


@pytest.mark.parametrize("activations", [("relu", "softmax"), ("sigmoid", "tanh"), ("tanh", "identity")])
def test_votes_add_up_to_the_sum(activations: tuple[str, ...]) -> None:
    net, x = small(*activations), np.linspace(-0.5, 0.9, 7).astype(np.float32)
    for layer in range(2):
        for neuron in range(net.layers[layer].out_features):
            result = pl.inspect.votes(net, x, layer, neuron)
            assert result.positive + result.negative + result.bias == pytest.approx(result.sum, abs=1e-5)
            moved, h = net.copy(), 1e-3
            if result.function not in ("softmax", "identity"):
                function = net.layers[layer].neuron(neuron)
                assert result.activation == pytest.approx(function(result.inputs), abs=1e-6)
                moved.layers[layer].bias[neuron] += h
                slope = (moved.layers[layer].neuron(neuron)(result.inputs) - result.activation) / h
                assert result.slope == pytest.approx(slope, abs=3e-3)
            assert str(result).startswith(f"{result.function}(")
    with pytest.raises(ShapeError, match="one input"):
        pl.inspect.votes(net, np.zeros((2, 7)), 0, 0)
