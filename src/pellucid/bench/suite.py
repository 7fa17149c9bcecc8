"""The whole benchmark: all workloads and peers, this machine and its limits, in one report that is saved as JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pellucid.bench.limits import Limits, measure_limits
from pellucid.bench.machine import Machine, describe
from pellucid.bench.measure import BASELINE, ROUNDS, Progress, measure
from pellucid.bench.peers import Peer, everyone
from pellucid.bench.results import Entry, Result, Variant
from pellucid.bench.sequence_work import SequenceWork
from pellucid.bench.work import Work, average_ink
from pellucid.errors import ConfigurationError, FileFormatError
from pellucid.system.atomic_write import write_whole

FORMAT = 1


@dataclass(frozen=True)
class Report:
    """All results of a benchmark.

    Attributes
    ----------
    machine, limits
        The machine and its limits; None if the limits were not measured.
    created
        Date and time, UTC, ISO 8601.
    rounds
        Rounds of each workload.
    baseline
        The peer that ratios refer to.
    ink
        Average number of non-zero values per image.
    peers
        The version of each available entrant, or the reason why it is unavailable.
    results
        One result for each workload.
    variants
        Pellucid compared with itself; empty if not requested.
    """

    machine: Machine
    limits: Limits | None
    created: str
    rounds: int
    baseline: str
    ink: float
    peers: dict[str, str]
    results: list[Result]
    variants: list[Variant] = field(default_factory=list)

    def to_json(self) -> str:
        """Return the report as JSON, including medians and ratios."""
        content = {"format": FORMAT, **asdict(self)}
        for plain, result in zip(content["results"], self.results, strict=True):
            for fields, entry in zip(plain["entries"], result.entries, strict=True):
                fields |= {"ratio": entry.ratio, "images_per_second": entry.images_per_second}
        for fields, variant in zip(content["variants"], self.variants, strict=True):
            fields |= {"ratio": variant.ratio}
        return json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False)


def compare(
    works: Sequence[Work | SequenceWork],
    peers: Sequence[Peer] | None = None,
    *,
    baseline: str = BASELINE,
    rounds: int = ROUNDS,
    limits: bool = True,
    progress: Progress | None = None,
) -> Report:
    """Measure every peer on every workload.

    Parameters
    ----------
    works
        At least one, such as `training_works(images, labels)`.
    peers
        The entrants; None: all of them.
    baseline, rounds, progress
        As in `measure`.
    limits
        Whether to measure the limits of the machine too.
    """
    if not works:
        raise ConfigurationError("A benchmark needs at least one workload, got none.")
    peers = everyone() if peers is None else peers
    if progress and limits:
        progress("measuring the limits of this machine")
    ceiling = measure_limits() if limits else None
    return Report(
        machine=describe(),
        limits=ceiling,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        rounds=rounds,
        baseline=baseline,
        ink=next((average_ink(work.images) for work in works if not isinstance(work, SequenceWork)), 0.0),
        peers={peer.label: peer.available() or peer.version for peer in peers},
        results=[measure(work, peers, baseline=baseline, rounds=rounds, progress=progress) for work in works],
    )


def save(report: Report, path: str | Path) -> None:
    """Write a report as JSON."""
    write_whole(Path(path), f"{report.to_json()}\n".encode())


def load(path: str | Path) -> Report:
    """Read a report that `save` wrote.

    Raises
    ------
    FileFormatError
        If the file is not such a report.
    """
    try:
        return _report(json.loads(Path(path).read_text(encoding="utf-8")))
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise FileFormatError(
            f"Expected a benchmark report of format {FORMAT} in {path}, got something else ({error}): "
            "write one with `pellucid bench --json`."
        ) from error


def _report(content: dict[str, Any]) -> Report:
    if content.pop("format") != FORMAT:
        raise ValueError("another format")
    limits = content.pop("limits")
    return Report(
        machine=Machine(**content.pop("machine")),
        limits=limits and Limits(**limits),
        results=[_result(fields) for fields in content.pop("results")],
        variants=[_variant(fields) for fields in content.pop("variants", [])],
        **content,
    )


def _result(fields: dict[str, Any]) -> Result:
    layers, entries = tuple(fields.pop("layers")), fields.pop("entries")
    return Result(layers=layers, entries=[_entry(each) for each in entries], **fields)


def _entry(fields: dict[str, Any]) -> Entry:
    derived = ("ratio", "images_per_second")
    return Entry(**{name: value for name, value in fields.items() if name not in derived})


def _variant(fields: dict[str, Any]) -> Variant:
    return Variant(**{name: value for name, value in fields.items() if name != "ratio"})
