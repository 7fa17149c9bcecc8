"""The workloads: their contents, their equality for all peers, and what they refuse."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pellucid.bench.work import (
    InferenceWork,
    TrainingWork,
    average_ink,
    inference_works,
    initial,
    training_works,
)
from pellucid.errors import ConfigurationError, ShapeError


def images(count: int = 7, width: int = 4) -> np.ndarray:
    return np.random.default_rng(0).random((count, width), dtype=np.float32)


@given(count=st.integers(1, 50), batch_size=st.integers(1, 60), limit=st.none() | st.integers(1, 60))
def test_batches_visit_every_row_once_and_only_the_last_is_short(
    count: int, batch_size: int, limit: int | None
) -> None:
    work = TrainingWork("w", images(count), np.zeros(count), (4, 3), batch_size=batch_size, limit=limit)
    batches = list(work.batches())
    rows = np.concatenate(batches)
    assert len(rows) == len(set(rows)) == work.count == min(count, limit or count)
    assert set(rows) <= set(range(count))
    assert len(batches) == work.steps
    assert all(len(batch) == batch_size for batch in batches[:-1])
    assert 1 <= len(batches[-1]) <= batch_size


def test_the_same_seed_gives_the_same_start_and_order_and_another_seed_does_not() -> None:
    one, same, other = (TrainingWork("w", images(40), np.zeros(40), (4, 3), seed=seed) for seed in (5, 5, 6))
    np.testing.assert_array_equal(one.order, same.order)
    np.testing.assert_array_equal(one.parameters[0][0], same.parameters[0][0])
    assert (one.order != other.order).any()
    assert (one.parameters[0][0] != other.parameters[0][0]).any()


def test_a_cut_work_is_the_beginning_of_the_whole() -> None:
    work = TrainingWork("w", images(40), np.zeros(40), (4, 3), batch_size=8)
    cut = work.first(20)
    np.testing.assert_array_equal(cut.order, work.order[:20])
    np.testing.assert_array_equal(cut.parameters[0][0], work.parameters[0][0])
    assert (cut.count, cut.steps) == (20, 3)
    assert cut.first(100).count == 20


def test_weights_are_within_glorots_bound_and_fill_it() -> None:
    (weight, bias), _ = initial((784, 16, 10), seed=0)
    bound = np.sqrt(6 / 800)
    assert weight.shape == (16, 784)
    assert weight.dtype == bias.dtype == np.float32
    assert 0.99 * bound < np.abs(weight).max() <= bound * (1 + 1e-6)
    assert abs(weight.mean()) < 0.01 * bound
    assert not bias.any()


def test_arrays_become_contiguous_float32_and_int64() -> None:
    work = TrainingWork("w", np.asfortranarray(images().astype(np.float64)), np.zeros(7, np.uint8), (4, 3))
    assert work.images.dtype == np.float32
    assert work.images.flags.c_contiguous
    assert work.labels.dtype == np.int64


@pytest.mark.parametrize(
    ("changes", "error", "words"),
    [
        ({"images": np.zeros((7, 5))}, ShapeError, r"\(N, 4\)"),
        ({"images": np.zeros((0, 4)), "labels": np.zeros(0)}, ShapeError, "at least 1"),
        ({"images": np.zeros((7, 2, 2))}, ShapeError, "flatten"),
        ({"labels": np.zeros(6)}, ShapeError, r"\(7,\)"),
        ({"labels": np.full(7, 3)}, ShapeError, "0 to 2"),
        ({"labels": np.full(7, -1)}, ShapeError, "0 to 2"),
        ({"layers": (4,)}, ConfigurationError, "output"),
        ({"layers": (4, 0, 3)}, ConfigurationError, "at least 1"),
        ({"activation": "tanh"}, ConfigurationError, "sigmoid, relu"),
        ({"optimizer": "lion"}, ConfigurationError, "sgd, momentum, adam"),
        ({"batch_size": 0}, ConfigurationError, "batch_size=0"),
        ({"network": "lenet"}, ConfigurationError, "LeNet-5"),
        ({"network": "alexnet"}, ConfigurationError, "dense, lenet"),
    ],
)
def test_invalid_workloads_are_refused(changes: dict[str, object], error: type[Exception], words: str) -> None:
    options = {"images": images(), "labels": np.zeros(7), "layers": (4, 3), **changes}
    with pytest.raises(error, match=words):
        TrainingWork("w", **options)


def test_the_benchmarks_works_cover_what_is_claimed() -> None:
    data, labels = np.zeros((12, 784), np.float32), np.arange(12) % 10
    works = training_works(data, labels)
    found = {(work.layers[1], work.activation, work.optimizer, work.batch_size) for work in works}
    small = {(16, "sigmoid", "sgd", size) for size in (1, 10, 32, 128)}
    variants = {(16, "relu", "sgd", 32), (16, "sigmoid", "momentum", 32), (16, "sigmoid", "adam", 32)}
    wide, convolutional = {(512, "sigmoid", "sgd", size) for size in (32, 128)}, {(10, "relu", "sgd", 32)}
    assert found == small | variants | wide | convolutional | {(10, "relu", "sgd", 128)}
    assert [work.network for work in works].count("lenet") == 2
    assert len({work.name for work in works}) == len(works)
    one, many, convolutional = inference_works(data)
    assert (many.network, convolutional.network) == ("dense", "lenet")
    assert one.one_at_a_time
    assert not many.one_at_a_time
    assert "12 images" in many.name


def test_reading_is_checked_too() -> None:
    with pytest.raises(ShapeError):
        InferenceWork("w", np.zeros((3, 5)), (4, 3))


def test_ink_counts_what_is_not_zero() -> None:
    assert average_ink(np.array([[0, 1, -1], [0, 0, 0]], np.float32)) == 1.0
    assert average_ink(np.zeros((0, 3), np.float32)) == 0.0
