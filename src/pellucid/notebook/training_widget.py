"""The curves of a training as a widget, which grow while it runs."""

from __future__ import annotations

import threading
import time
import weakref
from collections.abc import Sequence
from typing import Any

import numpy as np
import traitlets

from pellucid.notebook.live_widget import LiveWidget
from pellucid.reports.training import training_title
from pellucid.training.events import Epoch
from pellucid.training.trainer import Trainer
from pellucid.training.watchers import Moment

INTERVAL = 0.1
"""Seconds between two messages to the notebook, at least."""

_SHARE = 0.05
"""Messages take this share of the training's time at most."""

_MOST_POINTS = 500


class TrainingWidget(LiveWidget):
    """The curves of loss and accuracy.

    Parameters
    ----------
    trainer : Trainer

    Attributes
    ----------
    curves : bytes
        Epochs as float32 (N, 5): number, loss and accuracy in training, loss and accuracy on held-out data; NaN for
        what is not measured. Of more than 500 epochs some are left out.
    progress : dict
        Where the training is, in the words of ``web/src/widget/curves.ts``.
    """

    curves = traitlets.Bytes().tag(sync=True)
    progress = traitlets.Dict().tag(sync=True)

    def __init__(self, trainer: Trainer) -> None:
        self._trainer = weakref.ref(trainer)
        self._lock = threading.Lock()
        self._due, self._last_still = 0.0, ""
        super().__init__(
            kind="training", curves=_rows(trainer.history), progress=_progress(trainer, Moment(None, running=False))
        )
        self._unwatch = trainer.watch(self._told)

    def close(self) -> None:
        """End the widget, and the messages of the trainer; the still picture takes its place."""
        self._unwatch()
        with self._lock:
            self.refresh_still()
            super().close()

    def still_html(self) -> str:
        """Return the curves of the epochs so far."""
        trainer = self._trainer()
        if trainer is not None:
            self._last_still = trainer.still_html()
        return self._last_still

    def _told(self, moment: Moment) -> None:
        """Send the curves to the notebook, if it is time; called by the thread that trains."""
        begin = time.perf_counter()
        trainer = self._trainer()
        if trainer is None or (moment.running and begin < self._due):
            return
        with self._lock:
            if self.is_closed:
                return
            with self.hold_sync():
                self.curves, self.progress = _rows(trainer.history), _progress(trainer, moment)
            if not moment.running:
                self.refresh_still()
        end = time.perf_counter()
        self._due = end + max(INTERVAL, (end - begin) / _SHARE)


def _rows(history: Sequence[Epoch]) -> bytes:
    thin = history[:: max(1, len(history) // _MOST_POINTS)]
    events = [*thin, *history[-1:]] if thin and thin[-1] is not history[-1] else thin
    rows = [(each.epoch, each.loss, each.train_accuracy, each.test_loss, each.test_accuracy) for each in events]
    return np.array(rows, "<f4").tobytes()


def _progress(trainer: Trainer, moment: Moment) -> dict[str, Any]:
    inside = moment.progress
    return {
        "title": training_title(trainer.net),
        "running": moment.running,
        "planned": trainer.state.planned,
        "share": inside.done / inside.total if inside else 0.0,
        "seconds": trainer.state.seconds,
    }
