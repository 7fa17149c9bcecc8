"""Probes compute what the trace has, for every neuron and channel of every kind of layer."""

from __future__ import annotations

import numpy as np
import pytest
from networks_of_images import convolutional, pictures

import pellucid as pl
from pellucid.errors import ConfigurationError, ShapeError
from pellucid.inspect.probes import has_neurons, unit_probe

NET = convolutional()
LAYERS = [0, 1, 2, 3, 6, 7]


@pytest.mark.parametrize("layer", LAYERS)
def test_a_probe_has_the_largest_sum_of_every_map(layer: int) -> None:
    images = pictures(7)
    seen = NET.trace(images)[layer].sums
    largest = seen.reshape(7, seen.shape[1], -1).max(axis=-1)
    np.testing.assert_allclose(pl.inspect.probe(NET, layer)(images), largest, rtol=1e-5, atol=1e-6)
    for neuron in range(pl.inspect.neuron_count(NET, layer)):
        alone = pl.inspect.probe(NET, layer, neuron)(images)
        np.testing.assert_allclose(alone, largest[:, neuron : neuron + 1], rtol=1e-5, atol=1e-6)


def test_a_probe_is_a_copy_that_takes_the_networks_levels() -> None:
    net = pl.Network([pl.Dense(3, "relu"), pl.Dense(2)], input_shape=(4,), level_range=(-1, 1))
    probe = pl.inspect.probe(net, 0)
    x = np.array([[-1.0, -0.5, 0.0, 1.0]])
    np.testing.assert_allclose(probe(x), net.trace(x)[0].sums, rtol=1e-6)
    np.testing.assert_allclose(unit_probe(net, 0, 1)((x + 1) / 2)[:, 0], probe(x)[:, 1], rtol=1e-6)
    net.layers[0].weight[...] = 0
    assert abs(probe(x)).max() > 0


@pytest.mark.parametrize("layer", [0, 1, 2, 3])
def test_the_strongest_places_are_those_of_the_maps(layer: int) -> None:
    images = pictures(6)
    maps = NET.trace(images)[layer].sums
    for channel in range(maps.shape[1]):
        places = pl.inspect.strongest_places(NET, layer, channel, images)
        for plane, (row, column) in zip(maps[:, channel], places, strict=True):
            assert plane[row, column] == plane.max()


def test_places_need_feature_maps_and_a_batch() -> None:
    with pytest.raises(ShapeError, match="has none"):
        pl.inspect.strongest_places(NET, 6, 0, pictures(2))
    with pytest.raises(ShapeError, match="batch"):
        pl.inspect.strongest_places(NET, 0, 0, pictures(1)[0])


@pytest.mark.parametrize("layer", [4, 5, 8, -1, True, 0.5, None])
def test_layers_without_neurons_are_refused(layer: object) -> None:
    with pytest.raises(ShapeError):
        pl.inspect.probe(NET, layer)  # type: ignore[arg-type]
    assert [each for each in range(len(NET.layers)) if has_neurons(NET, each)] == LAYERS


@pytest.mark.parametrize("neuron", [3, -1, True, 1.0, "0"])
def test_neurons_that_do_not_exist_are_refused(neuron: object) -> None:
    with pytest.raises(ShapeError):
        pl.inspect.probe(NET, 0, neuron)  # type: ignore[arg-type]


def test_networks_of_sequences_are_refused() -> None:
    net = pl.Network([pl.LSTM(3), pl.Dense(2)], input_shape=(None, 4))
    assert not has_neurons(net, 1)
    with pytest.raises(ConfigurationError, match="sequences"):
        pl.inspect.probe(net, 1)
