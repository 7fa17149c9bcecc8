"""What a run of the campaigns has done so far, kept in a JSON file so that it can be resumed."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pellucid.system.atomic_write import write_whole
from tools.fuzz.failures import CRASH, KINDS, UNTYPED, WRONG, Failure

_MOST_FAILURES = 1000
"""Failures kept with their messages; the others are only counted."""


@dataclass
class Progress:
    """The counts of one campaign.

    ``next`` is the first case number that was never given out; ``pending`` has ranges [begin, end) before it that were
    given back. ``seconds`` is the time for which the campaign ran.
    """

    next: int = 0
    pending: list[list[int]] = field(default_factory=list)
    cases: int = 0
    accepted: int = 0
    refused: int = 0
    failures: dict[str, int] = field(default_factory=lambda: dict.fromkeys(KINDS, 0))
    most_seconds: float = 0.0
    most_bytes: int = 0
    seconds: float = 0.0

    @property
    def inputs(self) -> int:
        """Inputs so far: a case without an answer counts as one."""
        return self.accepted + self.refused + sum(self.failures[kind] for kind in (CRASH, UNTYPED, WRONG))

    def take(self, count: int) -> tuple[int, int]:
        """Return a range of at most ``count`` case numbers to run."""
        if self.pending:
            begin, end = self.pending.pop()
            if end - begin > count:
                self.pending.append([begin + count, end])
            return begin, min(end, begin + count)
        self.next += count
        return self.next - count, self.next

    def give_back(self, begin: int, end: int) -> None:
        """Note that a range was not run."""
        if begin < end:
            self.pending.append([begin, end])

    def done(self, accepted: int, refused: int, seconds: float, grown: int) -> None:
        """Count a case."""
        self.cases += 1
        self.accepted += accepted
        self.refused += refused
        self.most_seconds = max(self.most_seconds, seconds)
        self.most_bytes = max(self.most_bytes, grown)


@dataclass
class State:
    """All campaigns."""

    seed: int = 0
    campaigns: dict[str, Progress] = field(default_factory=dict)
    failures: list[Failure] = field(default_factory=list)

    def progress(self, name: str) -> Progress:
        """Return the counts of a campaign."""
        return self.campaigns.setdefault(name, Progress())

    def fail(self, failure: Failure) -> None:
        """Count a failure."""
        self.progress(failure.campaign).failures[failure.kind] += 1
        if len(self.failures) < _MOST_FAILURES:
            self.failures.append(failure)

    @property
    def failed(self) -> bool:
        """Whether anything failed."""
        return any(sum(progress.failures.values()) for progress in self.campaigns.values())

    def save(self, path: Path) -> None:
        """Write it, whole or not at all."""
        write_whole(path, json.dumps(dataclasses.asdict(self), indent=1).encode())

    @classmethod
    def load(cls, path: Path, seed: int) -> State:
        """Read it; a missing file is a new state.

        Raises
        ------
        ValueError
            If the file is of another seed.
        """
        if not path.exists():
            return cls(seed)
        plain: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if plain["seed"] != seed:
            raise ValueError(f"{path} was made with --seed {plain['seed']}, not {seed}.")
        campaigns = {name: Progress(**each) for name, each in plain["campaigns"].items()}
        return cls(seed, campaigns, [Failure.of(each) for each in plain["failures"]])
