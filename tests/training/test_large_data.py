"""Data that do not fit into their memory limit are trained on window by window."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import pellucid as pl
from pellucid.training.window_readers import order_in_windows
from pellucid.training.windowed_task import WindowedTask

COUNT = 700
SMALL = 40_000
"""A memory limit, in bytes, of a few windows; that of these images is larger."""

Make = Callable[..., Any]


def pictures(dtype: Any = np.float32, side: int = 6) -> tuple[np.ndarray, np.ndarray]:
    """Images with many zeros, and a class that depends on them."""
    rng = np.random.default_rng(0)
    images = rng.integers(1, 256, (COUNT, side, side)) * (rng.random((COUNT, side, side)) < 0.6)
    labels = (images[:, 0].sum(axis=1) > images[:, -1].sum(axis=1)).astype(np.int64)
    return (images.astype(np.uint8), labels) if dtype == np.uint8 else ((images / 255).astype(dtype), labels)


def network(outputs: str = "softmax", width: int = 2, side: int = 6) -> pl.Network:
    return pl.Network([pl.Dense(5, "tanh"), pl.Dense(width, outputs)], input_shape=(side, side), seed=1)


def trained(net: pl.Network, data: Any, epochs: int = 3, **options: Any) -> tuple[np.ndarray, list[Any]]:
    """The parameters after training, and what the epochs measured."""
    run = {name: options.pop(name) for name in ("validation", "patience") if name in options}
    trainer = pl.Trainer(net, data, **({"optimizer": "adam", "batch_size": 16, "seed": 3} | options))
    events = [(e.loss, e.train_accuracy, e.test_loss, e.test_accuracy) for e in trainer.run(epochs, **run)]
    return net.parameters.copy(), events


def task_of(trainer: pl.Trainer) -> Any:
    return trainer._task


def mapped(path: Path, array: np.ndarray) -> np.ndarray:
    np.save(path, array)
    found: np.ndarray = np.load(path, mmap_mode="r")
    return found


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
@pytest.mark.parametrize("optimizer", [pl.SGD(0.1), pl.Adam(0.01)])
def test_arrays_in_memory_train_with_the_same_bits_in_windows(dtype: Any, optimizer: Any) -> None:
    images, labels = pictures(dtype)
    validation = pl.data.Dataset(images[:100], labels[:100])
    whole, in_windows = (pl.data.Dataset(images, labels, memory_limit=limit) for limit in (None, SMALL))
    expected = trained(network(), whole, optimizer=optimizer, validation=validation)
    assert isinstance(task_of(pl.Trainer(network(), in_windows)), WindowedTask)
    vector, events = trained(network(), in_windows, optimizer=optimizer, validation=validation)
    np.testing.assert_array_equal(vector, expected[0])
    assert events == expected[1]


def test_networks_over_planes_train_with_the_same_bits_in_windows() -> None:
    images, labels = pictures(np.uint8)
    layers = [pl.Conv2d(3, 3, activation="relu"), pl.Flatten(), pl.Dropout(0.2), pl.Dense(2, "softmax")]
    nets = [pl.Network(layers, input_shape=(1, 6, 6), seed=0) for _ in range(2)]
    data = [pl.data.Dataset(images[:, None], labels, memory_limit=limit) for limit in (None, SMALL)]
    (whole, expected), (vector, events) = (trained(net, each) for net, each in zip(nets, data, strict=True))
    np.testing.assert_array_equal(vector, whole)
    assert events == expected


def test_images_too_wide_for_sparse_rows_train_with_the_same_bits_in_windows() -> None:
    images = np.random.default_rng(0).integers(0, 256, (12, 65_600), np.uint8)
    nets = [pl.Network([pl.Dense(2, "softmax")], input_shape=(65_600,)) for _ in range(2)]
    for net, limit in zip(nets, ("50 MB", "2.5 MB"), strict=True):
        data = pl.data.Dataset(images, np.arange(12) % 2, memory_limit=limit)
        list(pl.Trainer(net, data, batch_size=3, optimizer=pl.SGD(0.01)).run(2, validation=data))
    np.testing.assert_array_equal(nets[0].parameters, nets[1].parameters)


@pytest.mark.parametrize(
    ("outputs", "width", "loss", "targets"),
    [
        ("identity", 2, "huber", np.random.default_rng(1).standard_normal((COUNT, 2))),
        ("sigmoid", 1, None, np.random.default_rng(1).integers(0, 2, COUNT)),
        ("softmax", 3, "cross_entropy", np.random.default_rng(1).dirichlet([1, 1, 1], COUNT)),
    ],
)
@pytest.mark.parametrize("weighted", [False, True])
def test_all_targets_and_weights_train_in_windows(
    outputs: str, width: int, loss: str | None, targets: np.ndarray, weighted: bool
) -> None:
    images, _ = pictures()
    weight = np.random.default_rng(2).random(COUNT) if weighted else None
    sets = [pl.data.Dataset(images, targets, weight=weight, memory_limit=limit) for limit in (None, SMALL)]
    whole, in_windows = (trained(network(outputs, width), data, loss=loss) for data in sets)
    np.testing.assert_array_equal(whole[0], in_windows[0])
    _, (*_, last) = trained(network(outputs, width), sets[0], loss=loss, validation=sets[1])
    _, (*_, same) = trained(network(outputs, width), sets[0], loss=loss, validation=sets[0])
    np.testing.assert_allclose(last, same, rtol=1e-12)  # sums of windows are added in another order

    def batches() -> Any:
        for begin in range(0, COUNT, 70):
            part = slice(begin, begin + 70)
            yield (images[part], targets[part]) if weight is None else (images[part], targets[part], weight[part])

    stream = pl.data.Stream(batches, memory_limit=SMALL)
    _, (*_, streamed) = trained(network(outputs, width), sets[0], loss=loss, validation=stream)
    np.testing.assert_allclose(streamed, same, rtol=1e-12)
    vector, _ = trained(network(outputs, width), stream, loss=loss)
    assert np.isfinite(vector).all()
    assert not np.array_equal(vector, network(outputs, width).parameters)


def test_class_weights_and_smoothing_work_in_windows_and_streams() -> None:
    images, labels = pictures()
    options = {"class_weight": [0.5, 2.0], "label_smoothing": 0.1}
    whole, in_windows = (
        trained(network(), pl.data.Dataset(images, labels, memory_limit=limit), **options) for limit in (None, SMALL)
    )
    np.testing.assert_array_equal(whole[0], in_windows[0])
    one_window = pl.data.Stream([(images, labels)], classes=2, shuffle=False)
    again = pl.data.Stream([(images, labels)], classes=["left", "right"], shuffle=False)
    by_name = {"class_weight": {"left": 0.5, "right": 2.0}, "label_smoothing": 0.1}
    np.testing.assert_array_equal(trained(network(), one_window, **options)[0], trained(network(), again, **by_name)[0])
    with pytest.raises(pl.ConfigurationError, match="a weight for each class of a stream"):
        pl.Trainer(network(), one_window, class_weight="balanced")


@pytest.mark.parametrize("dtype", [np.uint8, np.float32, np.float64, ">f4"])
def test_mapped_arrays_train_without_being_loaded(tmp_path: Path, dtype: Any) -> None:
    images, labels = pictures(dtype)
    file = mapped(tmp_path / "x.npy", images)
    small = pl.data.Dataset(file, labels)
    np.testing.assert_array_equal(trained(network(), small)[0], trained(network(), pl.data.Dataset(images, labels))[0])
    data = pl.data.Dataset(file, labels, memory_limit=SMALL)
    first, again = (trained(network(), data) for _ in range(2))
    np.testing.assert_array_equal(first[0], again[0])
    assert first[1][-1][0] < first[1][0][0]
    train, test = data.split(0.8)
    assert not isinstance(train.images, np.ndarray)  # the parts stay in the file
    np.testing.assert_array_equal(np.asarray(test.images)[3], test[3][0])
    assert len(trained(network(), train, validation=test)[1]) == 3


def test_a_copy_on_write_mapping_keeps_its_changes(tmp_path: Path) -> None:
    images, labels = pictures()
    np.save(tmp_path / "x.npy", images)
    changed = np.load(tmp_path / "x.npy", mmap_mode="c")
    changed[5] = 0.25
    trained(network(), pl.data.Dataset(changed, labels, memory_limit=SMALL), epochs=1)
    assert (changed[5] == 0.25).all()


def test_every_example_is_visited_once_in_every_epoch_and_windows_mix_blocks() -> None:
    orders = [order_in_windows(4, epoch, 1000, 160) for epoch in range(2)]
    for order in orders:
        np.testing.assert_array_equal(np.sort(order), np.arange(1000))
    assert not np.array_equal(*orders)
    # A window of neighbours would span 160 examples.
    assert min(np.ptp(orders[0][begin : begin + 160]) for begin in range(0, 800, 160)) > 500


@pytest.mark.parametrize("kind", ["memory", "mapped", "stream"])
def test_training_resumes_bit_for_bit_inside_an_epoch(tmp_path: Path, kind: str) -> None:
    images, labels = pictures()
    data: Any = pl.data.Dataset(images, labels, memory_limit=SMALL)
    if kind == "mapped":
        data = pl.data.Dataset(mapped(tmp_path / "x.npy", images), labels, memory_limit=SMALL)
    elif kind == "stream":
        parts = [(images[begin : begin + 100], labels[begin : begin + 100]) for begin in range(0, COUNT, 100)]
        data = pl.data.Stream(parts, memory_limit=SMALL)
    straight = pl.Trainer(network(), data, optimizer="adam", batch_size=16)
    straight.take_steps(120)
    stopped = pl.Trainer(network(), data, optimizer="adam", batch_size=16)
    stopped.take_steps(70)
    stopped.save(tmp_path / "checkpoint.safetensors")
    resumed = pl.Trainer.resume(tmp_path / "checkpoint.safetensors", data)
    resumed.take_steps(50)
    np.testing.assert_array_equal(resumed.net.parameters, straight.net.parameters)
    snapshot = straight.snapshot()
    losses = straight.take_steps(40)
    straight.restore(snapshot)
    np.testing.assert_array_equal(straight.take_steps(40), losses)


def test_a_diverging_loss_in_windows_keeps_the_last_good_parameters() -> None:
    images, labels = pictures()
    images[500] = 1.0
    targets = np.where(np.arange(COUNT) == 500, 3e38, labels)[:, None]
    data = pl.data.Dataset(images, targets, memory_limit=SMALL)
    trainer = pl.Trainer(network("identity", 1), data, batch_size=16, loss="mean_squared", optimizer=pl.SGD(0.1))
    with pytest.raises(pl.DivergedError):
        list(trainer.run(2))
    assert np.isfinite(trainer.net.parameters).all()


def test_several_networks_train_on_one_stream() -> None:
    images, labels = pictures()
    data = pl.data.Stream([(images[:350], labels[:350]), (images[350:], labels[350:])], memory_limit=SMALL)
    alone = trained(network(), data, epochs=2)[0]
    nets = [network() for _ in range(3)]
    trainers = [pl.Trainer(net, data, optimizer="adam", batch_size=16, seed=3) for net in nets]
    assert len(list(pl.train_many(trainers, epochs=2))) == 6
    for net in nets:
        np.testing.assert_array_equal(net.parameters, alone)


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
@pytest.mark.parametrize("side", [6, 8])
def test_files_and_streams_are_augmented_window_by_window(tmp_path: Path, dtype: Any, side: int) -> None:
    images, labels = pictures(dtype, side)
    augment = pl.Augment(shift=1.0, rotation=10)
    file = pl.data.Dataset(mapped(tmp_path / "x.npy", images), labels, memory_limit=2 * SMALL)
    stream = pl.data.Stream([(images, labels)], memory_limit=2 * SMALL)
    for data in (file, stream):
        plain, first, again = (
            trained(network(side=side), data, augment=how, validation=file) for how in (None, augment, augment)
        )
        np.testing.assert_array_equal(first[0], again[0])
        assert not np.array_equal(first[0], plain[0])
        assert first[1][-1][2] < first[1][0][2]
        trainer = pl.Trainer(network(side=side), data, augment=augment, batch_size=16)
        trainer.take_steps(60)
        trainer.save(tmp_path / "checkpoint.safetensors")
        resumed = pl.Trainer.resume(tmp_path / "checkpoint.safetensors", data)
        np.testing.assert_array_equal(resumed.take_steps(20), trainer.take_steps(20))


@pytest.mark.parametrize("side", [6, 8])
def test_augmentation_that_changes_nothing_gives_the_same_images_in_windows(tmp_path: Path, side: int) -> None:
    images, labels = pictures(np.uint8, side)
    file = pl.data.Dataset(mapped(tmp_path / "x.npy", images), labels, memory_limit=2 * SMALL)
    trainer = pl.Trainer(network(side=side), file, augment=pl.Augment(), batch_size=16)
    seen = []
    for step in range(trainer.steps_per_epoch):
        batches, before = trainer._task.batches(0, step, step + 1)
        packed = batches.feed.images
        for image in batches.order[(step - before) * 16 : (step - before + 1) * 16]:
            entries = slice(packed.indptr[image], packed.indptr[image + 1])
            row = np.zeros(side * side)
            row[packed.indices[entries]] = packed.data[entries]
            seen.append((*np.round(row * 255).astype(int), batches.targets.classes[image]))
    assert sorted(seen) == sorted((*image.ravel(), label) for image, label in zip(images, labels, strict=True))


@pytest.mark.parametrize("limit", ["0 MB", -1, "many", 1.5, True, "5 XB", ""])
def test_a_memory_limit_is_a_size(limit: Any) -> None:
    with pytest.raises(pl.ConfigurationError, match="memory_limit expected a number of bytes"):
        pl.data.Dataset(np.zeros((2, 3)), [0, 1], memory_limit=limit)


def test_a_limit_below_two_mini_batches_says_how_many_bytes_it_takes() -> None:
    images, labels = pictures()
    data = pl.data.Dataset(images, labels, memory_limit=10_000)
    with pytest.raises(pl.ConfigurationError, match=r"two mini-batches of 64, ([\d,]+) bytes, got 10,000") as caught:
        pl.Trainer(network(), data, batch_size=64)
    (needed,) = re.findall(r"64, ([\d,]+) bytes", str(caught.value))
    enough = pl.data.Dataset(images, labels, memory_limit=int(needed.replace(",", "")))
    assert len(trained(network(), enough, batch_size=64)[1]) == 3


def test_images_in_memory_are_augmented_with_the_same_bits(tmp_path: Path) -> None:
    images, labels = pictures(np.uint8)
    augment = pl.Augment(shift=1.0)
    whole, large = (pl.data.Dataset(images, labels, memory_limit=limit) for limit in (None, SMALL))
    expected = trained(network(), whole, augment=augment)
    vector, events = trained(network(), large, augment=augment)
    np.testing.assert_array_equal(vector, expected[0])
    assert events == expected[1]


PEAK = """
import re, sys
import numpy as np
import pellucid as pl

