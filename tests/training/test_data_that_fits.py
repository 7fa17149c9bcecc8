"""Data, networks and trainers that do not belong together are refused; those that do are taken as they are."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable

import numpy as np
import pytest

import pellucid as pl

DIGITS = pl.data.load("digits").train[:300]


def network(seed: int = 0) -> pl.Network:
    return pl.Network([pl.Dense(16, "relu"), pl.Dense(10, "softmax")], input_shape=(28, 28), seed=seed)


def coloured(shape: tuple[int, ...]) -> pl.data.Dataset:
    return pl.data.Dataset(np.random.default_rng(0).integers(0, 256, (10, *shape), np.uint8), np.arange(10) % 2)


def test_channels_at_the_end_are_refused_with_advice_that_works() -> None:
    net = pl.Network([pl.Conv2d(4, 3), pl.Flatten(), pl.Dense(2, "softmax")], input_shape=(3, 8, 9))
    data = coloured((8, 9, 3))
    with pytest.raises(pl.ShapeError, match=r"transpose\(0, 3, 1, 2\)"):
        pl.Trainer(net, data)
    moved = pl.data.Dataset(data.images.transpose(0, 3, 1, 2), data.labels)
    assert pl.Trainer(net, moved).take_steps(1).shape == (1,)
    with pytest.raises(pl.ShapeError, match=r"\(3, 8, 9\); the data are \(3, 9, 8\)"):
        pl.Trainer(net, coloured((3, 9, 8)))


@pytest.mark.parametrize("shape", [(28, 28), (784,), (1, 28, 28), (28, 28, 1)])
def test_flat_images_and_single_channels_are_the_same_images(shape: tuple[int, ...]) -> None:
    same = pl.data.Dataset(DIGITS.images.reshape(-1, *shape), DIGITS.labels)
    trainers = [pl.Trainer(network(), data, optimizer="sgd") for data in (same, DIGITS)]
    assert trainers[0].take_steps(3).tobytes() == trainers[1].take_steps(3).tobytes()


def test_validation_data_have_the_classes_of_the_training_data() -> None:
    named = pl.data.Dataset(DIGITS.images, DIGITS.labels, classes=list("abcdefghij"))
    other = pl.data.Dataset(DIGITS.images, DIGITS.labels, classes=list("bacdefghij"))
    for train, test in ((DIGITS, named), (named, other)):
        with pytest.raises(pl.ConfigurationError, match="same names for training and validation"):
            pl.Trainer(network(), train).run(1, validation=test)
    [event] = pl.Trainer(network(), named).run(1, validation=named)
    assert event.test_accuracy is not None  # type: ignore[union-attr]


def test_layers_of_another_network_bring_their_parameters() -> None:
    trained = network()
    pl.Trainer(trained, DIGITS).take_steps(5)
    kept = trained.parameters.copy()
    net = pl.Network([trained.layers[0], pl.Dense(3, "softmax")], input_shape=(28, 28), seed=4)
    fresh = pl.Network([pl.Dense(16, "relu"), pl.Dense(3, "softmax")], input_shape=(28, 28), seed=4)
    assert (net.layers[0].weight == trained.layers[0].weight).all()
    assert (net.layers[0].bias == trained.layers[0].bias).all()
    assert (net.layers[1].weight == fresh.layers[1].weight).all()
    net.parameters[...] = 0
    assert (trained.parameters == kept).all()
    net.reset()
    assert (net.parameters == fresh.parameters).all()
    with pytest.raises(pl.ShapeError, match="Layer 0 belongs to another network"):
        pl.Network([trained.layers[0], pl.Dense(3, "softmax")], input_shape=(14, 14))


def test_train_many_takes_trainers_as_they_come() -> None:
    events = list(pl.train_many((pl.Trainer(network(seed), DIGITS) for seed in range(3)), epochs=1))
    assert sorted(index for index, _ in events) == [0, 1, 2]
    for wrong in (7, [network()], [None]):
        with pytest.raises(pl.ConfigurationError, match=r"expected trainers( or recipes)?, got"):
            list(pl.train_many(wrong, epochs=1))  # type: ignore[arg-type]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
@pytest.mark.parametrize("kind", ["threads", "augmented", "sequences"])
def test_a_forked_process_trains_on(kind: str) -> None:
    trainer = MADE[kind]()
    trainer.take_steps(2)
    snapshot = trainer.snapshot()
    expected = trainer.take_steps(4)
    trainer.restore(snapshot)
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        signal.alarm(60)
        os._exit(0 if trainer.take_steps(4).tobytes() == expected.tobytes() else 3)
    assert os.waitpid(child, 0)[1] == 0


def threaded() -> pl.Trainer:
    return pl.Trainer(network(), DIGITS, threads=2, batch_size=50)


def augmented() -> pl.Trainer:
    return pl.Trainer(network(), DIGITS, augment=pl.Augment.standard(), batch_size=10)


def of_sequences() -> pl.Trainer:
    frames = [np.random.default_rng(n).standard_normal((5, 3)).astype(np.float32) for n in range(20)]
    net = pl.Network([pl.LSTM(4, outputs="last"), pl.Dense(2, "softmax")], input_shape=(None, 3))
    data = pl.data.Sequences(frames, [0, 1] * 10)
    return pl.Trainer(net, data, batch_size=4, threads=2, augment=lambda frames, rng: frames + rng.normal())


MADE: dict[str, Callable[[], pl.Trainer]] = {"threads": threaded, "augmented": augmented, "sequences": of_sequences}
