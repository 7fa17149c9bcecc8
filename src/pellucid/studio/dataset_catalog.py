"""The data sets, shipped networks and kept runs that all sessions share; each data set is loaded once."""

from __future__ import annotations

import functools
import hashlib
import threading
from collections.abc import Callable
from pathlib import Path

from pellucid import data, models
from pellucid.data import mnist
from pellucid.data.dataset import TrainTest
from pellucid.data.idx_pairs import is_idx_folder
from pellucid.data.preparation import Preparation, has_dark_ink, is_prepared, load_pictures
from pellucid.errors import DataError, PellucidError
from pellucid.network.files import load
from pellucid.studio.edited_network import SIDE, centring_of, check_suitable
from pellucid.studio.kept_runs import KeptRuns
from pellucid.studio.parts import Centring, DataChoice
from pellucid.studio.refusal import RefusedError

DEFAULT_DATA = "digits"
DIGITS = tuple("0123456789")

MAX_TRAININGS = 8
"""Most trainings that run at the same time, in all sessions together."""

MAX_PREPARED = 4
"""Preparations of the user's own pictures that are kept in memory."""

_MNIST_BYTES = 11_594_722
_NOTES = {DEFAULT_DATA: "10,000 digits, in the package", "mnist": "70,000 digits"}


class DatasetCatalog:
    """Data sets by name.

    Parameters
    ----------
    own : str, optional
        Path of the user's own data; see `pellucid.data.load`.
    runs : KeptRuns, optional
        The networks that were trained here; by default none are kept.
    """

    def __init__(self, own: str | None = None, runs: KeptRuns | None = None) -> None:
        self.runs = runs or KeptRuns()
        self._lock, self._fetching = threading.Lock(), threading.Lock()
        self.slots = threading.BoundedSemaphore(MAX_TRAININGS)
        self._loaded: dict[str, TrainTest] = {}
        self._pictures: dict[str, TrainTest] = {}
        self._dark_ink: dict[str, bool] = {}
        self._prepared: dict[tuple[str, Preparation], TrainTest] = {}
        self._digests: dict[str, str] = {}
        self.own: str | None = None if own is None else self._load_own(own)
        """Name of the user's own data."""

    def _load_own(self, source: str) -> str:
        path = Path(source).expanduser()
        if source in data.names():
            name, parts = source, data.load(source)
        else:
            name = path.resolve().name or source
            pictures = path.is_dir() and not is_idx_folder(path)
            parts = load_pictures(path) if pictures else data.load(path)
        if not isinstance(parts, TrainTest):
            raise DataError(f"Expected pictures, got sound in {source}: give a folder of pictures, .npz, CSV or IDX.")
        if name in data.names() and name != source:
            name = f"{name} (yours)"
        self._add_own(name, parts)
        return name

    def _add_own(self, name: str, parts: TrainTest) -> None:
        """Keep pictures that have to be prepared, or images that are."""
        shape = parts.train.shape
        if (len(shape) == 1 and shape[0] != SIDE * SIDE) or (len(shape) == 3 and shape[0] != 1):
            raise DataError(
                f"Expected grey pictures in {name}, with a height and a width or of {SIDE}x{SIDE} pixels, got shape "
                f"{shape}: convert them."
            )
        if is_prepared(parts.train):
            self._loaded[name] = parts
            return
        self._pictures[name], self._dark_ink[name] = parts, has_dark_ink(parts.train)
        self._loaded[name] = self._prepare(name, self.usual_preparation(name))

    def usual_preparation(self, name: str) -> Preparation:
        """Return how a data set is prepared unless somebody chooses otherwise."""
        return Preparation(dark_ink=self._dark_ink.get(name, False))

    def is_raw(self, name: str) -> bool:
        """Whether a data set consists of pictures that have to be prepared."""
        return name in self._pictures

    def pictures(self, name: str) -> TrainTest | None:
        """Return the pictures of a data set as they were before their preparation, where there is one."""
        return self._pictures.get(name)

    def _prepare(self, name: str, preparation: Preparation) -> TrainTest:
        key = (name, preparation)
        if key not in self._prepared:
            while len(self._prepared) >= MAX_PREPARED:
                self._prepared.pop(next(iter(self._prepared)))
            self._prepared[key] = preparation.apply(self._pictures[name])
        return self._prepared[key]

    def digest(self, name: str) -> str:
        """Return what tells the images and labels of a data set from all others, before their preparation."""
        if name not in self._digests:
            parts = self._pictures.get(name) or self.data(name)
            found = hashlib.sha256()
            for part in parts:
                found.update(repr((part.images.shape, str(part.images.dtype), part.level_range, part.classes)).encode())
                found.update(part.images.data)
                found.update(part.labels.data)
            self._digests[name] = found.hexdigest()[:12]
        return self._digests[name]

    @property
    def data_sets(self) -> list[str]:
        """Names of the data sets on this machine, the user's own last."""
        here = [DEFAULT_DATA, *(["mnist"] if "mnist" in self._loaded or mnist.is_available() else [])]
        own = [] if self.own is None else [self.own]
        return [*(name for name in here if name not in own), *own]

    @property
    def choices(self) -> list[DataChoice]:
        """All data sets, in the form that the page receives."""
        found = [self._choice(name) for name in self.data_sets]
        if "mnist" not in self.data_sets:
            note = f"70,000 digits, a download of {_MNIST_BYTES / 1e6:.1f} MB from {mnist.MIRRORS[0].split('/')[2]}"
            found.append(DataChoice("mnist", list(DIGITS), False, note, False, Centring(), False))
        return found

    def _choice(self, name: str) -> DataChoice:
        usual = self.usual_preparation(name)
        return DataChoice(
            name, list(self._classes(name)), True, self._note(name), self.is_raw(name), centring_of(usual),
            usual.dark_ink,
        )  # fmt: skip

    def default_for(self, classes: tuple[str, ...]) -> str:
        """Return the data set for a network: of these classes, or of as many; the user's own before others."""
        names = [*reversed(self.data_sets)]
        same = (name for name in names if self._classes(name) == classes)
        as_many = (name for name in names if len(self._classes(name)) == len(classes))
        return next(same, None) or next(as_many, DEFAULT_DATA)

    def _classes(self, name: str) -> tuple[str, ...]:
        return self._loaded[name].train.classes if name in self._loaded else DIGITS

    def _note(self, name: str) -> str:
        if name in self._loaded and name not in _NOTES:
            return f"{sum(map(len, self._loaded[name])):,} pictures of your own"
        return _NOTES[name]

    @functools.cached_property
    def networks(self) -> list[str]:
        """Names of the shipped networks that the studio can show, the best first."""
        return sorted(filter(_is_shown, models.names()), key=lambda name: (name != models.DEFAULT, name))

    def data(self, name: str, preparation: Preparation | None = None) -> TrainTest:
        """Return a data set by name; pictures of the user's own are prepared, by default in the usual way.

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
            if name in self._pictures:
                return self._prepare(name, preparation or self.usual_preparation(name))
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
