"""One training run with progress: signals stop it cleanly, and checkpoints and the network are saved atomically."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

from pellucid.cli.streams import LostOutputError
from pellucid.errors import PellucidError
from pellucid.training.events import Epoch, Progress, Stopped, Warned

if TYPE_CHECKING:
    from pellucid.cli.progress import View
    from pellucid.data import Dataset
    from pellucid.network.network import Network
    from pellucid.training.trainer import Trainer

ENDING = ".safetensors"
CHECKPOINT_ENDING = ".ckpt.safetensors"
_TOLD_EVERY = 0.1


class OutputError(PellucidError, OSError):
    """Raised when a file cannot be written."""


@dataclass
class Outcome:
    """How training ended: its last full epoch, whether patience ran out, and the signal that interrupted it."""

    last: Epoch | None = None
    out_of_patience: bool = False
    signal: int | None = None
    unsaved: str | None = None
    """Why checkpoints could not be written, or None."""
    broken_off: bool = False
    """Whether a signal ended training before the last epoch."""
    warning: str | None = None
    """What is likely to be wrong, or None."""


def run(
    trainer: Trainer,
    test: Dataset,
    view: View,
    *,
    epochs: int | None = None,
    patience: int | None = None,
    checkpoint: Path | None = None,
) -> Outcome:
    """Train up to ``epochs`` in total, or as many as planned. Return early after Ctrl-C or a termination signal."""
    outcome = Outcome()
    state = trainer.state
    as_planned = epochs is None or (epochs == state.planned and not state.over)
    more = None if epochs is None or as_planned else max(0, epochs - state.epoch)
    planned = trainer.state.planned if epochs is None else max(epochs, trainer.state.epoch)
    with _stopping(trainer, outcome), view.watching(planned, trainer.state.epoch):
        try:
            _follow(trainer, test, view, outcome, more, patience, checkpoint)
        except OSError as error:
            if isinstance(error, BrokenPipeError | LostOutputError | PellucidError) or checkpoint is None:
                raise
            # A full disk is no reason to lose the training: continue without checkpoints.
            outcome.unsaved = f"{checkpoint}: {error.strerror or error}"
            if outcome.signal is None:
                _follow(trainer, test, view, outcome, None, patience, None)
    return outcome


def _follow(
    trainer: Trainer,
    test: Dataset,
    view: View,
    outcome: Outcome,
    more: int | None,
    patience: int | None,
    checkpoint: Path | None,
) -> None:
    events = trainer.run(more, validation=test, patience=patience, progress=_TOLD_EVERY, checkpoint=checkpoint)
    if outcome.signal is not None:
        # The signal came before the run, which starts by clearing earlier stop requests.
        trainer.stop()
    with closing(events):  # type: ignore[type-var]
        for event in events:
            if isinstance(event, Progress):
                view.progress(event)
            elif isinstance(event, Epoch):
                outcome.last = event
                view.epoch(event)
            elif isinstance(event, Warned):
                outcome.warning = event.message
            elif isinstance(event, Stopped):
                outcome.out_of_patience = event.reason == "patience"
                outcome.broken_off = event.reason == "asked"


@contextmanager
def _stopping(trainer: Trainer, outcome: Outcome) -> Iterator[None]:
    """Make termination signals stop the training; a second signal ends the process.

    A signal that is ignored stays ignored, so that training survives a closed terminal under ``nohup``, and Ctrl-C in a
    shell that started it with ``&``.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before: dict[int, Any] = {}

    def stop(number: int, frame: FrameType | None) -> None:
        outcome.signal = number
        trainer.stop()
        for one, handler in before.items():
            signal.signal(one, handler)

    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            number = getattr(signal, name)
            if signal.getsignal(number) != signal.SIG_IGN:
                before[number] = signal.signal(number, stop)
    try:
        yield
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)


def checkpoint_of(output: Path) -> Path | None:
    """Return the checkpoint path for a training saved to ``output``, or None if that is a device or a pipe.

    Examples
    --------
    >>> checkpoint_of(Path("digits.safetensors")).name, checkpoint_of(Path("net")).name
    ('digits.ckpt.safetensors', 'net.ckpt.safetensors')
    """
    from pellucid.system.atomic_write import is_written_directly

    if is_written_directly(output):
        return None
    return output.parent / (output.name.removesuffix(ENDING) + CHECKPOINT_ENDING)


def output_of(checkpoint: Path) -> Path | None:
    """Return the network file that belongs to a checkpoint, or None if the checkpoint has an unusual name."""
    if not checkpoint.name.endswith(CHECKPOINT_ENDING):
        return None
    return checkpoint.with_name(checkpoint.name.removesuffix(CHECKPOINT_ENDING) + ENDING)


def check_writable(path: Path) -> None:
    """Check before the work that its result can be saved.

    Raises
    ------
    OutputError
        If no file can be created there.
    """
    import tempfile

    from pellucid.system.atomic_write import destination, is_written_directly

    try:
        if path.is_dir():
            raise OutputError(f"Could not write {path}: it is a folder. Give a file name.")
        if not is_written_directly(path):
            with tempfile.TemporaryFile(dir=destination(path).parent):
                pass
        elif not os.access(path, os.W_OK):
            raise OutputError(f"Could not write {path}: permission denied. Choose another path.")
    except OSError as error:
        if isinstance(error, OutputError):
            raise
        raise unwritable(path, error) from error


def unwritable(path: Path, error: OSError) -> OutputError:
    """Return the error for a file that cannot be written."""
    return OutputError(f"Could not write {path}: {error.strerror or error}. Choose another path.")


def save_network(net: Network, path: Path) -> int:
    """Save a network atomically and return the size of the file in bytes.

    Raises
    ------
    OutputError
        If it cannot be written.
    """
    from pellucid.network.files import network_bytes
    from pellucid.system.atomic_write import write_whole

    content = network_bytes(net)
    try:
        write_whole(path, content)
        return len(content)
    except OSError as error:
        raise unwritable(path, error) from error
