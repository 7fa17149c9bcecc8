"""A reading as HTML: a bar with its number for each class."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pellucid.reports.svg import BLUE, FAINT, ORANGE, element, label, picture, report, rgb, words

_ROW, _BAR, _NAME = 18, 240, 24
_MOST = 12


def reading_html(outputs: NDArray[np.float32], classes: Sequence[str], said: str) -> str:
    """Return the report of a reading.

    Parameters
    ----------
    outputs : ndarray (K,)
    classes : sequence of K str
    said : str
        The reading in words.
    """
    order = np.argsort(-outputs, kind="stable")
    shown = sorted(order[:_MOST].tolist())
    best = int(order[0])
    largest = max(1.0, float(np.abs(outputs).max()))
    room = 8.0 * min(_NAME, max(len(classes[at]) for at in shown)) + 8
    parts = []
    for row, at in enumerate(shown):
        value, y = float(outputs[at]), row * _ROW
        weight = 600 if at == best else 400
        name = classes[at] if len(classes[at]) <= _NAME else classes[at][: _NAME - 1] + "…"
        parts += [
            label(name, room - 8, y + 13, "end", font_weight=weight),
            element("rect", x=room, y=y + 3, width=_BAR, height=_ROW - 6, fill_opacity=FAINT / 3),
            element(
                "rect", x=room, y=y + 3, width=abs(value) / largest * _BAR, height=_ROW - 6,
                fill=rgb(BLUE if value < 0 else ORANGE), fill_opacity=1 if at == best else 0.6,
            ),
            label(f"{value:.3f}", room + _BAR + 8, y + 13, font_weight=weight),
        ]  # fmt: skip
    bars = picture(room + _BAR + 64, len(shown) * _ROW, said, parts)
    rest = len(outputs) - len(shown)
    note = element("div", words(f"and {rest} more with smaller outputs"), style="opacity:0.75") if rest else ""
    return report(said, bars, note)
