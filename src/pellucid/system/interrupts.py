"""Ctrl-C while the engine works: the work is told to stop, and nothing is interrupted half-way."""

from __future__ import annotations

import _signal  # type: ignore[import-not-found]  # `signal` takes ten times as long: it converts to enumerations
import contextlib
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NotDoneError
from types import FrameType
from typing import TypeVar

from pellucid.system.threads import settle

T = TypeVar("T")

_LISTEN_SECONDS = 0.1
"""On Windows signals are not handled during a wait, but after it."""


@contextlib.contextmanager
def deferred_interrupt(stop: Callable[[], None]) -> Iterator[None]:
    """Handle SIGINT, which Ctrl-C sends, at the end of the block; when it comes, only ``stop`` is called.

    The handler that was there, by default the one that raises KeyboardInterrupt, is called at the end. In threads other
    than the main one, and where SIGINT is ignored, nothing changes.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[tuple[int, FrameType | None]] = []

    def note(number: int, frame: FrameType | None) -> None:
        came.append((number, frame))
        stop()

    before = _signal.signal(signal.SIGINT, note)
    if not callable(before):
        _signal.signal(signal.SIGINT, before)
        yield
        return
    try:
        yield
    finally:
        _signal.signal(signal.SIGINT, before)
        if came:
            before(*came[0])


def run_aside(work: Callable[[], T]) -> T:
    """Return ``work()``, which runs in another thread, so that this one handles signals meanwhile.

    It runs in this thread if no signals are handled here, and while a debugger follows this thread.
    """
    if threading.current_thread() is not threading.main_thread() or sys.gettrace() is not None:
        return work()
    future: Future[T] = Future()
    threading.Thread(target=settle, args=(future, work), name="pellucid-aside", daemon=True).start()
    while True:
        try:
            return future.result(_LISTEN_SECONDS)
        except NotDoneError:
            if future.done():  # the work's own error
                raise
