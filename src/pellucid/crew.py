"""Threads that work side by side, each on a core of its own from the beginning.

A thread that is woken is often put on the core of the one that wakes it, and it takes the scheduler some milliseconds
to part them. Most of what a small network is asked for is done by then. So those who help keep off the core they were
called from.
"""

from __future__ import annotations

import ctypes
import functools
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Self, TypeVar

T = TypeVar("T")


class Crew:
    """``count`` threads, of which the caller is the first; the others wait for work until the crew is let go.

    Examples
    --------
    >>> with Crew(2) as crew:
    ...     crew.run(lambda part: 10 * part, 5)
    [0, 10, 20, 30, 40]
    """

    def __init__(self, count: int) -> None:
        self.count = count
        self._pool = ThreadPoolExecutor(count - 1, thread_name_prefix="pellucid") if count > 1 else None

    def run(self, work: Callable[[int], T], parts: int | None = None) -> list[T]:
        """``[work(0), work(1), ...]`` for all parts, by default one a thread; thread r does every ``count``-th."""
        parts = self.count if parts is None else parts
        if self._pool is None:
            return [work(part) for part in range(parts)]
        elsewhere = _other_cores()

        def help_out(rank: int) -> list[T]:
            if elsewhere:
                os.sched_setaffinity(0, elsewhere)  # of this thread alone
            return mine(rank)

        def mine(rank: int) -> list[T]:
            return [work(part) for part in range(rank, parts, self.count)]

        others = [self._pool.submit(help_out, rank) for rank in range(1, self.count)]
        told = [mine(0), *(other.result() for other in others)]
        return [told[part % self.count][part // self.count] for part in range(parts)]

    def close(self) -> None:
        """Let the threads go."""
        if self._pool is not None:
            self._pool.shutdown()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()


def side_by_side(work: Callable[[int], T], parts: int, threads: int | None = None) -> list[T]:
    """``[work(0), work(1), ...]`` by a crew that is let go afterwards; by default of one thread a part."""
    with Crew(min(parts, parts if threads is None else threads)) as crew:
        return crew.run(work, parts)


def available_cores() -> int:
    """Cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def move_to(place: int) -> None:
    """Move this thread to the core that is number ``place`` of those it may use; the scheduler may move it again."""
    if hasattr(os, "sched_setaffinity"):
        cores = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, {cores[place % len(cores)]})
        os.sched_setaffinity(0, cores)


def _other_cores() -> set[int]:
    """The cores this thread may use, but for the one it is on; empty where that cannot be told or leaves none."""
    here = _core_of_this_thread()
    return set() if here is None else os.sched_getaffinity(0) - {here()}


@functools.cache
def _core_of_this_thread() -> Callable[[], int] | None:
    """The C library's ``sched_getcpu``, on systems that let a thread choose its cores."""
    if not hasattr(os, "sched_setaffinity"):
        return None
    return getattr(ctypes.CDLL(None), "sched_getcpu", None)
