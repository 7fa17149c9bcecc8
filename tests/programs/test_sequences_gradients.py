"""Every gradient of sequence networks, by every parameter and every input, against central differences in float64."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import naive_sequences as naive
import pellucid as pl
from pellucid.engine.simd.lanes import PLAIN

LENGTHS = (4, 2, 5, 1)
TRANSCRIPTS: list[list[int]] = [[1, 1], [2], [2, 1, 2], []]
CLASSES = [2, 0, 1, 2]

STACKS: dict[str, tuple[list[Any], list[Any]]] = {
    "one way": ([pl.LSTM(3), pl.Dense(3, "softmax")], TRANSCRIPTS),
    "both ways": ([pl.LSTM(2, bidirectional=True), pl.Dense(3, "softmax")], TRANSCRIPTS),
    "two layers": (
        [pl.LSTM(2, bidirectional=True), pl.LSTM(3, bidirectional=True), pl.Dense(3, "softmax")],
        TRANSCRIPTS,
    ),
    "dense around": ([pl.Dense(3, "tanh"), pl.LSTM(3), pl.Dense(4, "sigmoid"), pl.Dense(3, "softmax")], TRANSCRIPTS),
    "last": ([pl.LSTM(3, outputs="last"), pl.Dense(3, "softmax")], CLASSES),
    "last of both": ([pl.LSTM(2), pl.LSTM(2, bidirectional=True, outputs="last"), pl.Dense(3, "softmax")], CLASSES),
    "mean": ([pl.LSTM(2, bidirectional=True, outputs="mean"), pl.Dense(4, "tanh"), pl.Dense(3, "softmax")], CLASSES),
    "GRU": ([pl.GRU(3), pl.Dense(3, "softmax")], TRANSCRIPTS),
    "GRU, two layers": ([pl.GRU(2, bidirectional=True), pl.GRU(3), pl.Dense(3, "softmax")], TRANSCRIPTS),
    "GRU, last of both": ([pl.GRU(2), pl.GRU(2, bidirectional=True, outputs="last"), pl.Dense(3, "softmax")], CLASSES),
    "RNN": ([pl.RNN(3, bidirectional=True), pl.RNN(2, "sigmoid"), pl.Dense(3, "softmax")], TRANSCRIPTS),
    "RNN, mean": ([pl.RNN(3, "identity"), pl.RNN(2, outputs="mean"), pl.Dense(3, "softmax")], CLASSES),
    "RNN, ReLU": ([pl.RNN(3, "relu", bidirectional=True, outputs="last"), pl.Dense(3, "softmax")], CLASSES),
    "all": (
        [pl.RNN(2), pl.GRU(2, bidirectional=True), pl.LSTM(2, outputs="mean"), pl.Dense(3, "softmax")],
        CLASSES,
    ),
}


def example(name: str) -> tuple[pl.Network, list[np.ndarray], list[Any]]:
    layers, labels = STACKS[name]
    net = pl.Network(layers, input_shape=(None, 2), seed=1)
    rng = np.random.default_rng(5)
    net.parameters[...] = rng.uniform(-0.9, 0.9, net.parameter_count)
    return net, [rng.uniform(-1, 1, (length, 2)).astype(np.float32) for length in LENGTHS], labels


@pytest.mark.parametrize("name", STACKS)
def test_by_parameters_and_inputs(name: str) -> None:
    net, xs, labels = example(name)
    gradient = net.gradient(xs, labels)
    assert gradient.loss == pytest.approx(naive.mean_loss(net, xs, labels), rel=1e-6)
    by_parameter = naive.differences(lambda p: naive.mean_loss(net, xs, labels, p), net.parameters.astype(np.float64))
    np.testing.assert_allclose(gradient.parameters, by_parameter, rtol=2e-5, atol=3e-7)
    for i, x in enumerate(xs):
        others = [naive.mean_loss(net, [other], [label]) for other, label in zip(xs, labels, strict=True)]

        def loss(moved: np.ndarray, i: int = i, rest: float = sum(others) - others[i]) -> float:
            return (rest + naive.mean_loss(net, [moved], [labels[i]])) / len(xs)

        by_input = naive.differences(loss, x.astype(np.float64))
        np.testing.assert_allclose(gradient.inputs[i], by_input, rtol=2e-5, atol=3e-7)


@pytest.mark.parametrize("cell", [pl.LSTM, pl.GRU, pl.RNN])
@pytest.mark.parametrize("hidden", [1, 15, 16, 17, 33])
@pytest.mark.parametrize("features", [1, 16, 19])
def test_sizes_around_the_lanes(cell: Any, hidden: int, features: int) -> None:
    """Compare with the reference's differences along one random direction, since there are thousands of parameters."""
    net = pl.Network([cell(hidden, bidirectional=True), pl.Dense(4, "softmax")], input_shape=(None, features))
    rng = np.random.default_rng(hidden)
    xs = [rng.standard_normal((length, features)).astype(np.float32) for length in ((3, 2) if PLAIN else (6, 3, 4))]
    labels = [[1], [3, 2], [2, 2]][: len(xs)]
    gradient = net.gradient(xs, labels)
    start, way = net.parameters.astype(np.float64), rng.standard_normal(net.parameter_count)
    rise = naive.differences(lambda step: naive.mean_loss(net, xs, labels, start + step[0] * way), np.zeros(1))
    assert float(gradient.parameters @ way) == pytest.approx(float(rise[0]), rel=1e-4, abs=1e-5)


