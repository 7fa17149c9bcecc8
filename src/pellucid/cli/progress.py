"""Training progress: a live view in a terminal, one line per epoch elsewhere, JSON for programs."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING, Any, Protocol, TypeGuard

from pellucid.cli.words import clock, percent, speed

if TYPE_CHECKING:
    from rich.text import Text

    from pellucid.cli.terminal import Terminal
    from pellucid.training.events import Epoch, Progress

_FRAME = 1 / 15
"""Minimum seconds between two frames of the live view."""


class View(Protocol):
    """Receives the progress of training."""

    def watching(self, epochs: int, done: int) -> Any:
        """Return a context to train in; ``done`` of the ``epochs`` planned are already complete."""

    def progress(self, event: Progress) -> None:
        """Receive the progress within an epoch."""

    def epoch(self, event: Epoch) -> None:
        """Receive the results of an epoch."""


class JsonView:
    """One JSON object per line for each epoch."""

    def __init__(self, stream: IO[str]) -> None:
        self._stream = stream

    @contextmanager
    def watching(self, epochs: int, done: int) -> Iterator[None]:
        """Return a context to train in."""
        yield

    def progress(self, event: Progress) -> None:
        """Do nothing: only whole epochs are printed."""

    def epoch(self, event: Epoch) -> None:
        """Write the line immediately."""
        names = ("epoch", "loss", "train_accuracy", "test_accuracy", "seconds")
        values = {name: getattr(event, name) for name in names}
        if not _is_share(event.train_accuracy):  # JSON has no NaN
            values |= {"train_accuracy": None, "test_accuracy": None, "test_loss": event.test_loss}
        print(json.dumps(values), file=self._stream, flush=True)


class PlainView:
    """One line per epoch."""

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal
        self._epochs = 0

    @contextmanager
    def watching(self, epochs: int, done: int) -> Iterator[None]:
        """Return a context to train in."""
        self._epochs = epochs
        yield

    def progress(self, event: Progress) -> None:
        """Do nothing: only whole epochs are printed."""

    def epoch(self, event: Epoch) -> None:
        """Write the line immediately."""
        width = len(str(self._epochs))
        items = [f"epoch {event.epoch:>{width}} of {self._epochs}", f"loss {event.loss:.4f}"]
        if _is_share(event.train_accuracy):
            items.append(f"right {percent(event.train_accuracy)}")
        if _is_share(event.test_accuracy):
            items.append(f"held out {percent(event.test_accuracy)}")
        elif event.test_loss is not None:
            items.append(f"held out {event.test_loss:.4f}")
        items.append(f"{speed(event.images_per_second)} images a second")
        self._terminal.say("  ".join(items))


@dataclass
class _Figures:
    """The figures that the live view shows."""

    epochs: int
    done: float
    epoch: int
    loss: float | None = None
    accuracy: float | None = None
    images_per_second: float | None = None
    held_out: list[float] = field(default_factory=list)
    of_losses: bool = False
    """Whether ``held_out`` has losses, since no answer is right or wrong; otherwise accuracies."""
    began: float = field(default_factory=time.perf_counter)
    from_done: float = 0.0

    @property
    def left(self) -> float | None:
        """Return the estimated seconds left, from the average speed of this run."""
        gone = self.done - self.from_done
        return (time.perf_counter() - self.began) / gone * (self.epochs - self.done) if gone > 0 else None


class LiveView:
    """A few terminal lines that are updated in place."""

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal
        self._figures = _Figures(0, 0, 0)
        self._live: Any = None
        self._shown = 0.0

    @contextmanager
    def watching(self, epochs: int, done: int) -> Iterator[None]:
        """Return a context to train in; the last frame stays on screen, however training ends."""
        from rich.live import Live

        self._figures = _Figures(epochs, done, min(done + 1, epochs), from_done=done)
        with Live(
            console=self._terminal, auto_refresh=False, redirect_stdout=False, redirect_stderr=False
        ) as self._live:
            self._show()
            try:
                yield
            finally:
                self._show()

    def progress(self, event: Progress) -> None:
        """Update the figures within an epoch."""
        figures = self._figures
        share = event.done / event.total
        figures.epoch, figures.done = event.epoch, event.epoch - 1 + share
        figures.loss, figures.accuracy = event.loss, event.train_accuracy
        self._maybe_show()

    def epoch(self, event: Epoch) -> None:
        """Update the figures at the end of an epoch."""
        figures = self._figures
        figures.epoch, figures.done = event.epoch, event.epoch
        figures.loss, figures.accuracy = event.loss, event.train_accuracy
        figures.images_per_second = event.images_per_second
        figures.of_losses = not _is_share(event.test_accuracy)
        held_out = event.test_loss if figures.of_losses else event.test_accuracy
        if held_out is not None:
            figures.held_out.append(held_out)
        self._maybe_show()

    def _maybe_show(self) -> None:
        if time.perf_counter() - self._shown >= _FRAME:
            self._show()

    def _show(self) -> None:
        self._shown = time.perf_counter()
        self._live.update(self._terminal.stack(frame(self._terminal, self._figures)), refresh=True)


def frame(terminal: Terminal, figures: _Figures) -> list[Text]:
    """Return the live view's lines, no wider than the terminal."""
    from rich.text import Text

    from pellucid.cli.pictures import curve

    width = min(terminal.width, 100) - 1
    left = "" if figures.left is None or figures.done >= figures.epochs else f"{clock(figures.left)} left"
    head = f"epoch {figures.epoch} of {figures.epochs}"
    lines = [_bar_line(head, figures.done / max(1, figures.epochs), left, width)]
    items = []
    if figures.loss is not None:
        items.append(f"loss {figures.loss:.4f}")
    if _is_share(figures.accuracy):
        items.append(f"right {percent(figures.accuracy)}")
    if figures.images_per_second is not None:
        items.append(f"{speed(figures.images_per_second)} images a second")
    lines += flowing(items, width)
    if figures.held_out:
        first, last = (
            f"{value:.4f}" if figures.of_losses else percent(value)
            for value in (figures.held_out[0], figures.held_out[-1])
        )
        room = max(0, min(40, width - 24))
        drawn = curve(figures.held_out, room, terminal.unicode) or "to"
        lines.append(Text.assemble("held out ", first, " ", (drawn, "cyan"), " ", (last, "bold")))
    for line in lines:
        line.truncate(width)
    return lines


def _is_share(accuracy: float | None) -> TypeGuard[float]:
    """Whether an accuracy was measured: there is none without held-out data, and NaN where values are predicted."""
    return accuracy is not None and not math.isnan(accuracy)


def _bar_line(head: str, share: float, tail: str, width: int) -> Text:
    from rich.text import Text

    tail = f" {tail}" if tail else ""
    room = max(4, width - len(head) - len(tail) - 1)
    full = round(min(max(share, 0.0), 1.0) * room)
    return Text.assemble(head, " ", ("━" * full, "cyan"), ("─" * (room - full), "dim"), tail)


def flowing(items: list[str], width: int) -> list[Text]:
    """Join items with two spaces between them; lines break only between items."""
    from rich.text import Text

    lines: list[Text] = []
    for item in items:
        if lines and lines[-1].cell_len + 2 + len(item) <= width:
            lines[-1].append(f"  {item}")
        else:
            lines.append(Text(item))
    return lines


def view_for(terminal: Terminal) -> View:
    """Return the view for this output: live in a terminal, lines elsewhere."""
    return LiveView(terminal) if terminal.animated else PlainView(terminal)
