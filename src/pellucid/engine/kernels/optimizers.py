"""One step of each optimiser over a range of the flat parameter vector; it also clears the gradient.

Derivation: docs/derivations/optimizers.md
"""

from __future__ import annotations

from typing import Any

import numpy as np

from pellucid.engine.compiler.kernels import kernel, shared
from pellucid.engine.compiler.signature import Float32s
from pellucid.engine.programs.table import (
    ADAM,
    DECAY,
    EPSILON,
    MOMENTUM,
    MOMENTUM_FACTOR,
    NESTEROV,
    RATE,
    RATES,
    RMSPROP,
    SECOND_FACTOR,
    SECOND_SCALE,
    SETTINGS,
    SGD,
    SHRINK,
)
from pellucid.engine.records import Interval, Moments, Schedule, Vector
from pellucid.engine.simd.lanes import LANES, fma, load_first, splat, sqrt, store_first

_ZERO = np.float32(0.0)
_ONE = np.float32(1.0)


@kernel
def settings_of(schedule: Schedule, rank: int, group: int) -> Any:
    """The settings of a group of parameters for thread ``rank``."""
    return Vector(schedule.settings, (rank * schedule.groups + group) * SETTINGS)


@kernel
def set_rates(schedule: Schedule, rank: int, step: int) -> None:
    """Fill in the rates of a step, counted from that of the schedule's first, in the settings of thread ``rank``."""
    rates, factors = schedule.rates, schedule.factors
    for group in range(schedule.groups):
        settings, at = settings_of(schedule, rank, group)
        settings[at + RATE] = rates[RATES * step] * factors[2 * group]
        settings[at + SECOND_SCALE] = rates[RATES * step + 1]
        settings[at + SHRINK] = rates[RATES * step + 2] * factors[2 * group + 1]


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
    shrink = splat(-values[at + SHRINK], LANES)
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
            v = fma(rate, m / fma(sqrt(s), scale, epsilon), fma(shrink, v, v))
        elif rule == RMSPROP:
            s = fma(beta2, load_first(first, i, count, LANES), complement2 * (gradient * gradient))
            store_first(first, i, s, count)
            v = fma(rate, gradient / (sqrt(s) + epsilon), v)
        store_first(p, i, v, count)
        store_first(g, i, zero, count)


@kernel
def optimize_groups(rule: int, p: Float32s, moments: Moments, span: Interval, schedule: Schedule, rank: int) -> None:
    """One step on the elements of ``span``, with the settings of the group that each belongs to."""
    ranges = schedule.ranges
    for group in range(schedule.groups):
        begin = ranges[2 * group] if ranges[2 * group] > span.begin else span.begin
        end = ranges[2 * group + 1] if ranges[2 * group + 1] < span.end else span.end
        if begin < end:
            optimize(rule, p, moments, begin, end, settings_of(schedule, rank, group))
