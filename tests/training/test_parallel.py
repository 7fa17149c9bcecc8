from __future__ import annotations

import numpy as np
import pytest

import pellucid as pl
from pellucid.training.events import Failed


@pytest.fixture(scope="module")
def digits():
    return pl.data.load("digits")


def trainers(digits) -> list[pl.Trainer]:
    shapes = [(16, 16), (8,), (16, 16), (), (40, 20, 10)]
    made = []
    for seed, hidden in enumerate(shapes):
        layers = [*(pl.Dense(size, "relu") for size in hidden), pl.Dense(10, "softmax")]
        net = pl.Network(layers, input_shape=(28, 28), seed=seed)
        made.append(pl.Trainer(net, digits.train, optimizer=pl.Adam(0.003), batch_size=25 + seed, seed=seed))
    return made


def test_each_has_the_bits_of_training_alone(digits):
    alone = trainers(digits)
    expected = [[event.test_loss for event in trainer.run(2, validation=digits.test)] for trainer in alone]
    together = trainers(digits)
    losses: dict[int, list[float]] = {index: [] for index in range(len(together))}
    for index, event in pl.train_many(together, 2, validation=digits.test, workers=4):
        losses[index].append(event.test_loss)
    assert list(losses.values()) == expected
    for one, other in zip(alone, together, strict=True):
        assert np.array_equal(one.net.parameters, other.net.parameters)


def test_the_largest_starts_first(digits):
    layers = [
        [pl.Dense(10, "softmax")],
        [pl.Conv2d(4, 5, activation="relu"), pl.MaxPool2d(2), pl.Dense(10, "softmax")],
        [pl.Dense(40, "relu"), pl.Dense(10, "softmax")],
    ]
    few = pl.data.Dataset(digits.train.images[:60], digits.train.labels[:60])
    made = [pl.Trainer(pl.Network(each, input_shape=(28, 28)), few) for each in layers]
    assert [index for index, _ in pl.train_many(made, 1, workers=1)] == [1, 2, 0]


def test_one_network_twice_is_refused(digits):
    trainer = trainers(digits)[0]
    with pytest.raises(pl.ConfigurationError, match="twice"):
        pl.train_many([trainer, trainer], 1)


def test_divergence_reaches_the_caller(digits):
    several = trainers(digits)
    several[1].learning_rate = 1e38
    with pytest.raises(pl.DivergedError):
        list(pl.train_many(several, 50, on_error="raise"))
    assert all(np.isfinite(trainer.net.parameters).all() for trainer in several)


@pytest.mark.parametrize("workers", [1, 3])
def test_the_others_go_on_when_one_diverges(digits, workers):
    alone, together = trainers(digits), trainers(digits)
    for index in (1, 3):
        together[index].learning_rate = 1e38
    expected = {index: list(alone[index].run(3)) for index in (0, 2, 4)}
    events: dict[int, list[object]] = {index: [] for index in range(5)}
    for index, event in pl.train_many(together, 3, workers=workers):
        events[index].append(event)
    for index in (0, 2, 4):
        assert [event.loss for event in events[index]] == [event.loss for event in expected[index]]
        assert np.array_equal(alone[index].net.parameters, together[index].net.parameters)
    for index in (1, 3):
        *before, failed = events[index]
        assert isinstance(failed, Failed)
        assert isinstance(failed.error, pl.DivergedError)
        assert (failed.epoch, failed.step) == (len(before), together[index].step)
        assert np.isfinite(together[index].net.parameters).all()
    together[1].learning_rate = 0.003
    assert [event.epoch for event in together[1].run(1)] == [1]


def test_all_of_them_may_diverge(digits):
    several = trainers(digits)[:2]
    for trainer in several:
        trainer.learning_rate = 1e38
    assert sorted(index for index, event in pl.train_many(several, 3) if isinstance(event, Failed)) == [0, 1]


def test_other_errors_are_raised(digits, monkeypatch):
    several = trainers(digits)
    monkeypatch.setattr(several[4].net, "record", None)  # which the end of an epoch updates
    with pytest.raises(TypeError):
        list(pl.train_many(several, 1000))
    assert all(trainer.state.epoch < 1000 for trainer in several)


def test_an_unknown_way_to_handle_errors_is_refused(digits):
    with pytest.raises(pl.ConfigurationError, match="keep or raise, got 'ignore'"):
        pl.train_many(trainers(digits), 1, on_error="ignore")


def test_closing_stops_all(digits):
    several = trainers(digits)
    events = pl.train_many(several, 100_000)
    next(events)
    events.close()
    assert all(trainer.state.epoch < 100_000 for trainer in several)
