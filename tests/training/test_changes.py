"""Changes to a trainer and its arguments: refused, or checked before the engine uses them."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import pellucid as pl
from pellucid.engine.compiler.target import plain_python
from pellucid.engine.programs import table as t
from pellucid.errors import CapacityError, ConfigurationError, DataError, PellucidError
from pellucid.training.events import Epoch
from pellucid.training.optimizers import OPTIMIZERS, Optimizer
from pellucid.training.state import State

COUNT, BATCH = 37, 10
RNG = np.random.default_rng(0)
IMAGES = RNG.random((COUNT, 6, 6)).astype(np.float32)
FRAMES = [RNG.random((int(RNG.integers(3, 9)), 4)).astype(np.float32) for _ in range(COUNT)]
LABELS = np.arange(COUNT) % 3
LAYERS: dict[str, list[pl.layers.Layer]] = {
    "dense": [pl.Dense(5, "relu"), pl.Dense(3, "softmax")],
    "planes": [pl.Conv2d(2, 3), pl.MaxPool2d(2), pl.Flatten(), pl.Dropout(0.2), pl.Dense(3, "softmax")],
    "sequences": [pl.RNN(2), pl.GRU(3), pl.LSTM(3, outputs="last"), pl.Dense(3, "softmax")],
}
RULES: dict[str, Optimizer] = {
    "sgd": pl.SGD(0.1), "momentum": pl.Momentum(0.05), "adam": pl.Adam(0.01),
    "adamw": pl.AdamW(0.01), "rmsprop": pl.RMSprop(0.01),
}  # fmt: skip
kinds = pytest.mark.parametrize("kind", LAYERS)


def trainer(kind: str = "dense", **options: Any) -> pl.Trainer:
    shape = (None, 4) if kind == "sequences" else (6, 6)
    data: Any = pl.data.Sequences(FRAMES, list(LABELS)) if kind == "sequences" else pl.data.Dataset(IMAGES, LABELS)
    net = pl.Network(LAYERS[kind], input_shape=shape, seed=1)
    return pl.Trainer(net, data, **{"optimizer": pl.SGD(0.1), "batch_size": BATCH, "seed": 2, **options})


@kinds
@pytest.mark.parametrize("before", RULES)
@pytest.mark.parametrize("after", RULES)
def test_another_optimizer_starts_with_new_moments(kind: str, before: str, after: str) -> None:
    taught, other = trainer(kind, optimizer=RULES[before]), trainer(kind, optimizer=RULES[after])
    taught.take_steps(3)
    taught.optimizer = RULES[after]
    other.net.parameters = taught.net.parameters
    other.state = dataclasses.replace(taught.state)
    if before == after:
        for mine, old in zip(other.moments, taught.moments, strict=True):
            mine[...] = old
    assert [len(moment) for moment in taught.moments] == [
        taught.net.parameter_count if i < RULES[after].moments else 0 for i in range(2)
    ]
    assert taught.take_steps(5).tobytes() == other.take_steps(5).tobytes()
    assert taught.net.parameters.tobytes() == other.net.parameters.tobytes()


def test_the_engine_knows_the_number_of_moments() -> None:
    assert len(OPTIMIZERS) == len(RULES)
    rules = [*RULES.values(), pl.Momentum(0.1, nesterov=True)]
    assert {rule.code: rule.moments for rule in rules} == dict(enumerate(t.MOMENTS))


def test_an_optimizer_by_name() -> None:
    taught = trainer()
    taught.optimizer = "rmsprop"
    assert taught.optimizer == pl.RMSprop()
    taught.take_steps(1)


def test_decay_set_later_takes_effect() -> None:
    plain, later, first = trainer(), trainer(), trainer(optimizer=pl.SGD(0.1, decay=0.5))
    later.optimizer = pl.SGD(0.1, decay=0.5)
    for each in (plain, later, first):
        each.take_steps(2)
    assert later.net.parameters.tobytes() == first.net.parameters.tobytes() != plain.net.parameters.tobytes()


@pytest.mark.parametrize("optimizer", [None, "adamant", 0.1, pl.Cosine(0.1), pl.SGD])
def test_values_that_are_not_optimizers_are_refused(optimizer: Any) -> None:
    taught = trainer()
    with pytest.raises(ConfigurationError, match="optimizer expected"):
        taught.optimizer = optimizer
    assert taught.optimizer == pl.SGD(0.1)


def test_optimizers_with_wrong_codes_are_refused() -> None:
    class Liar(pl.SGD):
        code = t.ADAM

    class Unknown(pl.SGD):
        code = 7

    for rule, words in ((Liar(0.1), "moment 0|settings"), (Unknown(0.1), "update rule")):
        taught = trainer()
        taught.optimizer = rule
        before = taught.net.parameters.copy()
        with pytest.raises(CapacityError, match=words):
            taught.take_steps(1)
        assert taught.net.parameters.tobytes() == before.tobytes()


@kinds
def test_options_cannot_be_changed(kind: str) -> None:
    taught, straight = trainer(kind), trainer(kind)
    changes = {"net": trainer().net, "loss": "nonsense", "batch_size": 64, "seed": 9, "augment": print, "clip": 1.0}
    for name, value in changes.items():
        with pytest.raises(ConfigurationError, match=name):
            setattr(taught, name, value)
        with pytest.raises(ConfigurationError, match=name):
            delattr(taught, name)
    assert taught.take_steps(6).tobytes() == straight.take_steps(6).tobytes()


@kinds
def test_labels_and_images_changed_in_place(kind: str) -> None:
    """Labels are used as indices, so training copies them; images are only values."""
    net = trainer(kind).net
    if kind == "sequences":
        data: Any = pl.data.Sequences(FRAMES, list(LABELS))
        with pytest.raises(ValueError, match="read-only"):
            data.symbols += 10**9
        with pytest.raises(ValueError, match="read-only"):
            data.starts[...] = 10**9
        values = data.flat
    else:
        labels, values = LABELS.copy(), IMAGES.copy()
        data = pl.data.Dataset(values, labels)
    taught, straight = (pl.Trainer(net.copy(), data, batch_size=BATCH) for _ in range(2))
    validation = taught.run(2, validation=data)
    next(validation)
    if kind != "sequences":
        labels += 10**9
        assert straight.take_steps(4).shape == (4,)
    values[...] = 1e9
    assert np.isfinite([event.test_loss for event in validation if isinstance(event, Epoch)]).all()
    if kind != "sequences":
        with pytest.raises(DataError, match="labels run"):
            pl.Trainer(net, data)


def test_checked_data_cannot_be_changed() -> None:
    images, sequences = pl.data.Dataset(IMAGES, LABELS), pl.data.Sequences(FRAMES, list(LABELS))
    for data, names in ((images, ["images", "labels", "level_range"]), (sequences, ["flat", "starts", "symbols"])):
        for name in names:
            with pytest.raises(ConfigurationError, match=name):
                setattr(data, name, np.zeros(3, np.int64))
    assert len(images[:5].labels) == len(sequences[:5].starts) - 1 == 5
    assert not sequences[[3, 4]].starts.flags.writeable


STATES: dict[str, list[Any]] = {
    "epoch": [-1, 1 << 32, 1 << 70, True, 0.5, np.nan, "1", None, [1]],
    "batch": [-1, -(10**6), 5, 1 << 62, 10**30, True, 1.0, np.nan, "1", None, [1]],
    "planned": [-1, 1 << 70, 2.0, "1", None],
    "loss_sum": [np.nan, np.inf, -np.inf, 10**400, True, "1", None, [1.0]],
    "right": [-1, COUNT + 1, 1 << 70, -0.5, True, "1", None],
    "seconds": [-1.0, np.nan, np.inf, "1", None],
    "epoch_seconds": [-1.0, np.nan, np.inf, "1", None],
    "best_loss": [np.nan, -np.inf, True, "1", None],
    "waited": [-1, 0.5, "1", None],
    "over": [0, 1, "yes", None],
}


def test_every_field_of_the_state_is_tested() -> None:
    assert set(STATES) == {field.name for field in dataclasses.fields(State)}


@kinds
@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in STATES.items() for value in values])
def test_invalid_states(kind: str, name: str, value: Any) -> None:
    taught = trainer(kind)
    taught.take_steps(2)
    good, snapshot, before = getattr(taught.state, name), taught.snapshot(), taught.net.parameters.copy()
    calls: list[Callable[[], object]] = [lambda: taught.take_steps(1), lambda: list(taught.run(1))]
    setattr(taught.state, name, value)
    for call in calls:
        with pytest.raises(ConfigurationError, match=f"state.{name} expected"):
            call()
    with pytest.raises(ConfigurationError, match=f"state.{name} expected"):
        taught.state = dataclasses.replace(taught.state)
    with pytest.raises(ConfigurationError, match=f"state.{name} expected"):
        taught.restore(dataclasses.replace(snapshot, state=taught.state))
    assert taught.net.parameters.tobytes() == before.tobytes()
    setattr(taught.state, name, good)
    assert taught.take_steps(1).shape == (1,)


@pytest.mark.parametrize("state", [None, {}, 3, "state"])
def test_values_that_are_not_states_are_refused(state: Any) -> None:
    taught = trainer()
    with pytest.raises(ConfigurationError, match="State"):
        taught.state = state
    assert taught.state == State()


@pytest.mark.parametrize("count", [-1, 1.5, "3", None, True, np.nan])
def test_invalid_counts(count: Any) -> None:
    taught = trainer()
    calls: list[Callable[[], object]] = [lambda: taught.take_steps(count)]
    if count is not None:
        calls += [lambda: taught.run(count), lambda: taught.run(1, patience=count, validation=taught._data)]
    for call in calls:
        with pytest.raises(ConfigurationError, match=r"count|epochs|patience"):
            call()
    with pytest.raises(ConfigurationError, match="epochs"):
        taught.run(10**30)


@pytest.mark.parametrize("options", [{"seed": -1}, {"seed": None}, {"seed": 1.5}, {"batch_size": 10**30}], ids=str)
def test_invalid_options(options: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError, match=next(iter(options))):
        trainer(**options)


def test_best_parameters_are_checked() -> None:
    taught = trainer()
    for wrong in (np.zeros(3), np.full(taught.net.parameter_count, np.nan), "best"):
        with pytest.raises(PellucidError, match="best expected"):
            taught.best = wrong  # type: ignore[assignment]
    taught.best = taught.net.parameters
    assert taught.best is not None
    assert not np.shares_memory(taught.best, taught.net.parameters)


def test_snapshots_of_other_training_are_refused() -> None:
    taught = trainer(optimizer=pl.Adam(0.01))
    others: list[Any] = [trainer("planes").snapshot(), trainer().snapshot(), None, taught.state]
    before = taught.net.parameters.copy()
    for snapshot in others:
        with pytest.raises(ConfigurationError, match=r"snapshot|Snapshot"):
            taught.restore(snapshot)
    assert taught.net.parameters.tobytes() == before.tobytes()


def test_going_back_within_a_run() -> None:
    taught = trainer()
    start, seen = taught.snapshot(), []
    for event in taught.run(3):
        seen.append(event.epoch)
        if len(seen) == 2:
            taught.restore(dataclasses.replace(start, state=dataclasses.replace(start.state, planned=3)))
    assert seen == [1, 2, 1, 2, 3]


@kinds
def test_read_only_parameters_are_not_written_to(kind: str) -> None:
    taught = trainer(kind)
    before = taught.net.parameters.copy()
    taught.net.parameters.flags.writeable = False
    for call in (lambda: taught.take_steps(1), lambda: list(taught.run(1))):
        with pytest.raises(ConfigurationError, match="read-only"):
            call()
    assert taught.net.parameters.tobytes() == before.tobytes()


def test_one_thread_at_a_time() -> None:
    """The second thread is refused while the first is in a step; the first waits in its augmentation."""
    begun, go_on = threading.Event(), threading.Event()

    def waiting(frames: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        begun.set()
        assert go_on.wait(30)
        return frames

    taught = trainer("sequences", augment=waiting)
    snapshot, losses = taught.snapshot(), []
    first = threading.Thread(target=lambda: losses.append(taught.take_steps(4)))
    first.start()
    try:
        assert begun.wait(30)
        calls: list[Callable[[], object]] = [
            lambda: taught.take_steps(1),
            lambda: next(iter(taught.run(1))),
            lambda: taught.restore(snapshot),
            lambda: setattr(taught, "optimizer", pl.Adam(0.01)),
        ]
        for call in calls:
            with pytest.raises(ConfigurationError, match="one thread at a time"):
                call()
        taught.learning_rate = 0.2
        taught.optimizer = pl.SGD(0.3)
    finally:
        go_on.set()
        first.join()
    assert losses[0].shape == (4,)
    taught.optimizer = pl.Adam(0.01)
    assert taught.take_steps(1).shape == (1,)


@kinds
def test_steps_beyond_the_epoch_or_without_rates_are_refused(kind: str) -> None:
    taught: Any = trainer(kind)
    batches, _ = taught._task.batches(0, 0, 4)
    rates = np.zeros((5, 3), np.float32)
    before = taught.net.parameters.copy()
    for begin, end, given in ((0, 5, rates), (-1, 4, rates), (3, 2, rates[:0]), (0, 4, rates), (0, 4, rates[:4].T)):
        with pytest.raises(CapacityError):
            taught._task.stepper.run(batches, begin, end, pl.SGD(0.1), given)
    with pytest.raises(CapacityError, match="moment 0"):
        taught._task.stepper.run(batches, 0, 4, pl.Momentum(0.1), rates[:4])
    assert taught.net.parameters.tobytes() == before.tobytes()


@pytest.mark.skipif(plain_python(), reason="takes too long in plain Python")
@pytest.mark.parametrize("batch_size", [1, 2, 7, 15, 16, 17, 36, 37, 38, 1000])
@kinds
def test_the_last_mini_batch_of_any_size(kind: str, batch_size: int) -> None:
    layers = [layer for layer in LAYERS[kind] if not isinstance(layer, pl.Dropout)]
    net = pl.Network(layers, input_shape=(None, 4) if kind == "sequences" else (6, 6))
    taught = pl.Trainer(net, trainer(kind)._data, optimizer=pl.SGD(0.1), batch_size=batch_size, seed=2)
    taught.take_steps(taught.steps_per_epoch - 1)
    before = net.copy()
    last = np.random.default_rng([2, 0]).permutation(COUNT)[(taught.steps_per_epoch - 1) * batch_size :]
    taught.take_steps(1)
    x: Any = [FRAMES[i] for i in last] if kind == "sequences" else IMAGES[last]
    labels: Any = LABELS[last].tolist() if kind == "sequences" else LABELS[last]
    expected = before.parameters - 0.1 * before.gradient(x, labels, "cross_entropy").parameters
    np.testing.assert_allclose(net.parameters, expected, rtol=1e-4, atol=1e-6)


def test_an_infinite_moment_is_a_divergence() -> None:
    """Adam divides by the root of a second moment: if that is infinite, the parameter stays finite and still."""
    large = pl.data.Dataset(np.random.default_rng(0).standard_normal((20, 4)) * 1e25, np.arange(20) % 3)
    taught = pl.Trainer(pl.Network([pl.Dense(3, "softmax")], input_shape=(4,)), large, optimizer=pl.Adam(1e-30))
    before = taught.net.parameters.copy()
    with pytest.raises(pl.DivergedError):
        taught.take_steps(1)
    np.testing.assert_array_equal(taught.net.parameters, before)
    assert not any(moment.any() for moment in taught.moments)
