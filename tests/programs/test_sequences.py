"""Sequence networks as functions: every form of input, every gate, streams, and invalid inputs."""

from __future__ import annotations

import copy
import functools
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import naive_sequences as naive
import pellucid as pl
from pellucid.engine.simd.lanes import PLAIN
from pellucid.programs.sequences_plan import SequencePlan

EXAMPLES = 5 if PLAIN else 40
CELLS: list[Any] = [pl.LSTM, pl.GRU, pl.RNN]


def network(*layers: Any, features: int = 3, seed: int = 0) -> pl.Network:
    net = pl.Network(list(layers), input_shape=(None, features), seed=seed)
    net.parameters[...] = np.random.default_rng(seed).uniform(-1, 1, net.parameter_count)
    return net


def frames(*lengths: int, features: int = 3, seed: int = 0) -> list[np.ndarray]:
    rng = np.random.default_rng(seed)
    return [rng.standard_normal((length, features)).astype(np.float32) for length in lengths]


def both_ways(hidden: int = 5, features: int = 3, cell: Any = pl.LSTM) -> pl.Network:
    return network(cell(hidden, bidirectional=True), cell(4), pl.Dense(4, "softmax"), features=features)


@settings(deadline=None, max_examples=EXAMPLES)
@given(
    cell=st.sampled_from(CELLS),
    hidden=st.integers(1, 40),
    features=st.integers(1, 20),
    ways=st.booleans(),
    outputs=st.sampled_from(["frames", "last", "mean"]),
    lengths=st.lists(st.integers(1, 9), min_size=1, max_size=20),
    seed=st.integers(0, 99),
)
def test_outputs_equal_the_reference(
    cell: Any, hidden: int, features: int, ways: bool, outputs: str, lengths: list[int], seed: int
) -> None:
    layers = [cell(hidden, bidirectional=ways, outputs=outputs), pl.Dense(3, "softmax")]
    net, xs = network(*layers, features=features, seed=seed), frames(*lengths, features=features, seed=seed)
    for x, answer in zip(xs, net(xs), strict=True):
        np.testing.assert_allclose(answer, naive.outputs_of(net, x)[1], rtol=2e-5, atol=2e-6)


@settings(deadline=None, max_examples=EXAMPLES)
@given(
    cell=st.sampled_from(CELLS),
    lengths=st.lists(st.integers(1, 9), min_size=1, max_size=20),
    more=st.integers(0, 4),
    mark=st.floats(-1e30, 1e30),
)
def test_padding_has_no_effect(cell: Any, lengths: list[int], more: int, mark: float) -> None:
    net, xs = both_ways(cell=cell), frames(*lengths)
    padded = np.full((len(xs), max(lengths) + more, 3), mark, np.float32)
    for place, x in zip(padded, xs, strict=True):
        place[: len(x)] = x
    answers = net(padded, lengths=lengths)
    assert answers.shape == (*padded.shape[:2], 4)
    for i, (x, length) in enumerate(zip(xs, lengths, strict=True)):
        assert answers[i, :length].tobytes() == net(x).tobytes()
        assert not answers[i, length:].any()


@pytest.mark.parametrize("cell", CELLS)
def test_a_sequence_has_the_same_bits_in_any_batch(cell: Any) -> None:
    net, xs = both_ways(hidden=37, cell=cell), frames(*range(1, 40))
    for x, answer in zip(xs, net(xs), strict=True):
        assert answer.tobytes() == net(x).tobytes()
    data = pl.data.Sequences(xs, [[1]] * len(xs))
    assert all((a == b).all() for a, b in zip(net(data), net(xs), strict=True))


def test_forms_of_input() -> None:
    net = both_ways()
    x = frames(4)[0]
    assert net(x).shape == (4, 4)
    assert net(x.tolist()).tobytes() == net(x).tobytes()
    assert [answer.shape for answer in net([x, x[:2]])] == [(4, 4), (2, 4)]
    assert net([]) == []
    assert net(x[None]).shape == (1, 4, 4)
    assert net(np.ones((2, 3), int)).dtype == np.float32
    reduced = network(pl.LSTM(4, outputs="last"), pl.Dense(2, "softmax"))
    assert reduced(x).shape == (2,)
    assert reduced(np.stack([x, x])).shape == (2, 2)
    assert [answer.shape for answer in reduced([x])] == [(2,)]
    assert reduced.read(x).best in ("0", "1")


