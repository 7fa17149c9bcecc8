"""Metrics of one's own after every epoch, defaults that suit a network, and a warning when a loss explodes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import pellucid as pl

DIGITS = pl.data.load("digits")
TRAIN, TEST = DIGITS.train[:400], DIGITS.test[:100]


def network(*layers: Any) -> pl.Network:
    return pl.Network([*(layers or [pl.Dense(16, "relu")]), pl.Dense(10, "softmax")], input_shape=(28, 28))


def test_metrics_see_all_outputs_and_targets_of_the_network_as_it_is() -> None:
    net, seen = network(), []

    def accuracy(outputs: Any, targets: Any) -> Any:
        seen.append(np.array_equal(outputs, net(TEST.images)) and np.array_equal(targets, TEST.labels))
        return (outputs.argmax(axis=1) == targets).mean()

    trainer = pl.Trainer(net, TRAIN)
    events = list(trainer.run(3, validation=TEST, metrics={"accuracy": accuracy, "two": lambda *_: 2}))
    assert [event.metrics for event in events] == [  # type: ignore[union-attr]
        {"accuracy": event.test_accuracy, "two": 2.0}
        for event in events  # type: ignore[union-attr]
    ]
    assert seen == [True] * 3
    assert next(iter(trainer.run(1))).metrics == {}  # type: ignore[union-attr]


def test_metrics_of_sequences() -> None:
    frames = [np.random.default_rng(n).standard_normal((4 + n, 3)).astype(np.float32) for n in range(6)]
    data = pl.data.Sequences(frames, [0, 1] * 3)
    net = pl.Network([pl.LSTM(4, outputs="last"), pl.Dense(2, "softmax")], input_shape=(None, 3))
    [event] = pl.Trainer(net, data).run(
        1, validation=data, metrics={"n": lambda outputs, labels: len(outputs) + labels[1]}
    )
    assert event.metrics == {"n": 7.0}  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"metrics": {"f1": max}}, "expected validation data"),
        ({"metrics": [len], "validation": TEST}, "by name"),
        ({"metrics": {"f1": lambda *_: "good"}, "validation": TEST}, "f1 expected to return one number"),
        ({"metrics": {"f1": lambda *_: [1, 2]}, "validation": TEST}, "f1 expected to return one number"),
    ],
)
def test_wrong_metrics_are_refused(options: dict[str, Any], told: str) -> None:
    with pytest.raises(pl.ConfigurationError, match=told):
        list(pl.Trainer(network(), TRAIN).run(1, **options))


def test_the_optimiser_by_default_suits_the_network() -> None:
    wide = pl.Trainer(network(pl.Dense(512, "relu"), pl.Dense(512, "relu")), TRAIN)
    assert wide.optimizer == pl.Adam()
    assert [event.train_accuracy for event in wide.run(6)][-1] > 0.9  # type: ignore[union-attr]
    assert pl.Trainer(network(pl.Dense(16, "sigmoid")), TRAIN).optimizer == pl.SGD(1.0)
    values = pl.data.Dataset(np.random.default_rng(0).random((20, 3)).astype(np.float32), np.arange(20.0))
    assert pl.Trainer(pl.Network([pl.Dense(1)], input_shape=(3,)), values).optimizer == pl.Adam()


def test_a_loss_that_explodes_is_told_once_and_training_goes_on() -> None:
    trainer = pl.Trainer(network(pl.Dense(64, "relu")), TRAIN, optimizer=pl.SGD(1e4), batch_size=100)
    warned = [event for event in trainer.run(5) if type(event).__name__ == "Warned"]
    assert len(warned) == 1
    assert "learning rate 10000: try a tenth" in warned[0].message  # type: ignore[union-attr]
    calm = pl.Trainer(network(pl.Dense(64, "relu")), TRAIN, optimizer=pl.SGD(0.1))
    assert {type(event).__name__ for event in calm.run(5)} == {"Epoch"}
