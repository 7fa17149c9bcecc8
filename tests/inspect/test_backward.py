"""Backpropagation: shapes, the chain rule between stages, and finite differences of every number."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import pellucid as pl
from pellucid.errors import ConfigurationError, ShapeError
from pellucid.inspect.reference import loss_terms

KINDS = [
    ("sigmoid", "softmax", "cross_entropy"),
    ("relu", "softmax", "cross_entropy"),
    ("tanh", "sigmoid", "cross_entropy"),
    ("sigmoid", "sigmoid", "squared"),
    ("relu", "softmax", "squared"),
    ("tanh", "identity", "squared"),
]


def a_network(hidden: str, last: str, seed: int = 0) -> pl.Network:
    layers = [pl.Dense(5, hidden), pl.Dense(4, hidden), pl.Dense(3, last)]
    net = pl.Network(layers, input_shape=(6,), seed=seed)
    net.parameters += np.random.default_rng(seed).normal(0, 0.2, net.parameter_count).astype(np.float32)
    return net


def result_of(kind: tuple[str, str, str], seed: int = 0, label: int = 1) -> pl.inspect.Backpropagation:
    x = np.random.default_rng(seed + 9).random(6).astype(np.float32)
    return pl.inspect.backpropagate(a_network(kind[0], kind[1], seed), x, label, kind[2])


@pytest.mark.parametrize("kind", KINDS)
def test_every_number_agrees_with_a_finite_difference(kind: tuple[str, str, str]) -> None:
    result = result_of(kind)
    checks = [pl.inspect.check_parameter(result, index) for index in range(result.net.parameter_count)]
    checks += [pl.inspect.check_input(result, index) for index in range(6)]
    for layer, seen in enumerate(result.layers):
        checks += [pl.inspect.check_activation(result, layer, neuron) for neuron in range(len(seen.sums))]
    assert [check.name for check in checks if not check.agrees] == []
    assert max(abs(check.derivative) for check in checks) > 0.01


@pytest.mark.parametrize("kind", KINDS)
def test_a_wrong_derivative_is_found(kind: tuple[str, str, str]) -> None:
    result = result_of(kind)
    index = int(np.abs(result.gradient).argmax())
    result.gradient[index] *= 1.02
    assert not pl.inspect.check_parameter(result, index).agrees


@settings(max_examples=20, deadline=None)
@given(st.sampled_from(KINDS), st.integers(0, 50), st.integers(0, 2))
def test_the_chain_rule_holds_between_the_stages(kind: tuple[str, str, str], seed: int, label: int) -> None:
    result = result_of(kind, seed, label)
    for number, layer in enumerate(result.layers):
        if layer.function != "softmax":
            np.testing.assert_allclose(layer.by_sums, layer.by_activations * layer.slopes, rtol=1e-3, atol=1e-5)
        np.testing.assert_allclose(layer.by_weights, np.outer(layer.by_sums, layer.inputs), rtol=1e-4, atol=1e-6)
        np.testing.assert_allclose(layer.by_inputs, layer.by_sums @ layer.weights, rtol=1e-3, atol=1e-5)
        np.testing.assert_array_equal(layer.by_biases, layer.by_sums)
        if number:
            np.testing.assert_array_equal(layer.by_inputs, result.layers[number - 1].by_activations)
    assert result.costs.sum() == pytest.approx(result.cost, rel=1e-4, abs=1e-6)
    assert result.targets.tolist() == [float(index == label) for index in range(3)]


def test_cross_entropy_with_softmax_worked_by_hand() -> None:
    net = pl.Network([pl.Dense(2, "softmax")], input_shape=(2,))
    net.layers[0].weight = [[1.0, 0.0], [0.0, 1.0]]
    result = pl.inspect.backpropagate(net, [1.0, 0.0], 1)
    p = 1 / (1 + np.e)
    assert result.cost == pytest.approx(-np.log(p), rel=1e-6)
    np.testing.assert_allclose(result.wishes, [p - 1, 1 - p], rtol=1e-6)
    np.testing.assert_allclose(result.layers[0].by_weights, [[1 - p, 0], [p - 1, 0]], rtol=1e-6)
    np.testing.assert_allclose(result.layers[0].by_activations, [0, -1 / p], rtol=1e-6)


def test_the_gradient_is_the_engines() -> None:
    net, (image, label) = pl.load("digits-relu"), pl.data.load("digits").test[5]
    result = pl.inspect.backpropagate(net, image, label)
    expected = net.gradient(image, label)
    np.testing.assert_array_equal(result.gradient, expected.parameters)
    np.testing.assert_array_equal(result.layers[0].by_inputs, expected.inputs[0])
    assert result.cost == expected.loss


def test_the_stages_cover_every_layer_and_end_at_the_pixels() -> None:
    for kind in KINDS:
        story = pl.inspect.stages(result_of(kind))
        assert [stage.kind for stage in story[:3]] == ["forward", "cost", "outputs"]
        assert [stage.layer for stage in story[3:]] == [2] * 4 + [1] * 4 + [0] * 4
        assert [stage.kind for stage in story[3:]] == ["sums", "weights", "biases", "inputs"] * 2 + [
            "sums", "weights", "biases", "pixels",
        ]  # fmt: skip
        assert all(20 < len(stage.caption) < 400 and "nan" not in stage.caption for stage in story)


def test_invalid_arguments_are_refused() -> None:
    net = a_network("relu", "softmax")
    with pytest.raises(ShapeError, match="one input"):
        pl.inspect.backpropagate(net, np.zeros((2, 6)), 1)
    with pytest.raises(ShapeError, match="class from 0 to 2"):
        pl.inspect.backpropagate(net, np.zeros(6), 3)
    with pytest.raises(ConfigurationError):
        pl.inspect.backpropagate(net, np.zeros(6), 1, "hinge")
    result = pl.inspect.backpropagate(net, np.zeros(6), 1)
    for check, arguments in [
        (pl.inspect.check_parameter, (net.parameter_count,)),
        (pl.inspect.check_input, (6,)),
        (pl.inspect.check_activation, (3, 0)),
        (pl.inspect.check_activation, (0, -1)),
    ]:
        with pytest.raises(ShapeError):
            check(result, *arguments)


def test_outputs_that_round_to_nothing_stay_finite() -> None:
    net = pl.Network([pl.Dense(3, "softmax")], input_shape=(2,))
    net.layers[0].bias[0] = 200.0
    result = pl.inspect.backpropagate(net, [0.0, 0.0], 2)
    assert np.isfinite(result.layers[0].by_activations).all()
    assert result.cost == pytest.approx(200.0)
    terms = loss_terms("cross_entropy", "sigmoid", np.array([-500.0, 900.0]), np.array([1.0, 0.0]))
    assert terms.tolist() == [500.0, 900.0]
