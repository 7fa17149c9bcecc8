"""Pools of workers: what dispatch needs of them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from pellucid.training.remote.parcel import Reference


class Pool(ABC):
    """Workers that run tasks.

    Attributes
    ----------
    workers : int
        Tasks that run at the same time.
    pickles : bool
        Whether tasks are sent by the pickle of the library, which takes no functions but those of modules.
    """

    workers: int
    pickles: bool = False

    @abstractmethod
    def submit(self, task: Callable[..., Any], *arguments: Any) -> Future[Any]:
        """Have a worker call ``task(*arguments)``.

        Raises
        ------
        BrokenExecutor, RuntimeError
            If there are no workers any more.
        """

    @abstractmethod
    def put(self, value: Any) -> Reference:
        """Make an object available to tasks, once on each machine."""

    def content(self, value: Any) -> Reference | None:
        """A reference with the object itself, for machines that do not have it; None where that never happens."""
        return None

    def revive(self) -> bool:
        """Replace workers that are gone; return whether that is possible."""
        return False

    @abstractmethod
    def close(self, *, at_once: bool) -> None:
        """Give back what was taken for this work; ``at_once``, without waiting for the tasks that run."""
