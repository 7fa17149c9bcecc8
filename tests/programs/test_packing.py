"""Images are packed for training a few at a time, and never past the room there is."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import pellucid as pl
from pellucid.engine.programs import table as t
from pellucid.errors import DataError
from pellucid.programs import packing
from pellucid.programs.images import to_unit
from pellucid.programs.packing import Packing, bytes_of, images_of

Levels = tuple[float, float] | None


@settings(deadline=None, max_examples=40)
@given(
    count=st.integers(0, 5),
    width=st.integers(1, 70),
    dtype=st.sampled_from([np.uint8, np.float32, np.float64, np.int16]),
    levels=st.sampled_from([None, (0.0, 9.0), (2.0, 7.0), (1 / 3, 1.0), (1.00000001, 2.0)]),
    seed=st.integers(0),
)
def test_sparse_rows_hold_the_non_zero_pixels(
    count: int, width: int, dtype: npt.DTypeLike, levels: Levels, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    flat_inputs = (rng.integers(0, 4, (count, width)) * (rng.random((count, width)) < 0.5)).astype(dtype)
    sparse = images_of(flat_inputs, levels)
    unit = to_unit(flat_inputs, levels)
    if sparse.kind == t.DENSE_INPUT:
        assert np.count_nonzero(unit) > 0.7 * unit.size
        np.testing.assert_array_equal(sparse.data, unit)
        return
    back = np.zeros((count, width), np.float32)
    of_bytes = sparse.kind == t.SPARSE_BYTES_INPUT
    assert of_bytes == (dtype is np.uint8 and (levels is None or float(levels[0]).is_integer()))
    for i in range(count):
        entries = slice(sparse.indptr[i], sparse.indptr[i + 1])
        if of_bytes:  # padded with pixels of background
            values = (sparse.levels[entries] - np.float32(sparse.background)) / np.float32(sparse.span)
            np.add.at(back[i], sparse.indices[entries], values)
            continue
        back[i, sparse.indices[entries]] = sparse.data[entries]
        assert (np.diff(sparse.indices[entries].astype(int)) > 0).all()
        assert (sparse.indices[sparse.indptr[i] : sparse.middles[i]] < width // 2).all()
        assert (sparse.indices[sparse.middles[i] : sparse.indptr[i + 1]] >= width // 2).all()
    np.testing.assert_array_equal(back, unit)
    assert sparse.indptr.shape == (count + 1,)
    assert sparse.middles.shape == (count,)
    if not of_bytes:
        assert len(sparse.indices) == len(sparse.data) == sparse.indptr[-1] == np.count_nonzero(unit)


def test_sparse_rows_of_many_images_made_in_parts() -> None:
    flat_inputs = np.zeros((9000, 3), np.float32)
    flat_inputs[::2, 1] = 255
    flat_inputs[4095:4098] = [1, 2, 3]
    sparse = images_of(flat_inputs, None)
    assert sparse.indptr[-1] == np.count_nonzero(flat_inputs)
    np.testing.assert_array_equal(np.diff(sparse.indptr), np.count_nonzero(flat_inputs, axis=1))
    np.testing.assert_array_equal(sparse.indices, np.nonzero(flat_inputs)[1])


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_images_that_are_written_to_meanwhile_are_never_packed_past_their_room(
    dtype: npt.DTypeLike, monkeypatch: pytest.MonkeyPatch
) -> None:
    pixels, count = np.zeros((700, 49), dtype), packing.entries_of
    calls: list[int] = []

    def counted(images: np.ndarray, low: float) -> int:
        calls.append(len(images))
        entries = count(images, low)
        if sum(calls) == len(pixels):
            pixels[600:] = 1  # another thread, after the count
        return entries

    monkeypatch.setattr(packing, "entries_of", counted)
    with pytest.raises(DataError, match="changed while they were read"):
        images_of(pixels, None)


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_a_packing_is_filled_again_and_again(dtype: npt.DTypeLike) -> None:
    rng = np.random.default_rng(0)
    room = Packing(np.dtype(dtype), 30, None, 600)
    for count in (600, 1, 520):
        some = (rng.integers(0, 2, (count, 30)) * rng.integers(1, 200, (count, 30))).astype(dtype)
        again, alone = room.fill(some), images_of(some, None)
        end = alone.indptr[-1]
        np.testing.assert_array_equal(again.indptr[: count + 1], alone.indptr)
        np.testing.assert_array_equal(again.middles[:count], alone.middles)
        np.testing.assert_array_equal(again.indices[:end], alone.indices[:end])
        for part in ("data", "levels"):
            np.testing.assert_array_equal(getattr(again, part)[:end], getattr(alone, part)[:end])


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_packed_images_take_no_more_than_was_computed(dtype: npt.DTypeLike) -> None:
    images = np.ones((1000, 77), dtype)
    packed = images_of(images, None)
    taken = sum(
        part[: packed.indptr[-1]].nbytes for part in (packed.indices, packed.levels, packed.data) if len(part) > 1
    )
    taken += packed.indptr.nbytes + packed.middles.nbytes
    assert taken <= bytes_of(packed.kind, 1000, 77, images.size) + 8


@pytest.mark.parametrize("share", [0.3, 1.0])
def test_rows_are_dense_where_few_inputs_are_0_also_in_windows(share: float) -> None:
    rng = np.random.default_rng(0)
    numbers = (rng.standard_normal((400, 40)) * (rng.random((400, 40)) < share)).astype(np.float32)
    labels, results = (numbers[:, 0] > 0).astype(int), []
    for limit in (None, "30 kB"):
        data = pl.data.Dataset(numbers, labels, memory_limit=limit)
        net = pl.Network([pl.Dense(8, "relu"), pl.Dense(2, "softmax")], input_shape=(40,))
        trainer = pl.Trainer(net, data, optimizer="sgd", batch_size=16)
        batches, _ = trainer._task.batches(0, 0, 1)
        assert (batches.feed.images.kind == t.DENSE_INPUT) == (share == 1.0)
        trainer.take_steps(60)
        results.append(net.parameters.tobytes())
    assert results[0] == results[1]
    assert images_of(np.full((5, 4), 7, np.uint8), None).kind == t.SPARSE_BYTES_INPUT


@pytest.mark.parametrize("kind", ["dense", "planes"])
def test_dense_rows_answer_and_learn_as_sparse_ones(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(1)
    numbers, labels = rng.standard_normal((60, 6, 6)).astype(np.float32), rng.integers(0, 3, 60)
    body: list[Any] = [pl.Conv2d(4, 3, activation="relu"), pl.Flatten()] if kind == "planes" else []
    nets = []
    for share in (0.7, 2.0):
        monkeypatch.setattr(packing, "_DENSE_SHARE", share)
        net = pl.Network([*body, pl.Dense(8, "relu"), pl.Dense(3, "softmax")], input_shape=(6, 6))
        trainer = pl.Trainer(net, pl.data.Dataset(numbers, labels), optimizer="sgd", batch_size=16)
        batches, _ = trainer._task.batches(0, 0, 1)
        assert (batches.feed.images.kind == t.DENSE_INPUT) == (share < 1)
        trainer.take_steps(30)
        nets.append(net)
    np.testing.assert_allclose(nets[0].parameters, nets[1].parameters, atol=1e-4)
    np.testing.assert_allclose(nets[0](numbers), nets[1](numbers), atol=1e-4)
