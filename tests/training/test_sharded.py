from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import pellucid as pl
from pellucid.training.state import State
from tests.training.remote import shards

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

LAYERS = [pl.Dense(8, "tanh"), pl.Dense(2, "softmax")]
RECIPE = pl.Recipe(LAYERS, epochs=3, optimizer=pl.Adam(pl.Cosine(0.02)), input_shape=(4,), seed=5)


def fork_pool() -> ProcessPoolExecutor:
    return ProcessPoolExecutor(2, mp_context=get_context("fork"))


def trainer(shard: Any = shards.arrays, recipe: pl.Recipe = RECIPE, **options: Any) -> pl.ShardedTrainer:
    return pl.ShardedTrainer(recipe, shard, 7, **({"together": 3, "on": "threads"} | options))


def test_a_round_is_the_mean_of_its_shards() -> None:
    sharded = trainer()
    first = next(sharded.run())
    assert first.shards == sharded.shards_of(0)
    found, counts = [], []
    for number in first.shards:
        alone = replace(RECIPE).trainer(shards.arrays(number))
        alone.state = State(planned=sharded.planned)
        next(alone.run())
        found.append(alone.net.parameters.astype(float))
        counts.append(alone.examples)
    expected = np.average(found, axis=0, weights=counts).astype(np.float32)
    np.testing.assert_allclose(sharded.net.parameters, expected, rtol=1e-6, atol=1e-7)
    assert first.examples == sum(counts)


def test_every_epoch_visits_every_shard_once_in_another_order() -> None:
    sharded = trainer()
    visited = [sharded.shards_of(number) for number in range(sharded.planned)]
    assert [len(some) for some in visited] == [3, 3, 1] * 3
    epochs = [sum(visited[begin : begin + 3], ()) for begin in (0, 3, 6)]
    assert all(sorted(epoch) == list(range(7)) for epoch in epochs)
    assert epochs[0] != epochs[1]


@pytest.mark.parametrize("shard", [shards.arrays, shards.streamed])
def test_it_learns_with_the_same_bits_on_any_number_of_workers(shard: Any) -> None:
    validation = shards.arrays(99)
    parameters = []
    for options in ({"workers": 1}, {"workers": 3}, {"on": fork_pool}):
        sharded = trainer(shard, **options)
        events = list(sharded.run(validation=validation))
        assert [event.number for event in events] == list(range(1, 10))
        assert [event.test_loss is not None for event in events] == [False, False, True] * 3
        parameters.append(sharded.net.parameters)
    assert all(np.array_equal(parameters[0], other) for other in parameters)
    assert events[-1].test_accuracy > 0.7
    assert events[-1].loss < events[0].loss
    assert sharded.net.level_range == (0, 1)


@pytest.mark.parametrize("optimizer", [pl.SGD(0.1), pl.Momentum(0.05), pl.Adam(0.01)])
def test_a_resumed_training_has_the_bits_of_one_that_never_stopped(tmp_path: Path, optimizer: Any) -> None:
    recipe = replace(RECIPE, optimizer=optimizer)
    whole = trainer(recipe=recipe)
    list(whole.run())
    stopped = trainer(recipe=recipe)
    for event in stopped.run(checkpoint=tmp_path / "run.safetensors"):
        if event.number == 4:
            stopped.stop()
    assert stopped.rounds == 4
    resumed = trainer(recipe=recipe).resume(tmp_path / "run.safetensors")
    assert [event.number for event in resumed.run()] == [5, 6, 7, 8, 9]
    assert np.array_equal(resumed.net.parameters, whole.net.parameters)
    assert np.array_equal(pl.load(tmp_path / "run.safetensors").parameters, stopped.net.parameters)


def test_a_worker_that_dies_changes_nothing(tmp_path: Path) -> None:
    whole = trainer()
    list(whole.run())
    sharded = trainer(shards.DeadlyShards(tmp_path, whole.shards_of(1)[1]), on=fork_pool)
    list(sharded.run())
    assert (tmp_path / "killed").exists()
    assert np.array_equal(sharded.net.parameters, whole.net.parameters)


def test_a_shard_that_fails_leaves_the_last_round(tmp_path: Path) -> None:
    wrong = trainer().shards_of(2)[0]

    def shard(number: int) -> Any:
        if number == wrong:
            raise pl.DataError("no such shard")
        return shards.arrays(number)

    sharded, events = trainer(shard), []
    with pytest.raises(pl.DataError, match="no such shard"):
        events.extend(sharded.run(checkpoint=tmp_path / "run.safetensors"))
    assert sharded.rounds == 2
    assert np.array_equal(pl.load(tmp_path / "run.safetensors").parameters, sharded.net.parameters)
    with pytest.raises(ZeroDivisionError) as caught:
        list(trainer(lambda number: 1 // 0).run())
    assert "trained on shard" in caught.value.__notes__[0]
    diverging = trainer(recipe=replace(RECIPE, optimizer=pl.SGD(1e38)))
    with pytest.raises(pl.DivergedError):
        list(diverging.run())


def test_a_checkpoint_of_another_training_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "run.safetensors"
    sharded = trainer()
    next(sharded.run())
    sharded.save(path)
    for other, name in (
        (trainer(recipe=replace(RECIPE, seed=6)), "seed"),
        (trainer(recipe=replace(RECIPE, optimizer=pl.SGD(0.1))), "optimizer"),
        (trainer(together=2), "together"),
        (trainer(recipe=replace(RECIPE, layers=[pl.Dense(2, "softmax")])), "layers"),
    ):
        with pytest.raises(pl.DataError, match=f"with other {name}"):
            other.resume(path)
    pl.save(sharded.net, path)
    with pytest.raises(pl.FileFormatError, match="no checkpoint of a ShardedTrainer"):
        trainer().resume(path)
    path.write_bytes(b"nothing")
    with pytest.raises(pl.FileFormatError):
        trainer().resume(path)


def test_mistakes_are_refused() -> None:
    for wrong, message in (
        ({"recipe": pl.Recipe(LAYERS)}, "input_shape"),
        ({"recipe": replace(RECIPE, patience=2)}, "without patience"),
        ({"recipe": pl.Recipe([pl.LSTM(2)], input_shape=(None, 3))}, "networks of images"),
        ({"shard": 3}, "function of a shard's number"),
        ({"on": 3}, "on expected an executor"),
        ({"together": 0}, "together expected"),
    ):
        with pytest.raises(pl.ConfigurationError, match=message):
            trainer(**wrong)
