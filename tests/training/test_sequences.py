"""Training of sequence networks: against the reference, stopped and resumed anywhere, on any number of threads."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import naive
import naive_sequences
import pellucid as pl
from pellucid.engine.simd.lanes import PLAIN
from pellucid.errors import CapacityError
from pellucid.training import events as events_module

Floats = np.ndarray


def sequences(count: int = 24, seed: int = 0, classes: bool = False) -> pl.data.Sequences:
    """Noise with a bump in feature k for every label k + 1."""
    rng = np.random.default_rng(seed)
    frames, labels = [], []
    for _ in range(count):
        said = rng.integers(1, 3, 1 if classes else rng.integers(1, 4))
        parts = []
        for label in said:
            bump = np.zeros((int(rng.integers(2, 4)), 3))
            bump[:, label] = 2
            parts += [np.zeros((int(rng.integers(1, 3)), 3)), bump]
        frames.append(np.concatenate(parts))
        frames[-1] += 0.1 * rng.standard_normal(frames[-1].shape)
        labels.append(int(said[0]) if classes else said)
    return pl.data.Sequences(frames, labels, classes=["-", "a", "b"])


cells = pytest.mark.parametrize("cell", [pl.LSTM, pl.GRU, pl.RNN])


def network(classes: bool = False, hidden: int = 6, cell: Any = pl.LSTM) -> pl.Network:
    layers = [cell(hidden, bidirectional=True, outputs="last" if classes else "frames"), pl.Dense(3, "softmax")]
    return pl.Network(layers, input_shape=(None, 3), seed=3)


def trainer(data: pl.data.Sequences | None = None, cell: Any = pl.LSTM, **options: Any) -> pl.Trainer:
    settings: dict[str, Any] = {"loss": "ctc", "optimizer": pl.Adam(0.02), "batch_size": 10, "seed": 4, **options}
    return pl.Trainer(network(settings["loss"] != "ctc", cell=cell), data or sequences(), **settings)


def jittered(frames: Floats, rng: np.random.Generator) -> Floats:
    """Add noise, and sometimes one more frame at the end."""
    more = np.repeat(frames[-1:], int(rng.integers(0, 2)), axis=0)
    return np.concatenate([frames, more]) + 0.05 * rng.standard_normal((len(frames) + len(more), frames.shape[1]))


@pytest.mark.parametrize(("rule", "clip"), [("sgd", None), ("nesterov", 0.5), ("adam", 0.5)])
@pytest.mark.parametrize("loss", ["ctc", "cross_entropy"])
def test_steps_equal_the_reference(rule: str, clip: float | None, loss: str) -> None:
    data = sequences(5, classes=loss != "ctc")
    optimizer = {"sgd": pl.SGD(0.1), "nesterov": pl.Momentum(0.1, nesterov=True), "adam": pl.Adam(0.01, epsilon=1e-3)}
    net = network(loss != "ctc", hidden=1)
    start = net.parameters.astype(np.float64)
    taught = pl.Trainer(net, data, loss=loss, optimizer=optimizer[rule], batch_size=5, clip=clip)
    losses = taught.take_steps(2)

    xs, labels = [x for x, _ in data], [label for _, label in data]
    descent = naive.Descent(rule, epsilon=1e-3)
    w = start
    for step_loss in losses:
        assert step_loss == pytest.approx(naive_sequences.mean_loss(net, xs, labels, w), rel=1e-5)
        g = naive_sequences.differences(lambda p: naive_sequences.mean_loss(net, xs, labels, p), w)
        if clip is not None:
            g *= min(1.0, clip / np.linalg.norm(g))
        w = descent.step(w, g, {"sgd": 0.1, "nesterov": 0.1, "adam": 0.01}[rule])
    np.testing.assert_allclose(net.parameters, w, rtol=1e-4, atol=2e-6)


@cells
@pytest.mark.parametrize("classes", [False, True])
def test_it_learns(classes: bool, cell: Any) -> None:
    if PLAIN:
        pytest.skip("takes too long in plain Python")
    data, held_out = sequences(200, classes=classes), sequences(50, seed=1, classes=classes)
    loss = "cross_entropy" if classes else "ctc"
    taught = trainer(data, cell, loss=loss, optimizer=pl.Adam(0.03), clip=1.0)
    events = [event for event in taught.run(15, validation=held_out) if isinstance(event, events_module.Epoch)]
    assert events[-1].test_accuracy is not None
    assert events[-1].test_accuracy > 0.9
    assert events[-1].loss < events[0].loss / 4
    assert taught.net.record["epochs"] == 15


@pytest.mark.parametrize("augment", [None, jittered])
@pytest.mark.parametrize("batch_size", [10, 19, 64])
@cells
def test_any_number_of_threads_gives_the_same_bits(batch_size: int, augment: Any, cell: Any) -> None:
    ends = []
    for threads in (1, 2, 3):
        taught = trainer(sequences(70), cell, batch_size=batch_size, threads=threads, augment=augment, clip=0.5)
        losses = taught.take_steps(9)
        ends.append((losses.tobytes(), taught.net.parameters.tobytes()))
    assert len(set(ends)) == 1


@pytest.mark.parametrize("augment", [None, jittered])
@pytest.mark.parametrize("done", [1, 4])
@cells
def test_resumed_training_has_the_same_bits(augment: Any, done: int, cell: Any, tmp_path: Path) -> None:
    whole = trainer(None, cell, augment=augment, clip=0.7)
    list(whole.run(3))
    broken = trainer(None, cell, augment=augment, clip=0.7)
    broken.state.planned = 3
    broken.take_steps(done)
    broken.save(tmp_path / "checkpoint")
    resumed = pl.Trainer.resume(tmp_path / "checkpoint", sequences(), augment=augment)
    assert resumed.clip == 0.7
    list(resumed.run())
    assert resumed.net.parameters.tobytes() == whole.net.parameters.tobytes()


def test_resuming_needs_the_same_data_and_function(tmp_path: Path) -> None:
    plain, varied = tmp_path / "plain", tmp_path / "varied"
    trainer().save(plain)
    trainer(augment=jittered).save(varied)
    with pytest.raises(pl.DataError, match="other data"):
        pl.Trainer.resume(plain, sequences(seed=1))
    with pytest.raises(pl.ConfigurationError, match="jittered"):
        pl.Trainer.resume(varied, sequences())
    with pytest.raises(pl.ConfigurationError, match="jittered"):
        pl.Trainer.resume(varied, sequences(), augment=lambda frames, rng: frames)
    with pytest.raises(pl.ConfigurationError, match="without"):
        pl.Trainer.resume(plain, sequences(), augment=jittered)


def test_cut_anywhere_gives_the_same_bits() -> None:
    ends = []
    for cuts in ([9], [1] * 9, [2, 5, 2]):
        taught = trainer(augment=jittered)
        losses = np.concatenate([taught.take_steps(count) for count in cuts])
        ends.append((losses.tobytes(), taught.net.parameters.tobytes()))
    assert len(set(ends)) == 1


def test_clipping_shortens_long_gradients_only() -> None:
    start = network().parameters.copy()
    moves = {}
    for clip in (None, 1e-3, 1e6):
        taught = trainer(optimizer=pl.SGD(1.0), clip=clip)
        taught.take_steps(1)
        moves[clip] = taught.net.parameters - start
    assert np.linalg.norm(moves[1e-3]) == pytest.approx(1e-3, rel=1e-3)
    assert moves[1e6].tobytes() == moves[None].tobytes()
    np.testing.assert_allclose(
        moves[1e-3] / np.linalg.norm(moves[1e-3]), moves[None] / np.linalg.norm(moves[None]), atol=1e-3
    )


def test_a_diverging_loss_restores_good_parameters() -> None:
    taught = trainer(optimizer=pl.Momentum(3e38))
    with pytest.raises(pl.DivergedError, match="after step"):
        taught.take_steps(9)
    assert np.isfinite(taught.net.parameters).all()
    again = trainer(optimizer=pl.Momentum(3e38))
    again.take_steps(taught.step)
    assert taught.net.parameters.tobytes() == again.net.parameters.tobytes()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"clip": 0}, "clip"),
        ({"clip": np.inf}, "clip"),
        ({"clip": True}, "clip"),
        ({"loss": "squared"}, "cross_entropy, ctc"),
        ({"loss": "cross_entropy"}, "list of labels|one class"),
        ({"augment": 3}, "function"),
        ({"threads": 0}, "threads"),
    ],
    ids=str,
)
def test_options_are_checked(options: dict[str, Any], words: str) -> None:
    with pytest.raises(pl.PellucidError, match=words):
        trainer(**options)


def test_losses_that_do_not_suit_the_network_are_refused() -> None:
    data, classes = sequences(), sequences(classes=True)
    for net, given, loss, words in (
        (network(), data, "cross_entropy", "needs a label for every frame"),
        (network(classes=True), classes, "ctc", "every frame"),
        (pl.Network([pl.LSTM(3)], input_shape=(None, 3)), data, "ctc", "probabilities"),
        (network(), classes, "ctc", "list of labels"),
        (network(), pl.data.Dataset(np.zeros((2, 3)), [0, 1]), "ctc", "Sequences"),
        (pl.Network([pl.Dense(3, "softmax")], input_shape=(3,)), data, "cross_entropy", "Dataset"),
        (pl.Network([pl.LSTM(3), pl.Dense(3, "softmax")], input_shape=(None, 4)), data, "ctc", "4 features"),
    ):
        with pytest.raises(pl.PellucidError, match=words):
            pl.Trainer(net, given, loss=loss)
    images = pl.data.Dataset(np.zeros((2, 3)), [0, 1])
    with pytest.raises(pl.ConfigurationError, match="clip"):
        pl.Trainer(pl.Network([pl.Dense(3, "softmax")], input_shape=(3,)), images, clip=1.0)


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (lambda frames, rng: frames[:0], "shape"),
        (lambda frames, rng: frames[:, :2], "shape"),
        (lambda frames, rng: frames * np.nan, "NaN"),
        (lambda frames, rng: frames[:1], "too few"),
    ],
)
def test_what_augmentation_makes_is_checked(function: Any, words: str) -> None:
    data = pl.data.Sequences([np.ones((4, 3))] * 2, [[1, 1], [2, 2]])
    with pytest.raises(pl.DataError, match=words):
        trainer(data, augment=function).take_steps(1)


def test_early_stopping_and_files(tmp_path: Path) -> None:
    taught = trainer(optimizer=pl.Adam(1e-9))
    events = list(taught.run(50, validation=sequences(seed=1), patience=2, checkpoint=tmp_path / "checkpoint"))
    assert (tmp_path / "checkpoint").exists()
    assert events[-1] == events_module.Stopped(len(events) - 1, taught.step, "patience") or len(events) == 50
    pl.save(taught.net, tmp_path / "net")
    loaded, x = pl.load(tmp_path / "net"), sequences()[0][0]
    assert loaded(x).tobytes() == taught.net(x).tobytes()
    assert json.loads(json.dumps(loaded.record))["loss"] == "ctc"


@pytest.mark.parametrize("loss", ["ctc", "cross_entropy"])
@pytest.mark.parametrize(("count", "batch_size"), [(7, 8), (13, 8), (15, 8), (23, 9), (37, 10), (39, 33), (60, 65)])
def test_a_smaller_mini_batch_has_room_for_its_larger_groups(count: int, batch_size: int, loss: str) -> None:
    """5 to 7 sequences form one group, while 8 are split in two; writes past an arena would corrupt other memory."""
    data = sequences(count, classes=loss != "ctc")
    plain = network(loss != "ctc")
    taught = trainer(data, loss=loss, optimizer=pl.SGD(0.1), batch_size=batch_size)
    begin, past = (taught.steps_per_epoch - 1) * batch_size, count
    taught.take_steps(taught.steps_per_epoch - 1)
    plain.parameters[...] = taught.net.parameters
    last = np.random.default_rng([4, 0]).permutation(count)[begin:past]
    gradient = plain.gradient([data[i][0] for i in last], [data[i][1] for i in last], loss).parameters
    taught.take_steps(1)
    np.testing.assert_allclose(taught.net.parameters, plain.parameters - 0.1 * gradient, rtol=1e-4, atol=1e-6)


def test_a_step_without_room_is_refused() -> None:
    taught: Any = trainer(sequences(15), batch_size=8)
    taught.take_steps(2)
    plan = taught._task.stepper._plan
    small = dataclasses.replace(plan, capacity=dataclasses.replace(plan.capacity, group=4))
    taught._task.stepper._prepare = lambda lengths, labels: small
    before = taught.net.parameters.copy()
    taught.state.batch = 1
    with pytest.raises(CapacityError, match="room for 4 sequences in a group and needs 7"):
        taught.take_steps(1)
    assert taught.net.parameters.tobytes() == before.tobytes()
