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

from typing import Any, NamedTuple

import numpy as np

from pellucid.engine.compiler.kernels import kernel
from pellucid.engine.compiler.signature import Float32, Float32s, Int64s
from pellucid.engine.kernels.functions import exp, log
from pellucid.engine.programs.table import ALIGNMENT
from pellucid.engine.sequence_records import Labels, Member
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


class Outputs(NamedTuple):
    """The last layer's rows of ``classes`` numbers: sums z, values y = softmax z, the gradient by z, ``stride`` apart.

    ``tops`` and ``masses`` hold softmax's maximum and sum of each row.
    """

    sums: int
    values: int
    slopes: int
    stride: int
    classes: int
    tops: int
    masses: int


class States(NamedTuple):
    """The ``size`` states of an alignment, padded to ``width``; ``classes[at + s]`` is the class of state s."""

    size: int
    width: int
    classes: Int64s
    at: int


class Mass(NamedTuple):
    """Softmax's maximum and sum of one row."""

    top: Float32
    sum: Float32


class Lattice(NamedTuple):
    """Where all that is kept of one sequence of T frames stands; logarithms in rows of the states' width.

    ``skip`` says which states may be reached from two before, ``beta`` is that of one frame, ``weights`` (T, width) are
    the log-probabilities of the states' classes, ``alphas`` (T, width) are ``stride`` apart.
    """

    alphas: int
    stride: int
    weights: int
    skip: int
    beta: int
    frames: int


@kernel
def log_sum(a: Any, b: Any, c: Any) -> Any:
    """``log(exp a + exp b + exp c)``."""
    top = maximum(maximum(a, b), c)
    return top + log(exp(a - top) + exp(b - top) + exp(c - top))


@kernel
def spread_labels(classes: Int64s, at: int, labels: Labels) -> int:
    """The class of each state, and how many states there are."""
    for i in range(labels.size):
        classes[at + 2 * i] = 0
        classes[at + 2 * i + 1] = labels.symbols[labels.begin + i]
    classes[at + 2 * labels.size] = 0
    return 2 * labels.size + 1


@kernel
def weigh_frame(work: Float32s, into: int, z: int, mass: Mass, states: States) -> None:
    """The log-probability of every state's class at one frame; the places past the last can never be."""
    store(work, into, log(splat(mass.sum, LANES)))
    whole = mass.top + work[into]
    for s in range(states.size):
        v = work[z + states.classes[states.at + s]] - whole
        work[into + s] = _LEAST if v < _LEAST else v  # NaN stays
    for s in range(states.size, states.width):
        work[into + s] = _NEVER


@kernel
def lower(work: Float32s, at: int, width: int) -> Any:
    """Take the largest of a row off all of it; what it was."""
    best = load(work, at, LANES)
    for j in range(LANES, width, LANES):
        best = maximum(best, load(work, at + j, LANES))
    top = max_lanes(best)
    for j in range(0, width, LANES):
        store(work, at + j, load(work, at + j, LANES) - splat(top, LANES))
    return top


@kernel
def skips(work: Float32s, into: int, states: States) -> None:
    """For each state 0 where it may follow the one two before, a label unlike it; never, elsewhere."""
    for s in range(states.width + ALIGNMENT):
        work[into + s] = _NEVER
    for s in range(3, states.size, 2):
        if states.classes[states.at + s] != states.classes[states.at + s - 2]:
            work[into + s] = _ZERO


@kernel
def ahead(work: Float32s, lattice: Lattice, states: States) -> float:
    """Fill the alphas, a row a frame: the log-sum of all ways to each state. The log-likelihood is returned."""
    alphas, weights, width = lattice.alphas, lattice.weights, states.width
    total = np.float64(0.0)
    for j in range(-ALIGNMENT, width):
        work[alphas + j] = _NEVER
    work[alphas] = work[weights]
    if states.size > 1:
        work[alphas + 1] = work[weights + 1]
    total += np.float64(lower(work, alphas, width))
    for t in range(1, lattice.frames):
        row, before = alphas + t * lattice.stride, alphas + (t - 1) * lattice.stride
        for j in range(-ALIGNMENT, 0):
            work[row + j] = _NEVER
        for j in range(0, width, LANES):
            jump = load(work, before + j - 2, LANES) + load(work, lattice.skip + j, LANES)
            ways = log_sum(load(work, before + j, LANES), load(work, before + j - 1, LANES), jump)
            store(work, row + j, ways + load(work, weights + t * width + j, LANES))
        total += np.float64(lower(work, row, width))
    some = 2 if states.size > 1 else 1
    last = alphas + (lattice.frames - 1) * lattice.stride + states.size - some
    ends = fill_rest(load_first(work, last, some, LANES), some, _NEVER)
    best = max_lanes(ends)
    whole = sum_lanes(exp(ends - splat(best, LANES)))
    return total + np.float64(best) + np.float64(max_lanes(log(splat(whole, LANES))))


