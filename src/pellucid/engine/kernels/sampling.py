"""Bilinear interpolation: read an image at positions between its pixels, several positions at a time, in lanes."""

from __future__ import annotations

from typing import Any

import numpy as np

from pellucid.engine.compiler.kernels import kernel
from pellucid.engine.kernels.augment_sizes import PLACES
from pellucid.engine.records import Matrix
from pellucid.engine.simd.lanes import PLAIN, fma, operation, splat

if not PLAIN:
    from llvmlite import ir
    from numba.core import types

    from pellucid.engine.simd.lanes import Lanes

    def _shuffled(builder: Any, low: Any, high: Any, places: list[int]) -> Any:
        return builder.shuffle_vector(low, high, ir.Constant(ir.VectorType(ir.IntType(32), len(places)), places))


@operation(plain=lambda a: a.astype(np.int32).astype(np.float32))
def truncate(typing: Any, a: Any) -> Any:
    """The integer part, lane by lane, of floats within 2**31."""

    def emit(context: Any, builder: Any, sig: Any, arguments: Any) -> Any:
        return builder.sitofp(builder.fptosi(arguments[0], a.integers), a.vector)

    return a(a), emit


def _plain_pairs(memory: Any, base: int, places: Any) -> Any:
    left = base + places.astype(np.int64)
    return memory[np.stack([left, left + 1], axis=1).ravel()]


@operation(plain=_plain_pairs)
def pairs(typing: Any, memory: Any, base: Any, places: Any) -> Any:
    """``memory[base + p]`` and ``memory[base + p + 1]`` side by side for each p of ``places``, p >= 0: twice the lanes.

    One load fetches both neighbours, which takes half as many instructions as gathering each.
    """

    def emit(context: Any, builder: Any, sig: Any, arguments: Any) -> Any:
        pointer, start, offsets = arguments
        integers = builder.fptosi(offsets, places.integers)
        two = ir.VectorType(ir.FloatType(), 2)
        parts = []
        for lane in range(places.width):
            offset = builder.zext(builder.extract_element(integers, ir.Constant(ir.IntType(32), lane)), start.type)
            address = builder.bitcast(builder.gep(pointer, [builder.add(start, offset)]), two.as_pointer())
            parts.append(builder.load(address, align=4))
        while len(parts) > 1:
            whole = list(range(2 * parts[0].type.count))
            parts = [_shuffled(builder, low, high, whole) for low, high in zip(parts[::2], parts[1::2], strict=True)]
        return parts[0]

    return Lanes(2 * places.width)(memory, types.int64, places), emit


def _every_other(first: int) -> Any:
    @operation(plain=lambda lanes: lanes[first::2])
    def choose(typing: Any, lanes: Any) -> Any:
        def emit(context: Any, builder: Any, sig: Any, arguments: Any) -> Any:
            nothing = ir.Constant(lanes.vector, ir.Undefined)
            return _shuffled(builder, arguments[0], nothing, list(range(first, lanes.width, 2)))

        return Lanes(lanes.width // 2)(lanes), emit

    return choose


evens = _every_other(0)
"""The lanes 0, 2, 4, ...: half as many."""

odds = _every_other(1)
"""The lanes 1, 3, 5, ...: half as many."""


@kernel
def bilinear(picture: Matrix, x: Any, y: Any) -> Any:
    """Interpolate an image at `PLACES` positions: columns x >= 0, rows y >= 0.

    The four pixels around a position are weighted by nearness. At a pixel's own position, the result has its bits.
    """
    memory, at, stride = picture
    left, top = truncate(x), truncate(y)
    across, down = x - left, y - top
    place = top * splat(np.float32(stride), PLACES) + left
    upper = pairs(memory, at, place)
    lower = pairs(memory, at + stride, place)
    above = fma(across, odds(upper) - evens(upper), evens(upper))
    below = fma(across, odds(lower) - evens(lower), evens(lower))
    return fma(down, below - above, above)