@pytest.mark.parametrize(
    ("x", "lengths", "words"),
    [
        (np.zeros((4, 2)), None, "frames of 3 features"),
        (np.zeros(3), None, "expected frames"),
        (np.zeros((0, 3)), None, "at least one frame"),
        (np.zeros((2, 2, 2, 3)), None, "expected frames"),
        (np.full((4, 3), np.nan), None, "frame 0 of sequence 0"),
        (np.full((4, 3), 1e300), None, "finite"),
        ([np.zeros((4, 3)), np.zeros((4, 2))], None, "sequence 1"),
        ([np.zeros((4, 3)), np.zeros((0, 3))], None, "sequence 1"),
        (np.array([["a"] * 3]), None, "numbers"),
        (np.zeros((2, 4, 3)), [4], "lengths expected 2 integers"),
        (np.zeros((2, 4, 3)), [4, 5], "from 1 to 4"),
        (np.zeros((2, 4, 3)), [4, 0], "from 1 to 4"),
        (np.zeros((2, 4, 3)), [4.0, 1.5], "integers"),
        ([[1, 2, 3], [1, 2]], None, "expected"),
    ],
)
def test_bad_input_is_refused(x: Any, lengths: Any, words: str) -> None:
    with pytest.raises(pl.PellucidError, match=words):
        both_ways()(x, lengths)


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("size", [1e38, 1e10, 1e-38, 0.0])
def test_extreme_inputs_stay_finite(cell: Any, size: float) -> None:
    net, x = both_ways(cell=cell), frames(6)[0]
    answer = net(np.sign(x) * size)
    assert np.isfinite(answer).all()
    np.testing.assert_allclose(answer.sum(axis=1), 1.0, rtol=1e-5)
    assert np.isfinite(net.gradient(np.sign(x) * size, [1, 2]).loss)


