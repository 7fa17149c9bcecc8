"""Training over shards: accuracy and speed beside one process, and data of 100 GB that never are in memory."""

from __future__ import annotations

import os
import resource
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

import pellucid as pl
from common import duration, options, tell, write

INPUTS = 784
ROWS = 31_888
"""Of a shard of 100 MB; 1,000 of them are 100 GB."""

AT_ONCE = 500
LIMIT = "20 MB"


class Digits:
    """Shards of images: every ``count``-th of them."""

    def __init__(self, name: str, count: int) -> None:
        self.name, self.count, self._train = name, count, None

    def __call__(self, number: int) -> pl.data.Dataset:
        """Return a shard; a process loads the data once."""
        if self._train is None:
            self._train = pl.data.load(self.name).train
        return self._train[number :: self.count]

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.name, self.count)


class Generated:
    """Shards of 100 MB that are drawn where they are trained on; notes the memory of the processes that do so."""

    def __init__(self, notes: str) -> None:
        self.notes = notes

    def __call__(self, number: int) -> pl.data.Stream:
        """Return a shard."""
        return pl.data.Stream(lambda: self._batches(number), classes=2, length=ROWS, memory_limit=LIMIT)

    def _batches(self, number: int) -> Iterator[tuple[Any, Any]]:
        rng = np.random.default_rng(number)
        for begin in range(0, ROWS, AT_ONCE):
            x = rng.random((min(AT_ONCE, ROWS - begin), INPUTS), np.float32) - np.float32(0.5)
            if begin + AT_ONCE >= ROWS:
                peak = 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
                (Path(self.notes) / str(os.getpid())).write_text(str(peak))
            yield x, (x[:, : INPUTS // 2].sum(axis=1) > x[:, INPUTS // 2 :].sum(axis=1)).astype(int)


def main() -> None:
    parser = options(__doc__ or "", rounds=1)
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--seeds", type=int, default=3, help="seeds for the accuracy; 0 leaves it out")
    parser.add_argument(
        "--cuts", type=int, nargs="+", default=[4, 20, 100], help="numbers of shards to cut images into"
    )
    parser.add_argument("--generated", type=int, default=20, help="shards of 100 MB to train on, of 1,000; 0: none")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--on", default="ray")
    asked = parser.parse_args()
    if asked.on == "ray":
        import ray

        ray.init("local", num_cpus=asked.workers, include_dashboard=False, log_to_driver=False, logging_level="error")
    tables = [generated(asked)] if asked.generated else []  # first, while the workers hold nothing else
    if asked.seeds:
        tables.append(images(asked))
    write(asked.json, {"tables": tables})


def images(asked: Any) -> dict[str, Any]:
    """Compare one process, and shards of several sizes."""
    data = pl.data.load(asked.data)
    found: dict[str, list[tuple[float, float]]] = {}
    for seed in range(asked.seeds):
        found.setdefault("one process, one core", []).append(alone(recipe(seed, asked.epochs), data))
        for count in asked.cuts:
            name = f"{count} shards, {asked.workers} together"
            found.setdefault(name, []).append(sharded(recipe(seed, asked.epochs), data.test, asked, count))
    rows = []
    for name, runs in found.items():
        accuracies = [100 * accuracy for accuracy, _ in runs]
        seconds = np.median([took for _, took in runs]) / asked.epochs
        listed = ", ".join(f"{each:.2f}" for each in accuracies)
        rows.append([name, f"{np.mean(accuracies):.2f} %", listed, duration(float(seconds))])
    title = f"784-16-16-10, {asked.epochs} epochs of {len(data.train):,} images, {asked.seeds} seeds, on {asked.on}"
    return tell(title, ("trained by", "test accuracy", "each seed", "epoch"), rows)


def recipe(seed: int, epochs: int) -> pl.Recipe:
    """Return the recipe of a network with ReLU."""
    layers = [pl.Dense(16, "relu"), pl.Dense(16, "relu"), pl.Dense(10, "softmax")]
    return pl.Recipe(layers, epochs=epochs, seed=seed, optimizer=pl.Adam(0.003), input_shape=(28, 28))


def alone(recipe: pl.Recipe, data: pl.data.TrainTest) -> tuple[float, float]:
    """Return test accuracy, and seconds of training."""
    trainer = recipe.trainer(data.train, threads=1)
    *_, last = trainer.run(recipe.epochs, validation=data.test)
    return float(last.test_accuracy or 0.0), last.seconds


def sharded(recipe: pl.Recipe, test: pl.data.Dataset, asked: Any, count: int) -> tuple[float, float]:
    """Return test accuracy, and seconds of training, without those until every worker has loaded its data."""
    shard = Digits(asked.data, count)
    trainer = pl.ShardedTrainer(
        recipe, shard, count, together=asked.workers, on=asked.on, workers=asked.workers
    )  # fmt: skip
    events = list(trainer.run(validation=test))
    warm = events[0].seconds  # the first round, in which the workers load the data
    each = (events[-1].seconds - warm) / (len(events) - 1)
    return float(events[-1].test_accuracy or 0.0), each * len(events)


def generated(asked: Any) -> dict[str, Any]:
    """Train on a part of 100 GB that are made by the shard."""
    recipe = pl.Recipe(
        [pl.Dense(16, "relu"), pl.Dense(2, "softmax")], epochs=1, optimizer=pl.Adam(0.001), input_shape=(INPUTS,)
    )
    with tempfile.TemporaryDirectory() as notes:
        shard = Generated(notes)
        trainer = pl.ShardedTrainer(recipe, shard, 1000, together=asked.workers, on=asked.on, workers=asked.workers)
        began, seen, event = time.perf_counter(), 0, None
        for event in trainer.run():
            seen += event.examples
            if seen >= asked.generated * ROWS:
                break
        took = time.perf_counter() - began
        peaks = [int(note.read_text()) for note in Path(notes).iterdir()]
    gigabytes = 4 * INPUTS * seen / 1e9
    rows = [[
        f"{gigabytes:.1f} of {4 * INPUTS * ROWS * 1000 / 1e9:.0f} GB", f"{seen:,}", duration(took),
        f"{1000 * gigabytes / took:,.0f} MB/s", f"{max(peaks) / 1e6:,.0f} MB", f"{event.train_accuracy:.1%}",
    ]]  # fmt: skip
    title = f"Shards of 100 MB, generated where they are trained on, {asked.workers} workers on {asked.on}"
    return tell(title, ("data", "examples", "time", "speed", "largest worker's memory", "accuracy, last round"), rows)


if __name__ == "__main__":
    main()
