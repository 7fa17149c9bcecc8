"""The first dense layer over images as they come: dense, laid out in lines, of any levels.

Its ink is found as it comes, and kept only until the image has been through the layer.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from pellucid.engine.compiler import kernel, shared
from pellucid.engine.lanes import (
    LANES,
    fma,
    load,
    load_bytes,
    load_first,
    prefetch_second,
    splat,
    store,
)
from pellucid.engine.panels import BROAD, NARROW, access
from pellucid.engine.shuffles import integer_at, keep_inked
from pellucid.engine.table import LEVELS

_ZERO = np.float32(0.0)
_ONE = np.float32(1.0)
_STEP = 2 * LANES  # two registers at a time: their counts are found side by side


@kernel
def quotient(v: Any, divisor: Any, inverse: Any) -> Any:
    """``v / divisor`` for finite lanes, the same bits in a third of the time; ``inverse`` is ``1 / divisor``, rounded.

    One step of Newton's from the product, with its error told exactly by fma (Markstein 1990).
    """
    q = v * inverse
    return fma(fma(splat(-_ZERO, LANES) - q, divisor, v), inverse, q)


@shared("FiiBFiiff")
def unit_line(
    line: Any, li: int, kind: int, small: Any, floats: Any, xi: int, inputs: int, low: Any, span: Any
) -> None:
    """``line = (levels - low) / span`` for one image at ``small[xi]`` (bytes, kind LEVELS) or ``floats[xi]``."""
    paper, whole = splat(low, LANES), splat(span, LANES)
    inverse = splat(_ONE, LANES) / whole
    i = 0
    while i + LANES <= inputs:
        if kind == LEVELS:
            v = quotient(load_bytes(small, xi + i, LANES) - paper, whole, inverse)
        else:
            v = (load(floats, xi + i, LANES) - paper) / whole
        store(line, li + i, v)
        i += LANES
    while i < inputs:
        level = np.float32(small[xi + i]) if kind == LEVELS else floats[xi + i]
        line[li + i] = (level - low) / span
        i += 1


@kernel
def find_ink(columns: Any, ci: int, x: Any, xi: int, inputs: int, ahead: int) -> int:
    """Write the columns of an image's ink, as 32-bit integers, from ``columns[ci]`` on; return how many they are.

    No branch depends on the image: where ink is cannot be predicted. Two registers past the last may be written too.
    What lies ``ahead`` elements further on is asked for on the way.
    """
    count = 0
    i = 0
    while i + _STEP <= inputs:
        prefetch_second(x, xi + ahead + i)
        count += keep_inked(columns, ci + count, i, load(x, xi + i, _STEP))
        i += _STEP
    if i < inputs:
        count += keep_inked(columns, ci + count, i, load_first(x, xi + i, inputs - i, _STEP))
    return count


def _panel(width: int, masked: bool) -> Callable[..., None]:
    """Make the kernel that sums one panel of ``width`` outputs, in four chains."""
    fetch, put = access(width, masked)

    @kernel
    def panel(
        z: Any,
        zi: int,
        w: Any,
        wi: int,
        w_row: int,
        columns: Any,
        ci: int,
        inked: int,
        x: Any,
        xi: int,
        bias: Any,
        bi: int,
        count: int,
    ) -> None:
        a = fetch(bias, bi, count)
        b = splat(_ZERO, width)
        c = b
        d = b
        i = ci
        while i + 4 <= ci + inked:
            j = integer_at(columns, i)
            a = fma(splat(x[xi + j], width), fetch(w, wi + j * w_row, count), a)
            j = integer_at(columns, i + 1)
            b = fma(splat(x[xi + j], width), fetch(w, wi + j * w_row, count), b)
            j = integer_at(columns, i + 2)
            c = fma(splat(x[xi + j], width), fetch(w, wi + j * w_row, count), c)
            j = integer_at(columns, i + 3)
            d = fma(splat(x[xi + j], width), fetch(w, wi + j * w_row, count), d)
            i += 4
        while i < ci + inked:
            j = integer_at(columns, i)
            a = fma(splat(x[xi + j], width), fetch(w, wi + j * w_row, count), a)
            i += 1
        put(z, zi, (a + b) + (c + d), count)

    return panel


_broad = _panel(BROAD, False)
_narrow = _panel(NARROW, False)
_rest = _panel(NARROW, True)


@kernel
def weighted_sums(
    z: Any,
    zi: int,
    w: Any,
    wi: int,
    w_row: int,
    columns: Any,
    ci: int,
    inked: int,
    x: Any,
    xi: int,
    bias: Any,
    bi: int,
    outputs: int,
) -> None:
    """``z = x W + b`` for one image x (inputs,) with the ink that `find_ink` found.

    z and bias (outputs,), W (inputs, outputs).
    """
    j = 0
    while j + BROAD <= outputs:
        _broad(z, zi + j, w, wi + j, w_row, columns, ci, inked, x, xi, bias, bi + j, BROAD)
        j += BROAD
    while j + NARROW <= outputs:
        _narrow(z, zi + j, w, wi + j, w_row, columns, ci, inked, x, xi, bias, bi + j, NARROW)
        j += NARROW
    if j < outputs:
        _rest(z, zi + j, w, wi + j, w_row, columns, ci, inked, x, xi, bias, bi + j, outputs - j)
