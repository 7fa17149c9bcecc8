"""Captions: plain sentences with the numbers of the picture, and names as on the studio's page."""

from __future__ import annotations

import numpy as np
import pytest

import pellucid as pl
from pellucid.inspect.names import INPUTS, knob_name, layer_name, neuron_name


def caption(net: pl.Network, x: np.ndarray, label: int, kind: str, loss: str = "cross_entropy") -> str:
    stages = pl.inspect.stages(pl.inspect.backpropagate(net, x, label, loss))
    return next(stage.caption for stage in stages if stage.kind == kind)


@pytest.fixture
def net() -> pl.Network:
    """784 inputs, of which pixel (1, 2) alone counts, and two outputs."""
    made = pl.Network([pl.Dense(2, "softmax")], input_shape=(28, 28), classes=["cat", "dog"])
    made.layers[0].weight[...] = 0
    made.layers[0].weight[0, 30] = 1.0
    return made


def picture() -> np.ndarray:
    x = np.zeros((28, 28), np.float32)
    x[1, 2] = 1.0
    return x


def test_a_right_reading_and_a_wrong_one(net: pl.Network) -> None:
    assert caption(net, picture(), 0, "forward").endswith("reads cat (output 0.73): correct.")
    assert caption(net, picture(), 1, "forward").endswith("reads cat (output 0.73); the target is dog (output 0.27).")


def test_each_cost_is_named(net: pl.Network) -> None:
    assert caption(net, picture(), 1, "cost") == "The cost is -ln 0.269 = 1.31. It falls as output dog approaches 1."
    assert "squared distances of all outputs from their targets: 1.07" in caption(net, picture(), 1, "cost", "squared")
    sigmoid = pl.Network([pl.Dense(2, "sigmoid")], input_shape=(28, 28))
    assert "cross-entropy terms of all outputs" in caption(sigmoid, picture(), 1, "cost")


def test_one_neuron_and_several_are_counted_in_grammar() -> None:
    net = pl.Network([pl.Dense(3, "relu"), pl.Dense(2, "softmax")], input_shape=(28, 28))
    for biases, words in [
        ((1, 1, 1), "No neuron has a slope below 0.01."),
        ((1, 1, -1), "1 of 3 neurons has a slope below 0.01"),
        ((1, -1, -1), "2 of 3 neurons have a slope below 0.01"),
    ]:
        net.layers[0].weight[...] = 0
        net.layers[0].bias[...] = biases
        stages = pl.inspect.stages(pl.inspect.backpropagate(net, picture(), 1))
        stage = next(each for each in stages if each.kind == "sums" and each.layer == 0)
        assert stage.title == "Through the ReLU of hidden layer 1"
        assert words in stage.caption


def test_the_largest_nudge_is_the_one_named(net: pl.Network) -> None:
    words = caption(net, picture(), 1, "weights")
    assert "weight from pixel (1, 2) (activation 1) to output cat: it should fall (-0.731)" in words


def test_names_are_those_of_the_page() -> None:
    net = pl.load("digits-relu")
    knobs = pl.inspect.Knobs(net)
    names = [layer_name(net, layer) for layer in (INPUTS, 0, 1, 2)]
    assert names == ["input layer", "hidden layer 1", "hidden layer 2", "output layer"]
    assert neuron_name(net, 1, 4) == "hidden layer 2, neuron 4"
    assert knob_name(net, knobs[int(knobs.find("layers[1].bias[4]")[0])]) == "bias of hidden layer 2, neuron 4"
    weight = knobs[int(knobs.find("layers[2].weight[7, 4]")[0])]
    assert knob_name(net, weight) == "hidden layer 2, neuron 4 → output 7"
    assert neuron_name(pl.Network([pl.Dense(2)], input_shape=(5,)), INPUTS, 3) == "input 3"
