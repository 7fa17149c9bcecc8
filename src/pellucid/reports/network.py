"""A network as HTML: its layers with shapes and numbers of parameters, and a picture of its architecture."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Protocol

from pellucid.layers.layer import Layer, Shape
from pellucid.reports.svg import BLUE, FAINT, ORANGE, element, label, picture, report, rgb, table

_WIDTH, _HEIGHT = 640, 150
_MOST_NEURONS = 12
_MOST_LAYERS = 12


class NetworkLike(Protocol):
    """What this report needs of a network."""

    @property
    def input_shape(self) -> Shape:
        """Shape of one input."""

    @property
    def layers(self) -> Sequence[Layer]:
        """The layers, first layer first."""

    @property
    def parameter_count(self) -> int:
        """Number of weights and biases."""


def network_html(net: NetworkLike) -> str:
    """Return the report of a network."""
    shape, shapes = net.input_shape, [net.input_shape]
    rows: list[tuple[object, ...]] = [("", "input", "", times(shape), "")]
    for index, layer in enumerate(net.layers):
        count = layer.parameter_count(shape)
        shape = layer.output_shape(shape)
        shapes.append(shape)
        rows.append((index, type(layer).__name__, layer.describe(), times(shape), f"{count:,}"))
    rows.append(("", "total", "", "", f"{net.parameter_count:,}"))
    head = ("layer", "kind", "equation", "outputs", "parameters")
    title = f"Network of {len(net.layers)} layers, {net.parameter_count:,} parameters"
    return report(title, _architecture(shapes, net.layers), table(head, rows, frozenset({0, 3, 4})))


def times(shape: Shape) -> str:
    """Return a shape in words.

    Examples
    --------
    >>> times((28, 28)), times((None, 20))
    ('28x28', 'Tx20')
    """
    return "x".join("T" if side is None else str(side) for side in shape)


def _architecture(shapes: Sequence[Shape], layers: Sequence[Layer]) -> str:
    """Draw each layer as a column of its neurons or as a stack of its planes, joined by the weights between them."""
    shown = list(range(len(shapes)))
    if len(shown) > _MOST_LAYERS:
        shown = [*shown[: _MOST_LAYERS // 2], *shown[-(_MOST_LAYERS // 2) :]]
    step = _WIDTH / len(shown)
    places = [[(step * (at + 0.5), y) for y in _heights(shapes[index])] for at, index in enumerate(shown)]
    parts = []
    for at, (index, following) in enumerate(pairwise(shown)):
        if following != index + 1:
            parts.append(label("…", step * (at + 1), _HEIGHT / 2, "middle"))
            continue
        lines = [f"M{x:.0f} {y:.1f}L{u:.0f} {v:.1f}" for x, y in places[at] for u, v in places[at + 1]]
        parts.append(
            element("path", d="".join(lines), stroke="currentColor", stroke_opacity=0.12, fill="none", stroke_width=1)
        )
    for at, index in enumerate(shown):
        colour = rgb(BLUE if index == 0 else ORANGE)
        kind = "input" if index == 0 else type(layers[index - 1]).__name__
        draw = _planes if len(shapes[index]) == 3 else _neurons
        parts += draw(places[at], colour)
        x, size = step * (at + 0.5), 12 if len(shown) <= 8 else 10
        if _units(shapes[index]) > _MOST_NEURONS:
            parts.append(label("⋮", x, _HEIGHT / 2 + 4, "middle"))
        parts.append(label(kind, x, _HEIGHT + 18, "middle", font_size=size))
        parts.append(label(times(shapes[index]), x, _HEIGHT + 34, "middle", font_size=size, opacity=0.75))
    described = ", then ".join(times(shape) for shape in shapes)
    return picture(_WIDTH, _HEIGHT + 40, f"Architecture: {described}", parts)


def _heights(shape: Shape) -> list[float]:
    """Return where the neurons or planes of a layer are, from top to bottom; of many there are only some."""
    count = _units(shape)
    slots = min(count, _MOST_NEURONS + 1)
    gap = min(16.0, (_HEIGHT - 16) / max(1, slots - 1))
    places = [_HEIGHT / 2 + (at - (slots - 1) / 2) * gap for at in range(slots)]
    return [*places[: slots // 2], *places[slots // 2 + 1 :]] if count > _MOST_NEURONS else places


def _units(shape: Shape) -> int:
    """Return the number of neurons or planes of a layer."""
    return shape[0] if len(shape) == 3 and shape[0] is not None else math.prod(side or 1 for side in shape)


def _neurons(places: Sequence[tuple[float, float]], colour: str) -> list[str]:
    return [
        element("circle", cx=x, cy=y, r=4, fill=colour, stroke="currentColor", stroke_opacity=FAINT) for x, y in places
    ]


def _planes(places: Sequence[tuple[float, float]], colour: str) -> list[str]:
    return [
        element(
            "rect", x=x - 11, y=y - 7, width=22, height=14, fill=colour, stroke="currentColor", stroke_opacity=0.6, rx=1
        )
        for x, y in places
    ]