@pytest.mark.parametrize(("cell", "names"), [(pl.LSTM, "ifgoch"), (pl.GRU, "rzqnh"), (pl.RNN, "h")])
def test_a_trace_has_every_gate(cell: Any, names: str) -> None:
    net, x = both_ways(cell=cell), frames(6)[0]
    trace = net.trace(x)
    parameters = {name: view.astype(np.float64) for name, view in net.layers[0].named().items()}
    ways = naive.directions_of(net.layers[0], parameters)
    expected, _ = naive.run_recurrent(net.layers[0], x.astype(np.float64), ways)
    assert set(vars(trace[0])) == {"layer", "inputs", *names, "activations"}
    for name in names:
        np.testing.assert_allclose(getattr(trace[0], name), expected[name], rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(trace[1].inputs, trace[0].activations)
    assert trace.outputs.tobytes() == net(x).tobytes()
    assert len(trace) == 3
    reduced = network(cell(4, bidirectional=True, outputs="mean"), pl.Dense(2, "softmax")).trace(x)
    assert (reduced[0].activations.shape, reduced[1].sums.shape, reduced.outputs.shape) == ((8,), (2,), (2,))  # type: ignore[union-attr]
    np.testing.assert_allclose(reduced[0].activations, reduced[0].h.mean(axis=0), rtol=1e-5)  # type: ignore[union-attr]


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("outputs", ["frames", "last"])
def test_a_stream_gives_the_outputs_of_the_whole_sequence(cell: Any, outputs: str) -> None:
    net = network(cell(9), pl.Dense(7, "tanh"), cell(17, outputs=outputs), pl.Dense(4, "softmax"))
    x = frames(200)[0]
    stream, whole = net.stream(), net(x)
    for cuts in ([3, 4, 100, 101], []):
        heard = [stream.feed(part) for part in np.split(x, cuts)]
        assert (np.concatenate(heard) if outputs == "frames" else heard[-1]).tobytes() == whole.tobytes()
        stream.reset()
    one_by_one = [stream.feed(frame) for frame in x]
    assert (np.array(one_by_one) if outputs == "frames" else one_by_one[-1]).tobytes() == whole.tobytes()


def test_a_stream_is_fed_by_one_thread_at_a_time() -> None:
    net = pl.Network([pl.LSTM(3), pl.Dense(2, "softmax")], input_shape=(None, 4))
    stream, twin = net.stream(), net.stream()
    frames = np.random.default_rng(0).random((200, 4))
    refused: list[str] = []

    class Waiting:
        """Feeds the stream a second time in the middle of a call, as another thread might."""

        def __init__(self, read: Any) -> None:
            self.read = read

        def __call__(self) -> None:
            with pytest.raises(pl.ConfigurationError, match="one thread at a time") as caught:
                stream.feed(frames[:1])
            refused.append(str(caught.value))
            self.read()

    hidden: Any = stream
    hidden._read = Waiting(hidden._read)
    assert stream.feed(frames).tobytes() == twin.feed(frames).tobytes()
    assert len(refused) == 4
    hidden._read = hidden._read.read
    assert stream.feed(frames[:1]).tobytes() == twin.feed(frames[:1]).tobytes()


def test_streams_refuse_invalid_frames() -> None:
    with pytest.raises(pl.ConfigurationError, match="from its end"):
        both_ways().stream()
    with pytest.raises(pl.ConfigurationError, match="mean"):
        network(pl.LSTM(3, outputs="mean"), pl.Dense(2, "softmax")).stream()
    stream = network(pl.LSTM(3), pl.Dense(2, "softmax")).stream()
    assert stream.feed(np.zeros((0, 3))).shape == (0, 2)
    with pytest.raises(pl.ShapeError, match="frames \\(n, 3\\)"):
        stream.feed(np.zeros((2, 4)))
    with pytest.raises(pl.DataError, match="finite"):
        stream.feed(np.full((2, 3), np.inf))


@pytest.mark.parametrize("cell", [*CELLS, functools.partial(pl.RNN, activation="relu")])
def test_files_copies_and_pickles_keep_every_bit(tmp_path: Path, cell: Any) -> None:
    net, x = both_ways(cell=cell), frames(6)[0]
    pl.save(net, tmp_path / "net.safetensors")
    for twin in (
        pl.load(tmp_path / "net.safetensors"),
        net.copy(),
        copy.deepcopy(net),
        pickle.loads(pickle.dumps(net)),
    ):
        assert twin(x).tobytes() == net(x).tobytes()
        assert twin.configuration() == net.configuration()


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"hidden_size": 0}, "hidden_size"),
        ({"hidden_size": True}, "hidden_size"),
        ({"hidden_size": 3.5}, "hidden_size"),
        ({"outputs": "all"}, "frames, last, mean"),
        ({"bidirectional": 1}, "bidirectional"),
        ({"initialization": "none"}, "initialization"),
    ],
    ids=str,
)
def test_invalid_layers_are_refused(cell: Any, options: dict[str, Any], words: str) -> None:
    with pytest.raises(pl.ConfigurationError, match=words) as caught:
        cell(**{"hidden_size": 3, **options})
    assert str(caught.value).startswith((f"{cell.__name__}: ", f"{cell.__name__} expected", "initialization expected"))


@pytest.mark.parametrize("activation", ["softmax", "sin", None, 3])
def test_activations_of_plain_recurrent_layers(activation: Any) -> None:
    with pytest.raises(pl.ConfigurationError, match="RNN expected activation as one of identity, sigmoid, relu, tanh"):
        pl.RNN(3, activation)
    with pytest.raises(TypeError):
        pl.GRU(3, activation="relu")  # type: ignore[call-arg]


def test_what_describes_a_recurrent_layer() -> None:
    assert pl.GRU(3, bidirectional=True).describe() == "n = tanh(W x + r U h), h = (1 - z) n + z h, both ways"
    assert pl.RNN(3, outputs="mean").describe() == "h = tanh(W x + U h + b), the mean over all frames"
    assert pl.RNN(3, "identity").describe() == "h = W x + U h + b"
    net = pl.Network([pl.GRU(3), pl.RNN(2), pl.Dense(2, "softmax")], input_shape=(None, 4))
    gru, rnn, dense = 3 * 3 * (4 + 3 + 1) + 3, 2 * (3 + 2 + 1), 2 * (2 + 1)
    assert net.parameter_count == gru + rnn + dense
    assert "GRU" in net._repr_html_()
    assert "RNN" in net._repr_html_()


