"""Recipes give the same bits on every executor; what dies with a worker is done again."""

from __future__ import annotations

import functools
import multiprocessing
import tempfile
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import pellucid as pl
from pellucid.errors import WorkerLostError
from pellucid.training.events import Failed
from pellucid.training.trained import Trained
from tests.training.remote import losses

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")


def values() -> pl.data.Dataset:
    """Rows of numbers with a target value."""
    x = np.random.default_rng(0).standard_normal((200, 5), np.float32)
    return pl.data.Dataset(x, x[:, 0] * x[:, 1] + 0.5)


def recipes(count: int = 7) -> list[pl.Recipe]:
    sizes = (4, 16, 8)
    return [
        pl.Recipe([pl.Dense(sizes[n % 3], "tanh"), pl.Dense(1)], epochs=1 + n % 2, optimizer=pl.Adam(0.01), seed=n)
        for n in range(count)
    ]


def alone(recipe: pl.Recipe, data: pl.data.Dataset) -> pl.Trainer:
    trainer = recipe.trainer(data)
    list(trainer.run(recipe.epochs, validation=data))
    return trainer


def check(events: list[tuple[int, Any]], given: list[pl.Recipe], data: pl.data.Dataset) -> None:
    """Check that all are as if trained alone."""
    assert sorted(index for index, _ in events) == list(range(len(given)))
    for index, found in events:
        assert isinstance(found, Trained), found
        expected = alone(given[index], data)
        assert np.array_equal(found.parameters, expected.net.parameters)
        assert np.array_equal(found.net.parameters, expected.net.parameters)
        assert found.net.level_range == expected.net.level_range
        assert found.recipe == given[index]
        assert [event.test_loss for event in found.history] == [event.test_loss for event in expected.history]
        assert (found.epoch, found.step) == (given[index].epochs, expected.step)


def pool(method: str) -> ProcessPoolExecutor:
    return ProcessPoolExecutor(2, mp_context=multiprocessing.get_context(method))


@pytest.mark.parametrize("on", [None, "threads", "processes", functools.partial(pool, "fork")])
def test_own_workers(on: Any) -> None:
    data, given = values(), recipes()
    check(list(pl.train_many(given, data=data, validation=data, on=on, workers=2)), given, data)


@pytest.mark.parametrize("method", ["spawn", "fork"])
def test_a_process_pool_serves_again_and_again(method: str) -> None:
    data, given = values(), recipes(3)
    with pool(method) as executor:
        for _ in range(2):
            check(list(pl.train_many(given, data=data, validation=data, on=executor)), given, data)
        assert executor.submit(abs, -1).result() == 1


def test_a_thread_pool_takes_what_cannot_be_pickled() -> None:
    data = values()
    given = [pl.Recipe([pl.Dense(1)], epochs=2, loss=lambda outputs, targets: losses.absolute(outputs, targets))]
    with ThreadPoolExecutor(2) as executor:
        check(list(pl.train_many(given, data=data, validation=data, on=executor)), given, data)


def test_loky() -> None:
    loky = pytest.importorskip("loky")
    data, given = values(), recipes()
    check(list(pl.train_many(given, data=data, validation=data, on=loky.get_reusable_executor(2))), given, data)


def test_dask() -> None:
    distributed = pytest.importorskip("distributed")
    data, given = values(), recipes()
    with distributed.Client(n_workers=2, threads_per_worker=1, dashboard_address=None) as client:
        events = list(pl.train_many(given, data=data, validation=data, on=client.get_executor(), workers=2))
    check(events, given, data)


def test_mpi() -> None:
    pytest.importorskip("mpi4py")
    try:
        from mpi4py.futures import MPIPoolExecutor
    except (ImportError, RuntimeError):
        pytest.skip("needs an MPI library")
    data, given = values(), recipes()
    with MPIPoolExecutor(2) as executor:
        check(list(pl.train_many(given, data=data, validation=data, on=executor)), given, data)


