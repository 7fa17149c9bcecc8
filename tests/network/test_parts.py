"""Parts of networks: slices are networks of their own."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import pellucid as pl

RNG = np.random.default_rng(4)
NETWORKS: list[tuple[list[Any], tuple[Any, ...], Any]] = [
    ([pl.Dense(9, "tanh"), pl.Dense(5, "relu"), pl.Dense(3, "softmax")], (4, 4), RNG.random((7, 4, 4))),
    ([pl.Conv2d(3, 3, activation="relu"), pl.MaxPool2d(2), pl.Flatten(), pl.Dense(4)], (8, 8), RNG.random((7, 8, 8))),
    ([pl.LSTM(5), pl.LSTM(4, outputs="last"), pl.Dense(3, "softmax")], (None, 2), RNG.random((7, 6, 2))),
    ([pl.GRU(5), pl.RNN(4, outputs="last"), pl.Dense(3, "softmax")], (None, 2), RNG.random((7, 6, 2))),
]  # fmt: skip


@pytest.mark.parametrize(("layers", "shape", "x"), NETWORKS)
def test_parts_one_after_the_other_are_the_network(layers: list[Any], shape: tuple[Any, ...], x: Any) -> None:
    net = pl.Network(layers, input_shape=shape, seed=8)
    for cut in range(1, len(net)):
        body, head = net[:cut], net[cut:]
        assert (len(body), len(head)) == (cut, len(net) - cut)
        assert body.parameter_count + head.parameter_count == net.parameter_count
        np.testing.assert_allclose(head(body(x)), net(x), rtol=1e-4, atol=1e-6)
    if shape[0] is not None:
        np.testing.assert_allclose(net[:2](x), net.trace(x).layers[1].activations, rtol=1e-4, atol=1e-6)


def test_a_part_is_independent_and_keeps_levels_and_names() -> None:
    net = pl.Network([pl.Dense(4), pl.Dense(2, "softmax")], input_shape=(3,), level_range=(0, 9), classes=["a", "b"])
    body, head = net[:1], net[-1:]
    assert (body.level_range, head.level_range, head.classes) == ((0, 9), (0, 1), ("a", "b"))
    before = net.parameters.copy()
    body.parameters[...] = 0
    np.testing.assert_array_equal(net.parameters, before)
    assert net[0] is net.layers[0]
    assert net[-1] is net.layers[1]


@pytest.mark.parametrize("index", [slice(2, 2), slice(5, None), slice(None, None, 2), slice(None, None, -1)])
def test_no_part(index: slice) -> None:
    net = pl.Network([pl.Dense(4), pl.Dense(2)], input_shape=(3,))
    with pytest.raises(pl.ConfigurationError, match="one or more layers in a row"):
        _ = net[index]
