"""Augmentation through its public interface: previews and training."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

import pellucid as pl
import warping
from pellucid import Augment
from pellucid.engine.records import SparseRows
from pellucid.engine.simd.lanes import PLAIN
from pellucid.errors import CapacityError
from pellucid.programs.image_targets import class_targets
from pellucid.programs.packing import images_of
from pellucid.training.augmentation import Variation, smooth_torus
from pellucid.training.prefetch import Augmented
from pellucid.training.shuffling import shuffled_order
from warping import Sizes

ALL = Augment(shift=2, rotation=20, scale=0.2, shear=0.2, elastic=1.0)
MANY = 300 if PLAIN else 20_000

compiled = pytest.mark.skipif(PLAIN, reason="too many images for plain Python")

Pictures = npt.NDArray[np.uint8]


def pictures(count: int, height: int = 12, width: int = 10, seed: int = 0) -> Pictures:
    rng = np.random.default_rng(seed)
    images = rng.integers(0, 256, (count, height, width)).astype(np.uint8)
    return images * (rng.random(images.shape) < 0.3).astype(np.uint8)


def dataset(count: int = 700, **options: Any) -> pl.data.Dataset:
    images = pictures(count)
    return pl.data.Dataset(images, np.arange(count) % 3, **options)


def centred(count: int) -> Pictures:
    """One small disc in the middle of each image."""
    images = np.zeros((count, 21, 21), np.uint8)
    images[:, 9:12, 9:12] = 200
    return images


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks of 64 images, so that a small data set has many."""
    monkeypatch.setattr("pellucid.training.augmentation._BLOCK", 64)


def test_without_sizes_images_stay_as_they_are() -> None:
    images = pictures(50)
    np.testing.assert_array_equal(Augment().apply(images, seed=3), images.astype(np.float32) / np.float32(255))
    floats = np.random.default_rng(0).random((5, 7, 9)).astype(np.float32)
    np.testing.assert_array_equal(Augment().apply(floats), floats)
    nines = (images % 10).astype(np.int64)
    shown = Augment().apply(nines, level_range=(0, 9))
    np.testing.assert_array_equal(shown, nines.astype(np.float32) / np.float32(9))


@hypothesis_settings(deadline=None, max_examples=15)
@given(
    seed=st.integers(0, 2**70),
    epoch=st.integers(0, 10**6),
    indices=st.lists(st.integers(0, 39), max_size=50),
    shape=st.tuples(st.integers(1, 14), st.integers(1, 14)),
)
def test_what_an_image_becomes_depends_on_seed_epoch_and_number(
    seed: int, epoch: int, indices: list[int], shape: tuple[int, int]
) -> None:
    images = pictures(40, *shape)
    whole = ALL.apply(images, seed, epoch)
    assert whole.dtype == np.float32
    assert whole.shape == images.shape
    np.testing.assert_array_equal(ALL.apply(images, seed, epoch, np.array(indices, np.int64)), whole[indices])


def test_seeds_epochs_and_images_differ() -> None:
    images = centred(4)
    shown = [ALL.apply(images, seed, epoch) for seed, epoch in [(0, 0), (1, 0), (0, 1), (2**64, 0), (0, 2**31)]]
    flat = np.concatenate(shown)
    assert len(np.unique(flat.reshape(len(flat), -1), axis=0)) == len(flat)


def test_apply_is_the_naive_warp_of_the_naive_draw() -> None:
    images = pictures(6, 13, 9)
    variation = Variation(ALL, images, (0.0, 255.0), 11)
    draw = variation._draw(4)
    torus = smooth_torus_of(variation, 4)
    sizes = Sizes(2, np.radians(20), 0.2, 0.2, 1.0)
    shown = ALL.apply(images, seed=11, epoch=4)
    for n, image in enumerate(images):
        truth = warping.warp(image / 255.0, warping.draw(n, draw.key, sizes, len(torus)), torus)
        np.testing.assert_allclose(shown[n], truth, rtol=0, atol=6e-5)


def smooth_torus_of(variation: Variation, epoch: int) -> npt.NDArray[np.float64]:
    """Return the torus at the start of the field of an epoch."""
    draw = variation._draw(epoch)
    return draw.field[: draw.side, : draw.side].astype(np.float64)


