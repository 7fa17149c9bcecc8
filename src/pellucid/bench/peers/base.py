"""What a peer is: a name, whether it can be used here, and how it does a work."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed_version
from importlib.util import find_spec
from typing import Any

from pellucid.bench.sequence_work import SequenceWork
from pellucid.bench.work import Floats, InferenceWork, TrainingWork, Work
from pellucid.errors import ConfigurationError

TrainingRun = Callable[[], float]
InferenceRun = Callable[[], Floats | list[Any]]
Run = TrainingRun | InferenceRun


class UnsuitedError(ConfigurationError):
    """A peer does not do this kind of work; the message says why."""


class Peer:
    """One way of doing the works, in its best honest form.

    A subclass names itself and overrides `train`, `read` or both. Entrants with the same `name` are one peer in
    several variants, and the fastest of them counts.

    Attributes
    ----------
    name
        Of the library or method.
    variant
        What sets this entrant apart from others of its name, such as "1 thread".
    threads
        How many threads it may use; None: all.
    package
        The distribution whose version is reported.
    modules
        Modules that have to be importable.
    most_steps
        Training works of more updates than this are cut to so many, and their speed taken per image; None: never.
    networks
        Kinds of network that it does.
    """

    name: str
    package: str
    modules: tuple[str, ...] = ()
    most_steps: int | None = None
    networks: tuple[str, ...] = ("dense",)

    def __init__(self, variant: str = "", threads: int | None = None) -> None:
        self.variant = variant
        self.threads = threads

    @property
    def label(self) -> str:
        """The name and the variant."""
        return f"{self.name}, {self.variant}" if self.variant else self.name

    @property
    def version(self) -> str:
        """The version of the installed package."""
        try:
            return installed_version(self.package)
        except PackageNotFoundError:
            return "unknown"

    def available(self) -> str | None:
        """Return None where this peer can be used, else the reason why not."""
        missing = [module for module in self.modules if find_spec(module) is None]
        return f"{' and '.join(missing)} not installed: pip install 'pellucid[bench]'" if missing else None

    def prepare(self, work: Work | SequenceWork) -> Run:
        """Return a function that does the work once, with everything that is done only once already done.

        For a training work the function runs one epoch from the work's own parameters, however often it is called,
        and returns the mean loss of its images, each taken at the time of its batch. For an inference work it
        returns all probabilities, shape (N, K); where images are read one at a time it may as well return the list of
        what each call gave, shape (K,), since laying them together is not part of reading.

        Raises
        ------
        UnsuitedError
            This peer does not do such work.
        """
        if isinstance(work, SequenceWork):
            return self.learn(work)
        if work.network not in self.networks:
            raise UnsuitedError(f"{self.name} does dense networks only here.")
        return self.train(work) if isinstance(work, TrainingWork) else self.read(work)

    def learn(self, work: SequenceWork) -> TrainingRun:
        """Prepare a training work on sequences."""
        raise UnsuitedError(f"{self.name} does not learn sequences here.")

    def train(self, work: TrainingWork) -> TrainingRun:
        """Prepare a training work."""
        raise UnsuitedError(f"{self.name} does not train.")

    def read(self, work: InferenceWork) -> InferenceRun:
        """Prepare an inference work."""
        raise UnsuitedError(f"{self.name} has no reading of its own here.")