def memory(name):
    with open("/proc/self/status") as file:
        return int(re.search(name + r":\\s+(\\d+) kB", file.read())[1]) * 1024

def network():
    return pl.Network([pl.Dense(4, "relu"), pl.Dense(2, "softmax")], input_shape=(784,))

small = pl.data.Dataset(np.ones((64, 784), np.float32), np.arange(64) % 2, memory_limit="2 MB")
for _ in pl.Trainer(network(), small).run(1, validation=small): pass
path, count = sys.argv[1], 20_000
images = np.load(path, mmap_mode="r") if path else np.ones((count, 784), np.float32)
with open("/proc/self/clear_refs", "w") as file:
    file.write("5")  # the peak is measured from here on
before = memory("VmHWM")
data = pl.data.Dataset(images, np.arange(count) % 2, memory_limit="6 MB")
for _ in pl.Trainer(network(), data).run(1, validation=data): pass
print(memory("VmHWM") - before)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
@pytest.mark.parametrize("kind", ["memory", "mapped"])
def test_memory_stays_within_the_limit_and_some_megabytes(tmp_path: Path, kind: str) -> None:
    """Packed at once these images take 94 MB, and 63 MB in their file."""
    path = ""
    if kind == "mapped":
        path = str(tmp_path / "x.npy")
        np.save(path, np.ones((20_000, 784), np.float32))
    child = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(PEAK), path],
        capture_output=True, text=True, env=os.environ, timeout=120, check=True,
    )  # fmt: skip
    assert int(child.stdout) < 40_000_000
