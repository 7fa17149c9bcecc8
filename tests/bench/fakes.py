"""Fake peers and results for tests."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from pellucid.bench.limits import Limits
from pellucid.bench.machine import Machine
from pellucid.bench.peers import Peer, UnsuitedError
from pellucid.bench.results import Entry, Result
from pellucid.bench.suite import Report
from pellucid.bench.work import InferenceWork, TrainingWork


class Clock:
    """A clock that only moves when a fake peer works."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Fake(Peer):
    """Takes a given time per image, and records its calls."""

    package = "pellucid-fake"

    def __init__(
        self,
        name: str,
        pace: float = 1.0,
        variant: str = "",
        *,
        clock: Clock | None = None,
        calls: list[str] | None = None,
        loss: Callable[[TrainingWork], float] = lambda work: 0.5,
        most_steps: int | None = None,
        unavailable: str | None = None,
    ) -> None:
        super().__init__(variant)
        self.name, self.pace, self.loss, self.most_steps, self.unavailable = name, pace, loss, most_steps, unavailable
        self.clock = clock or Clock()
        self.calls = [] if calls is None else calls

    def available(self) -> str | None:
        return self.unavailable

    def train(self, work: TrainingWork) -> Callable[[], float]:
        def run() -> float:
            self.calls.append(self.label)
            self.clock.now += self.pace * work.count
            return self.loss(work)

        return run

    def read(self, work: InferenceWork) -> Callable[[], np.ndarray]:
        if self.name == "Illiterate":
            raise UnsuitedError("Illiterate does not read.")

        def run() -> np.ndarray:
            self.clock.now += self.pace * work.count
            return np.full((work.count, 3), self.loss(work), np.float32)

        return run


def entry(peer: str, ratios: list[float], **changes: object) -> Entry:
    fields = {
        "peer": peer,
        "variant": "",
        "version": "1.0",
        "images": 1000,
        "seconds": [0.001 * ratio for ratio in ratios],
        "ratios": ratios,
        "warm_up": 0.1,
        "loss": 0.5,
        "difference": 0.0,
        "agrees": True,
        "threads": 1,
    }
    return Entry(**{**fields, **changes})


def result(*entries: Entry, **changes: object) -> Result:
    fields = {
        "work": "train tiny",
        "training": True,
        "images": 1000,
        "layers": (784, 16, 10),
        "batch_size": 32,
        "baseline": "Pellucid",
        "entries": [entry("Pellucid", [1.0, 1.0, 1.0]), *entries],
        "skipped": {},
    }
    return Result(**{**fields, **changes})


def report(*results: Result, limits: bool = True) -> Report:
    return Report(
        machine=Machine("Abacus", 2, "System", "3.11", "2.0"),
        limits=Limits(2, 1e11, 2e11, 1e10, 2e10, 1e10, 2e10) if limits else None,
        created="2030-01-01T00:00:00+00:00",
        rounds=3,
        baseline="Pellucid",
        ink=100.0,
        peers={"Pellucid": "1.0", "Rival": "rival not installed"},
        results=list(results),
    )
