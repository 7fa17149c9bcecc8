"""Traces, gradients and evaluations over many inputs: they agree with each other and refuse invalid arguments."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import pellucid as pl
from pellucid.engine.records import Answers, Part, Team
from pellucid.engine.simd.lanes import PLAIN
from pellucid.errors import ConfigurationError, DataError, ShapeError
from pellucid.inspect import reference
from pellucid.programs import image_program
from pellucid.programs.feed import Feed
from pellucid.programs.images import batch_of

LAYERS = [pl.Dense(7, "relu"), pl.Dense(5, "tanh"), pl.Dense(4, "softmax")]
PLANES = [pl.Conv2d(3, 3, activation="relu"), pl.Flatten(), pl.Dense(4, "softmax")]


def network(layers: list[pl.Dense] | None = None, width: int = 12, seed: int = 3) -> pl.Network:
    net = pl.Network(layers or LAYERS, input_shape=(width,), seed=seed)
    net.parameters[...] += np.random.default_rng(seed).standard_normal(net.parameter_count).astype(np.float32) / 9
    return net


@settings(deadline=None, max_examples=60)
@given(
    sizes=st.lists(st.integers(1, 40), min_size=1, max_size=4),
    activations=st.lists(st.sampled_from(["identity", "sigmoid", "relu", "tanh", "softmax"]), min_size=4, max_size=4),
    width=st.integers(1, 40),
    count=st.sampled_from([1, 2, 5, 130]),
    seed=st.integers(0, 1 << 40),
)
def test_any_network_equals_the_reference_network(
    sizes: list[int], activations: list[str], width: int, count: int, seed: int
) -> None:
    layers = [pl.Dense(size, name) for size, name in zip(sizes, activations, strict=False)]
    net = network(layers, width, seed)
    rng = np.random.default_rng(seed)
    x = (rng.random((count, width)) * (rng.random((count, width)) < 0.5)).astype(np.float32)
    twin = reference.forward(reference.layers_of(net), x.astype(np.float64))
    np.testing.assert_allclose(net(x), twin[-1][2], rtol=1e-4, atol=1e-4)
    for layer, (inputs, sums, values) in zip(net.trace(x).layers, twin, strict=True):
        np.testing.assert_allclose(layer.inputs, inputs, rtol=1e-4, atol=1e-4)
        np.testing.assert_allclose(layer.sums, sums, rtol=1e-4, atol=1e-4)
        np.testing.assert_allclose(layer.activations, values, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("count", [1, 127, 128, 129, 300, 1400])
def test_an_image_has_the_same_bits_in_any_batch(count: int) -> None:
    net, x = network(), np.random.default_rng(1).random((count, 12)).astype(np.float32)
    together = net(x)
    assert together.shape == (count, 4)
    for i in {0, count // 2, count - 1}:
        assert together[i].tobytes() == net(x[i]).tobytes()
        assert together[i].tobytes() == net(x[i : i + 1])[0].tobytes()
    assert net.trace(x).outputs.shape == (count, 4)
    np.testing.assert_array_equal(net.trace(x[-1]).outputs, net.trace(x).outputs[-1])


@pytest.mark.parametrize("layers", [LAYERS, [pl.Dense(40, "relu"), pl.Dense(4, "softmax")], PLANES])
@pytest.mark.parametrize("cores", [2, 3, 5])
@pytest.mark.parametrize("count", [5, 129, 1000])
def test_any_number_of_threads_gives_the_same_bits(
    layers: list[pl.Layer], cores: int, count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    shape = (1, 6, 6) if layers is PLANES else (36,)
    net = pl.Network(layers, input_shape=shape, seed=3)
    x = np.random.default_rng(1).random((count, *shape)).astype(np.float32)
    monkeypatch.setattr(image_program, "available_cores", lambda: 1)
    alone = net(x)
    monkeypatch.setattr(image_program, "available_cores", lambda: cores)
    monkeypatch.setattr(image_program, "_WORTH_A_THREAD", 1)
    for _ in range(1 if PLAIN else 10):
        assert net(x).tobytes() == alone.tobytes()
    x[-1, ..., 0] = np.nan
    with pytest.raises(DataError, match="finite"):
        net(x)


@pytest.mark.skipif(PLAIN, reason="plain Python has one thread")
@pytest.mark.parametrize("layers", [LAYERS, PLANES])
def test_a_thread_that_starts_late_is_not_waited_for_and_changes_nothing(layers: list[pl.Layer]) -> None:
    net = pl.Network(layers, input_shape=(1, 6, 6) if layers is PLANES else (36,), seed=3)
    x = np.random.default_rng(1).random((300, 36)).astype(np.float32)
    outputs, doubts, barrier = np.zeros((300, 4), np.float32), np.zeros(2, np.float32), np.zeros(16, np.int64)
    program = net.program
    first, late = (
        program.bind_read(
            program.plan.reading_arena(),
            batch_of(x, None),
            Answers(outputs, doubts),
            Team(Part(rank, 2), barrier),
        )
        for rank in range(2)
    )
    first()
    np.testing.assert_array_equal(outputs, net(x))
    outputs[:] = 5
    late()
    assert (outputs == 5).all()


def test_an_empty_batch_has_no_outputs() -> None:
    net = network()
    assert net(np.zeros((0, 12))).shape == (0, 4)
    trace = net.trace(np.zeros((0, 12)))
    assert [layer.sums.shape for layer in trace.layers] == [(0, 7), (0, 5), (0, 4)]
    with pytest.raises(DataError, match="at least one input"):
        net.gradient(np.zeros((0, 12)), np.zeros(0, np.int64))


def test_terms_and_bias_add_up_to_the_sum() -> None:
    net, x = network(), np.random.default_rng(1).random((6, 12)).astype(np.float32)
    for step, single in zip(net.trace(x).layers, net.trace(x[2]).layers, strict=True):
        for neuron in range(step.sums.shape[1]):
            whole = step.terms(neuron).sum(axis=1) + step.layer.bias[neuron]  # type: ignore[attr-defined]
            np.testing.assert_allclose(whole, step.sums[:, neuron], rtol=1e-5, atol=1e-6)
            assert single.terms(neuron).shape == single.inputs.shape
            np.testing.assert_array_equal(single.terms(neuron), step.terms(neuron)[2])


def test_a_trace_leads_from_layer_to_layer() -> None:
    net, x = network(), np.random.default_rng(1).random(12).astype(np.float32)
    trace = net.trace(x)
    assert len(trace) == 3
    np.testing.assert_array_equal(trace[0].inputs, x)
    np.testing.assert_array_equal(trace[1].inputs, trace[0].activations)
    np.testing.assert_array_equal(trace.outputs, trace[2].activations)
    np.testing.assert_allclose(trace.outputs, net(x), rtol=1e-5)


def test_a_trace_holds_copies() -> None:
    net, x = network(), np.ones((2, 12), np.float32)
    trace = net.trace(x)
    x[...] = 7
    net.parameters[...] = 0
    assert (trace[0].inputs == 1).all()
    assert np.abs(trace[0].sums).max() > 0


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 1e300])
@pytest.mark.parametrize("count", [None, 1, 3, 1300])
def test_inputs_that_are_not_finite_are_refused(bad: float, count: int | None) -> None:
    net = network()
    x = np.zeros(12 if count is None else (count, 12))
    x.reshape(-1)[-1] = bad
    labels = 0 if count is None else np.zeros(count, np.int64)
    for ask in (lambda: net(x), lambda: net.trace(x), lambda: net.gradient(x, labels)):
        with pytest.raises(DataError, match="NaN or infinity among the inputs"):
            ask()
    if abs(bad) != 1e300:
        with pytest.raises(DataError, match="NaN or infinity"):
            net(x.astype(np.float32))


def test_weights_that_are_not_finite_propagate_to_the_outputs() -> None:
    net = network()
    net.parameters[...] = np.nan
    assert np.isnan(net(np.ones(12))).all()
    assert np.isnan(net(np.ones(12))).all()
    assert np.isnan(net(np.ones((3, 12)))).all()
    assert np.isnan(net.gradient(np.ones(12), 1).loss)


@pytest.mark.parametrize("activation", ["sigmoid", "tanh", "softmax", "relu", "identity"])
@pytest.mark.parametrize("size", [1e4, -1e4])
def test_extreme_weights_give_finite_outputs_and_gradients(activation: str, size: float) -> None:
    last = activation if activation in ("sigmoid", "softmax") else "softmax"
    net = network([pl.Dense(6, activation), pl.Dense(4, last)])
    net.parameters[...] = size
    x = np.random.default_rng(0).random((5, 12)).astype(np.float32)
    for loss in ("cross_entropy", "squared"):
        gradient = net.gradient(x, [0, 1, 2, 3, 0], loss)
        assert np.isfinite(gradient.loss)
        assert np.isfinite(gradient.parameters).all()
        assert np.isfinite(gradient.inputs).all()
    assert np.isfinite(net(x)).all()


@pytest.mark.parametrize("loss", ["cross_entropy", "squared"])
@pytest.mark.parametrize("count", [1, 100, 128, 300])
def test_evaluation_returns_the_mean_loss_and_the_accuracy(loss: str, count: int) -> None:
    net, rng = network(), np.random.default_rng(2)
    x, labels = rng.random((count, 12)).astype(np.float32), rng.integers(0, 4, count)
    twin = reference.backward(reference.layers_of(net), x.astype(np.float64), labels.tolist(), loss)
    mean, accuracy = net.program.evaluate(Feed(x, None), labels, loss)
    assert mean == pytest.approx(twin.loss, rel=1e-5)
    assert accuracy == twin.right / count
    gradient = net.gradient(x, labels, loss)
    assert gradient.loss == pytest.approx(mean, rel=1e-6)
    np.testing.assert_allclose(gradient.parameters, twin.parameters, rtol=1e-3, atol=1e-6)
    np.testing.assert_allclose(gradient.inputs, twin.inputs, rtol=1e-3, atol=1e-7)


@pytest.mark.parametrize(
    ("x", "labels", "loss", "error", "words"),
    [
        (np.zeros(12), 4, "squared", DataError, "4 outputs, so labels run from 0 to 3"),
        (np.zeros(12), -1, "squared", DataError, "labels run from 0"),
        (np.zeros(12), 1.0, "squared", DataError, "integer labels"),
        (np.zeros(12), [1, 2], "squared", ShapeError, "targets of 1 examples are"),
        (np.zeros((2, 12)), 1, "squared", ShapeError, "targets of 2 examples are"),
        (np.zeros(12), "3", "squared", DataError, "labels as numbers"),
        (np.zeros(12), 1, "hinge", ConfigurationError, "loss expected one of cross_entropy, squared, .*; got 'hinge'"),
        (np.zeros(11), 1, "squared", ShapeError, "expected x of shape"),
    ],
)
def test_invalid_arguments_of_gradients(
    x: np.ndarray, labels: object, loss: str, error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        network().gradient(x, labels, loss)  # type: ignore[arg-type]


@pytest.mark.parametrize("last", ["identity", "relu", "tanh"])
def test_cross_entropy_needs_probabilities(last: str) -> None:
    net = network([pl.Dense(4, last)])
    with pytest.raises(ConfigurationError, match="probabilities"):
        net.gradient(np.zeros(12), 1)
    assert np.isfinite(net.gradient(np.zeros(12), 1, "squared").loss)


def test_images_too_large_for_sparse_rows_stay_dense() -> None:
    net = pl.Network([pl.Dense(3, "tanh"), pl.Dense(2, "softmax")], input_shape=(257, 256), seed=1)
    rng = np.random.default_rng(4)
    x = (rng.random((3, 257 * 256)) * (rng.random((3, 257 * 256)) < 0.05)).astype(np.float32)
    twin = reference.backward(reference.layers_of(net), x.astype(np.float64), [0, 1, 0], "cross_entropy")
    gradient = net.gradient(x, [0, 1, 0])
    assert gradient.loss == pytest.approx(twin.loss, rel=1e-5)
    np.testing.assert_allclose(gradient.parameters, twin.parameters, rtol=1e-3, atol=1e-7)
    np.testing.assert_allclose(gradient.inputs, twin.inputs, rtol=1e-3, atol=1e-7)
    np.testing.assert_allclose(
        net(x), reference.forward(reference.layers_of(net), x.astype(np.float64))[-1].a, rtol=1e-4
    )
    np.testing.assert_allclose(net.trace(x).outputs, net(x), rtol=1e-4)
