from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any

import numpy as np
import pytest

import pellucid as pl
from pellucid.training.space import drawn, recipe_with


def data() -> pl.data.Dataset:
    x = np.random.default_rng(0).standard_normal((300, 4), np.float32)
    return pl.data.Dataset(x, (x[:, 0] * x[:, 1] > 0).astype(int))


RECIPE = pl.Recipe([pl.Dense(8, "tanh"), pl.Dense(2, "softmax")], epochs=9, optimizer=pl.Adam(0.01))
SPACE: dict[str, Any] = {"learning_rate": (1e-4, 0.1, "log"), "batch_size": [8, 32, 128], "seed": (0, 99)}


def test_trials_are_halved_and_the_best_can_be_trained_again() -> None:
    found = pl.search(SPACE, RECIPE, data=data(), trials=27, keep=3)
    assert found.rounds == ((27, 1), (9, 3), (3, 9))
    assert [trial.epoch for trial in found] == [9] * 3 + [3] * 6 + [1] * 18
    assert sorted(trial.number for trial in found) == list(range(27))
    losses = [trial.result.test_loss for trial in found if trial.result is not None]
    for some in (losses[:3], losses[3:9], losses[9:]):
        assert some == sorted(some)
    again = found.best.recipe.trainer(found.train)
    told = list(again.run(9, validation=found.validation))
    assert np.array_equal(again.net.parameters, found.best.net.parameters)
    assert found.best.result is not None
    assert [event.test_loss for event in told] == [event.test_loss for event in found.best.result.history]


def test_the_same_seed_finds_the_same_anywhere() -> None:
    def told(**options: Any) -> list[Any]:
        found = pl.search(SPACE, RECIPE, data=data(), trials=9, by="accuracy", **options)
        return [(t.number, t.values, t.epoch, t.result.test_accuracy, t.net.parameters.sum()) for t in found]

    here = told()
    with ProcessPoolExecutor(2, mp_context=get_context("fork")) as executor:
        assert told(on=executor) == here
    assert told(workers=1) == here
    assert told(seed=1) != here


def test_trials_that_fail_come_last() -> None:
    space = {"learning_rate": [0.01, 1e38], "seed": (0, 10**6)}
    heard: list[int] = []
    found = pl.search(space, RECIPE, data=data(), trials=12, on_trial=lambda trial: heard.append(trial.number))
    failed = [trial.values["learning_rate"] > 1 for trial in found]
    assert failed == sorted(failed)
    assert any(failed)
    assert isinstance(found.ranking[-1].error, pl.DivergedError)
    assert set(heard) == set(range(12))
    with pytest.raises(pl.DivergedError):
        pl.search({"learning_rate": [1e38]}, RECIPE, data=data(), trials=3)


def test_a_function_makes_recipes_of_what_is_drawn() -> None:
    def recipe(width: int, depth: int) -> pl.Recipe:
        return pl.Recipe([*(pl.Dense(width, "relu") for _ in range(depth)), pl.Dense(2, "softmax")], epochs=2)

    found = pl.search({"width": (2, 16, "log"), "depth": [0, 1, 2]}, recipe, data=data(), trials=4, keep=2)
    assert found.rounds == ((4, 1), (2, 2))
    for trial in found:
        assert len(trial.recipe.layers) == trial.values["depth"] + 1
        assert 2 <= trial.values["width"] <= 16


def test_draws_are_spread_over_their_range() -> None:
    space = {"a": (1, 1000, "log"), "b": (0.0, 1.0), "c": ["x", "y"], "d": (3, 5)}
    draws = [drawn(space, 3, number) for number in range(400)]
    assert 0.4 < np.mean([values["a"] < 32 for values in draws]) < 0.6
    assert 0.45 < np.mean([values["b"] for values in draws]) < 0.55
    assert {values["c"] for values in draws} == {"x", "y"}
    assert {values["d"] for values in draws} == {3, 4, 5}
    assert all(type(values["a"]) is int for values in draws)


def test_a_rate_takes_the_place_of_that_of_a_schedule() -> None:
    recipe = pl.Recipe([pl.Dense(1)], optimizer=pl.AdamW(pl.Cosine(0.1)))
    made = recipe_with(recipe, {"learning_rate": 0.5, "decay": 0.2, "batch_size": 7})
    assert made.optimizer == pl.AdamW(pl.Cosine(0.5), decay=0.2)
    assert made.batch_size == 7
    assert recipe_with(recipe, {"optimizer": "adam", "learning_rate": 0.5}).optimizer == pl.Adam(0.5)


@pytest.mark.parametrize(
    ("space", "options", "message"),
    [
        ({}, {}, "expected names with values"),
        ({"seed": 3}, {}, "a list of choices"),
        ({"seed": []}, {}, "a list of choices"),
        ({"seed": (3, 2)}, {}, "a list of choices"),
        ({"seed": (0, 2, "log")}, {}, "a list of choices"),
        ({"seed": (0, 2, "normal")}, {}, "a list of choices"),
        ({"width": [3]}, {}, "or of Adam, got width"),
        ({"patience": [3]}, {}, "without patience"),
        ({"seed": [3]}, {"by": "speed"}, "by expected"),
        ({"seed": [3]}, {"trials": 0}, "trials expected"),
        ({"seed": [3]}, {"keep": 1}, "keep expected"),
        ({"seed": [3]}, {"data": data}, "expected validation data"),
    ],
)
def test_mistakes_are_refused(space: Any, options: dict[str, Any], message: str) -> None:
    with pytest.raises(pl.ConfigurationError, match=message):
        pl.search(space, RECIPE, **({"data": data()} | options))
