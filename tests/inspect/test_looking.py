"""Votes, ablation, knobs, health, mistakes, and the loss plane: each against a plain way of telling the same."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import pellucid as pl
from pellucid.errors import ConfigurationError, ShapeError
from pellucid.inspect.confusion import mistakes_of

DIGITS = pl.data.load("digits")
NET = pl.load("digits-relu")


def small(*activations: str, seed: int = 0) -> pl.Network:
    sizes = range(6, 6 - len(activations), -1)
    net = pl.Network(
        [pl.Dense(k, name) for k, name in zip(sizes, activations, strict=True)], input_shape=(7,), seed=seed
    )
    net.parameters += np.random.default_rng(seed).normal(0, 0.3, net.parameter_count).astype(np.float32)
    return net


def forward(net: pl.Network, x: np.ndarray, factors: dict[tuple[int, int], float]) -> np.ndarray:
    """The network written out, with activations multiplied where they arise."""
    functions = {
        "sigmoid": lambda z: 1 / (1 + np.exp(-z)), "relu": lambda z: np.maximum(z, 0), "tanh": np.tanh,
        "identity": lambda z: z, "softmax": lambda z: np.exp(z - z.max()) / np.exp(z - z.max()).sum(),
    }  # fmt: skip
    a = np.array([value * factors.get((-1, k), 1.0) for k, value in enumerate(x)])
    for number, layer in enumerate(net.layers):
        z = layer.weight.astype(float) @ a + layer.bias
        last = number == len(net.layers) - 1
        scale = np.array([factors.get((number, k), 1.0) for k in range(len(z))])
        a = functions[layer.activation](z * scale) if last else functions[layer.activation](z) * scale
    return a


@settings(max_examples=30, deadline=None)
@given(
    st.dictionaries(st.tuples(st.integers(-1, 2), st.integers(0, 3)), st.floats(-2, 2, width=32), max_size=5),
    st.sampled_from([("relu", "tanh", "softmax"), ("sigmoid", "relu", "identity")]),
)
def test_ablation_multiplies_what_neurons_hand_on(factors: dict, activations: tuple[str, ...]) -> None:
    net, x = small(*activations), np.linspace(0.1, 0.9, 7).astype(np.float32)
    before = net.parameters.copy()
    twin = pl.inspect.ablate(net, factors)
    np.testing.assert_allclose(twin(x), forward(net, x, factors), rtol=2e-4, atol=2e-5)
    np.testing.assert_array_equal(net.parameters, before)
    assert pl.inspect.ablate(net, factors, out=twin) is twin


def test_a_zeroed_layer_is_all_its_neurons_off() -> None:
    net = small("relu", "sigmoid", "softmax")
    for layer, width in [(-1, 7), (0, 6), (1, 5), (2, 4)]:
        one = pl.inspect.ablate(net, layers={layer: 0.0})
        each = pl.inspect.ablate(net, {(layer, neuron): 0.0 for neuron in range(width)})
        np.testing.assert_array_equal(one.parameters, each.parameters)


def test_ablation_refuses_what_is_not_there() -> None:
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


@pytest.mark.parametrize("activations", [("relu", "softmax"), ("sigmoid", "tanh"), ("tanh", "identity")])
def test_votes_add_up_and_say_so(activations: tuple[str, ...]) -> None:
    net, x = small(*activations), np.linspace(-0.5, 0.9, 7).astype(np.float32)
    for layer in range(2):
        for neuron in range(net.layers[layer].out_features):
            told = pl.inspect.votes(net, x, layer, neuron)
            assert told.positive + told.negative + told.bias == pytest.approx(told.sum, abs=1e-5)
            moved, h = net.copy(), 1e-3
            if told.function not in ("softmax", "identity"):
                function = net.layers[layer].neuron(neuron)
                assert told.activation == pytest.approx(function(told.inputs), abs=1e-6)
                moved.layers[layer].bias[neuron] += h
                slope = (moved.layers[layer].neuron(neuron)(told.inputs) - told.activation) / h
                assert told.slope == pytest.approx(slope, abs=3e-3)
            assert str(told).startswith(f"{told.function}(")
    with pytest.raises(ShapeError, match="one input"):
        pl.inspect.votes(net, np.zeros((2, 7)), 0, 0)


@given(st.integers(0, 13001))
def test_a_knobs_name_finds_it_and_is_python(index: int) -> None:
    net = NET
    knobs = pl.inspect.Knobs(net)
    knob = knobs[index]
    assert knobs.find(str(knob)).tolist() == [index]
    assert knobs.find(f"#{index}").tolist() == [index]
    assert eval(f"net.{knob}", {"net": net}) == net.parameters[index]


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("", 13002), ("bias", 42), ("weights", 12960), ("1", 272), ("layer 2", 170), ("layers[1].bias", 16),
        ("weight 3, 120", 1), ("w 0 5", 3), ("2 bias 9", 1), ("layers[0].weight[16, 0]", 0), ("#13002", 0),
        ("0 1 2 3", 0), ("bias 0 0", 0), ("999999999999", 0),
    ],
)  # fmt: skip
def test_knobs_are_found_by_parts_of_their_names(query: str, count: int) -> None:
    found = pl.inspect.Knobs(NET).find(query)
    assert len(found) == len(set(found.tolist())) == count


@given(st.text(max_size=60))
def test_any_query_is_answered_or_refused(query: str) -> None:
    try:
        found = pl.inspect.Knobs(NET).find(query)
    except ConfigurationError:
        return
    assert all(0 <= index < 13002 for index in found[:5])


def test_dead_and_saturated_neurons_are_found() -> None:
    net = pl.Network([pl.Dense(4, "relu"), pl.Dense(4, "sigmoid"), pl.Dense(4, "tanh"), pl.Dense(10, "softmax")])
    net.layers[0].bias[1] = -1e5
    net.layers[1].bias[2], net.layers[1].bias[0] = 50.0, -50.0
    net.layers[2].bias[3] = 50.0
    test = DIGITS.test[:100]
    told = pl.inspect.health(net, test.images, test.labels)
    assert told.dead == ((1,), (0,), (), ())
    assert told.saturated == ((), (0, 2), (3,), ())
    slope = net.gradient(test.images, test.labels).parameters
    first = slope[: 785 * 4]
    assert told.gradient_norms[0] == pytest.approx(np.linalg.norm(first), rel=1e-5)
    assert told.gradient_sizes[0] == pytest.approx(np.sqrt((first**2).mean()), rel=1e-5)
    assert (told.gradient_norms**2).sum() == pytest.approx((slope.astype(float) ** 2).sum(), rel=1e-5)


def test_mistakes_are_counted_by_class_the_surest_first() -> None:
    outputs = np.array([[0.9, 0.1], [0.2, 0.8], [0.6, 0.4], [0.99, 0.01]], np.float32)
    told = mistakes_of(outputs, np.array([0, 1, 1, 1]))
    assert told.confusion.tolist() == [[1, 0], [2, 1]]
    assert told.wrong.tolist() == [3, 2]
    assert told.accuracy == 0.5
    with pytest.raises(ShapeError):
        mistakes_of(outputs, np.array([0, 1, 2, 1]))


def test_the_plane_shows_a_flat_path_whole() -> None:
    net = pl.Network([pl.Dense(10, "softmax")], seed=1)
    rng = np.random.default_rng(0)
    one, two = rng.normal(0, 0.01, (2, net.parameter_count))
    steps = np.linspace(0, 1, 9)
    path = net.parameters + 5 * steps[:, None] * one + (steps**2)[:, None] * two
    data = DIGITS.train[:300]
    told = pl.inspect.loss_plane(net, path, data, side=4)
    assert sum(told.explained) == pytest.approx(1.0)
    assert told.distances.max() < 1e-4 * np.linalg.norm(path[0] - path[-1])
    np.testing.assert_allclose(told.directions @ told.directions.T, np.eye(2), atol=1e-9)
    for row, column in [(0, 0), (3, 1)]:
        net.parameters[...] = told.origin + told.xs[column] * told.directions[0] + told.ys[row] * told.directions[1]
        assert told.losses[row, column] == pytest.approx(net.gradient(data.images, data.labels).loss, rel=1e-5)
    assert told.xs.min() < told.path[:, 0].min()
    assert told.xs.max() > told.path[:, 0].max()


@settings(max_examples=15, deadline=None)
@given(st.integers(2, 12), st.integers(0, 1000))
def test_the_shares_are_those_of_the_variance(count: int, seed: int) -> None:
    net = pl.Network([pl.Dense(2, "softmax")], input_shape=(3,))
    path = np.random.default_rng(seed).normal(size=(count, net.parameter_count))
    data = pl.data.Dataset(np.eye(3, dtype=np.float32), [0, 1, 0])
    told = pl.inspect.loss_plane(net, path, data, side=2)
    centred = path - path.mean(axis=0)
    values = np.linalg.svd(centred, compute_uv=False) ** 2
    np.testing.assert_allclose(told.explained, (values / values.sum())[:2], atol=1e-9)
    back = told.path @ told.directions
    off = np.linalg.norm(path - path[-1] - back, axis=1)
    np.testing.assert_allclose(told.distances, off, atol=1e-6)


def test_a_path_that_stands_still_has_a_plane_too() -> None:
    net = pl.Network([pl.Dense(2, "softmax")], input_shape=(3,))
    data = pl.data.Dataset(np.eye(3, dtype=np.float32), [0, 1, 0])
    told = pl.inspect.loss_plane(net, [net.parameters, net.parameters], data, side=3)
    assert np.isfinite(told.losses).all()
    assert told.explained == (0.0, 0.0)
    with pytest.raises(ShapeError, match="m >= 2"):
        pl.inspect.loss_plane(net, [net.parameters], data)
    with pytest.raises(ConfigurationError):
        pl.inspect.loss_plane(net, [net.parameters] * 2, data, margin=0)
