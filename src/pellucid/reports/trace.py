"""A trace as HTML: the activations of every layer as colours."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from pellucid.layers.layer import Layer
from pellucid.layers.recurrent import Recurrent
from pellucid.reports.heat import FEW, montage, pixels, strip
from pellucid.reports.svg import element, report, words

_WIDTH = 640
_MOST_INPUTS = 16
_TALLEST = 160


class LayerTraceLike(Protocol):
    """What this report needs of a layer's trace."""

    @property
    def layer(self) -> Layer:
        """The layer."""

    @property
    def activations(self) -> NDArray[np.float32]:
        """Its outputs."""


def trace_html(layers: Sequence[LayerTraceLike]) -> str:
    """Return the report of a trace: one strip or picture for each layer."""
    sequence = any(isinstance(each.layer, Recurrent) for each in layers)
    parts = [
        element("div", words(_title(index, each, sequence)), _shown(each, sequence), style="margin-bottom:6px")
        for index, each in enumerate(layers)
    ]
    legend = "Orange is above 0, blue is below; the strongest colour is the layer's largest magnitude."
    return report(
        f"Trace of {len(layers)} layers", *parts, element("div", words(legend), style="opacity:0.75;font-size:12px")
    )


def _title(index: int, traced: LayerTraceLike, sequence: bool) -> str:
    values = traced.activations
    shape = "x".join(map(str, values.shape))
    kind = type(traced.layer).__name__
    finite = values[np.isfinite(values)]
    span = f", {finite.min():.3g} to {finite.max():.3g}" if finite.size else ""
    frames = " (frames across, neurons down)" if sequence and values.ndim == 2 else ""
    return f"{index} {kind}: {shape} activations{frames}{span}"


def _shown(traced: LayerTraceLike, sequence: bool) -> str:
    """Draw one layer: a strip, a picture with a row for each input, or feature maps side by side."""
    values, title = traced.activations, _title(0, traced, sequence).split(" ", 1)[1]
    planes = len(traced.layer.output_shape(traced.layer.input_shape)) == 3
    if planes:
        maps = values if values.ndim == 3 else values[0]
        count, height, width = maps.shape
        across = max(1, min(count, round(math.sqrt(count * 3 * height / width))))
        return _line(_fitted(montage(maps, across), title), "" if values.ndim == 3 else "the first input")
    if values.ndim == 1 and len(values) <= FEW:
        return _line(strip(values, title))
    if values.ndim == 1:
        return _line(_wide(values[None], title))
    if sequence:
        return _line(_wide(values.T, title))
    rows = values[:_MOST_INPUTS]
    return _line(_wide(rows, title), f"the first {len(rows)} inputs" if len(rows) < len(values) else "")


def _line(drawn: str, note: str = "") -> str:
    return element("div", drawn, element("span", words(note), style="opacity:0.75") if note else "")


def _wide(values: NDArray[np.float32], title: str) -> str:
    """Draw numbers (H, W) over the width of the report."""
    height, width = values.shape
    return pixels(values, title, min(_WIDTH, 14 * width), min(_TALLEST, 14 * height))


def _fitted(values: NDArray[np.floating], title: str) -> str:
    """Draw a sheet (H, W) with square pixels."""
    height, width = values.shape
    scale = min(4.0, _WIDTH / width)
    return pixels(values, title, max(1, round(width * scale)), max(1, round(height * scale)))