def test_one_sequence_and_several() -> None:
    net, xs, labels = example("both ways")
    together = net.gradient(xs, labels)
    alone = [net.gradient(x, label) for x, label in zip(xs, labels, strict=True)]
    assert together.loss == pytest.approx(np.mean([one.loss for one in alone]), rel=1e-6)
    np.testing.assert_allclose(
        together.parameters, np.mean([one.parameters for one in alone], axis=0), rtol=1e-4, atol=1e-6
    )
    for i, one in enumerate(alone):
        assert one.inputs.shape == xs[i].shape
        np.testing.assert_allclose(together.inputs[i], one.inputs / len(xs), rtol=1e-4, atol=1e-7)


def test_more_sequences_than_one_group() -> None:
    net, _, _ = example("one way")
    rng = np.random.default_rng(0)
    xs = [rng.standard_normal((1 + i % 5, 2)).astype(np.float32) for i in range(37)]
    labels = [[1] for _ in xs]
    gradient = net.gradient(xs, labels)
    parts = [net.gradient(x, [1]) for x in xs]
    np.testing.assert_allclose(
        gradient.parameters, np.mean([one.parameters for one in parts], axis=0), rtol=1e-4, atol=1e-6
    )


def test_a_padded_batch_gives_padded_gradients() -> None:
    net, xs, labels = example("both ways")
    padded = np.zeros((4, 5, 2), np.float32)
    for place, x in zip(padded, xs, strict=True):
        place[: len(x)] = x
    gradient = net.gradient(padded, labels, lengths=LENGTHS)
    assert gradient.inputs.shape == padded.shape
    for i, by_input in enumerate(net.gradient(xs, labels).inputs):
        np.testing.assert_array_equal(gradient.inputs[i, : LENGTHS[i]], by_input)
        assert not gradient.inputs[i, LENGTHS[i] :].any()


