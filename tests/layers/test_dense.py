"""Dense: valid configurations, parameters as views, and errors for invalid configurations."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import pellucid as pl
from pellucid.errors import ConfigurationError, ShapeError


def attached(width: int = 5, **options: Any) -> pl.Dense:
    layer = pl.Network([pl.Dense(3, **options)], input_shape=(width,), seed=2).layers[0]
    assert isinstance(layer, pl.Dense)
    return layer


def test_views_are_out_by_in_and_lead_into_the_network() -> None:
    net = pl.Network([pl.Dense(3, "tanh"), pl.Dense(2)], input_shape=(2, 2), seed=0)
    first, second = net.layers
    assert isinstance(first, pl.Dense)
    assert isinstance(second, pl.Dense)
    assert (first.weight.shape, first.bias.shape, first.in_features) == ((3, 4), (3,), 4)
    assert (second.weight.shape, second.bias.shape, second.in_features) == ((2, 3), (2,), 3)
    for view in (first.weight, first.bias, second.weight, second.bias):
        assert np.shares_memory(view, net.parameters)
        assert view.dtype == np.float32
        assert view.flags.writeable
    first.weight[1, 2] = 7
    assert net.parameters[2 * 3 + 1] == 7
    second.bias[1] = 9
    assert net.parameters[-1] == 9
    assert {name: value.shape for name, value in first.named().items()} == {"weight": (3, 4), "bias": (3,)}


def test_a_knob_turns_the_output() -> None:
    net = pl.Network([pl.Dense(2)], input_shape=(3,))
    layer = net.layers[0]
    assert isinstance(layer, pl.Dense)
    layer.weight, layer.bias = np.arange(6).reshape(2, 3), [10, 20]
    np.testing.assert_array_equal(net(np.array([1.0, 0.5, 0.25])), [10 + 0.5 + 0.5, 20 + 3 + 2 + 1.25])
    layer.weight[0, 0] += 1
    assert net(np.array([1.0, 0.5, 0.25]))[0] == 12


def test_the_layer_given_is_left_alone() -> None:
    given = pl.Dense(3)
    net = pl.Network([given, given], input_shape=(3,))
    with pytest.raises(ShapeError, match="a layer gets its parameters from the network"):
        _ = given.weight
    one, other = net.layers
    assert isinstance(one, pl.Dense)
    assert isinstance(other, pl.Dense)
    assert not np.shares_memory(one.weight, other.weight)
    assert given == pl.Dense(3)


@pytest.mark.parametrize("size", [0, -3, 2.0, "16", None, True, [3], np.nan])
def test_sizes_that_make_no_sense(size: Any) -> None:
    with pytest.raises(ConfigurationError, match="Dense expected out_features"):
        pl.Dense(size)


def test_a_numpy_integer_is_an_integer() -> None:
    layer = pl.Dense(np.int64(4))  # type: ignore[arg-type]
    assert type(layer.out_features) is int


@pytest.mark.parametrize("name", ["gelu", "", None, 3, ["relu"], "ReLU"])
def test_activations_that_do_not_exist(name: Any) -> None:
    with pytest.raises(ConfigurationError, match="activation expected one of identity, sigmoid, relu, tanh, softmax"):
        pl.Dense(3, name)


@pytest.mark.parametrize("name", ["xavier", "", 3, ["zeros"]])
def test_initializations_that_do_not_exist(name: Any) -> None:
    with pytest.raises(ConfigurationError, match="initialization expected one of glorot_uniform"):
        pl.Dense(3, initialization=name)


@pytest.mark.parametrize("index", [3, -4, 100])
def test_neurons_that_do_not_exist(index: int) -> None:
    with pytest.raises(ShapeError, match=f"expected a neuron from 0 to 2, got {index}"):
        attached().neuron(index)


@pytest.mark.parametrize("index", [1.0, "1", None])
def test_a_neuron_has_a_number(index: Any) -> None:
    with pytest.raises(ShapeError, match="expected a neuron from 0 to 2"):
        attached().neuron(index)


def test_a_softmax_neuron_is_no_function() -> None:
    with pytest.raises(ConfigurationError, match="depends on its whole layer"):
        attached(activation="softmax").neuron(0)


def test_configuration_makes_it_again() -> None:
    layer = pl.Dense(7, "relu", initialization="orthogonal")
    assert pl.Dense(**layer.configuration()) == layer
    assert layer.output_shape((3, 3)) == (7,)
    assert layer.parameter_count((3, 3)) == 70


def test_it_says_what_it_computes() -> None:
    assert pl.Dense(3, "sigmoid").describe() == "a = sigmoid(W x + b)"
    assert pl.Dense(3).describe() == "a = W x + b"
