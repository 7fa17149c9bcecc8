"""The data sets, shipped networks and kept runs that all sessions share; each data set is loaded once."""

from __future__ import annotations

import functools
import hashlib
import math
import threading
import weakref
from collections.abc import Callable, Mapping
from typing import Any

from pellucid import data, models
from pellucid.data import mnist
from pellucid.data.columns import Columns
from pellucid.data.dataset import Dataset, TrainTest
from pellucid.data.preparation import Preparation, Prepared, prepared
from pellucid.data.tabular import Table
from pellucid.errors import PellucidError
from pellucid.inspect.familiarity import Familiarity
from pellucid.lessons.log import LessonLog
from pellucid.network.files import load
from pellucid.studio.protocol.parts import Centring, DataChoice, LearnPlan
from pellucid.studio.protocol.refusal import RefusedError
from pellucid.studio.state.edited_network import EditedNetwork, centring_of, check_suitable
from pellucid.studio.state.first_plan import first_plan, ready_plans
from pellucid.studio.state.input_form import SIDE
from pellucid.studio.state.kept_runs import KeptRuns
from pellucid.studio.state.own_data import load_own
from pellucid.studio.state.spoken_plans import spoken_choice
from pellucid.studio.state.spoken_sets import SpokenSets

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
    table : mapping, optional
        How to read the user's own data where they are a table, as keyword arguments of `pellucid.data.load`.
    lessons : LessonLog, optional
        What was done in the lessons; by default it is not kept.
    """

    def __init__(
        self,
        own: str | None = None,
        runs: KeptRuns | None = None,
        table: Mapping[str, Any] | None = None,
        lessons: LessonLog | None = None,
    ) -> None:
        self.runs, self.lessons = runs or KeptRuns(), lessons or LessonLog()
        self._table = dict(table or {})
        self._standardize = bool(self._table.pop("standardize", False))
        self._lock, self._fetching = threading.Lock(), threading.Lock()
        self.slots = threading.BoundedSemaphore(MAX_TRAININGS)
        self.spoken = SpokenSets()
        self._loaded: dict[str, TrainTest] = {}
        self._pictures: dict[str, TrainTest] = {}
        self._usual: dict[str, Preparation] = {}
        self._prepared: dict[tuple[str, Preparation], TrainTest] = {}
        self._standardized: dict[tuple[str, bytes, bytes], TrainTest] = {}
        self._digests: dict[str, str] = {}
        self._known: weakref.WeakKeyDictionary[Dataset, Familiarity | None] = weakref.WeakKeyDictionary()
        self.own: str | None = None if own is None else self._load_own(own)
        """Name of the user's own data."""

    def _load_own(self, source: str) -> str:
        """Keep the user's own data: pictures that have to be prepared, images that are, or rows; return their name."""
        own = load_own(source, self._table, standardize=self._standardize)
        name, parts = own.name, own.parts
        self._loaded[name], pictures, how = prepared(parts) if own.may_need_preparation else Prepared(parts)
        if pictures is not None and how is not None:
            self._pictures[name], self._usual[name], self._prepared[name, how] = pictures, how, self._loaded[name]
        return name

    def usual_preparation(self, name: str) -> Preparation:
        """Return how a data set is prepared unless somebody chooses otherwise."""
        return self._usual.get(name, Preparation())

    def is_raw(self, name: str) -> bool:
        """Whether a data set consists of pictures that have to be prepared."""
        return name in self._pictures

    def pictures(self, name: str) -> TrainTest | None:
        """Return the pictures of a data set as they were before their preparation, where there is one."""
        return self._pictures.get(name)

    def columns(self, name: str, standardize: bool) -> Columns | None:
        """Return the features of a data set, and how a new network takes them; None for pictures."""
        train = self.data(name).train
        if not isinstance(train, Table):
            return None
        return train.standardized().columns if standardize else train.columns

    def _prepare_table(self, name: str, columns: Columns | None) -> TrainTest:
        """Return a table as a network with these columns takes it."""
        loaded = self._loaded[name]
        train, test = loaded
        if columns is None or columns.mean is None or columns.scale is None:
            return loaded
        if not isinstance(train, Table) or not isinstance(test, Table) or train.features != columns.features:
            return loaded
        key = name, columns.mean.tobytes(), columns.scale.tobytes()
        if key not in self._standardized:
            while len(self._standardized) >= MAX_PREPARED:
                self._standardized.pop(next(iter(self._standardized)))
            self._standardized[key] = TrainTest(train.prepared_by(columns), test.prepared_by(columns))
        return self._standardized[key]

    def _prepare(self, name: str, preparation: Preparation) -> TrainTest:
        key = (name, preparation)
        if key not in self._prepared:
            while len(self._prepared) >= MAX_PREPARED:
                self._prepared.pop(next(iter(self._prepared)))
            self._prepared[key] = preparation.apply(self._pictures[name])
        return self._prepared[key]

    def familiarity(self, name: str, preparation: Preparation) -> Familiarity | None:
        """Return the measure of what is unlike the training images of a data set; None if it is too small for one."""
        train = self.data(name, preparation).train
        if train not in self._known:
            self._known[train] = Familiarity.of(train)
        return self._known[train]

    def digest(self, name: str) -> str:
        """Return what tells the images and labels of a data set from all others, before their preparation."""
        if name not in self._digests:
            parts = self._pictures.get(name) or self.data(name)
            found = hashlib.sha256()
            for part in parts:
                found.update(repr((part.images.shape, str(part.images.dtype), part.level_range, part.classes)).encode())
                found.update(part.images.data)
                found.update(part.targets.data)
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
        """All data sets, in the form that the page receives, those of spoken digits last."""
        found = [self._choice(name) for name in self.data_sets]
        if "mnist" not in self.data_sets:
            note = f"70,000 digits, a download of {_MNIST_BYTES / 1e6:.1f} MB from {mnist.MIRRORS[0].split('/')[2]}"
            plan = first_plan("mnist", (SIDE, SIDE), len(DIGITS), Preparation())
            found.append(
                DataChoice(
                    "mnist", list(DIGITS), False, note, False, Centring(), False, SIDE**2, [SIDE, SIDE], False,
                    "classes", plan, ready_plans(plan, (SIDE, SIDE), len(DIGITS)), False,
                )
            )  # fmt: skip
        return found + [spoken_choice(name) for name in self.spoken.names]

    def _choice(self, name: str) -> DataChoice:
        usual, values, plan = self.usual_preparation(name), self._has_values(name), self.first_plan(name)
        return DataChoice(
            name, list(self._classes(name)), True, self._note(name), self.is_raw(name), centring_of(usual),
            usual.dark_ink, math.prod(self._shape(name)), list(self._shape(name)),
            self._features(name) is not None,
            "values" if values else "classes", plan,
            ready_plans(plan, self._shape(name), 0 if values else len(self._classes(name))), False,
        )  # fmt: skip

    def first_plan(self, name: str) -> LearnPlan:
        """Return a plan that suits a data set on this machine."""
        return first_plan(
            name, self._shape(name), len(self._classes(name)), self.usual_preparation(name),
            values=self._has_values(name), table=self._features(name) is not None, standardize=self._standardize,
        )  # fmt: skip

    def default_for(self, edited: EditedNetwork) -> str | None:
        """Return the data set for a network: of its classes, or of as many; the user's own before others.

        None where no data set on this machine suits its inputs and outputs.
        """
        fitting = [name for name in reversed(self.data_sets) if self.suits(name, edited)]
        same = (name for name in fitting if self.suits(name, edited, named=True))
        return next(same, None) or next(iter(fitting), None)

    def suits(self, name: str, edited: EditedNetwork, *, named: bool = False) -> bool:
        """Whether a network has an input for each number of a data set, and an output for each class or value.

        With ``named``, its outputs also have the names of the classes or values.
        """
        net, features, classes = edited.net, self._features(name), self._classes(name)
        inputs = math.prod(self._shape(name)) == math.prod(net.input_shape)
        inputs &= edited.columns is None or features in (None, edited.columns.features)
        outputs = classes == net.classes if named else len(classes) == net.output_shape[0]
        return inputs and outputs and self._has_values(name) == edited.predicts_values

    def _features(self, name: str) -> tuple[str, ...] | None:
        """The features of a table; None for pictures."""
        train = self._loaded[name].train if name in self._loaded else None
        return train.features if isinstance(train, Table) else None

    def _shape(self, name: str) -> tuple[int, ...]:
        return self._loaded[name].train.shape if name in self._loaded else (SIDE, SIDE)

    def _has_values(self, name: str) -> bool:
        return name in self._loaded and not self._loaded[name].train.has_classes

    def _classes(self, name: str) -> tuple[str, ...]:
        return self._loaded[name].train.classes if name in self._loaded else DIGITS

    def _note(self, name: str) -> str:
        if name in self._loaded and name not in _NOTES:
            kind = "pictures" if len(self._shape(name)) > 1 else "rows"
            return f"{sum(map(len, self._loaded[name])):,} {kind} of your own"
        return _NOTES[name]

    @functools.cached_property
    def networks(self) -> list[str]:
        """Names of the shipped networks that the studio can show, the best first."""
        return sorted(filter(_is_shown, models.names()), key=lambda name: (name != models.DEFAULT, name))

    def data(self, name: str, preparation: Preparation | None = None, columns: Columns | None = None) -> TrainTest:
        """Return a data set by name, as a network takes it.

        Pictures of the user's own are prepared, by default in the usual way; tables by the ``columns`` of the network.

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
            return self._prepare_table(name, columns)

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
            raise RefusedError("busy", "A download is already running: wait until it ends.")
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
        net = load(name)
        check_suitable(net)
    except PellucidError:
        return False
    return net.classes == DIGITS
