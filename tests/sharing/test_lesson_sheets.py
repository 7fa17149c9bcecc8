"""The lessons in a shared page: those that suit the network, with its own figures."""

from __future__ import annotations

import numpy as np
import pytest

import pellucid as pl
from pellucid.inspect.ablation import ablate
from pellucid.studio.sharing.lesson_sheets import OFFLINE, lesson_sheets

TEST = pl.data.load("digits").test[:200]


def test_a_dense_network_has_all_of_them() -> None:
    sheets = lesson_sheets(pl.load("digits-sigmoid"), TEST)
    assert [sheet["name"] for sheet in sheets] == [lesson.name for lesson in OFFLINE]
    assert [sheet["number"] for sheet in sheets] == sorted(sheet["number"] for sheet in sheets)
    for sheet in sheets:
        assert set(sheet["needs"]) <= set(sheet["question"]["setting"])
        assert len(sheet["hints"]) == 3
        assert sheet["transfer"]["truth"]
        assert sheet["recall"]["truth"]


def test_a_convolutional_network_has_those_without_hidden_neurons() -> None:
    assert [sheet["name"] for sheet in lesson_sheets(pl.load("digits-conv"), TEST)] == ["undecided", "function"]


def test_the_figures_are_those_of_this_network_and_these_images() -> None:
    net = pl.load("digits-relu")
    [sheet] = [sheet for sheet in lesson_sheets(net, TEST) if sheet["name"] == "knobs"]
    figures = sheet["figures"]
    places = list(zip(figures["layers"], figures["neurons"], strict=True))
    assert len(set(places)) == sum(layer.out_features for layer in net.layers[:-1])
    for at in (0, 17, 31):
        layer, neuron = (int(each) for each in places[at])
        without = ablate(net, {(layer, neuron): 0.0})
        expected = (without(TEST.images).argmax(axis=1) == TEST.labels).mean()
        assert figures["accuracies"][at] == pytest.approx(expected)
    assert f"Of {len(TEST):,} test images" in sheet["question"]["text"]


def test_a_network_with_levels_of_its_own_reads_the_same() -> None:
    net = pl.load("digits-relu")
    other = pl.Network(
        [pl.Dense(layer.out_features, layer.activation) for layer in net.layers],
        input_shape=(28, 28), classes=list(net.classes), level_range=(0, 16),
    )  # fmt: skip
    other.parameters[...] = net.parameters
    first, second = (lesson_sheets(each, TEST)[2]["question"]["setting"]["before"] for each in (net, other))
    assert first == pytest.approx(second, abs=1e-6)
    assert np.isfinite(first)
