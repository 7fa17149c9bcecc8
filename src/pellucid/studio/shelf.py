"""What all sessions share: data sets, loaded once, and shipped networks."""

from __future__ import annotations

import functools
import threading

from pellucid import data, models
from pellucid.data.dataset import TrainTest
from pellucid.data.mnist import is_here
from pellucid.errors import PellucidError
from pellucid.files import load
from pellucid.studio.refusal import RefusedError
from pellucid.studio.subject import check_suitable

DEFAULT_DATA = "digits"

MOST_TRAININGS = 8
"""That run at a time, of all sessions."""


class Shelf:
    """Data sets by name; only those that need no download."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.slots = threading.BoundedSemaphore(MOST_TRAININGS)
        self._loaded: dict[str, TrainTest] = {}

    @property
    def data_sets(self) -> list[str]:
        """Names for `data`."""
        return [DEFAULT_DATA, *(["mnist"] if "mnist" in self._loaded or is_here() else [])]

    @functools.cached_property
    def networks(self) -> list[str]:
        """Names of the shipped networks that the studio can show, the best first."""
        return sorted(filter(_is_shown, models.names()), key=lambda name: (name != models.DEFAULT, name))

    def data(self, name: str) -> TrainTest:
        """A data set by name.

        Raises
        ------
        RefusedError
            If there is none of that name on this machine.
        """
        if name not in self.data_sets:
            raise RefusedError(
                "unavailable",
                f"There is no data set {name!r} on this machine; there is {', '.join(self.data_sets)}. "
                "MNIST comes here with: pellucid train --data mnist --epochs 1.",
            )
        with self._lock:
            if name not in self._loaded:
                self._loaded[name] = data.load(name)
            return self._loaded[name]


def _is_shown(name: str) -> bool:
    try:
        check_suitable(load(name))
    except PellucidError:
        return False
    return True