@pytest.mark.parametrize("on", ["threads", "processes"])
def test_what_fails_stays_in_its_place(on: str) -> None:
    data, given = values(), recipes(4)
    given[1] = pl.Recipe([pl.Dense(1)], optimizer=pl.SGD(1e38))
    given[2] = pl.Recipe([pl.Dense(1, "softmax")])
    events = dict(pl.train_many(given, data=data, validation=data, on=on, workers=2))
    assert {index: type(event).__name__ for index, event in events.items()} == {
        0: "Trained", 1: "Failed", 2: "Failed", 3: "Trained"
    }  # fmt: skip
    assert isinstance(events[1].error, pl.DivergedError)
    assert isinstance(events[2].error, pl.PellucidError)
    with pytest.raises(pl.DivergedError):
        list(pl.train_many(given[:2], data=data, on=on, workers=2, on_error="raise"))


@pytest.mark.parametrize("on", ["threads", "processes"])
def test_an_error_that_is_none_of_ours_is_raised_with_its_place(on: str) -> None:
    given = [*recipes(2), pl.Recipe([pl.Dense(1)], loss=losses.wrong)]
    with pytest.raises(ZeroDivisionError) as caught:
        list(pl.train_many(given, data=values(), on=on, workers=2))
    assert "in wrong" in caught.value.__notes__[0]


@pytest.mark.parametrize("times", [1, 2])
def test_a_worker_that_dies_costs_what_it_was_doing(tmp_path: Path, times: int) -> None:
    data, given = values(), recipes(5)
    given.append(pl.Recipe([pl.Dense(1)], epochs=1, loss=losses.Deadly(tmp_path, times)))
    events = list(pl.train_many(given, data=data, validation=data, on="processes", workers=2))
    assert len(list(tmp_path.iterdir())) == times
    check(events, given, data)


def test_a_network_that_always_kills_fails_alone(tmp_path: Path) -> None:
    data, given = values(), recipes(5)
    given.insert(2, pl.Recipe([pl.Dense(1)], loss=losses.Deadly(tmp_path, 100)))
    events = dict(pl.train_many(given, data=data, on=functools.partial(pool, "fork")))
    failed = events.pop(2)
    assert isinstance(failed, Failed)
    assert isinstance(failed.error, WorkerLostError)
    assert len(list(tmp_path.iterdir())) == 3
    assert [type(event) for event in events.values()] == [Trained] * 5


def test_the_rest_fails_with_an_executor_that_was_given(tmp_path: Path) -> None:
    given = [pl.Recipe([pl.Dense(1)], loss=losses.Deadly(tmp_path, 100)), *recipes(20)]
    with pool("fork") as executor:
        events = dict(pl.train_many(given, data=values(), on=executor))
    assert len(events) == 21
    failed = [event for event in events.values() if isinstance(event, Failed)]
    assert failed
    assert all(isinstance(event.error, WorkerLostError) for event in failed)


def another_machine(folder: str) -> None:
    """Have a process look for its parcels in another place."""
    tempfile.tempdir = folder


def test_data_go_to_machines_that_do_not_have_them(tmp_path: Path) -> None:
    data, given = values(), recipes()
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(2, mp_context=context, initializer=another_machine, initargs=(str(tmp_path),)) as executor:
        check(list(pl.train_many(given, data=data, validation=data, on=executor)), given, data)
        [folder] = tmp_path.iterdir()
        assert len(list(folder.iterdir())) == 1
        assert folder.stat().st_mode & 0o077 == 0


def test_data_may_be_functions() -> None:
    data, given = values(), recipes(3)
    check(list(pl.train_many(given, data=values, validation=values, on="processes", workers=1)), given, data)


def test_data_in_files_go_as_functions(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.zeros((20, 3), np.float32))
    mapped = pl.data.Dataset(np.load(tmp_path / "x.npy", mmap_mode="r"), [0, 1] * 10)
    with pytest.raises(pl.ConfigurationError, match="pass a function of a module"):
        list(pl.train_many(recipes(1), data=mapped, on="processes"))
    stream = pl.data.Stream([(np.zeros((20, 3), np.float32), [0, 1] * 10)])
    with pytest.raises(pl.ConfigurationError, match="can be pickled"):
        list(pl.train_many(recipes(1), data=stream, on="processes"))
    unnamed = [pl.Recipe([pl.Dense(1)], loss=lambda outputs, targets: (0.0, outputs))]
    with pytest.raises(pl.ConfigurationError, match="recipe 0 cannot"):
        list(pl.train_many(unnamed, data=values(), on="processes"))


