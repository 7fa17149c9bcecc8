"""Pen strokes as ink: straight segments of a round pen, or of a round eraser."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Ink = NDArray[np.float32]


def draw_line(ink: Ink, points: Sequence[float], width: float, erase: bool = False) -> None:
    """Draw a line through points into ink; a single point is a dot.

    Parameters
    ----------
    ink : ndarray (H, W)
        0 is paper, 1 is full ink; changed in place.
    points : sequence of float
        x, y, x, y, ... as shares of the width and height.
    width : float
        Width of the line, as a share of the longer side.
    erase : bool
        Whether it removes ink.

    Examples
    --------
    >>> import numpy as np
    >>> ink = np.zeros((4, 4), np.float32)
    >>> draw_line(ink, [0.0, 0.125, 1.0, 0.125], 0.25)
    >>> ink[:, 0].tolist()
    [1.0, 0.0, 0.0, 0.0]
    """
    height, width_in_pixels = ink.shape
    places = np.array(points, np.float32).reshape(-1, 2) * np.array([width_in_pixels, height], np.float32)
    if len(places) == 1:
        places = np.repeat(places, 2, axis=0)
    radius = width * max(ink.shape) / 2
    for start, end in itertools.pairwise(places):
        _draw_segment(ink, start, end, radius, erase)


def _draw_segment(ink: Ink, start: Ink, end: Ink, radius: float, erase: bool) -> None:
    """Draw one segment, which covers all pixels within its radius, with soft edges one pixel wide."""
    low = np.maximum(np.floor(np.minimum(start, end) - radius - 1), 0).astype(int)
    high = np.minimum(np.ceil(np.maximum(start, end) + radius + 1), ink.shape[::-1]).astype(int)
    x = np.arange(low[0], high[0], dtype=np.float32)[None, :] + np.float32(0.5) - start[0]
    y = np.arange(low[1], high[1], dtype=np.float32)[:, None] + np.float32(0.5) - start[1]
    dx, dy = end - start
    length = max(float(dx * dx + dy * dy), 1e-12)
    along = np.clip((x * dx + y * dy) / np.float32(length), 0, 1)
    away = np.hypot(x - along * dx, y - along * dy)
    cover = np.clip(np.float32(radius + 0.5) - away, 0, 1)
    part = ink[low[1] : high[1], low[0] : high[0]]
    if erase:
        np.minimum(part, 1 - cover, out=part)
    else:
        np.maximum(part, cover, out=part)
