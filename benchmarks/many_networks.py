"""Many networks: thousands of small ones on threads, processes and Ray, and what that costs beside their arithmetic."""

from __future__ import annotations

import time
from typing import Any

import pellucid as pl
from common import duration, options, tell, write

HEADINGS = ("on", "first result", "all", "networks a second", "arithmetic each", "overhead each", "overhead")


def main() -> None:
    parser = options(__doc__ or "", rounds=1)
    parser.add_argument("--networks", type=int, default=10_000, help="784-16-16-10 networks (default 10,000)")
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--images", type=int, default=0, help="of the training data; 0 (the default): all")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--on", nargs="+", default=["threads", "processes", "ray"], metavar="EXECUTOR")
    asked = parser.parse_args()
    train = pl.data.load(asked.data).train
    if asked.images:
        train = train.take(min(asked.images, len(train)))
    recipes = [recipe(seed, asked.epochs) for seed in range(asked.networks)]
    if "ray" in asked.on:
        start_ray(recipes[:1] * 2 * asked.workers, train[:1000], asked.workers)
    rows, bits, measured = [], {}, {}
    for number in range(asked.rounds):
        for on in asked.on:
            found = run(on, recipes, train, asked.workers)
            bits[on] = found.pop("bits")
            measured.setdefault(on, []).append(found)
            rows.append(row(on if asked.rounds == 1 else f"{on}, round {number + 1}", found))
    same = len(set(bits.values())) == 1
    title = f"{asked.networks:,} networks 784-16-16-10, {asked.epochs} epochs of {len(train):,} images, batch 32"
    table = tell(f"{title}, {asked.workers} workers, equal bits: {'yes' if same else 'no'}", HEADINGS, rows)
    write(asked.json, {"tables": [table], "runs": measured, "equal_bits": same})


def recipe(seed: int, epochs: int) -> pl.Recipe:
    """Return the recipe of one network."""
    layers = [pl.Dense(16, "sigmoid"), pl.Dense(16, "sigmoid"), pl.Dense(10, "softmax")]
    return pl.Recipe(layers, epochs=epochs, optimizer=pl.SGD(1.0), seed=seed)


def start_ray(recipes: list[pl.Recipe], train: pl.data.Dataset, workers: int) -> None:
    """Start a cluster whose workers are there already, as they are on one that serves others too."""
    import ray

    ray.init("local", num_cpus=workers, include_dashboard=False, log_to_driver=False, logging_level="error")
    list(pl.train_many(recipes, data=train, on="ray"))


def run(on: str, recipes: list[pl.Recipe], train: pl.data.Dataset, workers: int) -> dict[str, Any]:
    """Train all, and return times in seconds.

    The arithmetic of a network is the time that its trainer took for its steps. Everything else is overhead: what
    workers were there for, less that.
    """
    began, first, arithmetic, checksum = time.perf_counter(), None, 0.0, 0
    for index, event in pl.train_many(recipes, data=train, on=on, workers=workers):
        if first is None:
            first = time.perf_counter() - began
        arithmetic += event.history[-1].seconds
        checksum ^= hash((index, event.parameters.tobytes()))
    wall = time.perf_counter() - began
    rest = wall - (first or 0.0)
    return {"wall": wall, "first": first, "rest": rest, "arithmetic": arithmetic, "workers": workers,
            "networks": len(recipes), "bits": checksum}  # fmt: skip


def row(on: str, found: dict[str, Any]) -> list[str]:
    """Return a line of the table; the overhead leaves out the time until the first result."""
    count, arithmetic = found["networks"], found["arithmetic"]
    overhead = max(0.0, found["workers"] * found["rest"] - arithmetic)
    return [
        on, duration(found["first"]), duration(found["wall"]), f"{(count - 1) / found['rest']:.3g}",
        duration(arithmetic / count), duration(overhead / count), f"{overhead / arithmetic:.1%}",
    ]  # fmt: skip


if __name__ == "__main__":
    main()
