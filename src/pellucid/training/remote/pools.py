"""What ``on`` means to `pellucid.train_many` and its kin."""

from __future__ import annotations

import multiprocessing
import signal
from collections.abc import Callable
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from itertools import count
from typing import cast

from pellucid.errors import ConfigurationError
from pellucid.system.threads import available_cores, move_to
from pellucid.training.remote.executor_pool import CHOICES, ExecutorPool
from pellucid.training.remote.pool import Pool

On = Executor | Callable[[], Executor] | str | None
"""An executor; a function that makes one; "threads", "processes" or "ray"; None stands for "threads"."""


def pool_for(on: On, workers: int | None) -> Pool:
    """The pool that ``on`` names.

    Raises
    ------
    ConfigurationError
        For anything else, or a package that is not installed.
    """
    check_on(on)
    wanted = workers or available_cores()
    if on is None or on == "threads":
        return ExecutorPool(lambda: _own_threads(wanted), wanted)
    if on == "processes":
        return ExecutorPool(lambda: _own_processes(wanted), wanted)
    if on == "ray":
        from pellucid.training.remote.ray_pool import RayPool

        return RayPool(workers)
    return ExecutorPool(cast("Executor", on), workers)


def check_on(on: On) -> None:
    """Raise for what names no pool."""
    if not (on is None or isinstance(on, Executor) or callable(on) or on in ("threads", "processes", "ray")):
        raise ConfigurationError(f"on expected {CHOICES}; got {on!r}.")


def _own_threads(workers: int) -> ThreadPoolExecutor:
    places = count()
    return ThreadPoolExecutor(workers, "pellucid-train", lambda: move_to(next(places)))


def _own_processes(workers: int) -> ProcessPoolExecutor:
    return ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn"), initializer=_begin_process)


def _begin_process() -> None:
    """Leave Ctrl-C to the process that is waiting for the results."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
