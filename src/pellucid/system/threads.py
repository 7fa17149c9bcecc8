"""Threads that work side by side, each on a core of its own from the beginning.

A thread that is woken is often put on the core of the one that wakes it, and it takes the scheduler some milliseconds
to part them. Most of what a small network is asked for is done by then. So those who help are kept off the core they
are called from, before they are woken.
"""

from __future__ import annotations

import contextlib
import ctypes
import functools
import os
import threading
import weakref
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from queue import SimpleQueue
from typing import TypeVar

T = TypeVar("T")


class Crew:
    """``count`` threads, of which the caller is the first; the others wait for work as long as the crew is there.

    Examples
    --------
    >>> Crew(2).run(lambda part: 10 * part, 5)
    [0, 10, 20, 30, 40]
    """

    def __init__(self, count: int) -> None:
        self.count = count
        self._helpers = [_Helper() for _ in range(1, count)]
        weakref.finalize(self, _dismiss, self._helpers)

    def run(self, work: Callable[[int], T], parts: int | None = None) -> list[T]:
        """``[work(0), work(1), ...]`` for all parts, by default one a thread; thread r does every ``count``-th."""
        parts = self.count if parts is None else parts
        elsewhere = _other_cores() if self._helpers else set()

        def mine(rank: int) -> list[T]:
            return [work(part) for part in range(rank, parts, self.count)]

        others = [helper.ask(functools.partial(mine, rank), elsewhere) for rank, helper in enumerate(self._helpers, 1)]
        told = [mine(0), *(other.result() for other in others)]
        return [told[part % self.count][part // self.count] for part in range(parts)]

    def lend(self, works: Sequence[Callable[[], object]]) -> None:
        """Have the helpers call these, one each, without waiting for them."""
        elsewhere = _other_cores()
        for helper, work in zip(self._helpers, works, strict=True):
            helper.send(work, elsewhere)


class _Helper:
    """A thread that does what it is asked for, one thing after another."""

    def __init__(self) -> None:
        self._asked: SimpleQueue[Callable[[], object] | None] = SimpleQueue()
        self._cores: set[int] = set()
        self._thread = threading.Thread(target=_serve, args=(self._asked,), name="pellucid-crew", daemon=True)
        self._thread.start()

    def send(self, work: Callable[[], object], cores: set[int]) -> None:
        """Have something done, which raises nothing, on one of these cores, or on any where there are none."""
        if cores and cores != self._cores and self._thread.native_id is not None:
            os.sched_setaffinity(self._thread.native_id, cores)
            self._cores = cores
        self._asked.put(work)

    def ask(self, work: Callable[[], T], cores: set[int]) -> Future[T]:
        """`send`, for what is told in the end, or raised."""
        future: Future[T] = Future()

        def do() -> None:
            try:
                future.set_result(work())
            except BaseException as error:  # whoever asked is told, whatever it is
                future.set_exception(error)

        self.send(do, cores)
        return future

    def dismiss(self) -> None:
        """Let the thread end when it has done what it was asked for."""
        self._asked.put(None)


def _serve(asked: SimpleQueue[Callable[[], object] | None]) -> None:
    while (do := asked.get()) is not None:
        do()
        del do  # and with it what it holds, until there is more to do


def _dismiss(helpers: Sequence[_Helper]) -> None:
    for helper in helpers:
        helper.dismiss()


_standing: Crew | None = None
_taken = threading.Lock()


def side_by_side(work: Callable[[int], T], parts: int, threads: int | None = None) -> list[T]:
    """``[work(0), work(1), ...]``, by as many threads as there are cores or the ``threads`` that are asked for.

    Their crew waits for the next call; where others have it, one is made for this call alone.
    """
    count = min(parts, available_cores() if threads is None else threads)
    if count <= 1:
        return [work(part) for part in range(parts)]
    with _standing_crew(count) as crew:
        return (crew or Crew(count)).run(work, parts)


def help_out(prepare: Callable[[int], Callable[[], object]], count: int) -> None:
    """Call ``prepare(0)()`` here, and let other threads call ``prepare(1)`` and on meanwhile, where any have time.

    ``prepare`` is called here, for them first: it takes them a while to wake up. Nobody waits for them: the first call
    sees to it that all is done when it returns, and by then they may not have begun.
    """
    if count == 1:
        prepare(0)()
        return
    with _standing_crew(count) as crew:
        if crew is not None:
            crew.lend([prepare(rank) for rank in range(1, count)])
        prepare(0)()


@contextlib.contextmanager
def _standing_crew(count: int) -> Iterator[Crew | None]:
    """The crew that waits for the next call, of ``count`` threads; None where others have it."""
    global _standing
    if not _taken.acquire(blocking=False):
        yield None
        return
    try:
        if _standing is None or _standing.count != count:
            _standing = Crew(count)
        yield _standing
    finally:
        _taken.release()


def _forget_crew() -> None:
    """A process that was forked has none of the threads."""
    global _standing, _taken
    _standing, _taken = None, threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_crew)


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
    """The cores this thread may use, if it can be but for the one it is on; empty where threads cannot be placed."""
    core = core_of_this_thread()
    if core is None:
        return set()
    mine = os.sched_getaffinity(0)
    return mine - {core()} or mine


@functools.cache
def core_of_this_thread() -> Callable[[], int] | None:
    """The C library's ``sched_getcpu``, on systems that let a thread choose its cores."""
    if not hasattr(os, "sched_setaffinity"):
        return None
    return getattr(ctypes.CDLL(None), "sched_getcpu", None)