@kernel
def behind(work: Float32s, lattice: Lattice, states: States, t: int) -> None:
    """Turn ``beta``, the log-sum of all ways on from each state of frame t + 1, into that of frame t."""
    beta, width = lattice.beta, states.width
    if t == lattice.frames - 1:
        for j in range(width):
            work[beta + j] = _ZERO if j >= states.size - 2 and j < states.size else _NEVER
    else:
        onward = beta + width + ALIGNMENT
        weights = lattice.weights + (t + 1) * width
        for j in range(0, width, LANES):
            store(work, onward + j, load(work, beta + j, LANES) + load(work, weights + j, LANES))
        for j in range(width, width + ALIGNMENT):
            work[onward + j] = _NEVER
        for j in range(0, width, LANES):
            jump = load(work, onward + j + 2, LANES) + load(work, lattice.skip + j + 2, LANES)
            store(work, beta + j, log_sum(load(work, onward + j, LANES), load(work, onward + j + 1, LANES), jump))
        lower(work, beta, width)


@kernel
def posteriors(work: Float32s, alpha: int, beta: int, into: int, width: int) -> None:
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
    work: Float32s,
    at: int,
    outputs: Outputs,
    member: Member,
    labels: Labels,
    states_at: int,
    scale: Float32,
    back: bool,
) -> float:
    """``-log p(labels)`` of one sequence and, with ``back``, the gradient of ``scale`` times it by the sums z.

    ``at`` is scratch: the weights (T, width), the alphas (T, width + ALIGNMENT), and six rows more. The classes of the
    states stand from ``states_at`` on among the group's integers.
    """
    classes, times = member.times.ints, member.times
    count = spread_labels(classes, states_at, labels)
    width = (count + ALIGNMENT - 1) // ALIGNMENT * ALIGNMENT
    states = States(count, width, classes, states_at)
    long = width + ALIGNMENT
    skip = at
    beta = skip + long
    gamma = beta + 2 * long
    weights = gamma + long
    alphas = weights + member.frames * width + ALIGNMENT
    lattice = Lattice(alphas, long, weights, skip, beta, member.frames)
    skips(work, skip, states)
    for t in range(member.frames):
        place = times.ints[times.at + t] + member.place
        z = outputs.sums + place * outputs.stride
        mass = Mass(work[outputs.tops + place], work[outputs.masses + place])
        weigh_frame(work, weights + t * width, z, mass, states)
    likelihood = ahead(work, lattice, states)
    if back:
        factor = splat(scale, LANES)
        for back_step in range(member.frames):
            t = member.frames - 1 - back_step
            behind(work, lattice, states, t)
            posteriors(work, alphas + t * long, beta, gamma, width)
            place = (times.ints[times.at + t] + member.place) * outputs.stride
            y, d = outputs.values, outputs.slopes
            for j in range(0, outputs.classes, LANES):
                store(work, d + place + j, load(work, y + place + j, LANES) * factor)
            for s in range(count):
                work[d + place + states.classes[states.at + s]] -= scale * work[gamma + s]
    return -likelihood


@kernel
def spells(work: Float32s, outputs: Outputs, member: Member, labels: Labels) -> bool:
    """Whether the likeliest class of each frame, repeats and blanks left out, spells the labels."""
    said, last = 0, 0
    for t in range(member.frames):
        row = outputs.sums + (member.times.ints[member.times.at + t] + member.place) * outputs.stride
        best = 0
        for k in range(1, outputs.classes):
            if work[row + k] > work[row + best]:
                best = k
        if best not in (0, last):
            if said == labels.size or labels.symbols[labels.begin + said] != best:
                return False
            said += 1
        last = best
    return bool(said == labels.size)
