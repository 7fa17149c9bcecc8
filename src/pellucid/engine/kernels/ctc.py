"""Connectionist temporal classification: the loss of one sequence over every alignment, and its gradient.

Letters: T frames, K classes of which 0 is the blank, S = 2 L + 1 states for L labels: blank, label, blank, ... blank.
Everything is in logarithms, and at every frame the largest is taken off, so that long sequences lose nothing; the
posteriors of a frame's states are scaled to add up to 1. Derivation: docs/derivations/ctc.md

References
----------
Graves et al., "Connectionist temporal classification: labelling unsegmented sequence data with recurrent neural
networks", 2006.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from pellucid.engine.compiler.kernels import kernel
from pellucid.engine.kernels.functions import exp, log
from pellucid.engine.programs.table import ALIGNMENT
from pellucid.engine.simd.lanes import (
    LANES,
    fill_rest,
    load,
    load_first,
    max_lanes,
    maximum,
    splat,
    store,
    sum_lanes,
)

_ZERO = np.float32(0.0)
_NEVER = np.float32(-1e30)  # the logarithm of what cannot be; finite, so that it can be subtracted from itself
_LEAST = np.float32(-1e20)  # no frame's logarithm counts for less: a thousand million of them stay above _NEVER


@kernel
def log_sum(a: Any, b: Any, c: Any) -> Any:
    """``log(exp a + exp b + exp c)``."""
    top = maximum(maximum(a, b), c)
    return top + log(exp(a - top) + exp(b - top) + exp(c - top))


@kernel
def spread_labels(states: Any, si: int, labels: Any, begin: int, count: int) -> int:
    """The class of each state, and how many states there are."""
    for i in range(count):
        states[si + 2 * i] = 0
        states[si + 2 * i + 1] = labels[begin + i]
    states[si + 2 * count] = 0
    return 2 * count + 1


@kernel
def weigh_frame(
    work: Any, into: int, z: int, top: Any, mass: Any, states: Any, si: int, count: int, width: int
) -> None:
    """The log-probability of every state's class at one frame; the places past ``count`` can never be."""
    store(work, into, log(splat(mass, LANES)))
    whole = top + work[into]
    for s in range(count):
        v = work[z + states[si + s]] - whole
        work[into + s] = _LEAST if v < _LEAST else v  # NaN stays
    for s in range(count, width):
        work[into + s] = _NEVER


@kernel
def lower(work: Any, at: int, width: int) -> Any:
    """Take the largest of a row off all of it; what it was."""
    best = load(work, at, LANES)
    for j in range(LANES, width, LANES):
        best = maximum(best, load(work, at + j, LANES))
    top = max_lanes(best)
    for j in range(0, width, LANES):
        store(work, at + j, load(work, at + j, LANES) - splat(top, LANES))
    return top


@kernel
def skips(work: Any, into: int, states: Any, si: int, count: int, width: int) -> None:
    """For each state 0 where it may follow the one two before, a label unlike it; never, elsewhere."""
    for s in range(width + ALIGNMENT):
        work[into + s] = _NEVER
    for s in range(3, count, 2):
        if states[si + s] != states[si + s - 2]:
            work[into + s] = _ZERO


@kernel
def ahead(work: Any, alphas: int, stride: int, weights: int, width: int, skip: int, frames: int, count: int) -> float:
    """Fill ``alphas``, a row a frame: the log-sum of all ways to each state. The log-likelihood is returned."""
    total = np.float64(0.0)
    for j in range(-ALIGNMENT, width):
        work[alphas + j] = _NEVER
    work[alphas] = work[weights]
    if count > 1:
        work[alphas + 1] = work[weights + 1]
    total += np.float64(lower(work, alphas, width))
    for t in range(1, frames):
        row, before = alphas + t * stride, alphas + (t - 1) * stride
        for j in range(-ALIGNMENT, 0):
            work[row + j] = _NEVER
        for j in range(0, width, LANES):
            jump = load(work, before + j - 2, LANES) + load(work, skip + j, LANES)
            ways = log_sum(load(work, before + j, LANES), load(work, before + j - 1, LANES), jump)
            store(work, row + j, ways + load(work, weights + t * width + j, LANES))
        total += np.float64(lower(work, row, width))
    some = 2 if count > 1 else 1
    ends = fill_rest(load_first(work, alphas + (frames - 1) * stride + count - some, some, LANES), some, _NEVER)
    best = max_lanes(ends)
    whole = sum_lanes(exp(ends - splat(best, LANES)))
    return total + np.float64(best) + np.float64(max_lanes(log(splat(whole, LANES))))


