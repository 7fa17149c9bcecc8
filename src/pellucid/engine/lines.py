"""The first dense layer over images as they come: dense, laid out in lines, of any levels.

Reading an image once is not worth writing its ink down: whole vectors of paper are skipped as they are met.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from pellucid.engine.compiler import kernel, shared
from pellucid.engine.lanes import LANES, all_zero, fma, load, load_bytes, splat, store
from pellucid.engine.panels import BROAD, NARROW, access
from pellucid.engine.table import LEVELS

_ZERO = np.float32(0.0)
_ONE = np.float32(1.0)


@kernel
def quotient(v: Any, divisor: Any, inverse: Any) -> Any:
    """``v / divisor`` for finite lanes, the same bits in a third of the time; ``inverse`` is ``1 / divisor``, rounded.

    One step of Newton's from the product, with its error told exactly by fma (Markstein 1990).
    """
    q = v * inverse
    return fma(fma(splat(_ZERO, LANES) - q, divisor, v), inverse, q)


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


def _panels(width: int, masked: bool) -> tuple[Callable[..., None], Callable[..., None]]:
    """Make the kernels that sum one panel of ``width`` outputs in four chains, for one image and for two.

    Two images share the weights as they are loaded, and the guess at what is paper.
    """
    fetch, put = access(width, masked)

    @kernel
    def one(
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

    @kernel
    def two(
        z: Any,
        zi: int,
        z_row: int,
        w: Any,
        wi: int,
        w_row: int,
        x: Any,
        xi: int,
        x_row: int,
        inputs: int,
        bias: Any,
        bi: int,
        count: int,
    ) -> None:
        a = fetch(bias, bi, count)
        b = splat(_ZERO, width)
        c = b
        d = b
        e = a
        f = b
        g = b
        h = b
        i = 0
        while i + LANES <= inputs:
            if not (all_zero(load(x, xi + i, LANES)) and all_zero(load(x, xi + x_row + i, LANES))):
                for j in range(i, i + LANES, 4):
                    row = wi + j * w_row
                    v = fetch(w, row, count)
                    a = fma(splat(x[xi + j], width), v, a)
                    e = fma(splat(x[xi + x_row + j], width), v, e)
                    v = fetch(w, row + w_row, count)
                    b = fma(splat(x[xi + j + 1], width), v, b)
                    f = fma(splat(x[xi + x_row + j + 1], width), v, f)
                    v = fetch(w, row + 2 * w_row, count)
                    c = fma(splat(x[xi + j + 2], width), v, c)
                    g = fma(splat(x[xi + x_row + j + 2], width), v, g)
                    v = fetch(w, row + 3 * w_row, count)
                    d = fma(splat(x[xi + j + 3], width), v, d)
                    h = fma(splat(x[xi + x_row + j + 3], width), v, h)
            i += LANES
        while i < inputs:
            v = fetch(w, wi + i * w_row, count)
            a = fma(splat(x[xi + i], width), v, a)
            e = fma(splat(x[xi + x_row + i], width), v, e)
            i += 1
        put(z, zi, (a + b) + (c + d), count)
        put(z, zi + z_row, (e + f) + (g + h), count)

    return one, two


_broad, _ = _panels(BROAD, False)
_narrow, _narrow_two = _panels(NARROW, False)
_rest, _rest_two = _panels(NARROW, True)


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


@kernel
def weighted_sums_of_two(
    z: Any,
    zi: int,
    z_row: int,
    w: Any,
    wi: int,
    w_row: int,
    x: Any,
    xi: int,
    x_row: int,
    inputs: int,
    bias: Any,
    bi: int,
    outputs: int,
) -> None:
    """`weighted_sums` for two images, ``x_row`` elements apart, to results ``z_row`` apart: the same bits."""
    j = 0
    while j + NARROW <= outputs:
        _narrow_two(z, zi + j, z_row, w, wi + j, w_row, x, xi, x_row, inputs, bias, bi + j, NARROW)
        j += NARROW
    if j < outputs:
        _rest_two(z, zi + j, z_row, w, wi + j, w_row, x, xi, x_row, inputs, bias, bi + j, outputs - j)