@pytest.mark.parametrize("cell", CELLS)
def test_initial_parameters(cell: Any) -> None:
    net = pl.Network([cell(5, bidirectional=True), pl.Dense(2, "softmax")], input_shape=(None, 4), seed=3)
    parameters = net.layers[0].named()
    for suffix in ("", "_reverse"):
        gates = np.split(parameters["weight_hh" + suffix], len(net.layers[0].gates))  # type: ignore[attr-defined]
        for gate in gates:
            np.testing.assert_allclose(gate @ gate.T, np.eye(5), atol=1e-5)
        remembers = [0, 1, 0, 0] if cell is pl.LSTM else [0] * len(gates)
        np.testing.assert_array_equal(parameters["bias" + suffix], np.repeat(remembers, 5))
        assert not parameters.get("bias_hn" + suffix, np.zeros(1)).any()


def test_a_gru_keeps_what_its_update_gate_keeps() -> None:
    """With z = 0 at the first frame and z = 1 afterwards, the first candidate stays for ever."""
    net = network(pl.GRU(2, outputs="last"), pl.Dense(2))
    gru: Any = net.layers[0]
    net.parameters[...] = 0.0
    gru.weight_ih[2:4, 0] = -100  # only the first frame has a mark, which opens the units to the candidate
    gru.bias[2:4], gru.bias[4:] = 50, 1
    x = np.zeros((500, 3))
    x[0, 0] = 1
    assert net.trace(x)[0].h[-1] == pytest.approx(np.tanh([1, 1]), abs=1e-6)  # type: ignore[union-attr]


def test_level_ranges_and_images_are_refused() -> None:
    with pytest.raises(pl.ConfigurationError, match="level_range"):
        pl.Network([pl.LSTM(3)], input_shape=(None, 2), level_range=(0, 9))
    with pytest.raises(pl.ShapeError, match="expected sequences"):
        pl.Network([pl.LSTM(3)], input_shape=(28, 28))
    with pytest.raises(pl.ShapeError, match="input_shape"):
        pl.Network([pl.LSTM(3)], input_shape=(None, 0))
    with pytest.raises(pl.ShapeError, match="expected sequences"):
        pl.Network([pl.LSTM(3, outputs="last"), pl.LSTM(3)], input_shape=(None, 2))


def test_nothing_is_written_outside_the_arena(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every arena and every array of integers is followed by marks that must not change."""
    fences: list[np.ndarray] = []

    def fenced(made: Any, mark: int) -> Any:
        whole = np.full(len(made) + 64, mark, made.dtype)
        whole[: len(made)] = 0
        fences.append(whole[len(made) :])
        return whole[: len(made)]

    arena, integers = SequencePlan.arena, SequencePlan.integers
    monkeypatch.setattr(SequencePlan, "arena", lambda plan: fenced(arena(plan), 77))
    monkeypatch.setattr(SequencePlan, "integers", lambda plan, batch=0: fenced(integers(plan, batch), 77))
    for lengths in ((1,), (7, 1, 12, 4), (3,) * 17, (5, 5)):
        for layers in (
            [pl.LSTM(5, bidirectional=True), pl.LSTM(17), pl.Dense(6, "softmax")],
            [pl.LSTM(16, bidirectional=True, outputs="mean"), pl.Dense(33, "tanh"), pl.Dense(3, "softmax")],
            [pl.GRU(5, bidirectional=True), pl.GRU(17), pl.Dense(6, "softmax")],
            [pl.RNN(16, bidirectional=True), pl.RNN(3, outputs="last"), pl.Dense(6, "softmax")],
        ):
            net, xs = network(*layers), frames(*lengths)
            net(xs)
            net.trace(xs[0])
            labels: list[Any] = [1] * len(xs) if net.program.reduced else [[1]] * len(xs)
            net.gradient(xs, labels)
            trainer = pl.Trainer(
                net, pl.data.Sequences(xs, labels), loss="cross_entropy" if net.program.reduced else "ctc"
            )
            trainer.take_steps(2)
    assert fences
    assert all((fence == 77).all() for fence in fences)
