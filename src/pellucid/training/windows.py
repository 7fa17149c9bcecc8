"""Windows of examples that do not fit into memory together; the next one is read while the engine trains on one."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, wait
from typing import NamedTuple, Protocol, TypeVar

from pellucid.errors import DataError
from pellucid.programs.image_stepper import Batches
from pellucid.programs.packing import Packing
from pellucid.system.threads import settle

T = TypeVar("T")

Window = tuple[int, int]
"""An epoch and the number of a window in it."""


class Reader(Protocol):
    """Reads windows of examples."""

    def __call__(self, epoch: int, number: int, packing: Packing) -> Batches | None:
        """Pack the examples of a window; None if the epoch has no window of this number."""


class Sizes(NamedTuple):
    """How an epoch of ``examples`` is cut into windows of ``length``, in whole mini-batches of ``batch``."""

    examples: int
    length: int
    batch: int

    @property
    def windows(self) -> int:
        """Windows in an epoch."""
        return -(-self.examples // self.length)

    @property
    def steps(self) -> int:
        """Mini-batches in a window."""
        return self.length // self.batch


class Windows:
    """The windows of all epochs, two of which are in memory.

    A thread reads the next window of an epoch ahead. What a window holds depends on its epoch and number alone.

    Parameters
    ----------
    read : Reader
    packings : two of Packing
        The memory of the windows.
    sizes : Sizes
    """

    def __init__(self, read: Reader, packings: tuple[Packing, Packing], sizes: Sizes) -> None:
        self._read, self._packings, self._sizes = read, packings, sizes
        self._present: tuple[Window, Batches] | None = None
        self._slot = 0  # that of the present window
        self._coming: tuple[Window, Future[Batches | None]] | None = None

    def reach(self, epoch: int, begin: int, past: int) -> int:
        """Wait until the window of step ``begin`` is in memory; return ``past``, or the window's end before it."""
        number = begin // self._sizes.steps
        self._window((epoch, number))
        return min(past, (number + 1) * self._sizes.steps)

    def batches(self, epoch: int, begin: int, past: int) -> tuple[Batches, int]:
        """The mini-batches of the window of step ``begin``, and the number of steps that precede them."""
        number = begin // self._sizes.steps
        return self._window((epoch, number)), number * self._sizes.steps

    def _window(self, window: Window) -> Batches:
        if self._present is not None and self._present[0] == window:
            return self._present[1]
        batches = self._fetched(window)
        self._present, self._slot = (window, batches), 1 - self._slot
        epoch, number = window
        self._coming = self._started((epoch, number + 1)) if number + 1 < self._sizes.windows else None
        return batches

    def _fetched(self, window: Window) -> Batches:
        """A window, once the thread has read it."""
        if self._coming is None or self._coming[0] != window:
            if self._coming is not None:
                wait([self._coming[1]])
            self._coming = self._started(window)
        future = self._coming[1]
        try:
            batches = future.result()
        except BaseException:
            if future.done():  # after Ctrl-C, the thread is still reading
                self._coming = None
            raise
        if batches is None:
            raise DataError("An epoch ended before its last example: give the right length.")
        return batches

    def _started(self, window: Window) -> tuple[Window, Future[Batches | None]]:
        packing = self._packings[1 - self._slot]
        return window, in_background(lambda: self._read(*window, packing))


def all_windows(read: Reader, packings: tuple[Packing, Packing]) -> Iterator[Batches]:
    """The windows of the first epoch, in order; the next one is read meanwhile."""
    coming = in_background(lambda: read(0, 0, packings[0]))
    number = 0
    while (batches := coming.result()) is not None:
        number += 1
        coming = in_background(functools.partial(read, 0, number, packings[number % 2]))
        yield batches


def in_background(work: Callable[[], T]) -> Future[T]:
    """The future result of work in a thread of its own."""
    future: Future[T] = Future()
    threading.Thread(target=settle, args=(future, work), name="pellucid-window", daemon=True).start()
    return future
