"""Bounds on speed that hold on any machine: CPU time, relative to other work measured at the same time."""

from __future__ import annotations

import time
from collections.abc import Callable


def times_as_long(work: Callable[[], object], as_work: Callable[[], object], rounds: int = 3) -> float:
    """How many times the CPU time of ``as_work`` the CPU time of ``work`` is, each the least of several."""
    seconds = [(cpu_seconds(work), cpu_seconds(as_work)) for _ in range(rounds)]
    return min(first for first, _ in seconds) / min(second for _, second in seconds)


def cpu_seconds(work: Callable[[], object]) -> float:
    begin = time.process_time()
    work()
    return time.process_time() - begin
