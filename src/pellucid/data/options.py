"""The options of `load`, in one record for all readers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pellucid.data.checks import DeclaredRange
from pellucid.data.dataset import Dataset, TrainTest

Progress = Callable[[str, int, int | None], None]
"""Called with the name of a file, the number of bytes downloaded, and its total size (None while unknown)."""


@dataclass(frozen=True)
class Options:
    """The keyword arguments of `pellucid.data.load`; see there.

    ``squared`` keeps the proportions of pictures that are brought to a size: their paper is extended to a square first.
    """

    size: tuple[int, int] | None = None
    level_range: DeclaredRange = "auto"
    test_fraction: float = 0.2
    seed: int = 0
    progress: Progress | None = None
    squared: bool = False
    label: str | int | None = None
    header: bool | None = None
    ignore: tuple[str | int, ...] = ()
    standardize: bool = False
    task: str = "auto"
    memory_limit: int | None = None

    @property
    def of_tables(self) -> list[str]:
        """The names of the options given that only tables have."""
        given = {
            "label": self.label is not None, "header": self.header is not None, "ignore": bool(self.ignore),
            "standardize": self.standardize, "task": self.task != "auto",
        }  # fmt: skip
        return [name for name, is_given in given.items() if is_given]

    def held_out(self, whole: Dataset) -> TrainTest:
        """Split data that has no test part."""
        return TrainTest(*whole.split(1 - self.test_fraction, self.seed))
