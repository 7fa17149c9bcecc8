"""Operations from all lanes of a vector to one value: sum, maximum, counts."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from pellucid.engine.simd.lanes import PLAIN, operation

if not PLAIN:
    from llvmlite import ir
    from numba.core import types

    from pellucid.engine.simd.lanes import _INT, _constant


def _reduce_halves(lanes: Any, combine: Callable[..., Any]) -> Any:
    """Reduce by halves, as the compiled shuffles do, so that both give the same bits."""
    while len(lanes) > 1:
        half = len(lanes) // 2
        lanes = combine(lanes[:half], lanes[half:])
    return lanes[0]


def _reduction(plain: Callable[..., Any], combine: Callable[..., Any]) -> Any:
    @operation(plain=lambda lanes: _reduce_halves(lanes, plain))
    def reduce(typing: Any, lanes: Any) -> Any:
        def emit(context: Any, builder: Any, sig: Any, arguments: Any) -> Any:
            value, width = arguments[0], lanes.width
            while width > 1:
                width //= 2
                nothing = ir.Constant(value.type, ir.Undefined)
                indices = ir.VectorType(ir.IntType(32), width)
                low = builder.shuffle_vector(value, nothing, ir.Constant(indices, list(range(width))))
                high = builder.shuffle_vector(value, nothing, ir.Constant(indices, list(range(width, 2 * width))))
                value = combine(builder, low, high)
            return builder.extract_element(value, ir.Constant(ir.IntType(32), 0))

        return types.float32(lanes), emit

    return reduce


sum_lanes = _reduction(operator.add, lambda builder, low, high: builder.fadd(low, high))
"""The sum of all lanes, added by halves."""

max_lanes = _reduction(
    lambda a, b: np.where(b > a, b, a),
    lambda builder, low, high: builder.select(builder.fcmp_unordered(">", low, high), low, high),
)
"""The largest of all lanes, compared by halves; with a NaN, the result depends on its lane."""


@operation(plain=lambda a, b: int((a < b).sum()))
def count_less(typing: Any, a: Any, b: Any) -> Any:
    """The number of lanes in which ``a < b``."""

    def emit(context: Any, builder: Any, sig: Any, arguments: Any) -> Any:
        less = builder.bitcast(builder.fcmp_ordered("<", *arguments), ir.IntType(a.width))
        return builder.zext(builder.ctpop(less), _INT)

    return types.int64(a, a), emit


@operation(plain=lambda lanes: not lanes.any())
def all_zero(typing: Any, lanes: Any) -> Any:
    """Whether every lane is 0; NaN is not."""

    def emit(context: Any, builder: Any, sig: Any, arguments: Any) -> Any:
        unlike = builder.fcmp_unordered("!=", arguments[0], _constant(lanes, 0.0))
        bits = builder.bitcast(unlike, ir.IntType(lanes.width))
        return builder.icmp_unsigned("==", bits, ir.Constant(bits.type, 0))

    return types.boolean(lanes), emit
