"""Networks lose neurons: those that others can stand in for, one by one, until the layers are as wide as planned."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import pellucid as pl
from pellucid.models import digits_relu_distilled
from pellucid.models.narrowing import plain_layers, without_neuron
from pellucid.models.recipe import Narrowing, Recipe


def dense(*sizes: int, activation: str = "relu") -> pl.Network:
    layers = [pl.Dense(n, activation) for n in sizes]
    return pl.Network([*layers, pl.Dense(4, "softmax")], input_shape=(6,), seed=3)


@pytest.mark.parametrize("activation", ["relu", "sigmoid"])
@pytest.mark.parametrize("layer", [0, 1])
def test_a_neuron_that_another_repeats_is_removed_and_nothing_changes(activation: str, layer: int) -> None:
    net = dense(7, 5, activation=activation)
    net.layers[layer].weight[4] = net.layers[layer].weight[1]
    net.layers[layer].bias[4] = net.layers[layer].bias[1] = 0.2
    images = np.random.default_rng(0).random((300, 6))
    before = net(images.astype(np.float32))
    less = without_neuron(net, layer, images, before.astype(np.float64))
    sizes = [7, 5, 4]
    sizes[layer] -= 1
    assert [len(each.bias) for each in less.layers] == sizes
    np.testing.assert_allclose(less(images.astype(np.float32)), before, atol=2e-3)


def test_the_arrays_compute_what_the_network_does() -> None:
    net = dense(7, 5, activation="sigmoid")
    values = np.random.default_rng(1).random((20, 6))
    outputs = values
    for part in plain_layers(net):
        outputs = part(outputs)
    np.testing.assert_allclose(np.exp(outputs), net(values.astype(np.float32)), atol=1e-6)


def test_a_network_is_narrowed_to_the_layers_of_its_recipe(mnist: pl.data.TrainTest) -> None:
    narrowing = Narrowing(hidden=(19, 18), rate=0.004, epochs=1, between=0.2, images=200)
    recipe: Recipe = replace(digits_relu_distilled.RECIPE, copies=2, narrowing=narrowing)
    lessons = recipe.lessons(mnist.train.take(400))
    nets = [recipe.network(lessons, seed) for seed in (0, 0, 1)]
    assert [[len(each.bias) for each in net.layers] for net in nets] == [[16, 16, 10]] * 3
    assert np.array_equal(nets[0].parameters, nets[1].parameters)
    assert not np.array_equal(nets[0].parameters, nets[2].parameters)
    test = mnist.test.take(300)
    assert np.mean(nets[0](test.images).argmax(axis=1) == test.labels) > 0.6
