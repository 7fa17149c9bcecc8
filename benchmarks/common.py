"""Shared parts of the scripts in this folder: options, data, turns, tables and files."""

from __future__ import annotations

import argparse
import gc
import json
import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

import pellucid as pl
from pellucid.bench.machine import describe

RESULTS = Path(__file__).parent / "results"
PAUSE = 0.005

Run = Callable[[], object]


class Seconds(float):
    """The result of a run that measures its own time."""


def options(description: str, rounds: int = 5) -> argparse.ArgumentParser:
    """Return the options of all scripts."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--data", default="mnist", help="mnist (the default), digits, or a path")
    parser.add_argument("--rounds", type=int, default=rounds, help=f"turns of each variant (default {rounds})")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the results as JSON")
    return parser


def one_core() -> None:
    """Keep this process and its children on one core, if the system supports it."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


def network(
    hidden: Sequence[int] = (16, 16), activation: str = "sigmoid", seed: int = 0, initialization: str | None = None
) -> pl.Network:
    """Return a network of dense layers for 28x28 images and ten classes."""
    layers = [pl.Dense(size, activation, initialization=initialization) for size in hidden]
    return pl.Network([*layers, pl.Dense(10, "softmax")], input_shape=(28, 28), seed=seed)


def in_turns(runs: Mapping[str, Run], rounds: int) -> dict[str, list[float]]:
    """Return the seconds of each run in each round: A B C, A B C, and so on, after a first turn that does not count."""
    seconds: dict[str, list[float]] = {name: [] for name in runs}
    gc.collect()
    gc.disable()
    try:
        for number in range(rounds + 1):
            for name, run in runs.items():
                took = timed(run)
                if number:
                    seconds[name].append(took)
    finally:
        gc.enable()
    return seconds


def timed(run: Run) -> float:
    """Return the seconds of one run."""
    time.sleep(PAUSE)
    begin = time.perf_counter()
    told = run()
    took = time.perf_counter() - begin
    return float(told) if isinstance(told, Seconds) else took


def ratio(of: Sequence[float], to: Sequence[float]) -> float:
    """Return the median over the rounds of the ratio of two times."""
    return median(a / b for a, b in zip(of, to, strict=True))


def duration(seconds: float) -> str:
    """Format seconds in a suitable unit.

    Examples
    --------
    >>> duration(1.234), duration(0.0345), duration(0.0000072)
    ('1.23 s', '34.5 ms', '7.2 µs')
    """
    unit, scale = next(((u, s) for u, s in (("s", 1.0), ("ms", 1e-3)) if seconds >= s), ("µs", 1e-6))
    return f"{seconds / scale:.3g} {unit}"


def tell(title: str, headings: Sequence[str], rows: Sequence[Sequence[str]]) -> dict[str, Any]:
    """Print a table, and return it in the form that is saved."""
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table

    shown = Table(*headings, title=title, box=SIMPLE_HEAD)
    for row in rows:
        shown.add_row(*row)
    Console().print(shown)
    return {"title": title, "headings": list(headings), "rows": [list(row) for row in rows]}


def write(path: Path | None, measured: Mapping[str, Any]) -> None:
    """Write the results as JSON, with the machine and the time."""
    if path is not None:
        about = {"machine": asdict(describe()), "created": datetime.now(UTC).isoformat(timespec="seconds")}
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({**about, **measured}, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
