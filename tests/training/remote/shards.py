"""Shards of made-up data, in a module that other processes can import."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

import pellucid as pl


def numbers(shard: int, count: int = 400) -> tuple[Any, Any]:
    """Rows, and whether the product of their first two numbers is above 0."""
    x = np.random.default_rng(shard).standard_normal((count, 4), np.float32)
    return x, (x[:, 0] * x[:, 1] > 0).astype(int)


def arrays(shard: int) -> pl.data.Dataset:
    """A shard in memory; some have fewer rows."""
    return pl.data.Dataset(*numbers(shard, 400 - 30 * (shard % 3)), level_range=None)


def streamed(shard: int) -> pl.data.Stream:
    """A shard that is read batch by batch."""

    def batches() -> Iterator[tuple[Any, Any]]:
        x, y = numbers(shard)
        for begin in range(0, len(x), 64):
            yield x[begin : begin + 64], y[begin : begin + 64]

    return pl.data.Stream(batches, classes=2, length=400, memory_limit="10 kB")


class DeadlyShards:
    """`arrays`, of which one kills its process the first time."""

    def __init__(self, folder: Path, deadly: int) -> None:
        self.folder, self.deadly = folder, deadly

    def __call__(self, shard: int) -> pl.data.Dataset:
        if shard == self.deadly:
            try:
                (self.folder / "killed").touch(exist_ok=False)
            except FileExistsError:
                return arrays(shard)
            os.kill(os.getpid(), signal.SIGKILL)
        return arrays(shard)
