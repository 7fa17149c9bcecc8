"""One training, watched: signals stop it in good order, checkpoints are kept, the network is saved whole."""

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
from pellucid.training.events import Epoch, Progress, Stopped

if TYPE_CHECKING:
    from pellucid.cli.progress import View
    from pellucid.data import Dataset
    from pellucid.network.network import Network
    from pellucid.training.trainer import Trainer

ENDING = ".safetensors"
CHECKPOINT_ENDING = ".ckpt.safetensors"
_TOLD_EVERY = 0.1


class OutputError(PellucidError, OSError):
    """A file cannot be written."""


@dataclass
class Outcome:
    """How a training ended: its last full epoch, whether patience ended it, and the signal that broke it off."""

    last: Epoch | None = None
    out_of_patience: bool = False
    signal: int | None = None
    unsaved: str | None = None
    """Why checkpoints could not be written, where they could not."""
    broken_off: bool = False
    """Whether the signal left epochs undone."""


def run(
    trainer: Trainer,
    test: Dataset,
    view: View,
    *,
    epochs: int | None = None,
    patience: int | None = None,
    checkpoint: Path | None = None,
) -> Outcome:
    """Train up to ``epochs`` in all, or those planned; come back early after Ctrl-C or a request to end."""
    outcome = Outcome()
    more = None if epochs is None else max(0, epochs - trainer.state.epoch)
    planned = trainer.state.planned if epochs is None else max(epochs, trainer.state.epoch)
    with _stopping(trainer, outcome), view.watching(planned, trainer.state.epoch):
        try:
            _follow(trainer, test, view, outcome, more, patience, checkpoint)
        except OSError as error:
            if isinstance(error, BrokenPipeError | LostOutputError | PellucidError) or checkpoint is None:
                raise
            # A full disk is no reason to lose the training: go on without checkpoints.
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
        # It came before the run, which begins by forgetting earlier requests to stop.
        trainer.stop()
    with closing(events):  # type: ignore[type-var]
        for event in events:
            if isinstance(event, Progress):
                view.progress(event)
            elif isinstance(event, Epoch):
                outcome.last = event
                view.epoch(event)
            elif isinstance(event, Stopped):
                outcome.out_of_patience = event.reason == "patience"
                outcome.broken_off = event.reason == "asked"


@contextmanager
def _stopping(trainer: Trainer, outcome: Outcome) -> Iterator[None]:
    """Signals that would end the process stop the training instead; a second one ends the process after all.

    A signal that is ignored stays so: ``nohup`` has the training survive the terminal, a shell's ``&`` its Ctrl-C.
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
    """Where the checkpoints of a training to ``output`` are kept; nowhere where that is a device or a pipe.

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
    """The network file that belongs to a checkpoint, where its name tells."""
    if not checkpoint.name.endswith(CHECKPOINT_ENDING):
        return None
    return checkpoint.with_name(checkpoint.name.removesuffix(CHECKPOINT_ENDING) + ENDING)


def check_writable(path: Path) -> None:
    """Find out before the work whether its result can be kept.

    Raises
    ------
    OutputError
        If no file can be made there.
    """
    import tempfile

    from pellucid.system.atomic_write import destination, is_written_directly

    try:
        if path.is_dir():
            raise OutputError(f"Could not write {path}: it is a folder. Name a file in it.")
        if not is_written_directly(path):
            with tempfile.TemporaryFile(dir=destination(path).parent):
                pass
        elif not os.access(path, os.W_OK):
            raise OutputError(f"Could not write {path}: you may not write to it. Choose another place.")
    except OSError as error:
        if isinstance(error, OutputError):
            raise
        raise unwritable(path, error) from error


def unwritable(path: Path, error: OSError) -> OutputError:
    """The error for a file that cannot be written, with what to do."""
    return OutputError(f"Could not write {path}: {error.strerror or error}. Choose another place.")


def save_network(net: Network, path: Path) -> int:
    """Save a network, whole or not at all; how many bytes that takes.

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