def test_centres_move_evenly_within_the_shift() -> None:
    images = centred(MANY)
    shown = Augment(shift=3).apply(images, seed=5).astype(np.float64)
    ramp = np.arange(21) - 10
    mass = shown.sum((1, 2))
    moved = np.stack([(shown.sum(2) * ramp).sum(1) / mass, (shown.sum(1) * ramp).sum(1) / mass])
    assert np.abs(moved).max() <= 3 + 1e-4
    for along in moved:
        share = np.histogram(along, np.linspace(-3, 3, 7))[0] / MANY
        np.testing.assert_allclose(share, 1 / 6, atol=5 * np.sqrt(5 / 36 / MANY))
    assert abs(np.corrcoef(moved)[0, 1]) < 5 / np.sqrt(MANY)


def test_sizes_spread_evenly_within_the_scale() -> None:
    images = np.zeros((MANY, 31, 31), np.uint8)
    images[:, 10:21, 10:21] = 255
    area = Augment(scale=0.3).apply(images, seed=5).sum((1, 2)) / 121
    share = np.histogram(np.sqrt(area), np.linspace(0.7, 1.3, 5))[0] / MANY
    np.testing.assert_allclose(share, 0.25, atol=5 * np.sqrt(3 / 16 / MANY) + 0.005)


def test_the_field_is_smooth_and_of_unit_size() -> None:
    for sigma, side in [(0.5, 128), (4.0, 128), (12.0, 256), (64.0, 1024)]:
        torus = smooth_torus(np.random.default_rng(1), sigma)
        assert torus.shape == (side, side)
        assert abs(torus.mean()) < 1e-12
        assert np.sqrt(np.mean(torus**2)) == pytest.approx(1.0)
        for step in (1, 2):  # also across the edges of the torus
            alike = np.mean(torus * np.roll(torus, step, axis=step - 1))
            assert alike == pytest.approx(np.exp(-(step**2) / (4 * sigma**2)), abs=0.1 if sigma == 0.5 else 0.02)


def test_elastic_bends_by_its_size() -> None:
    """Displacements, measured on a ramp along x, are as large as documented, and smooth."""
    ramp = np.broadcast_to(np.linspace(0, 1, 101, dtype=np.float32), (101, 101))
    images = np.broadcast_to(ramp, (40, 101, 101))
    shown = Augment(elastic=2.0).apply(images, seed=2)
    moved = (shown - ramp)[:, 10:-10, 10:-10] * 100
    assert np.sqrt(np.mean(moved**2)) == pytest.approx(2 / np.sqrt(3), rel=0.25)
    assert np.abs(np.diff(moved, axis=2)).max() < 2.0


@pytest.mark.parametrize("name", ["shift", "rotation", "scale", "shear", "elastic", "elastic_sigma"])
@pytest.mark.parametrize("value", [-0.5, float("nan"), float("inf"), 1e9, "1", None, True, 1j, [1]])
def test_invalid_sizes(name: str, value: Any) -> None:
    with pytest.raises(pl.ConfigurationError, match=f"{name}"):
        Augment(**{name: value})


def test_a_configuration_recreates_it() -> None:
    for augment in (Augment(), Augment.standard(), ALL, Augment(shift=np.float32(2), rotation=np.int64(3))):
        written = json.loads(json.dumps(augment.configuration()))
        assert Augment.from_configuration(written) == augment


@pytest.mark.parametrize(
    "configuration", [{"shift": 1, "colour": 2}, {"shift": "x"}, {"shift": None}, [1], None, "shift"]
)
def test_invalid_configurations(configuration: Any) -> None:
    with pytest.raises(pl.ConfigurationError):
        Augment.from_configuration(configuration)


@pytest.mark.parametrize("shape", [(5, 16), (5, 3, 4, 4), (4, 4), (5, 1, 4, 4, 1)])
def test_images_of_other_shapes(shape: tuple[int, ...]) -> None:
    with pytest.raises(pl.ConfigurationError, match=r"\(N, H, W\)"):
        ALL.apply(np.zeros(shape, np.uint8))


def test_images_too_large_for_sparse_rows() -> None:
    with pytest.raises(pl.ConfigurationError, match="65,536"):
        ALL.apply(np.zeros((1, 257, 256), np.uint8))
    edge = np.zeros((1, 256, 256), np.uint8)
    edge[0, -1, -1] = 255
    assert Augment().apply(edge)[0, -1, -1] == 1


@pytest.mark.parametrize("indices", [[-1], [5], [0.5], [[0]], 2, ["a"]])
def test_indices_out_of_range(indices: Any) -> None:
    with pytest.raises(pl.DataError, match="indices"):
        ALL.apply(np.zeros((5, 4, 4), np.uint8), indices=indices)


