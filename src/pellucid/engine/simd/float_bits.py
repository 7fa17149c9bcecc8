"""Operations on the bits of float32 lanes: exponent, mantissa, and multiplication by powers of two."""

from __future__ import annotations

from typing import Any

import numpy as np

from pellucid.engine.simd.lanes import PLAIN, operation

if not PLAIN:
    from llvmlite import ir


def _plain_raise_power(a: Any, shifted: Any) -> Any:
    return (a.view(np.int32) + (shifted.view(np.int32) << 23)).view(np.float32)


@operation(plain=_plain_raise_power)
def raise_power(typing: Any, a: Any, shifted: Any) -> Any:
    """``a * 2**n`` for normal a and result, where ``shifted`` is the float ``n + 1.5 * 2**23`` of an integer n."""

    def emit(context: Any, builder: Any, sig: Any, arguments: Any) -> Any:
        bits, power = (builder.bitcast(argument, a.integers) for argument in arguments)
        places = ir.Constant(a.integers, [23] * a.width)
        return builder.bitcast(builder.add(bits, builder.shl(power, places)), a.vector)

    return a(a, a), emit


def _plain_exponent(a: Any) -> Any:
    return ((a.view(np.int32) >> 23) - 127).astype(np.float32)


@operation(plain=_plain_exponent)
def exponent(typing: Any, a: Any) -> Any:
    """The integer e, as a float, with ``a = m * 2**e`` and ``1 <= m < 2``, for positive normal ``a``."""

    def emit(context: Any, builder: Any, sig: Any, arguments: Any) -> Any:
        bits = builder.bitcast(arguments[0], a.integers)
        raised = builder.ashr(bits, ir.Constant(a.integers, [23] * a.width))
        return builder.sitofp(builder.sub(raised, ir.Constant(a.integers, [127] * a.width)), a.vector)

    return a(a), emit


def _plain_mantissa(a: Any) -> Any:
    return ((a.view(np.int32) & 0x007FFFFF) | 0x3F800000).view(np.float32)


@operation(plain=_plain_mantissa)
def mantissa(typing: Any, a: Any) -> Any:
    """The m with ``a = m * 2**e`` and ``1 <= m < 2``, for positive normal ``a``."""

    def emit(context: Any, builder: Any, sig: Any, arguments: Any) -> Any:
        bits = builder.bitcast(arguments[0], a.integers)
        low = builder.and_(bits, ir.Constant(a.integers, [0x007FFFFF] * a.width))
        return builder.bitcast(builder.or_(low, ir.Constant(a.integers, [0x3F800000] * a.width)), a.vector)

    return a(a), emit
