"""The curves of a training."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING

from pellucid.errors import ConfigurationError
from pellucid.plot.axes import axes_for
from pellucid.training.events import Epoch, Event
from pellucid.training.trainer import Trainer

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_CURVES = {"loss": ("loss", "test_loss"), "accuracy": ("train_accuracy", "test_accuracy")}


def curves(training: Trainer | Iterable[Event], what: str = "loss", *, ax: Axes | None = None) -> Axes:
    """Plot loss or accuracy over the epochs, on the training data and on the held-out data.

    Parameters
    ----------
    training : Trainer or iterable of events
        A trainer, for all its epochs so far; or the events that a run yielded, of which those of whole epochs count.
    what : str
        "loss" or "accuracy".
    ax : matplotlib Axes, optional
        Where to draw; by default in a new figure.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    ConfigurationError
        If no epoch is complete, for another ``what``, and without matplotlib.
    """
    if what not in _CURVES:
        raise ConfigurationError(f"curves expected loss or accuracy, got {what!r}.")
    if not isinstance(training, Trainer | Iterable):
        raise ConfigurationError(f"curves expected a Trainer or its events, got {type(training).__name__}.")
    events = training.history if isinstance(training, Trainer) else training
    epochs = [event for event in events if isinstance(event, Epoch)]
    if not epochs:
        raise ConfigurationError("curves expected at least one complete epoch, got none: train first.")
    axes = axes_for(ax)
    for name, attribute, style in zip(("training", "held out"), _CURVES[what], ("-", "--"), strict=True):
        values = [(event.epoch, getattr(event, attribute)) for event in epochs]
        points = [(epoch, value) for epoch, value in values if value is not None and math.isfinite(value)]
        if points:
            axes.plot(*zip(*points, strict=True), style, label=name, marker="." if len(points) < 30 else "")
    axes.set_xlabel("epoch")
    axes.set_ylabel(what)
    axes.legend()
    axes.grid(alpha=0.3)
    return axes
