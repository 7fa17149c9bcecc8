"""What `load` may be told besides a name: one frozen record, handed to whichever reader the source needs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pellucid.data.dataset import Dataset, TrainTest

Progress = Callable[[str, int, int | None], None]
"""Called with a file's name, the bytes of it that are here, and the bytes it has in all (None while unknown)."""


@dataclass(frozen=True)
class Options:
    """The keyword arguments of `pellucid.data.load`, which documents them."""

    size: tuple[int, int] | None = None
    level_range: tuple[float, float] | None = None
    test_fraction: float = 0.2
    seed: int = 0
    progress: Progress | None = None

    def held_out(self, whole: Dataset) -> TrainTest:
        """Split data that has no test part of its own."""
        return TrainTest(*whole.split(1 - self.test_fraction, self.seed))
