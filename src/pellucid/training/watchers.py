"""Functions that are called while a training runs, whoever takes its events."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import NamedTuple

from pellucid.training.events import Progress


class Moment(NamedTuple):
    """A moment of a run.

    ``progress`` is where the run is inside an epoch, or None between epochs; ``running`` is False for its last moment.
    """

    progress: Progress | None
    running: bool


Watcher = Callable[[Moment], None]


class Watchers:
    """The watchers of a training."""

    def __init__(self) -> None:
        self._watchers: list[Watcher] = []

    def __bool__(self) -> bool:
        return bool(self._watchers)

    def add(self, watcher: Watcher) -> Callable[[], None]:
        """Add a watcher; the function that is returned removes it."""
        self._watchers.append(watcher)

        def remove() -> None:
            if watcher in self._watchers:
                self._watchers.remove(watcher)

        return remove

    def tell(self, moment: Moment) -> None:
        """Call all watchers. One that raises is not called again: it cannot end a training."""
        for watcher in tuple(self._watchers):
            try:
                watcher(moment)
            except Exception as error:
                self._watchers.remove(watcher)
                warnings.warn(f"A watcher of the training failed: {error!r}. It is not called again.", stacklevel=2)
