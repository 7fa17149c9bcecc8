"""The workers of an executor of ``concurrent.futures``, or of one with its methods."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from concurrent.futures import BrokenExecutor, Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from typing import Any

from pellucid.errors import ConfigurationError
from pellucid.system.threads import available_cores
from pellucid.training.remote.parcel import Content, FileReference, Reference
from pellucid.training.remote.pool import Pool

CHOICES = 'an executor, a function that makes one, "threads", "processes" or "ray"'


class ExecutorPool(Pool):
    """The workers of an executor.

    Parameters
    ----------
    executor : Executor or callable
        A function makes executors of its own, which are replaced when they break, and shut down at the end.
    workers : int, optional
        By default what the executor says, otherwise one per core.
    """

    def __init__(self, executor: Executor | Callable[[], Executor], workers: int | None = None) -> None:
        self._make = None if isinstance(executor, Executor) else executor
        self._executor: Executor = executor if isinstance(executor, Executor) else _made(executor)
        self.workers = workers or _workers_of(self._executor) or available_cores()
        self.pickles = isinstance(self._executor, ProcessPoolExecutor)
        self._content: tuple[Any, Content] | None = None
        self._file: FileReference | None = None

    def submit(self, task: Callable[..., Any], *arguments: Any) -> Future[Any]:
        """See `Pool.submit`."""
        return self._executor.submit(task, *arguments)

    def put(self, value: Any) -> Reference:
        """See `Pool.put`: threads use the object itself, processes of this machine a file."""
        if isinstance(self._executor, ThreadPoolExecutor):
            return Held(value)
        content = Content.of(value)
        reference = FileReference(content.digest)
        self._content, self._file = (value, content), reference
        reference.write(content.parts())
        return reference

    def content(self, value: Any) -> Reference | None:
        """See `Pool.content`."""
        content = self._content[1] if self._content and self._content[0] is value else Content.of(value)
        return FileReference(content.digest, b"".join(content.parts()))

    def revive(self) -> bool:
        """See `Pool.revive`: a function makes another executor."""
        if self._make is None:
            return False
        self._shut_down()
        self._executor = _made(self._make)
        return True

    def close(self, *, at_once: bool) -> None:
        """See `Pool.close`: an executor that was given stays as it is."""
        if self._file is not None:
            self._file.remove()
        if self._make is None:
            return
        if at_once:
            for process in (getattr(self._executor, "_processes", None) or {}).values():
                process.terminate()
        self._shut_down()

    def _shut_down(self) -> None:
        with contextlib.suppress(BrokenExecutor):
            self._executor.shutdown(wait=False)


class Held(Reference):
    """The object itself."""

    def __init__(self, value: Any) -> None:
        self._value = value

    def fetch(self) -> Any:
        """See `Reference.fetch`."""
        return self._value

    open = fetch


def _made(make: Callable[[], Executor]) -> Executor:
    executor = make()
    if not isinstance(executor, Executor):
        raise ConfigurationError(f"on expected {CHOICES}; got a function that returned {executor!r}.")
    return executor


def _workers_of(executor: Executor) -> int | None:
    """How many workers an executor says that it has: those of the library and loky, and mpi4py's."""
    for name in ("num_workers", "_max_workers"):
        found = getattr(executor, name, None)
        if isinstance(found, int) and found > 0:
            return found
    return None
