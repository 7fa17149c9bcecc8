"""Maxima: exact ones are beaten by no corner of the box, ascended ones by no start; the engine computes all figures."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from networks_of_images import convolutional, pictures, roughened

import pellucid as pl
from pellucid.errors import ConfigurationError, ShapeError


def test_the_first_layers_maximum_is_the_largest_of_all_corners() -> None:
    net = roughened(pl.Network([pl.Dense(3, "sigmoid"), pl.Dense(2)], input_shape=(7,)), 3)
    corners = np.array(list(itertools.product([0.0, 1.0], repeat=7)), np.float32)
    sums = net.trace(corners)[0].sums
    for neuron in range(3):
        found = pl.inspect.maximum(net, 0, neuron)
        assert found.exact
        assert found.excitation == pytest.approx(float(sums[:, neuron].max()), rel=1e-5)
        assert found.rest == pytest.approx(float(net.layers[0].bias[neuron]), rel=1e-5)
        assert found.share(found.rest) == 0
        assert found.share(found.excitation) == 1


def test_bounds_are_levels_and_may_differ_by_input() -> None:
    net = roughened(pl.Network([pl.Dense(2)], input_shape=(4,), level_range=(0, 255)), 1)
    low, high = np.array([0, -10, 5, 100]), np.array([255, 20, 5, 300])
    found = pl.inspect.maximum(net, 0, 1, bounds=(low, high))
    corners = np.array(list(itertools.product(*zip(low, high, strict=True))), np.float32)
    assert found.excitation == pytest.approx(float(net.trace(corners)[0].sums[:, 1].max()), rel=1e-5)
    np.testing.assert_allclose(net.trace(found.image)[0].sums[1], found.excitation, rtol=1e-5)
    assert (found.image >= low - 1e-3).all()
    assert (found.image <= high + 1e-3).all()


@pytest.mark.parametrize("padding", [0, 1, 2])
def test_a_convolutions_maximum_is_exact_and_lies_within_the_picture(padding: int) -> None:
    net = roughened(pl.Network([pl.Conv2d(3, 3, padding=padding), pl.Dense(2)], input_shape=(2, 6, 7)), 2)
    for channel in range(3):
        found = pl.inspect.maximum(net, 0, channel)
        weight = net.layers[0].weight[channel]
        most = np.maximum(weight, 0).sum() + net.layers[0].bias[channel]
        assert found.exact
        assert found.excitation == pytest.approx(float(most), rel=1e-5)
        assert net.trace(found.image)[0].sums[channel].max() == pytest.approx(found.excitation, rel=1e-5)


def test_where_padding_may_be_better_than_any_level_the_maximum_is_ascended() -> None:
    net = pl.Network([pl.Conv2d(1, 3, padding=1)], input_shape=(5, 5))
    net.layers[0].weight[...] = -1.0
    found = pl.inspect.maximum(net, 0, 0, bounds=(0.5, 1.0))
    assert not found.exact
    assert found.excitation == pytest.approx(-2.0)  # a corner, where five of the nine terms are padding


@pytest.mark.parametrize("layer", [1, 2, 3, 6, 7])
def test_ascent_ends_above_all_starts_and_stays_within_the_bounds(layer: int) -> None:
    net, images = convolutional(), pictures(40)
    found = pl.inspect.responses(net, layer, images)
    for neuron in range(2):
        best = found.most(neuron, 3)
        reached = pl.inspect.maximum(net, layer, neuron, starts=images[best])
        assert not reached.exact
        assert reached.starts.shape == (7,)
        assert reached.excitation == pytest.approx(float(reached.starts.max()), rel=1e-5)
        assert reached.excitation >= found.excitations[:, neuron].max() - 1e-5
        assert reached.image.shape == (9, 8)
        assert reached.image.min() >= 0
        assert reached.image.max() <= 1
        assert pl.inspect.probe(net, layer, neuron)(reached.image)[0] == pytest.approx(reached.excitation, rel=1e-5)


def test_ascent_finds_the_best_corner_of_a_small_network() -> None:
    corners = np.array(list(itertools.product([0.0, 1.0], repeat=7)), np.float32)
    for seed in range(5):
        net = roughened(pl.Network([pl.Dense(5, "relu"), pl.Dense(2, "relu")], input_shape=(7,), seed=seed), seed)
        largest = float(net.trace(corners)[1].sums[:, 0].max())  # a maximum over a box need not be a corner's
        assert pl.inspect.maximum(net, 1, 0).excitation >= 0.9 * largest - 1e-4


def test_the_same_seed_finds_the_same_bits() -> None:
    net = convolutional()
    one, two = (pl.inspect.maximum(net, 2, 1, seed=5) for _ in range(2))
    np.testing.assert_array_equal(one.image, two.image)
    assert "seed 5" in one.method


def test_the_method_says_what_was_done() -> None:
    net = convolutional()
    assert pl.inspect.maximum(net, 0, 0).method.startswith("Exact")
    told = pl.inspect.maximum(net, 2, 0, starts=pictures(1), steps=7).method
    assert "best of 5 ascents of 7 gradient steps" in told
    assert "1 real example and 3 of noise" in told


def test_no_step_is_an_ascent_too() -> None:
    net, images = convolutional(), pictures(3)
    reached = pl.inspect.maximum(net, 2, 0, starts=images, steps=0)
    assert reached.starts[0:3].max() == pytest.approx(float(pl.inspect.probe(net, 2, 0)(images).max()), rel=1e-6)


def test_a_neuron_without_weights_has_no_share_of_a_maximum() -> None:
    net = pl.Network([pl.Dense(1)], input_shape=(3,))
    net.parameters[...] = 0
    found = pl.inspect.maximum(net, 0, 0)
    assert np.isnan(found.share(1.0))
    assert not found.image.any()


def test_weights_beyond_all_numbers_are_survived() -> None:
    net = pl.Network([pl.Dense(2, "relu"), pl.Dense(2)], input_shape=(3,))
    net.parameters[...] = 3e38
    for layer in (0, 1):
        pl.inspect.maximum(net, layer, 0)


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"bounds": (1, 0)}, ConfigurationError),
        ({"bounds": (0, np.nan)}, ConfigurationError),
        ({"bounds": (np.zeros(5), 1)}, ShapeError),
        ({"steps": -1}, ConfigurationError),
        ({"steps": 1.5}, ConfigurationError),
        ({"starts": np.zeros((2, 5))}, ShapeError),
    ],
)
def test_what_makes_no_sense_is_refused(options: dict[str, object], error: type[Exception]) -> None:
    with pytest.raises(error):
        pl.inspect.maximum(convolutional(), 2, 0, **options)  # type: ignore[arg-type]


def test_shipped_networks_are_as_learning_says() -> None:
    """Real digits come to about a third of a sigmoid neuron's maximum, a fifth of a ReLU neuron's."""
    test = pl.data.load("digits").test
    medians = []
    for name in ("digits-sigmoid", "digits-relu"):
        net = pl.load(name)
        strongest = pl.inspect.responses(net, 0, test).excitations.max(axis=0)
        shares = [pl.inspect.maximum(net, 0, neuron).share(strongest[neuron]) for neuron in range(16)]
        medians.append(float(np.median(shares)))
    assert 0.25 < medians[0] < 0.4
    assert 0.15 < medians[1] < 0.25
