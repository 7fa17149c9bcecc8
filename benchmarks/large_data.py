"""Data larger than memory: peak memory and speed of training, and what shuffling in windows costs in accuracy."""

from __future__ import annotations

import itertools
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

import pellucid as pl
from common import Run, duration, in_turns, network, options, ratio, tell, write
from pellucid.programs.packing import bytes_within

INPUTS = 784
EPOCHS = 10
SHARE = 20
"""Windows in an epoch."""

PICTURES = 4_000

_PEAK = """
import re, sys, time
import numpy as np
import pellucid as pl

def memory(name):
    with open("/proc/self/status") as file:
        return int(re.search(name + r":\\s+(\\d+) kB", file.read())[1]) * 1024

kind, path, count, limit = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4] or None

def network():
    layers = [pl.Dense(16, "relu"), pl.Dense(16, "relu"), pl.Dense(10, "softmax")]
    return pl.Network(layers, input_shape=(784,))

small = pl.data.Dataset(np.ones((64, 784), np.float32), np.arange(64) % 10)
list(pl.Trainer(network(), small).run(1))
labels = np.arange(count) % 10
with open("/proc/self/clear_refs", "w") as file:
    file.write("5")
before = memory("VmHWM")
mapped = np.load(path, mmap_mode="r")
if kind == "memory":
    mapped = np.fromfile(path, np.float32, offset=mapped.offset).reshape(count, 784)
if kind == "stream":
    def batches():
        with open(path, "rb") as file:
            file.seek(mapped.offset)
            for begin in range(0, count, 1000):
                yield np.fromfile(file, np.float32, 784 * 1000).reshape(-1, 784), labels[begin : begin + 1000]
    data = pl.data.Stream(batches, classes=10, length=count, memory_limit=limit)
else:
    data = pl.data.Dataset(mapped, labels, memory_limit=limit)
trainer = pl.Trainer(network(), data, optimizer=pl.SGD(0.01), batch_size=32)
took = []
for _ in range(3):
    began = time.perf_counter()
    list(trainer.run(1))
    took.append(time.perf_counter() - began)
print(memory("VmHWM") - before, min(took))
"""


def main() -> None:
    parser = options(__doc__ or "")
    parser.add_argument("--examples", type=int, default=200_000, help="rows of 784 float32 for the memory; 0: no")
    parser.add_argument("--seeds", type=int, default=3, help="seeds for the accuracy; 0 leaves it out")
    asked = parser.parse_args()
    data = pl.data.load(asked.data)
    tables = [memory(asked.examples)] if asked.examples else []
    tables += [speed(data.train, asked.rounds), pictures(data.train, asked.rounds)]
    if asked.seeds:
        tables.append(accuracy(data, asked.seeds))
    write(asked.json, {"tables": tables})


def memory(count: int) -> dict[str, Any]:
    """Measure the peak memory of training in processes of their own."""
    size, rows = 4 * INPUTS * count, []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x.npy"
        write_numbers(path, count)
        for kind, limit in itertools.product(("memory", "mapped", "stream"), ("4 GB", "", "50 MB")):
            command = [sys.executable, "-c", _PEAK, kind, str(path), str(count), limit]
            told = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
            peak, seconds = int(told[0]), float(told[1])
            rows.append([kind, limit or "the usual", f"{peak / 1e6:,.0f} MB", f"{peak / size:.2f}", duration(seconds)])
    headings = ("the data are in", "memory_limit", "peak memory", "of the data's size", "epoch")
    return tell(
        f"Memory that training adds to a process: {count:,} x 784 float32, {size / 1e6:,.0f} MB", headings, rows
    )


def write_numbers(path: Path, count: int) -> None:
    """Write rows of normal random numbers, a few at a time."""
    rng = np.random.default_rng(0)
    file = np.lib.format.open_memmap(path, "w+", np.float32, (count, INPUTS))
    for begin in range(0, count, 1000):
        file[begin : begin + 1000] = rng.standard_normal((min(1000, count - begin), INPUTS), np.float32)
    file.flush()


