"""Convolutional networks: votes, ablation, health, knobs and backpropagation, number by number."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from networks_of_images import convolutional, pictures, roughened

import pellucid as pl
from pellucid.errors import ConfigurationError, ShapeError
from pellucid.inspect.names import INPUTS, knob_name, layer_name, neuron_name, value_name
from pellucid.inspect.reference import activate
from pellucid.inspect.reference_planes import activated, last_sums, sums

NET = convolutional()
X = pictures(1)[0]


def forward(net: pl.Network, x: np.ndarray, factors: dict[tuple[int, int], float]) -> np.ndarray:
    """The network in float64, with the maps of channels, or neurons, multiplied where they arise."""
    parameters, begin, a = net.parameters.astype(np.float64), 0, x.astype(np.float64)
    for number, layer in enumerate(net.layers):
        count = layer.parameter_count(layer.input_shape)
        z = sums(layer, parameters[begin : begin + count], a)
        begin += count
        z = z.reshape(-1) if isinstance(layer, pl.Flatten) else z
        last = number == len(net.layers) - 1
        scale = np.array([factors.get((number, unit), 1.0) for unit in range(len(z))])
        scaled = scale.reshape(-1, *[1] * (z.ndim - 1))
        a = activate(layer.activation, z * scaled) if last else activated(layer, z) * scaled
    return a


@pytest.mark.parametrize("stride", [1, 2, (2, 1)])
def test_the_reference_has_the_engines_sums_in_every_layer(stride: pl.layers.conv2d.Size) -> None:
    layers = [pl.Conv2d(3, (3, 2), stride, (1, 2), "tanh"), pl.AvgPool2d(2), pl.Conv2d(4, 2, activation="relu")]
    net = pl.Network([*layers, pl.MaxPool2d(2, 1), pl.Dense(3, "softmax")], input_shape=(2, 15, 14))
    roughened(net, 3)
    x = np.random.default_rng(1).random((2, 15, 14), dtype=np.float32)
    trace, parameters = net.trace(x), net.parameters.astype(np.float64)
    for begin in range(len(layers) + 2):
        entering = trace[begin].inputs.astype(np.float64)
        np.testing.assert_allclose(last_sums(net, parameters, entering, begin), trace[-1].sums, rtol=1e-4, atol=1e-5)


@settings(max_examples=40, deadline=None)
@given(st.sampled_from([0, 2]), st.data())
def test_votes_add_up_to_the_sum_at_any_place(layer: int, data: st.DataObject) -> None:
    shape = NET.trace(X)[layer].sums.shape
    channel, row, column = (data.draw(st.integers(0, side - 1)) for side in shape)
    found = pl.inspect.votes(NET, X, layer, channel, (row, column))
    assert found.at == (row, column)
    assert found.terms.sum(dtype=np.float64) + found.bias == pytest.approx(found.sum, rel=1e-4, abs=1e-5)
    assert found.sum == NET.trace(X)[layer].sums[channel, row, column]
    np.testing.assert_array_equal(found.terms, NET.trace(X)[layer].terms(channel, row, column).reshape(-1))
    assert (np.diff(np.abs(found.terms[found.ranking])) <= 0).all()


def test_votes_without_a_place_are_of_the_largest_sum() -> None:
    found = pl.inspect.votes(NET, X, 2, 1)
    assert found.sum == NET.trace(X)[2].sums[1].max()
    assert pl.inspect.votes(NET, X, 6, 1).at is None
    np.testing.assert_array_equal(pl.inspect.weight_picture(NET, 2, 3), NET.layers[2].weight[3])
    for layer, neuron, at in [(1, 0, None), (2, 4, None), (2, 0, (3, 0)), (6, 0, (0, 0)), (2, 0, (-1, 0))]:
        with pytest.raises(ShapeError):
            pl.inspect.votes(NET, X, layer, neuron, at)


UNITS = {0: 3, 1: 3, 2: 4, 3: 4, 4: 12, 5: 12, 6: 5, 7: 3}


@settings(max_examples=40, deadline=None)
@given(
    st.dictionaries(
        st.integers(0, 7).flatmap(lambda layer: st.tuples(st.just(layer), st.integers(0, UNITS[layer] - 1))),
        st.floats(0, 2, width=32),
        max_size=5,
    )
)
def test_ablation_multiplies_whole_maps(factors: dict[tuple[int, int], float]) -> None:
    twin = pl.inspect.ablate(NET, factors)
    np.testing.assert_allclose(twin(X), forward(NET, X, factors), rtol=5e-4, atol=5e-5)


def test_ablation_of_layers_and_what_it_refuses() -> None:
    blind = pl.inspect.ablate(NET, layers={INPUTS: 0.0})
    np.testing.assert_array_equal(blind(X), blind(pictures(1, seed=5)[0]))
    negative = {(2, 1): -1.5}
    np.testing.assert_allclose(pl.inspect.ablate(NET, negative)(X), forward(NET, X, negative), rtol=5e-4, atol=5e-5)
    with pytest.raises(ConfigurationError, match="largest"):
        pl.inspect.ablate(NET, {(0, 1): -1.0})
    for neurons in ({(INPUTS, 3): 0.0}, {(0, 3): 0.0}, {(3, 4): 0.0}, {(5, 12): 0.0}, {(8, 0): 0.0}):
        with pytest.raises(ShapeError):
            pl.inspect.ablate(NET, neurons)
    with pytest.raises(ShapeError, match="reads"):
        pl.inspect.ablate(pl.Network([pl.Conv2d(2, 3), pl.MaxPool2d(2)], input_shape=(9, 8)), {(0, 0): 0.0})


@given(st.integers(0, NET.parameter_count - 1))
def test_a_knobs_name_finds_it_and_is_python(index: int) -> None:
    net, knobs = NET, pl.inspect.Knobs(NET)
    knob = knobs[index]
    assert knobs.find(str(knob)).tolist() == [index]
    assert eval(f"net.{knob}", {"net": net}) == net.parameters[index]


def test_knobs_are_found_by_parts_of_their_names() -> None:
    knobs = pl.inspect.Knobs(NET)
    assert len(knobs) == NET.parameter_count
    counts = {"0": 30, "2 weight 1": 12, "2 weight 1 2": 4, "2 bias": 4, "1": 0, "weight 0 0 0 0": 2, "6 1 2 3": 0}
    assert {query: len(knobs.find(query)) for query in counts} == counts


def test_health_finds_dead_and_saturated_channels() -> None:
    net = convolutional()
    net.layers[0].bias[1], net.layers[2].bias[3] = -1e3, 50.0
    found = pl.inspect.health(net, pictures(20), np.arange(20) % 3)
    assert found.dead == ((1,), (), (), (), (), (), (), ())
    assert found.saturated[2] == (3,)
    gradient, begin = net.gradient(pictures(20), np.arange(20) % 3).parameters, 0
    for number, layer in enumerate(net.layers):
        count = layer.parameter_count(layer.input_shape)
        norm = np.linalg.norm(gradient[begin : begin + count])
        assert found.gradient_norms[number] == pytest.approx(norm, rel=1e-4)
        assert found.gradient_sizes[number] == pytest.approx(norm / max(1, count) ** 0.5, rel=1e-4)
        begin += count


def test_every_number_of_backpropagation_agrees_with_a_finite_difference() -> None:
    result = pl.inspect.backpropagate(NET, X, 1)
    checks = [pl.inspect.check_parameter(result, index) for index in range(NET.parameter_count)]
    checks += [pl.inspect.check_input(result, index) for index in range(X.size)]
    for layer, seen in enumerate(result.layers):
        checks += [pl.inspect.check_activation(result, layer, place) for place in range(seen.activations.size)]
    assert [check.name for check in checks if not check.agrees] == []
    assert max(abs(check.derivative) for check in checks) > 0.01
    index = int(np.abs(result.gradient[:30]).argmax())
    result.gradient[index] *= 1.02
    assert not pl.inspect.check_parameter(result, index).agrees


def test_the_chain_rule_holds_between_the_layers() -> None:
    result = pl.inspect.backpropagate(NET, X, 2)
    for number, (layer, seen) in enumerate(zip(NET.layers, result.layers, strict=True)):
        if number:
            before = result.layers[number - 1].by_activations
            np.testing.assert_array_equal(seen.by_inputs.reshape(-1), before.reshape(-1))
        if isinstance(layer, pl.Conv2d):
            np.testing.assert_allclose(seen.by_sums, seen.by_activations * seen.slopes, rtol=1e-6)
            np.testing.assert_allclose(seen.by_biases, seen.by_sums.sum(axis=(1, 2)), rtol=1e-3, atol=1e-5)
            assert seen.by_weights.shape == seen.weights.shape == layer.weight.shape
    np.testing.assert_array_equal(result.gradient, NET.gradient(X, 2).parameters)


def test_the_stages_go_back_through_every_layer() -> None:
    story = pl.inspect.stages(pl.inspect.backpropagate(NET, X, 1))
    kinds = [(stage.layer, stage.kind) for stage in story[3:]]
    weighted = ("sums", "weights", "biases")
    assert kinds == [
        *[(7, kind) for kind in (*weighted, "inputs")], *[(6, kind) for kind in (*weighted, "inputs")], (3, "inputs"),
        *[(2, kind) for kind in (*weighted, "inputs")], (1, "inputs"), *[(0, kind) for kind in (*weighted, "pixels")],
    ]  # fmt: skip
    assert all(20 < len(stage.caption) < 420 and "nan" not in stage.caption for stage in story)
    assert any("shared equally" in stage.caption for stage in story)
    assert any("72 places of its map" in stage.caption for stage in story)


def test_names_tell_layers_channels_places_and_knobs() -> None:
    assert layer_name(NET, 0) == "layer 1, convolution"
    assert layer_name(NET, 3) == "layer 4, mean pooling"
    assert layer_name(NET, 7) == "output layer"
    assert neuron_name(NET, 2, 3) == "layer 3, convolution, channel 3"
    assert value_name(NET, 5, 4) == "layer 4, mean pooling, channel 1 at (1, 0)"
    knobs = pl.inspect.Knobs(NET)
    assert knob_name(NET, knobs[4]) == "weight (1, 1) → layer 1, convolution, channel 0"
    index = int(knobs.find("layers[2].weight[1, 2, 0, 1]")[0])
    assert knob_name(NET, knobs[index]) == "weight (0, 1) of input channel 2 → layer 3, convolution, channel 1"
    assert knob_name(NET, knobs[int(knobs.find("6 weight 2 4")[0])]).startswith("layer 4, mean pooling, channel 1 at")


def test_networks_of_sequences_and_without_an_output_layer_are_refused() -> None:
    sequences = pl.Network([pl.LSTM(3), pl.Dense(2, "softmax")], input_shape=(None, 4))
    with pytest.raises(ShapeError, match="lstm"):
        pl.inspect.Knobs(sequences)
    ends = pl.Network([pl.Conv2d(2, 3), pl.Flatten()], input_shape=(9, 8))
    with pytest.raises(ShapeError, match="dense"):
        pl.inspect.backpropagate(ends, X, 1)
    with pytest.raises(ShapeError, match="dense"):
        last_sums(ends, ends.parameters.astype(np.float64), X.astype(np.float64))