def test_invalid_levels() -> None:
    with pytest.raises(pl.DataError):
        ALL.apply(np.full((1, 4, 4), np.nan))
    with pytest.raises(pl.DataError):
        ALL.apply(np.full((1, 4, 4), 300))
    with pytest.raises(pl.DataError):
        ALL.apply(np.full((1, 4, 4), 0.5), level_range=(0.6, 1.0))
    with pytest.raises(pl.ConfigurationError, match="seed"):
        ALL.apply(np.zeros((1, 4, 4)), seed=-1)


def source(data: pl.data.Dataset, batch_size: int = 32, threads: int = 1, seed: int = 7) -> Augmented:
    return Augmented(ALL, data, class_targets(data.labels), batch_size, seed, threads)


def seen(source: Augmented, epoch: int, begin: int, past: int, size: int = 120) -> tuple[Any, Any]:
    """Return the images and labels of some steps, dense."""
    batches, offset = source.batches(epoch, begin, past)
    assert offset == begin
    feed = batches.feed
    flat = np.zeros((len(batches.order), size), np.float32)
    for line, image in zip(flat, batches.order, strict=True):
        part = slice(feed.images.indptr.ravel()[image], feed.images.indptr.ravel()[image + 1])
        line[feed.images.indices[part]] = feed.images.data[part]
    return flat, batches.targets.classes[batches.order]


@compiled
def test_batches_are_the_augmented_images_of_the_epoch(small_blocks: None) -> None:
    data = dataset()
    given, labels = zip(*(seen(source(data), epoch, 0, 22) for epoch in (0, 1)), strict=True)
    for epoch in (0, 1):
        order = shuffled_order(7, epoch, 700)
        np.testing.assert_array_equal(labels[epoch], data.labels[order])
        truth = ALL.apply(data.images, 7, epoch, order).reshape(700, -1)
        np.testing.assert_array_equal(given[epoch], truth)


