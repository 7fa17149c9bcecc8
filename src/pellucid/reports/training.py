"""A training as HTML: the curves of loss and accuracy over the epochs so far."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Protocol

from pellucid.reports.svg import BLUE, FAINT, ORANGE, element, label, number, picture, report, rgb, words

_WIDTH, _HEIGHT, _LEFT, _TOP, _FOOT = 300, 130, 44, 22, 34
_MOST_POINTS = 500

Curve = tuple[str, tuple[int, int, int], str, list[tuple[int, float]]]
"""Name, colour, dashes, and points (epoch, value)."""


class EpochLike(Protocol):
    """What this report needs of an epoch."""

    @property
    def epoch(self) -> int:
        """Its number, from 1."""

    @property
    def loss(self) -> float:
        """Mean training loss."""

    @property
    def train_accuracy(self) -> float:
        """Mean training accuracy."""

    @property
    def test_loss(self) -> float | None:
        """Loss on the validation data."""

    @property
    def test_accuracy(self) -> float | None:
        """Accuracy on the validation data."""


def training_title(net: object) -> str:
    """Return the title of a training of this network."""
    return f"Training of {net!r}"[:-1].replace("<", "", 1)


def training_html(title: str, history: Sequence[EpochLike]) -> str:
    """Return the report of a training; the history has one event for each epoch."""
    if not history:
        return report(title, element("div", words("No epoch is complete yet."), style="opacity:0.75"))
    last = history[-1]
    held_out = "" if last.test_accuracy is None else f", held-out accuracy {last.test_accuracy:.4f}"
    state = f"Epoch {last.epoch}: loss {last.loss:.4f}, training accuracy {last.train_accuracy:.4f}{held_out}"
    parts = [
        *_panel("loss", _curves(history, "loss", "test_loss"), 0),
        *_panel("accuracy", _curves(history, "train_accuracy", "test_accuracy"), _LEFT + _WIDTH + 20),
    ]
    drawn = picture(2 * (_LEFT + _WIDTH) + 40, _TOP + _HEIGHT + _FOOT, f"Curves of the training. {state}", parts)
    return report(title, element("div", words(state)), drawn)


def _curves(history: Sequence[EpochLike], train: str, test: str) -> list[Curve]:
    """Return the curves that have values; long ones are thinned out."""
    thin = history[:: max(1, len(history) // _MOST_POINTS)]
    events = thin if thin[-1] is history[-1] else [*thin, history[-1]]
    curves: list[Curve] = []
    for name, colour, dashes, attribute in (("training", BLUE, "", train), ("held out", ORANGE, "5 3", test)):
        values = [(event.epoch, getattr(event, attribute)) for event in events]
        points = [(epoch, value) for epoch, value in values if value is not None and math.isfinite(value)]
        if points:
            curves.append((name, colour, dashes, points))
    return curves


def _panel(title: str, curves: Sequence[Curve], left: float) -> list[str]:
    """Draw curves over the epochs, with the range of both axes and a legend."""
    values = [value for *_, points in curves for _, value in points]
    epochs = [epoch for *_, points in curves for epoch, _ in points]
    if not values:
        return []
    low, high, first, last = min(values), max(values), min(epochs), max(epochs)
    x0, span, width = left + _LEFT, (high - low) or 1.0, (last - first) or 1

    def at(epoch: int, value: float) -> tuple[float, float]:
        return x0 + (epoch - first) / width * _WIDTH, _TOP + (1 - (value - low) / span) * _HEIGHT

    parts = [
        element(
            "rect", x=x0, y=_TOP, width=_WIDTH, height=_HEIGHT, fill="none", stroke="currentColor", stroke_opacity=FAINT
        ),
        label(title, x0, 14, font_weight=600),
        label(f"{high:.3g}", x0 - 6, _TOP + 10, "end"),
        label(f"{low:.3g}", x0 - 6, _TOP + _HEIGHT, "end"),
        label(first, x0, _TOP + _HEIGHT + 16, "middle"),
        label(f"epoch {last}", x0 + _WIDTH, _TOP + _HEIGHT + 16, "end"),
    ]
    for order, (name, colour, dashes, points) in enumerate(curves):
        places = [at(epoch, value) for epoch, value in points]
        line = " ".join(f"{number(x)},{number(y)}" for x, y in places)
        style: dict[str, object] = {"stroke": rgb(colour), "stroke_width": 2, "fill": "none"}
        style |= {"stroke_dasharray": dashes} if dashes else {}
        parts.append(element("polyline", points=line, **style))
        if len(places) == 1:
            parts.append(element("circle", cx=places[0][0], cy=places[0][1], r=3, fill=rgb(colour)))
        x = x0 + _WIDTH - 170 + 85 * order
        parts += [
            element("line", x1=x, y1=10, x2=x + 22, y2=10, **style),
            label(name, x + 26, 14),
        ]
    return parts
