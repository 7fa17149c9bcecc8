"""One step of each optimiser over a range of the flat vectors; the gradient is set to zero on the way.

docs/derivations/optimizers.md
"""

from __future__ import annotations

import numpy as np

from pellucid.engine.compiler.kernels import shared
from pellucid.engine.compiler.signature import Float32s
from pellucid.engine.programs.table import ADAM, MOMENTUM, NESTEROV, SGD
from pellucid.engine.records import Moments, Vector
from pellucid.engine.simd.lanes import LANES, fma, load_first, splat, sqrt, store_first

RATE, DECAY, MOMENTUM_FACTOR, SECOND_FACTOR, EPSILON, SECOND_SCALE = range(6)
"""Places in the settings of a step: learning rate (Adam: over 1 - beta1**t), L2 decay, momentum or beta1, beta2,
epsilon, and 1 / sqrt(1 - beta2**t)."""

_ZERO = np.float32(0.0)
_ONE = np.float32(1.0)


@shared
def optimize(which: int, p: Float32s, moments: Moments, begin: int, end: int, settings: Vector) -> None:
    """One step on the elements from ``begin`` to ``end``.

    p parameters, the gradient that of the mean loss (zero afterwards), the first moment also Momentum's velocity;
    ``settings`` as listed above.
    """
    given, at = settings.memory, settings.at
    g, first, second = moments.gradient, moments.first, moments.second
    rate = splat(-given[at + RATE], LANES)
    decay = splat(given[at + DECAY], LANES)
    beta = splat(given[at + MOMENTUM_FACTOR], LANES)
    rest = splat(_ONE - given[at + MOMENTUM_FACTOR], LANES)
    beta2 = splat(given[at + SECOND_FACTOR], LANES)
    rest2 = splat(_ONE - given[at + SECOND_FACTOR], LANES)
    epsilon = splat(given[at + EPSILON], LANES)
    scale = splat(given[at + SECOND_SCALE], LANES)
    zero = splat(_ZERO, LANES)
    for i in range(begin, end, LANES):
        count = end - i
        v = load_first(p, i, count, LANES)
        slope = fma(decay, v, load_first(g, i, count, LANES))
        if which == SGD:
            v = fma(rate, slope, v)
        elif which in (MOMENTUM, NESTEROV):
            m = fma(beta, load_first(first, i, count, LANES), slope)
            store_first(first, i, m, count)
            v = fma(rate, fma(beta, m, slope) if which == NESTEROV else m, v)
        elif which == ADAM:
            m = fma(beta, load_first(first, i, count, LANES), rest * slope)
            s = fma(beta2, load_first(second, i, count, LANES), rest2 * (slope * slope))
            store_first(first, i, m, count)
            store_first(second, i, s, count)
            v = fma(rate, m / fma(sqrt(s), scale, epsilon), v)
        store_first(p, i, v, count)
        store_first(g, i, zero, count)
