"""Thread pools whose workers start on cores of their own.

The scheduler often places a woken thread on the core of the thread that wakes it, and takes some milliseconds to
separate the two. By then most work of a small network is done. So workers are moved off the caller's core before they
are woken.
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


class ThreadPool:
    """``count`` threads, the caller among them; the others wait for work until the pool is collected.

    Examples
    --------
    >>> ThreadPool(2).run(lambda part: 10 * part, 5)
    [0, 10, 20, 30, 40]
    """

    def __init__(self, count: int) -> None:
        self.count = count
        self._begin()

    def _begin(self) -> None:
        self._process, self._workers = os.getpid(), [_Worker() for _ in range(1, self.count)]
        weakref.finalize(self, _end, self._workers)

    def _follow_fork(self) -> None:
        """A forked process has none of the threads: begin new ones there."""
        if self._workers and self._process != os.getpid():
            self._begin()

    def run(self, work: Callable[[int], T], parts: int | None = None) -> list[T]:
        """Return ``[work(0), work(1), ...]`` for all parts, by default one per thread.

        Thread r does the parts r, r + count, ...
        """
        parts = self.count if parts is None else parts
        self._follow_fork()
        elsewhere = _other_cores() if self._workers else set()

        def mine(rank: int) -> list[T]:
            return [work(part) for part in range(rank, parts, self.count)]

        futures = [worker.submit(functools.partial(mine, rank), elsewhere)
                   for rank, worker in enumerate(self._workers, 1)]  # fmt: skip
        results = [mine(0), *(future.result() for future in futures)]
        return [results[part % self.count][part // self.count] for part in range(parts)]

    def start(self, works: Sequence[Callable[[], object]]) -> None:
        """Have the workers call these, one each, without waiting for them."""
        self._follow_fork()
        elsewhere = _other_cores()
        for worker, work in zip(self._workers, works, strict=True):
            worker.send(work, elsewhere)


class _Worker:
    """A thread that runs what it is sent, one call after another."""

    def __init__(self) -> None:
        self._queue: SimpleQueue[Callable[[], object] | None] = SimpleQueue()
        self._cores: set[int] = set()
        self._thread = threading.Thread(target=_serve, args=(self._queue,), name="pellucid-worker", daemon=True)
        self._thread.start()

    def send(self, work: Callable[[], object], cores: set[int]) -> None:
        """Run work that raises nothing on one of these cores, or on any core if there are none."""
        if cores and cores != self._cores and self._thread.native_id is not None:
            os.sched_setaffinity(self._thread.native_id, cores)
            self._cores = cores
        self._queue.put(work)

    def submit(self, work: Callable[[], T], cores: set[int]) -> Future[T]:
        """`send`, for work whose result or exception is wanted."""
        future: Future[T] = Future()
        self.send(functools.partial(settle, future, work), cores)
        return future

    def end(self) -> None:
        """Let the thread end after the work already sent."""
        self._queue.put(None)


def settle(future: Future[T], work: Callable[[], T]) -> None:
    """Do the work; its result or exception becomes that of the future, for whoever asks for it."""
    try:
        future.set_result(work())
    except BaseException as error:
        future.set_exception(error)


def _serve(queue: SimpleQueue[Callable[[], object] | None]) -> None:
    while (do := queue.get()) is not None:
        do()
        del do  # and what it holds, before waiting for more


def _end(workers: Sequence[_Worker]) -> None:
    for worker in workers:
        worker.end()


_shared_pool: ThreadPool | None = None
_in_use = threading.Lock()
_limit = threading.local()


def run_parallel(work: Callable[[int], T], parts: int, threads: int | None = None) -> list[T]:
    """Return ``[work(0), work(1), ...]``, computed by ``threads`` threads, by default one per core.

    A pool is kept for the next call; if another thread is using it, a pool is made for this call alone.
    """
    count = min(parts, available_cores() if threads is None else threads)
    if count <= 1:
        return [work(part) for part in range(parts)]
    with _borrowed_pool(count) as pool:
        return (pool or ThreadPool(count)).run(work, parts)


def run_with_help(prepare: Callable[[int], Callable[[], object]], count: int) -> None:
    """Call ``prepare(0)()`` here, while other threads call ``prepare(1)()`` and on if they have time.

    ``prepare`` is called in this thread, first for the others, since they take a while to wake up. Nobody waits for
    them: the first call completes the work by itself, and they may not have begun when it returns.
    """
    if count == 1:
        prepare(0)()
        return
    with _borrowed_pool(count) as pool:
        if pool is not None:
            pool.start([prepare(rank) for rank in range(1, count)])
        prepare(0)()


@contextlib.contextmanager
def _borrowed_pool(count: int) -> Iterator[ThreadPool | None]:
    """The shared pool, with ``count`` threads; None while another thread uses it."""
    global _shared_pool
    if not _in_use.acquire(blocking=False):
        yield None
        return
    try:
        if _shared_pool is None or _shared_pool.count != count:
            _shared_pool = ThreadPool(count)
        yield _shared_pool
    finally:
        _in_use.release()


def _forget_pool() -> None:
    """A forked process has none of the threads."""
    global _shared_pool, _in_use
    _shared_pool, _in_use = None, threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_pool)


def available_cores() -> int:
    """The number of cores that this thread may use: those of the process, or fewer within `limited_to`."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(cores, getattr(_limit, "cores", cores))


@contextlib.contextmanager
def limited_to(cores: int) -> Iterator[None]:
    """Within the block, the work of this thread is not shared among more cores than these.

    Examples
    --------
    >>> with limited_to(1):
    ...     available_cores()
    1
    """
    before = vars(_limit).copy()
    _limit.cores = cores
    try:
        yield
    finally:
        vars(_limit).clear()
        vars(_limit).update(before)


def move_to(place: int) -> None:
    """Move this thread to core number ``place`` of those it may use; the scheduler may move it again."""
    if hasattr(os, "sched_setaffinity"):
        cores = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, {cores[place % len(cores)]})
        os.sched_setaffinity(0, cores)


def _other_cores() -> set[int]:
    """The cores this thread may use besides the current one; empty where threads cannot be placed.

    If there is only one, that one.
    """
    core = core_of_this_thread()
    if core is None:
        return set()
    mine = os.sched_getaffinity(0)
    return mine - {core()} or mine


@functools.cache
def core_of_this_thread() -> Callable[[], int] | None:
    """The C library's ``sched_getcpu``, on systems where a thread may choose its cores."""
    if not hasattr(os, "sched_setaffinity"):
        return None
    return getattr(ctypes.CDLL(None), "sched_getcpu", None)