def test_one_example_worked_out_by_hand() -> None:
    """One unit, one frame x = 1, all weights by hidden 0, so c = i g and h = o tanh c; a dense layer, target 1.

    ::

        z = (0, 0, ln 3 / 2, 0):  i = f = o = 1/2,  g = tanh(ln 3 / 2) = 1/2
        c = 1/4,  h = tanh(1/4) / 2 = 0.122459,  y = softmax(h, -h): y1 = 1 / (1 + e^(2 h)) = 0.439075
        loss = -ln y1 = 0.823085
        dh = (y0) 1 + (y1 - 1) (-1) = 2 y0 = 1.121850
        dc = dh o (1 - tanh(c)^2) = 0.560925 * 0.940015 = 0.527278
        dz_i = dc g i (1 - i) = 0.065910,  dz_f = 0,  dz_g = dc i (1 - g^2) = 0.197729
        dz_o = dh tanh(c) o (1 - o) = 0.068690
    """
    net = pl.Network([pl.LSTM(1, outputs="last"), pl.Dense(2, "softmax")], input_shape=(None, 1))
    lstm, dense = net.layers
    net.parameters[...] = 0.0
    lstm.named()["weight_ih"][2] = np.log(3) / 2
    dense.named()["weight"][...] = [[1], [-1]]
    trace = net.trace(np.ones((1, 1)))
    assert trace[0].c[0, 0] == pytest.approx(0.25)
    assert trace[0].h[0, 0] == pytest.approx(0.122459, abs=1e-6)
    gradient = net.gradient(np.ones((1, 1)), 1)
    assert gradient.loss == pytest.approx(0.823085, abs=1e-5)
    np.testing.assert_allclose(gradient.parameters[:4], [0.065910, 0.0, 0.197729, 0.068690], atol=2e-6)
    np.testing.assert_allclose(gradient.parameters[4:8], 0.0)
    np.testing.assert_allclose(gradient.parameters[8:12], gradient.parameters[:4])


def test_one_gated_recurrent_unit_worked_out_by_hand() -> None:
    """One unit, frames x = 1 and 0; all parameters 0 but the candidate's weight, ln 3 / 2, and bias_hn, 1; target 1.

    ::

        q = 1,  r = z = 1/2
        n1 = tanh(ln 3 / 2 + r q) = tanh(1.049306) = 0.781536,  h1 = n1 / 2 = 0.390768
        n2 = tanh(0 + r q) = tanh(1/2) = 0.462117,              h2 = n2 / 2 + h1 / 2 = 0.426443
        y1 = 1 / (1 + e^(2 h2)) = 0.298828,  loss = -ln y1 = 1.207887,  dh2 = 2 (1 - y1) = 1.402344
        frame 2: dn = dh2 / 2 (1 - n2^2) = 0.551435,  dr = dn q / 4 = 0.137859,  dz = dh2 (h1 - n2) / 4 = -0.025014
        frame 1: dh1 = dh2 / 2 = 0.701172,  dn = dh1 / 2 (1 - n1^2) = 0.136448,  dr = dn q / 4 = 0.034112,
                 dz = dh1 (0 - n1) / 4 = -0.136998
    """
    net = pl.Network([pl.GRU(1, outputs="last"), pl.Dense(2, "softmax")], input_shape=(None, 1))
    net.parameters[...] = 0.0
    gru: Any = net.layers[0]
    gru.weight_ih[2], gru.bias_hn = np.log(3) / 2, 1
    net.layers[1].named()["weight"][...] = [[1], [-1]]
    x, trace = np.array([[1], [0]]), net.trace(np.array([[1], [0]]))
    np.testing.assert_allclose(trace[0].h[:, 0], [0.390768, 0.426443], atol=1e-6)  # type: ignore[union-attr]
    gradient, h1 = net.gradient(x, 1), 0.390768
    assert gradient.loss == pytest.approx(1.207887, abs=1e-5)
    np.testing.assert_allclose(gradient.parameters[:3], [0.034112, -0.136998, 0.136448], atol=2e-6)
    np.testing.assert_allclose(gradient.parameters[3:6], h1 * np.array([0.137859, -0.025014, 0.551435 / 2]), atol=2e-6)
    np.testing.assert_allclose(gradient.parameters[6:9], [0.171971, -0.162012, 0.687883], atol=2e-6)
    assert gradient.parameters[9] == pytest.approx(0.687883 / 2, abs=2e-6)
    np.testing.assert_allclose(gradient.inputs[:, 0], np.array([0.136448, 0.551435]) * np.log(3) / 2, atol=2e-6)
