"""Recipes on Ray."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import pellucid as pl
from tests.training.remote import losses, shards
from tests.training.remote.test_executors import check, recipes, values

ray = pytest.importorskip("ray")
pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    ray.init("local", num_cpus=2, include_dashboard=False, log_to_driver=False, logging_level="error")
    yield ray
    ray.shutdown()


def test_the_bits_are_those_of_one_machine(cluster: Any) -> None:
    data, given = values(), recipes()
    check(list(pl.train_many(given, data=data, validation=data, on="ray")), given, data)
    assert cluster.is_initialized()


def test_functions_without_a_module_are_sent_too(cluster: Any) -> None:
    data, given = values(), recipes(2)
    check(list(pl.train_many(given, data=lambda: values(), validation=values, on="ray")), given, data)


@pytest.mark.parametrize("times", [1, 3])
def test_a_worker_that_dies_costs_what_it_was_doing(cluster: Any, tmp_path: Path, times: int) -> None:
    data, given = values(), recipes(5)
    given.append(pl.Recipe([pl.Dense(1)], epochs=1, loss=losses.Deadly(tmp_path, times)))
    check(list(pl.train_many(given, data=data, validation=data, on="ray")), given, data)
    assert len(list(tmp_path.iterdir())) == times


def test_what_fails_stays_in_its_place(cluster: Any) -> None:
    given = [*recipes(2), pl.Recipe([pl.Dense(1)], optimizer=pl.SGD(1e38))]
    events = dict(pl.train_many(given, data=values(), on="ray"))
    assert isinstance(events[2].error, pl.DivergedError)


def test_data_that_nobody_can_send_are_refused(cluster: Any) -> None:
    with pytest.raises(pl.ConfigurationError, match="expected data that can be sent"):
        list(pl.train_many(recipes(1), data=threading.Lock, validation=threading.Lock(), on="ray"))


def test_shards_on_ray_survive_a_worker(cluster: Any, tmp_path: Path) -> None:
    recipe = pl.Recipe(
        [pl.Dense(8, "tanh"), pl.Dense(2, "softmax")], epochs=2, optimizer=pl.Adam(0.02), input_shape=(4,)
    )
    here = pl.ShardedTrainer(recipe, shards.arrays, 6, on="threads")
    list(here.run())
    there = pl.ShardedTrainer(recipe, shards.DeadlyShards(tmp_path, here.shards_of(2)[0]), 6, on="ray")
    for event in there.run(checkpoint=tmp_path / "run.safetensors"):
        if event.number == 4:
            there.stop()
    assert (tmp_path / "killed").exists()
    resumed = pl.ShardedTrainer(recipe, shards.arrays, 6, on="ray").resume(tmp_path / "run.safetensors")
    assert [event.number for event in resumed.run()] == [5, 6]
    assert np.array_equal(resumed.net.parameters, here.net.parameters)
