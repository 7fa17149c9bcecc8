"""The interface of a peer: its name, whether it is available, and how it runs a workload."""

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
    """Raised if a peer does not support this kind of workload; the message says why."""


class Peer:
    """One way of running the workloads, in its best fair form.

    A subclass sets its name and overrides `train`, `read` or both. Entrants with the same `name` are variants of one
    peer, and the fastest of them counts.

    Attributes
    ----------
    name
        Name of the library or method.
    variant
        What distinguishes this entrant from others of its name, such as "1 thread".
    threads
        Number of threads it may use; None: all.
    package
        The distribution that gives the version.
    modules
        Modules that must be importable.
    most_steps
        Training workloads with more updates are cut to this number, and the speed is computed per image; None: never.
    networks
        Kinds of network that it supports.
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
        """Return None if this peer can be used, otherwise the reason why not."""
        missing = [module for module in self.modules if find_spec(module) is None]
        return f"{' and '.join(missing)} not installed: pip install 'pellucid[bench]'" if missing else None

    def prepare(self, work: Work | SequenceWork) -> Run:
        """Return a function that runs the workload once, after all one-time preparation.

        For a training workload, each call of the function runs one epoch from the initial parameters, and returns the
        mean loss of its images, each at the time of its batch. For an inference workload, it returns all probabilities,
        shape (N, K). For one image at a time it may return a list with the result (K,) of each call, since joining them
        is not part of inference.

        Raises
        ------
        UnsuitedError
            If this peer does not support this workload.
        """
        if isinstance(work, SequenceWork):
            return self.learn(work)
        if work.network not in self.networks:
            raise UnsuitedError(f"{self.name} does dense networks only here.")
        return self.train(work) if isinstance(work, TrainingWork) else self.read(work)

    def learn(self, work: SequenceWork) -> TrainingRun:
        """Prepare a training workload on sequences."""
        raise UnsuitedError(f"{self.name} does not train on sequences here.")

    def train(self, work: TrainingWork) -> TrainingRun:
        """Prepare a training workload."""
        raise UnsuitedError(f"{self.name} does not train.")

    def read(self, work: InferenceWork) -> InferenceRun:
        """Prepare an inference workload."""
        raise UnsuitedError(f"{self.name} does no inference here.")
