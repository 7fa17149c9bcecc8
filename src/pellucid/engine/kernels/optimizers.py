"""One step of each optimiser over a range of the flat parameter vector; it also clears the gradient.

Derivation: docs/derivations/optimizers.md
"""

from __future__ import annotations

import numpy as np

from pellucid.engine.compiler.kernels import shared
from pellucid.engine.compiler.signature import Float32s
from pellucid.engine.programs.table import ADAM, MOMENTUM, NESTEROV, SGD
from pellucid.engine.records import Moments, Vector
from pellucid.engine.simd.lanes import LANES, fma, load_first, splat, sqrt, store_first

RATE, DECAY, MOMENTUM_FACTOR, SECOND_FACTOR, EPSILON, SECOND_SCALE = range(6)
"""Indices into the settings of a step: learning rate (Adam: over 1 - beta1**t), L2 decay, momentum or beta1, beta2,
epsilon, and 1 / sqrt(1 - beta2**t)."""

_ZERO = np.float32(0.0)
_ONE = np.float32(1.0)


@shared
def optimize(rule: int, p: Float32s, moments: Moments, begin: int, end: int, settings: Vector) -> None:
    """One step on the elements from ``begin`` to ``end``.

    ``moments.gradient`` is the gradient of the mean loss, and is zero afterwards. Momentum keeps its velocity in
    ``moments.first``. ``settings`` are those listed above.
    """
    values, at = settings.memory, settings.at
    g, first, second = moments.gradient, moments.first, moments.second
    rate = splat(-values[at + RATE], LANES)
    decay = splat(values[at + DECAY], LANES)
    beta = splat(values[at + MOMENTUM_FACTOR], LANES)
    complement = splat(_ONE - values[at + MOMENTUM_FACTOR], LANES)
    beta2 = splat(values[at + SECOND_FACTOR], LANES)
    complement2 = splat(_ONE - values[at + SECOND_FACTOR], LANES)
    epsilon = splat(values[at + EPSILON], LANES)
    scale = splat(values[at + SECOND_SCALE], LANES)
    zero = splat(_ZERO, LANES)
    for i in range(begin, end, LANES):
        count = end - i
        v = load_first(p, i, count, LANES)
        gradient = fma(decay, v, load_first(g, i, count, LANES))
        if rule == SGD:
            v = fma(rate, gradient, v)
        elif rule in (MOMENTUM, NESTEROV):
            m = fma(beta, load_first(first, i, count, LANES), gradient)
            store_first(first, i, m, count)
            v = fma(rate, fma(beta, m, gradient) if rule == NESTEROV else m, v)
        elif rule == ADAM:
            m = fma(beta, load_first(first, i, count, LANES), complement * gradient)
            s = fma(beta2, load_first(second, i, count, LANES), complement2 * (gradient * gradient))
            store_first(first, i, m, count)
            store_first(second, i, s, count)
            v = fma(rate, m / fma(sqrt(s), scale, epsilon), v)
        store_first(p, i, v, count)
        store_first(g, i, zero, count)