def speed(train: pl.data.Dataset, rounds: int) -> dict[str, Any]:
    """Measure epochs of examples packed at once and in windows, in turns: images, and numbers of which none are 0."""
    rng = np.random.default_rng(0)
    numbers = pl.data.Dataset(rng.standard_normal((len(train), INPUTS), np.float32), train.labels)
    rows = []
    for what, data, batches in (("images", train, (10, 32, 128)), ("numbers", numbers, (32,))):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "x.npy"
            np.save(path, data.images)
            sources = sources_of(data, np.load(path, mmap_mode="r"), limit_of(data, SHARE))
            for batch in batches:
                seconds = in_turns({name: epochs(source, batch) for name, source in sources.items()}, rounds)
                base = seconds["packed at once"]
                rows += [
                    [what, str(batch), name, duration(median(took)), f"{ratio(took, base):.2f}"]
                    for name, took in seconds.items()
                ]
    title = f"Epochs of {len(train):,} examples, 784-16-16-10, windows of 1/{SHARE}"
    return tell(title, ("what", "batch", "examples", "epoch", "to packed at once"), rows)


def epochs(source: Any, batch: int) -> Run:
    """Return a function that trains one more epoch."""
    trainer = pl.Trainer(network(), source, optimizer=pl.SGD(0.05), batch_size=batch)
    return lambda: list(trainer.run(1))


def pictures(train: pl.data.Dataset, rounds: int) -> dict[str, Any]:
    """Measure epochs of pictures in files, read in every epoch, and read once."""
    from PIL import Image

    train = train.take(min(len(train), PICTURES))
    with tempfile.TemporaryDirectory() as folder:
        for number, (image, label) in enumerate(train):
            place = Path(folder) / train.classes[label]
            place.mkdir(exist_ok=True)
            Image.fromarray(image).save(place / f"{number:05}.png")
        sources = {
            name: pl.data.load(folder, memory_limit=limit).train
            for name, limit in (("once", None), ("always", "600 kB"))
        }
        seconds = in_turns({name: epochs(source, 32) for name, source in sources.items()}, rounds)
    each = {name: median(took) / len(sources[name]) for name, took in seconds.items()}
    rows = [[name, duration(median(took)), duration(each[name])] for name, took in seconds.items()]
    return tell(f"Epochs of {len(sources['once']):,} PNG files", ("read", "epoch", "for each picture"), rows)


def sources_of(train: pl.data.Dataset, mapped: np.ndarray, limit: int) -> dict[str, Any]:
    """Return the same examples in all ways in which training takes them."""
    return {
        "packed at once": train,
        "in memory, windows": train.limited(limit),
        "mapped, windows": pl.data.Dataset(mapped, train.labels, memory_limit=limit),
        "stream, windows": pl.data.Stream(
            lambda: batches_of(train.images, train.labels), classes=10, length=len(train), memory_limit=limit
        ),
    }


def batches_of(images: np.ndarray, labels: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield batches in the order of the data."""
    for begin in range(0, len(images), 1000):
        yield images[begin : begin + 1000], labels[begin : begin + 1000]


def limit_of(train: pl.data.Dataset, share: int) -> int:
    """Return the memory limit with which a window has one ``share``-th of the images."""
    return 2 * bytes_within(len(train) // share, train.images.dtype, int(np.prod(train.shape)), train.unit_range)


def accuracy(data: pl.data.TrainTest, seeds: int) -> dict[str, Any]:
    """Measure the test accuracy after training with windows, in the order of the data, and sorted by class."""
    train, rows = data.train, []
    by_class = np.argsort(train.labels, kind="stable")
    orders = {"as it is": train, "sorted by class": train[by_class]}
    with tempfile.TemporaryDirectory() as folder:
        for order, part in orders.items():
            path = Path(folder) / "x.npy"
            np.save(path, part.images)
            sources = sources_of(part, np.load(path, mmap_mode="r"), limit_of(part, SHARE))
            for name, source in sources.items():
                found = [100 * trained(source, data.test, seed) for seed in range(seeds)]
                listed = ", ".join(f"{value:.2f}" for value in found)
                rows.append([order, name, f"{np.mean(found):.2f} %", listed])
    title = f"Test accuracy after {EPOCHS} epochs, windows of 1/{SHARE}, {seeds} seeds"
    return tell(title, ("order of the data", "examples", "mean", "each seed"), rows)


def trained(source: Any, test: pl.data.Dataset, seed: int) -> float:
    """Return the test accuracy of a network trained on a source."""
    trainer = pl.Trainer(network(seed=seed), source, optimizer=pl.SGD(0.5), batch_size=32, seed=seed)
    *_, last = trainer.run(EPOCHS, validation=test)
    return float(last.test_accuracy or 0.0)


if __name__ == "__main__":
    main()
