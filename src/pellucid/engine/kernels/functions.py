"""Exponential, logarithm, logistic and hyperbolic tangent in lanes, each within a few units in the last place.

The polynomials approximate minimax fits on the reduced range; ``tools/fit_functions.py`` computes them. Each function
states its largest error over all float32, and tests check it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from pellucid.engine.compiler.kernels import kernel
from pellucid.engine.compiler.signature import Float32s
from pellucid.engine.simd.float_bits import exponent, mantissa, raise_power
from pellucid.engine.simd.lanes import (
    LANES,
    absolute,
    copysign,
    fma,
    load,
    minimum,
    splat,
    store,
    where_less,
)

_ROUNDER = np.float32(12582912.0)  # 1.5 * 2**23; adding it rounds to the nearest integer
_LOG2_E = np.float32(1.4426950408889634)
_LN2 = np.float32(0.6931471805599453)
_LN2_HIGH = np.float32(0.693359375)  # has few bits, so n * _LN2_HIGH is exact
_LN2_LOW = np.float32(-2.12194440e-4)
_LOWEST = np.float32(-87.33654)  # exp of it is the smallest normal float32
_TOO_HIGH = np.float32(88.72284)  # the first whose exp exceeds the largest float32
_HIGHEST = np.nextafter(_TOO_HIGH, np.float32(0.0))
_ONE = np.float32(1.0)
_TWO = np.float32(2.0)
_HALF = np.float32(0.5)
_ZERO = np.float32(0.0)
_SQRT_2 = np.float32(1.4142135)
_FLAT = np.float32(10.0)  # tanh is 1 from here on
_INFINITY = np.float32(np.inf)

_EXP = tuple(np.float32(c) for c in (0.49999994, 0.16666521, 0.04166839, 0.00836871, 0.0013814613))
_LOG = tuple(
    np.float32(c)
    for c in (0.3333333, -0.2500082, 0.20001227, -0.16623357, 0.14201759, -0.13160183, 0.12761575, -0.07634493)
)


@kernel
def _expm1(r: Any) -> Any:
    """``e**r - 1`` for ``|r| <= log(2) / 2``."""
    square = r * r
    high = fma(splat(_EXP[4], LANES), square, fma(splat(_EXP[3], LANES), r, splat(_EXP[2], LANES)))
    low = fma(splat(_EXP[1], LANES), r, splat(_EXP[0], LANES))
    return fma(fma(high, square, low), square, r)


@kernel
def _normal_exp(x: Any) -> Any:
    """e**x if that is a normal float32, otherwise undefined; NaN stays NaN."""
    shifted = fma(x, splat(_LOG2_E, LANES), splat(_ROUNDER, LANES))
    n = shifted - splat(_ROUNDER, LANES)
    r = fma(n, splat(-_LN2_LOW, LANES), fma(n, splat(-_LN2_HIGH, LANES), x))
    return raise_power(_expm1(r) + splat(_ONE, LANES), shifted)


@kernel
def exp(x: Any) -> Any:
    """e**x, within 2 ulps; 0 below -87.3365, where the true value is not a normal float32, and inf above 88.7228."""
    y = where_less(x, splat(_LOWEST, LANES), splat(_ZERO, LANES), _normal_exp(x))
    # x + inf keeps NaN.
    return where_less(x, splat(_TOO_HIGH, LANES), y, x + splat(_INFINITY, LANES))


@kernel
def log(x: Any) -> Any:
    """The natural logarithm of a positive normal x, within 1 ulp; inf and NaN stay unchanged."""
    m = mantissa(x)
    e = exponent(x)
    large = where_less(splat(_SQRT_2, LANES), m, splat(_ONE, LANES), splat(_ZERO, LANES))
    m = where_less(splat(_SQRT_2, LANES), m, m * splat(_HALF, LANES), m)
    e = e + large
    r = m - splat(_ONE, LANES)
    p = fma(splat(_LOG[7], LANES), r, splat(_LOG[6], LANES))
    p = fma(p, r, splat(_LOG[5], LANES))
    p = fma(p, r, splat(_LOG[4], LANES))
    p = fma(p, r, splat(_LOG[3], LANES))
    p = fma(p, r, splat(_LOG[2], LANES))
    p = fma(p, r, splat(_LOG[1], LANES))
    p = fma(p, r, splat(_LOG[0], LANES))
    square = r * r
    tail = fma(p * r, square, fma(square, splat(-_HALF, LANES), e * splat(_LN2_LOW, LANES)))
    y = fma(e, splat(_LN2_HIGH, LANES), r + tail)
    return where_less(x, splat(_INFINITY, LANES), y, x)


@kernel
def sigmoid(x: Any) -> Any:
    """1 / (1 + e**-x), within 3 ulps; 0 below -88.7228, where the true value is under 3e-39."""
    power = _normal_exp(splat(-_ZERO, LANES) - minimum(x, splat(-_LOWEST, LANES)))
    y = splat(_ONE, LANES) / (splat(_ONE, LANES) + power)
    return where_less(x, splat(-_HIGHEST, LANES), splat(_ZERO, LANES), y)


@kernel
def tanh(x: Any) -> Any:
    """The hyperbolic tangent, (1 - e**-2x) / (1 + e**-2x), within 2 ulps."""
    u = minimum(absolute(x), splat(_FLAT, LANES)) * splat(-_TWO, LANES)
    shifted = fma(u, splat(_LOG2_E, LANES), splat(_ROUNDER, LANES))
    e = _expm1(fma(shifted - splat(_ROUNDER, LANES), splat(-_LN2, LANES), u))
    power = raise_power(splat(_ONE, LANES), shifted)
    # e**u = power + power * e. Near u = 0 the difference from 1 is e alone.
    less = fma(power, e, power - splat(_ONE, LANES))
    return copysign(less / fma(power, e, power + splat(_ONE, LANES)), x)


EXP, LOG, SIGMOID, TANH = range(4)


@kernel
def apply(function: int, y: Float32s, x: Float32s, count: int) -> None:
    """``y[i] = function(x[i])`` for i below ``count``, a multiple of the lane width."""
    for i in range(0, count, LANES):
        v = load(x, i, LANES)
        if function == EXP:
            v = exp(v)
        elif function == LOG:
            v = log(v)
        elif function == SIGMOID:
            v = sigmoid(v)
        else:
            v = tanh(v)
        store(y, i, v)
