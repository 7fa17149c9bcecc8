"""The first dense layer over images as they come: dense, laid out in lines, of any levels.

Reading an image once is not worth writing its ink down: whole vectors of paper are skipped as they are met.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from pellucid.engine.compiler import kernel
from pellucid.engine.lanes import LANES, all_zero, fma, load, load_bytes, splat, store
from pellucid.engine.panels import BROAD, NARROW, access
from pellucid.engine.table import LEVELS

_ZERO = np.float32(0.0)


@kernel
def unit_line(
    line: Any, li: int, kind: int, small: Any, floats: Any, xi: int, inputs: int, low: Any, span: Any
) -> None:
    """``line = (levels - low) / span`` for one image at ``small[xi]`` (bytes, kind LEVELS) or ``floats[xi]``."""
    paper, whole = splat(low, LANES), splat(span, LANES)
    i = 0
    while i + LANES <= inputs:
        v = load_bytes(small, xi + i, LANES) if kind == LEVELS else load(floats, xi + i, LANES)
        store(line, li + i, (v - paper) / whole)
        i += LANES
    while i < inputs:
        level = np.float32(small[xi + i]) if kind == LEVELS else floats[xi + i]
        line[li + i] = (level - low) / span
        i += 1


def _panel(width: int, masked: bool) -> Callable[..., None]:
    """Make the kernel that sums one panel of ``width`` outputs in four chains."""
    fetch, put = access(width, masked)

    @kernel
    def panel(
        z: Any, zi: int, w: Any, wi: int, w_row: int, x: Any, xi: int, inputs: int, bias: Any, bi: int, count: int
    ) -> None:
        a = fetch(bias, bi, count)
        b = splat(_ZERO, width)
        c = b
        d = b
        i = 0
        while i + LANES <= inputs:
            if not all_zero(load(x, xi + i, LANES)):
                for j in range(i, i + LANES, 4):
                    row = wi + j * w_row
                    a = fma(splat(x[xi + j], width), fetch(w, row, count), a)
                    b = fma(splat(x[xi + j + 1], width), fetch(w, row + w_row, count), b)
                    c = fma(splat(x[xi + j + 2], width), fetch(w, row + 2 * w_row, count), c)
                    d = fma(splat(x[xi + j + 3], width), fetch(w, row + 3 * w_row, count), d)
            i += LANES
        while i < inputs:
            a = fma(splat(x[xi + i], width), fetch(w, wi + i * w_row, count), a)
            i += 1
        put(z, zi, (a + b) + (c + d), count)

    return panel


_broad = _panel(BROAD, False)
_narrow = _panel(NARROW, False)
_rest = _panel(NARROW, True)


@kernel
def weighted_sums(
    z: Any, zi: int, w: Any, wi: int, w_row: int, x: Any, xi: int, inputs: int, bias: Any, bi: int, outputs: int
) -> None:
    """``z = x W + b`` for one image x (inputs,); z and bias (outputs,), W (inputs, outputs)."""
    j = 0
    while j + BROAD <= outputs:
        _broad(z, zi + j, w, wi + j, w_row, x, xi, inputs, bias, bi + j, BROAD)
        j += BROAD
    while j + NARROW <= outputs:
        _narrow(z, zi + j, w, wi + j, w_row, x, xi, inputs, bias, bi + j, NARROW)
        j += NARROW
    if j < outputs:
        _rest(z, zi + j, w, wi + j, w_row, x, xi, inputs, bias, bi + j, outputs - j)