@pytest.mark.parametrize("on", ["threads", "processes"])
def test_closing_ends_all(on: str) -> None:
    given = [*recipes(1), *(pl.Recipe([pl.Dense(9), pl.Dense(1)], epochs=10**7, seed=n) for n in range(3))]
    events = pl.train_many(given, data=values(), on=on, workers=4)
    assert next(events)[0] == 0
    events.close()


class Refusing(Executor):
    """An executor without workers."""

    def submit(self, *_: Any, **__: Any) -> Any:
        raise RuntimeError("cannot schedule new futures after shutdown")


def test_an_executor_that_takes_nothing() -> None:
    events = dict(pl.train_many(recipes(3), data=values(), on=Refusing()))
    assert [type(event.error) for event in events.values()] == [WorkerLostError] * 3
    events = dict(pl.train_many(recipes(3), data=values(), on=Refusing))
    assert [type(event.error) for event in events.values()] == [WorkerLostError] * 3


def test_what_is_no_option_is_refused() -> None:
    given, data = recipes(2), values()
    with pytest.raises(pl.ConfigurationError, match="on expected an executor, a function"):
        pl.train_many(given, data=data, on="cluster")
    with pytest.raises(pl.ConfigurationError, match="a function that returned 3"):
        list(pl.train_many(given, data=data, on=lambda: 3))
    with pytest.raises(pl.ConfigurationError, match="expected data to train recipes on"):
        pl.train_many(given)
    with pytest.raises(pl.ConfigurationError, match="Expected a Recipe"):
        pl.train_many([given[0], given[1].trainer(data)], data=data)
    with pytest.raises(pl.ConfigurationError, match="on belongs to recipes"):
        pl.train_many([given[0].trainer(data)], 1, on="processes")
    with pytest.raises(pl.ConfigurationError, match="workers expected an integer"):
        pl.train_many(given, data=data, workers=0)
    assert list(pl.train_many([], data=data)) == []


def louder(frames: Any, rng: np.random.Generator) -> Any:
    """An augmentation of sequences."""
    return frames * rng.uniform(0.5, 2)


def test_sequences_and_pictures_are_varied_as_on_one_machine() -> None:
    rng = np.random.default_rng(0)
    sequences = pl.data.Sequences([rng.random((5 + n % 3, 2)) for n in range(20)], [n % 2 for n in range(20)])
    layers = [pl.LSTM(3, outputs="last"), pl.Dense(2, "softmax")]
    check_one(pl.Recipe(layers, epochs=2, augment=louder, clip=1.0), sequences)
    pictures = pl.data.Dataset(rng.integers(0, 255, (30, 8, 8)).astype(np.uint8), np.arange(30) % 2)
    layers = [pl.Conv2d(2, 3, activation="relu"), pl.Dropout(0.2), pl.Dense(2, "softmax")]
    check_one(pl.Recipe(layers, epochs=2, augment=pl.Augment.standard(), patience=1), pictures)


def check_one(recipe: pl.Recipe, data: Any) -> None:
    """Check that a recipe trains in other processes as it does here."""
    [(_, found)] = pl.train_many([recipe], data=data, validation=data, on="processes", workers=1)
    here = recipe.trainer(data)
    list(here.run(recipe.epochs, validation=data, patience=recipe.patience))
    assert np.array_equal(found.parameters, here.net.parameters)


@pytest.mark.parametrize("on", ["threads", "processes"])
def test_images_that_were_changed_are_read_again(on: str) -> None:
    data, given = values(), recipes(1)
    [(_, before)] = pl.train_many(given, data=data, on=on, workers=1)
    data.images[:] = data.images[::-1].copy()
    [(_, after)] = pl.train_many(given, data=data, on=on, workers=1)
    here = alone(given[0], data)
    assert np.array_equal(after.parameters, here.net.parameters)
    assert not np.array_equal(after.parameters, before.parameters)
