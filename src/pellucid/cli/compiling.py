"""Progress messages while the first run compiles the engine for this processor."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from pellucid.cli.words import duration

if TYPE_CHECKING:
    from pellucid.cli.terminal import Terminal


@contextmanager
def announced(terminal: Terminal | None = None) -> Iterator[None]:
    """Report compilation while the context lasts: in the given terminal, otherwise as plain lines on stderr."""
    from pellucid.engine.compiler.library import listeners

    listener = _Announcer(terminal)
    listeners.append(listener)
    try:
        yield
    finally:
        listener.rest()
        listeners.remove(listener)


class _Announcer:
    """Receives the start and end of compilation; between them it counts the seconds if lines can be overwritten."""

    def __init__(self, terminal: Terminal | None) -> None:
        self._terminal = terminal
        self._ended = threading.Event()
        self._counter: threading.Thread | None = None

    def __call__(self, what: str, seconds: float) -> None:
        if what == "compiling":
            self._begin()
        else:
            self.rest()
            self._say(f"Compiled in {duration(seconds)}; later runs start immediately.")

    def _begin(self) -> None:
        from pellucid.engine.compiler.target import processor

        self._ended.clear()
        self._say(f"First run here: compiling the engine for this processor ({processor()[0]}).")
        if self._terminal is not None and self._terminal.animated:
            self._counter = threading.Thread(target=self._count, args=(self._terminal,), daemon=True)
            self._counter.start()

    def _count(self, terminal: Terminal) -> None:
        from rich.live import Live
        from rich.text import Text

        began = time.perf_counter()
        options: dict[str, Any] = {"auto_refresh": False, "redirect_stdout": False, "redirect_stderr": False}
        with Live(console=terminal, transient=True, **options) as live:
            while not self._ended.wait(0.2):
                live.update(Text(f"compiling, {time.perf_counter() - began:.0f} s"), refresh=True)

    def rest(self) -> None:
        """Stop the counter and clear its line."""
        self._ended.set()
        if self._counter is not None:
            self._counter.join()
            self._counter = None

    def _say(self, line: str) -> None:
        if self._terminal is None:
            print(line, file=sys.stderr, flush=True)
        else:
            self._terminal.say(line, "dim")
