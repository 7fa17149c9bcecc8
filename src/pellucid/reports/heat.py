"""Numbers as colours: blue below zero, orange above, the stronger the larger, and nothing at zero."""

from __future__ import annotations

import io
from base64 import b64encode
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pellucid.reports.svg import BLUE, FAINT, ORANGE, element, picture, rgb, words

Floats = NDArray[np.floating]

FEW = 64
"""Most numbers that are drawn as cells of their own, each with its value; more become a picture of pixels."""

_CELL = 14


def strip(values: Floats, title: str, names: Sequence[str] = ()) -> str:
    """Return at most 64 numbers (K,) as a row of cells; a bar in a cell marks a number below zero.

    Pointing at a cell shows its number, with its name or place.
    """
    largest = _largest(values)
    cells = []
    for at, value in enumerate(values.tolist()):
        name = names[at] if at < len(names) else str(at)
        colour = ORANGE if value >= 0 else BLUE
        strength = abs(value) / largest if np.isfinite(value) else 0.0
        x = at * _CELL
        parts = [
            element("title", words(f"{name}: {value:.4g}")),
            element(
                "rect", x=x + 0.5, y=0.5, width=_CELL - 1, height=_CELL - 1, fill=rgb(colour), fill_opacity=strength,
                stroke="currentColor", stroke_opacity=FAINT,
            ),
        ]  # fmt: skip
        if value < 0:
            parts.append(element("rect", x=x + 4, y=_CELL / 2 - 0.75, width=_CELL - 8, height=1.5))
        cells.append(element("g", *parts))
    return picture(len(values) * _CELL + 1, _CELL + 1, title, cells)


def pixels(values: Floats, title: str, width: int, height: int) -> str:
    """Return numbers (H, W) as a picture of this size on the page."""
    from PIL import Image

    finite = np.nan_to_num(np.asarray(values, np.float64), posinf=0, neginf=0)
    levels = np.empty((*finite.shape, 4), np.uint8)
    levels[..., :3] = np.where(finite[..., None] >= 0, ORANGE, BLUE)
    levels[..., 3] = np.rint(255 * np.abs(finite) / _largest(finite))
    stream = io.BytesIO()
    Image.fromarray(levels).save(stream, "PNG", optimize=True)
    source = f"data:image/png;base64,{b64encode(stream.getvalue()).decode()}"
    return element(
        "img", src=source, alt=title, title=title, width=width, height=height,
        style=f"image-rendering:pixelated;max-width:100%;outline:1px solid rgba(128,128,128,{FAINT})",
    ).removesuffix("</img>")  # fmt: skip


def montage(maps: Floats, across: int, gap: float = 0.0) -> Floats:
    """Return feature maps (C, H, W) side by side, ``across`` in a row, a pixel of ``gap`` apart."""
    count, height, width = maps.shape
    down = -(-count // across)
    sheet = np.full((down * (height + 1) - 1, across * (width + 1) - 1), gap)
    for at, each in enumerate(maps):
        y, x = (at // across) * (height + 1), (at % across) * (width + 1)
        sheet[y : y + height, x : x + width] = each
    return sheet


def _largest(values: Floats) -> float:
    finite = np.abs(values[np.isfinite(values)]) if values.size else values
    return float(finite.max()) if finite.size and finite.max() > 0 else 1.0