@hypothesis_settings(deadline=None, max_examples=2 if PLAIN else 20)
@given(
    asked=st.lists(st.tuples(st.integers(0, 2), st.integers(0, 30), st.integers(1, 30)), min_size=1, max_size=6),
    batch_size=st.sampled_from([1, 7, 32, 64, 500]),
    threads=st.sampled_from([1, 64]),
)
def test_any_steps_in_any_order(asked: list[tuple[int, int, int]], batch_size: int, threads: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("pellucid.training.augmentation._BLOCK", 16)
        data = dataset(300)
        made = source(data, batch_size, threads)
        steps = -(-300 // batch_size)
        for epoch, begin, count in asked:
            begin = begin % steps
            past = min(begin + count, steps)
            flat, labels = seen(made, epoch, begin, past)
            order = shuffled_order(7, epoch, 300)[begin * batch_size : past * batch_size]
            np.testing.assert_array_equal(labels, data.labels[order])
            np.testing.assert_array_equal(flat, ALL.apply(data.images, 7, epoch, order).reshape(len(order), -1))


def test_an_error_in_the_background_thread_is_raised(small_blocks: None, monkeypatch: pytest.MonkeyPatch) -> None:
    made = source(dataset())

    def fail(*arguments: Any) -> None:
        raise MemoryError

    monkeypatch.setattr(made._variation, "write", fail)
    with pytest.raises(MemoryError):
        made.batches(0, 0, 10)
    monkeypatch.undo()
    flat, _ = seen(made, 0, 0, 10)
    np.testing.assert_array_equal(flat, seen(source(dataset()), 0, 0, 10)[0])


def network() -> pl.Network:
    return pl.Network([pl.Dense(8, "relu"), pl.Dense(3, "softmax")], input_shape=(12, 10), seed=1)


def trainer(data: pl.data.Dataset, net: pl.Network, **options: Any) -> pl.Trainer:
    return pl.Trainer(net, data, optimizer=pl.Momentum(0.05, 0.9), batch_size=24, seed=5, augment=ALL, **options)


@compiled
def test_training_gives_the_same_bits_however_it_is_cut(small_blocks: None) -> None:
    data = dataset()
    nets = [network() for _ in range(4)]
    for _ in trainer(data, nets[0]).run(epochs=3):
        pass
    steps = trainer(data, nets[1])
    for count in (1, 2, 40, 5, 42):
        steps.take_steps(count)
    for _ in trainer(data, nets[2], threads=2).run(epochs=3):
        pass
    halting = trainer(data, nets[3])
    halting.run(epochs=3)
    while halting.state.epoch < 3:
        halting.stop()
        for _ in halting.run(epochs=None if halting.state.planned else 3):
            halting.stop()
    for net in nets[1:]:
        np.testing.assert_array_equal(net.parameters, nets[0].parameters)


@compiled
def test_resuming_gives_the_same_bits(small_blocks: None, tmp_path: Any) -> None:
    data, whole = dataset(), network()
    for _ in trainer(data, whole).run(epochs=4):
        pass
    first = trainer(data, network())
    first.run(epochs=4)
    first.take_steps(37)
    first.save(tmp_path / "checkpoint")
    again = pl.Trainer.resume(tmp_path / "checkpoint", data)
    assert again.augment == ALL
    for _ in again.run():
        pass
    np.testing.assert_array_equal(again.net.parameters, whole.parameters)


@compiled
def test_training_on_images_unchanged_is_plain_training() -> None:
    data, plain, varied = dataset(), network(), network()
    options: dict[str, Any] = {"optimizer": pl.SGD(0.1), "batch_size": 24, "seed": 5}
    for net, augment in ((plain, None), (varied, Augment())):
        for _ in pl.Trainer(net, data, augment=augment, **options).run(epochs=2):
            pass
    np.testing.assert_array_equal(varied.parameters, plain.parameters)


@pytest.mark.parametrize("augment", [True, "standard", {"shift": 1}])
def test_a_trainer_needs_an_augment(augment: Any) -> None:
    with pytest.raises(pl.ConfigurationError, match="Augment"):
        pl.Trainer(network(), dataset(), augment=augment)


def test_augmentation_needs_images_with_height_and_width() -> None:
    data = pl.data.Dataset(pictures(6).reshape(6, 120), [0, 1, 2] * 2)
    with pytest.raises(pl.ConfigurationError, match=r"\(N, H, W\)"):
        pl.Trainer(network(), data, augment=ALL)


@compiled
def test_it_improves_accuracy_on_shifted_images() -> None:
    """A network trained on centred digits reads shifted ones worse than one trained on shifted digits."""
    digits = pl.data.load("digits")
    moved = pl.data.Dataset(np.roll(digits.test.images, 2, axis=2), digits.test.labels)
    accuracy = {}
    for augment in (None, Augment(shift=2.0)):
        net = pl.Network([pl.Dense(16, "relu"), pl.Dense(10, "softmax")], input_shape=(28, 28), seed=0)
        made = pl.Trainer(net, digits.train.take(2000), optimizer=pl.Adam(0.005), augment=augment, seed=0)
        *_, last = made.run(epochs=12, validation=moved)
        accuracy[augment] = last.test_accuracy
    assert accuracy[Augment(shift=2.0)] > accuracy[None] + 0.05


@compiled
def test_buffers_use_little_of_their_capacity(small_blocks: None) -> None:
    """Buffers have the largest size that images could need, but only written pages take memory."""
    resource = pytest.importorskip("resource")
    images = np.zeros((4096, 64, 64), np.uint8)
    images[:, 30:34, 30:34] = 255
    data = pl.data.Dataset(images, np.arange(4096) % 3)
    made = Augmented(Augment(shift=1.0), data, class_targets(data.labels), 32, 0, 1)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    made.batches(0, 0, 128)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert made._buffers.images.data.nbytes > 60e6
    assert grown < 25_000  # kilobytes
    assert len(images_of(images.reshape(4096, -1).astype(np.float32), None).data) == 4096 * 16


def test_a_block_without_room_is_refused() -> None:
    images = np.zeros((5, 9, 9), np.uint8)
    variation = Variation(pl.Augment(shift=1.0), images, (0.0, 255.0), 0)
    room, block = variation.room, variation.block
    chosen = np.arange(5)

    def write(entries: int, starts: int, entry: int) -> None:
        columns, values = np.zeros(entries, np.uint16), np.zeros(entries, np.float32)
        variation.write(
            0, chosen, SparseRows(columns, values, np.zeros(starts, np.int64), np.zeros(block, np.int64)), entry
        )

    write(room, block + 1, 0)
    for entries, starts, entry in ((room - 1, block + 1, 0), (room, block + 1, 1), (room, 5, 0)):
        with pytest.raises(CapacityError, match="room"):
            write(entries, starts, entry)


@compiled
def test_training_with_compiled_code_does_not_load_the_compiler() -> None:
    code = (
        "import sys; import numpy as np; import pellucid as pl;"
        "net = pl.Network([pl.Dense(3, 'softmax')], input_shape=(9, 9));"
        "data = pl.data.Dataset(np.zeros((6, 9, 9), np.uint8), np.arange(6) % 3);"
        "pl.Trainer(net, data, batch_size=6, augment=pl.Augment(shift=1.0)).take_steps(1);"
        "print('numba' in sys.modules)"
    )
    Variation(Augment(shift=1.0), np.zeros((1, 9, 9), np.uint8), (0.0, 255.0), 0).dense(0, np.zeros(1, np.int64))
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
