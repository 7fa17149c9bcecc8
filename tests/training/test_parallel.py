from __future__ import annotations

import numpy as np
import pytest

import pellucid as pl


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
        list(pl.train_many(several, 50))
    assert all(np.isfinite(trainer.net.parameters).all() for trainer in several)


def test_closing_stops_all(digits):
    several = trainers(digits)
    events = pl.train_many(several, 100_000)
    next(events)
    events.close()
    assert all(trainer.state.epoch < 100_000 for trainer in several)
