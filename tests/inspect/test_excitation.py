"""Responses: excitations and activations are the trace's, and the ranking is that of sorting all of them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from networks_of_images import convolutional, pictures

import pellucid as pl
from pellucid.errors import PellucidError, ShapeError
from pellucid.inspect.excitation import Responses


@pytest.mark.parametrize("name", ["digits-relu", "digits-sigmoid"])
def test_responses_of_a_dense_network_are_those_of_the_trace(name: str) -> None:
    net, test = pl.load(name), pl.data.load("digits").test
    trace = net.trace(test.images)
    for layer in range(3):
        found = pl.inspect.responses(net, layer, test)
        np.testing.assert_allclose(found.excitations, trace[layer].sums, rtol=1e-4, atol=1e-4)
        np.testing.assert_allclose(found.activations, trace[layer].activations, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("layer", [0, 1, 2, 3, 6, 7])
def test_activations_of_a_channel_are_the_largest_of_its_map(layer: int) -> None:
    net, images = convolutional(), pictures(9)
    seen = net.trace(images)[layer].activations
    found = pl.inspect.responses(net, layer, images)
    largest = seen.reshape(9, seen.shape[1], -1).max(axis=-1)
    np.testing.assert_allclose(found.activations, largest, rtol=1e-5, atol=1e-6)


@given(st.lists(st.sampled_from([0.0, 1.0, -2.5, 3.0, np.inf, -np.inf]), min_size=1, max_size=30), st.integers(0, 40))
def test_most_and_least_are_the_ends_of_a_stable_sort(values: list[float], count: int) -> None:
    column = np.array(values, np.float32)[:, None]
    found = Responses(0, column, column)
    up = np.argsort(column[:, 0], kind="stable")
    down = np.argsort(-column[:, 0], kind="stable")
    assert found.least(0, count).tolist() == up[:count].tolist()
    assert found.most(0, count).tolist() == down[:count].tolist()


def test_what_is_not_a_number_excites_nothing() -> None:
    column = np.array([[1.0], [np.nan], [2.0]], np.float32)
    assert Responses(0, column, column).most(0, 3).tolist() == [2, 0, 1]


def test_weights_beyond_all_numbers_are_ranked_without_a_warning() -> None:
    net = pl.Network([pl.Dense(2, "sigmoid"), pl.Dense(2, "softmax")], input_shape=(3,))
    net.parameters[...] = 3e38
    for layer in (0, 1):
        found = pl.inspect.responses(net, layer, np.ones((4, 3)))
        assert sorted(found.most(0, 4).tolist()) == [0, 1, 2, 3]


@pytest.mark.parametrize("x", [np.ones(7), np.ones((2, 6)), "picture", [[1, 2], [3]]])
def test_other_inputs_are_refused(x: object) -> None:
    net = pl.Network([pl.Dense(2)], input_shape=(7,))
    with pytest.raises(PellucidError):
        pl.inspect.responses(net, 0, x)


def test_a_neuron_that_does_not_exist_is_refused() -> None:
    net = pl.Network([pl.Dense(2)], input_shape=(7,))
    found = pl.inspect.responses(net, 0, np.ones((3, 7)))
    with pytest.raises(ShapeError):
        found.most(2, 1)