@kernel
def behind(
    work: Any, alphas: int, stride: int, weights: int, width: int, skip: int, beta: int, t: int, frames: int, count: int
) -> None:
    """Turn ``beta``, the log-sum of all ways on from each state of frame t + 1, into that of frame t."""
    if t == frames - 1:
        for j in range(width):
            work[beta + j] = _ZERO if j >= count - 2 and j < count else _NEVER
    else:
        onward = beta + width + ALIGNMENT
        for j in range(0, width, LANES):
            store(work, onward + j, load(work, beta + j, LANES) + load(work, weights + (t + 1) * width + j, LANES))
        for j in range(width, width + ALIGNMENT):
            work[onward + j] = _NEVER
        for j in range(0, width, LANES):
            jump = load(work, onward + j + 2, LANES) + load(work, skip + j + 2, LANES)
            store(work, beta + j, log_sum(load(work, onward + j, LANES), load(work, onward + j + 1, LANES), jump))
        lower(work, beta, width)


@kernel
def posteriors(work: Any, alpha: int, beta: int, into: int, width: int) -> None:
    """How probable each state is at one frame, given the labels: all of them add up to 1."""
    best = splat(_NEVER + _NEVER, LANES)
    for j in range(0, width, LANES):
        v = load(work, alpha + j, LANES) + load(work, beta + j, LANES)
        store(work, into + j, v)
        best = maximum(best, v)
    top = splat(max_lanes(best), LANES)
    total = splat(_ZERO, LANES)
    for j in range(0, width, LANES):
        v = exp(load(work, into + j, LANES) - top)
        store(work, into + j, v)
        total = total + v
    whole = splat(sum_lanes(total), LANES)
    for j in range(0, width, LANES):
        store(work, into + j, load(work, into + j, LANES) / whole)


@kernel
def alignment_loss(
    work: Any,
    at: int,
    padded_states: int,
    z: int,
    y: int,
    d: int,
    row: int,
    stride: int,
    tops: int,
    masses: int,
    classes: int,
    times: Any,
    ti: int,
    member: int,
    frames: int,
    states: Any,
    si: int,
    labels: Any,
    begin: int,
    labelled: int,
    scale: Any,
    back: bool,
) -> float:
    """``-log p(labels)`` of one sequence and, to ``d``, the gradient of ``scale`` times it by the sums z.

    The sequence's frame t is row ``times[ti + t] + member`` of z, y = softmax z, and d, all (rows, stride). ``at`` is
    scratch: the weights (T, width), the alphas (T, width + ALIGNMENT), and six rows more.
    """
    count = spread_labels(states, si, labels, begin, labelled)
    width = (count + ALIGNMENT - 1) // ALIGNMENT * ALIGNMENT
    long = width + ALIGNMENT
    skip = at
    beta = skip + long
    gamma = beta + 2 * long
    weights = gamma + long
    alphas = weights + frames * width + ALIGNMENT
    skips(work, skip, states, si, count, width)
    for t in range(frames):
        place = times[ti + t] + member
        weigh_frame(
            work, weights + t * width, z + place * stride, work[tops + place], work[masses + place], states, si, count,
            width,
        )  # fmt: skip
    likelihood = ahead(work, alphas, long, weights, width, skip, frames, count)
    if back:
        factor = splat(scale, LANES)
        for back_step in range(frames):
            t = frames - 1 - back_step
            behind(work, alphas, long, weights, width, skip, beta, t, frames, count)
            posteriors(work, alphas + t * long, beta, gamma, width)
            place = (times[ti + t] + member) * stride
            for j in range(0, classes, LANES):
                store(work, d + place + j, load(work, y + place + j, LANES) * factor)
            for s in range(count):
                work[d + place + states[si + s]] -= scale * work[gamma + s]
    return -likelihood


@kernel
def spells(
    work: Any,
    z: int,
    stride: int,
    classes: int,
    times: Any,
    ti: int,
    member: int,
    frames: int,
    labels: Any,
    begin: int,
    count: int,
) -> bool:
    """Whether the likeliest class of each frame, repeats and blanks left out, spells the labels."""
    said, last = 0, 0
    for t in range(frames):
        row = z + (times[ti + t] + member) * stride
        best = 0
        for k in range(1, classes):
            if work[row + k] > work[row + best]:
                best = k
        if best not in (0, last):
            if said == count or labels[begin + said] != best:
                return False
            said += 1
        last = best
    return bool(said == count)
