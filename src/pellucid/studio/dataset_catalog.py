"""The data sets and shipped networks that all sessions share; each data set is loaded once."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable
from pathlib import Path

from pellucid import data, models
from pellucid.data import mnist
from pellucid.data.dataset import TrainTest
from pellucid.data.idx_pairs import is_idx_folder
from pellucid.errors import DataError, PellucidError
from pellucid.network.files import load
from pellucid.studio.edited_network import SIDE, check_suitable
from pellucid.studio.parts import DataChoice
from pellucid.studio.refusal import RefusedError

DEFAULT_DATA = "digits"

MAX_TRAININGS = 8
"""Most trainings that run at the same time, in all sessions together."""

_MNIST_BYTES = 11_594_722
_NOTES = {DEFAULT_DATA: "10,000 digits, in the package", "mnist": "70,000 digits"}


class DatasetCatalog:
    """Data sets by name.

    Parameters
    ----------
    own : str, optional
        Path of the user's own data; see `pellucid.data.load`.
    """

    def __init__(self, own: str | None = None) -> None:
        self._lock, self._fetching = threading.Lock(), threading.Lock()
        self.slots = threading.BoundedSemaphore(MAX_TRAININGS)
        self._loaded: dict[str, TrainTest] = {}
        self._own = [] if own is None else [self._load_own(own)]

    def _load_own(self, source: str) -> str:
        path = Path(source)
        name = path.name or source
        if source in data.names():
            name, parts = source, data.load(source)
        else:
            parts = data.load(path, size=(SIDE, SIDE) if path.is_dir() and not is_idx_folder(path) else None)
        if not isinstance(parts, TrainTest) or parts.train.images[0].size != SIDE * SIDE:
            raise DataError(
                f"Expected pictures of {SIDE}x{SIDE} pixels, got others in {source}: resize them, or give a folder of "
                "pictures, which the studio resizes."
            )
        self._loaded[name] = parts
        return name

    @property
    def data_sets(self) -> list[str]:
        """Names of the data sets on this machine, the user's own last."""
        here = [DEFAULT_DATA, *(["mnist"] if "mnist" in self._loaded or mnist.is_available() else [])]
        return [*(name for name in here if name not in self._own), *self._own]

    @property
    def choices(self) -> list[DataChoice]:
        """All data sets, in the form that the page receives."""
        found = [DataChoice(name, self._classes(name), True, self._note(name)) for name in self.data_sets]
        if "mnist" not in self.data_sets:
            note = f"70,000 digits, a download of {_MNIST_BYTES / 1e6:.1f} MB from {mnist.MIRRORS[0].split('/')[2]}"
            found.append(DataChoice("mnist", 10, False, note))
        return found

    def default_for(self, classes: int) -> str:
        """Return the data set for a network of so many outputs: the user's own, if it has as many classes."""
        return next((name for name in reversed(self.data_sets) if self._classes(name) == classes), DEFAULT_DATA)

    def _classes(self, name: str) -> int:
        return len(self._loaded[name].train.classes) if name in self._loaded else 10

    def _note(self, name: str) -> str:
        if name in self._loaded and name not in _NOTES:
            return f"{sum(map(len, self._loaded[name])):,} pictures of your own"
        return _NOTES[name]

    @functools.cached_property
    def networks(self) -> list[str]:
        """Names of the shipped networks that the studio can show, the best first."""
        return sorted(filter(_is_shown, models.names()), key=lambda name: (name != models.DEFAULT, name))

    def data(self, name: str) -> TrainTest:
        """Return a data set by name.

        Raises
        ------
        RefusedError
            If it is not on this machine.
        """
        if name not in self.data_sets:
            raise RefusedError(
                "unavailable",
                f"Expected a data set on this machine ({', '.join(self.data_sets)}), got {name!r}. To download MNIST, "
                "press the button beside it, or run: pellucid train --data mnist --epochs 1.",
            )
        with self._lock:
            if name not in self._loaded:
                self._loaded[name] = data.load(name)
            return self._loaded[name]

    def fetch(self, name: str, report: Callable[[str | None], None], failed: Callable[[Exception], None]) -> None:
        """Download a data set in a thread of its own.

        ``report`` is called with the progress in words, and with None at the end; ``failed`` before that, on an error.

        Raises
        ------
        RefusedError
            If it cannot be downloaded, or a download is already running.
        """
        if not any(choice.name == name and not choice.here for choice in self.choices):
            raise RefusedError("unavailable", f"Expected a data set that can be downloaded, got {name!r}.")
        if not self._fetching.acquire(blocking=False):
            raise RefusedError("busy", "A download is already running: wait for it.")
        threading.Thread(target=self._fetch, args=(name, report, failed), name="pellucid-download", daemon=True).start()

    def _fetch(self, name: str, report: Callable[[str | None], None], failed: Callable[[Exception], None]) -> None:
        def progress(file: str, here: int, whole: int | None) -> None:
            report(f"{file}: {here / 1e6:.1f}" + (f" of {whole / 1e6:.1f} MB" if whole else " MB"))

        try:
            report("connecting")
            self._loaded[name] = mnist.load_mnist(progress)
        except Exception as error:
            failed(error)
        finally:
            self._fetching.release()
            report(None)


def _is_shown(name: str) -> bool:
    try:
        check_suitable(load(name))
    except PellucidError:
        return False
    return True
