"""The search for a learning rate leaves everything as it was, and its suggestion trains."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import pellucid as pl

DIGITS = pl.data.load("digits").train[:3000]
LAYERS: dict[str, list[Any]] = {
    "relu": [pl.Dense(64, "relu"), pl.Dense(10, "softmax")],
    "sigmoid": [pl.Dense(16, "sigmoid"), pl.Dense(16, "sigmoid"), pl.Dense(10, "softmax")],
}


def trainer(kind: str, optimizer: Any) -> pl.Trainer:
    return pl.Trainer(pl.Network(LAYERS[kind], input_shape=(28, 28)), DIGITS, optimizer=optimizer)


@pytest.mark.parametrize("optimizer", [pl.SGD(0.1), pl.Adam()], ids=lambda each: each.kind)
@pytest.mark.parametrize("kind", LAYERS)
def test_the_suggestion_trains(kind: str, optimizer: Any) -> None:
    searched = trainer(kind, optimizer)
    searched.take_steps(3)
    twin = trainer(kind, optimizer)
    twin.take_steps(3)
    found = searched.search_rate()
    assert searched.optimizer == optimizer
    assert (searched.step, searched.state) == (3, searched.state)
    assert searched.net.parameters.tobytes() == twin.net.parameters.tobytes()
    assert searched.take_steps(2).tobytes() == twin.take_steps(2).tobytes()
    assert 20 < len(found.rates) == len(found.losses) <= 200
    assert (np.diff(found.rates) > 0).all()
    assert 1e-4 < found.suggestion < 10
    searched.learning_rate = found.suggestion
    *_, last = searched.run(6)
    assert last.train_accuracy > 0.85  # type: ignore[union-attr]


def test_wrong_rates_and_steps_are_refused() -> None:
    searched = trainer("relu", pl.SGD(0.1))
    for options in ({"lowest": 1.0, "highest": 0.1}, {"lowest": 0.0}, {"steps": 5}, {"highest": np.inf}):
        with pytest.raises(pl.ConfigurationError):
            searched.search_rate(**options)
    with pytest.raises(pl.ConfigurationError, match="pass a smaller lowest rate"):
        searched.search_rate(lowest=1e20, highest=1e30)
    assert searched.step == 0
