"""Connectionist temporal classification: the loss of one sequence over every alignment, and its gradient.

Letters: T frames, K classes of which 0 is the blank, S = 2 L + 1 states for L labels: blank, label, blank, ... blank.
All variables are logarithms. At every frame their maximum is subtracted, so that long sequences lose no precision; the
posteriors of a frame's states are scaled to sum to 1. Derivation: docs/derivations/ctc.md

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
    maximum,
    splat,
    store,
)
from pellucid.engine.simd.reductions import max_lanes, sum_lanes

_ZERO = np.float32(0.0)
_LOG_ZERO = np.float32(-1e30)  # stands for log 0; finite, so that it can be subtracted from itself
_LOG_FLOOR = np.float32(-1e20)  # the least log-probability of a frame: the sum of 10**9 of them is above _LOG_ZERO


class Outputs(NamedTuple):
    """Work offsets of the last layer's rows: sums z, values y = softmax z and the gradient by z.

    Each row has ``classes`` numbers; rows are ``stride`` apart. ``maxima`` and ``totals`` hold softmax's maximum and
    sum of each row.
    """

    sums: int
    values: int
    gradients: int
    stride: int
    classes: int
    maxima: int
    totals: int


class States(NamedTuple):
    """The ``size`` states of an alignment, padded to ``width``; state s has the class ``classes[at + s]``."""

    size: int
    width: int
    classes: Int64s
    at: int


class RowNormalizer(NamedTuple):
    """Softmax's maximum and sum over one row."""

    maximum: Float32
    total: Float32


class Lattice(NamedTuple):
    """Work offsets of the logarithms of one sequence of T frames, in rows of the states' width.

    ``alphas`` (T, width) are the forward variables, ``stride`` apart; ``log_probabilities`` (T, width) are those of the
    states' classes; ``skips`` are the weights of the transitions over a blank (see `skip_transitions`); ``beta`` holds
    the backward variables of one frame.
    """

    alphas: int
    stride: int
    log_probabilities: int
    skips: int
    beta: int
    frames: int


@kernel
def log_sum(a: Any, b: Any, c: Any) -> Any:
    """``log(exp a + exp b + exp c)``."""
    top = maximum(maximum(a, b), c)
    return top + log(exp(a - top) + exp(b - top) + exp(c - top))


@kernel
def extend_labels(classes: Int64s, at: int, labels: Labels) -> int:
    """Write the class of each state, a blank around every label; return the number of states."""
    for i in range(labels.size):
        classes[at + 2 * i] = 0
        classes[at + 2 * i + 1] = labels.symbols[labels.begin + i]
    classes[at + 2 * labels.size] = 0
    return 2 * labels.size + 1


@kernel
def frame_log_probabilities(work: Float32s, into: int, z: int, normalizer: RowNormalizer, states: States) -> None:
    """The log-probability of every state's class at one frame; padding states have probability 0."""
    store(work, into, log(splat(normalizer.total, LANES)))
    log_total = normalizer.maximum + work[into]
    for s in range(states.size):
        v = work[z + states.classes[states.at + s]] - log_total
        work[into + s] = _LOG_FLOOR if v < _LOG_FLOOR else v  # NaN stays
    for s in range(states.size, states.width):
        work[into + s] = _LOG_ZERO


@kernel
def subtract_maximum(work: Float32s, at: int, width: int) -> Any:
    """Subtract a row's maximum from the row, and return it."""
    best = load(work, at, LANES)
    for j in range(LANES, width, LANES):
        best = maximum(best, load(work, at + j, LANES))
    top = max_lanes(best)
    for j in range(0, width, LANES):
        store(work, at + j, load(work, at + j, LANES) - splat(top, LANES))
    return top


@kernel
def skip_transitions(work: Float32s, into: int, states: States) -> None:
    """Write log 1 for each state that may follow the one two before it, a different label, and log 0 for the others."""
    for s in range(states.width + ALIGNMENT):
        work[into + s] = _LOG_ZERO
    for s in range(3, states.size, 2):
        if states.classes[states.at + s] != states.classes[states.at + s - 2]:
            work[into + s] = _ZERO


@kernel
def forward_variables(work: Float32s, lattice: Lattice, states: States) -> float:
    """Fill the forward variables, one row a frame, and return the log-likelihood of the labels."""
    alphas, log_probabilities, width = lattice.alphas, lattice.log_probabilities, states.width
    total = np.float64(0.0)
    for j in range(-ALIGNMENT, width):
        work[alphas + j] = _LOG_ZERO
    work[alphas] = work[log_probabilities]
    if states.size > 1:
        work[alphas + 1] = work[log_probabilities + 1]
    total += np.float64(subtract_maximum(work, alphas, width))
    for t in range(1, lattice.frames):
        row, previous = alphas + t * lattice.stride, alphas + (t - 1) * lattice.stride
        for j in range(-ALIGNMENT, 0):
            work[row + j] = _LOG_ZERO
        for j in range(0, width, LANES):
            skipped = load(work, previous + j - 2, LANES) + load(work, lattice.skips + j, LANES)
            arriving = log_sum(load(work, previous + j, LANES), load(work, previous + j - 1, LANES), skipped)
            store(work, row + j, arriving + load(work, log_probabilities + t * width + j, LANES))
        total += np.float64(subtract_maximum(work, row, width))
    final_count = 2 if states.size > 1 else 1
    final = alphas + (lattice.frames - 1) * lattice.stride + states.size - final_count
    final_states = fill_rest(load_first(work, final, final_count, LANES), final_count, _LOG_ZERO)
    best = max_lanes(final_states)
    final_total = sum_lanes(exp(final_states - splat(best, LANES)))
    return total + np.float64(best) + np.float64(max_lanes(log(splat(final_total, LANES))))


@kernel
def backward_variables(work: Float32s, lattice: Lattice, states: States, t: int) -> None:
    """Replace the backward variables of frame t + 1 in ``beta`` by those of frame t."""
    beta, width = lattice.beta, states.width
    if t == lattice.frames - 1:
        for j in range(width):
            work[beta + j] = _ZERO if j >= states.size - 2 and j < states.size else _LOG_ZERO
    else:
        successors = beta + width + ALIGNMENT
        log_probabilities = lattice.log_probabilities + (t + 1) * width
        for j in range(0, width, LANES):
            store(work, successors + j, load(work, beta + j, LANES) + load(work, log_probabilities + j, LANES))
        for j in range(width, width + ALIGNMENT):
            work[successors + j] = _LOG_ZERO
        for j in range(0, width, LANES):
            skipped = load(work, successors + j + 2, LANES) + load(work, lattice.skips + j + 2, LANES)
            store(
                work,
                beta + j,
                log_sum(load(work, successors + j, LANES), load(work, successors + j + 1, LANES), skipped),
            )
        subtract_maximum(work, beta, width)


@kernel
def posteriors(work: Float32s, alpha: int, beta: int, into: int, width: int) -> None:
    """The probability of each state at one frame, given the labels; they sum to 1."""
    best = splat(_LOG_ZERO + _LOG_ZERO, LANES)
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
    row_total = splat(sum_lanes(total), LANES)
    for j in range(0, width, LANES):
        store(work, into + j, load(work, into + j, LANES) / row_total)


@kernel
def ctc_loss(
    work: Float32s,
    at: int,
    outputs: Outputs,
    member: Member,
    labels: Labels,
    states_at: int,
    scale: Float32,
    back: bool,
) -> float:
    """``-log p(labels)`` of one sequence; with ``back`` also the gradient of ``scale`` times it by the sums z.

    Scratch begins at ``at``: six rows, the log-probabilities (T, width) and the forward variables (T, width +
    ALIGNMENT). The states' classes are written to the group's integers, from ``states_at`` on.
    """
    classes, times = member.times.ints, member.times
    count = extend_labels(classes, states_at, labels)
    width = (count + ALIGNMENT - 1) // ALIGNMENT * ALIGNMENT
    states = States(count, width, classes, states_at)
    long = width + ALIGNMENT
    skips = at
    beta = skips + long
    gamma = beta + 2 * long
    log_probabilities = gamma + long
    alphas = log_probabilities + member.frames * width + ALIGNMENT
    lattice = Lattice(alphas, long, log_probabilities, skips, beta, member.frames)
    skip_transitions(work, skips, states)
    for t in range(member.frames):
        place = times.ints[times.at + t] + member.place
        z = outputs.sums + place * outputs.stride
        normalizer = RowNormalizer(work[outputs.maxima + place], work[outputs.totals + place])
        frame_log_probabilities(work, log_probabilities + t * width, z, normalizer, states)
    likelihood = forward_variables(work, lattice, states)
    if back:
        factor = splat(scale, LANES)
        for step in range(member.frames):
            t = member.frames - 1 - step
            backward_variables(work, lattice, states, t)
            posteriors(work, alphas + t * long, beta, gamma, width)
            place = (times.ints[times.at + t] + member.place) * outputs.stride
            y, d = outputs.values, outputs.gradients
            for j in range(0, outputs.classes, LANES):
                store(work, d + place + j, load(work, y + place + j, LANES) * factor)
            for s in range(count):
                work[d + place + states.classes[states.at + s]] -= scale * work[gamma + s]
    return -likelihood


@kernel
def decodes_to(work: Float32s, outputs: Outputs, member: Member, labels: Labels) -> bool:
    """Whether best-path decoding gives the labels: the likeliest class of each frame, without repeats and blanks."""
    decoded, last_class = 0, 0
    for t in range(member.frames):
        row = outputs.sums + (member.times.ints[member.times.at + t] + member.place) * outputs.stride
        best = 0
        for k in range(1, outputs.classes):
            if work[row + k] > work[row + best]:
                best = k
        if best not in (0, last_class):
            if decoded == labels.size or labels.symbols[labels.begin + decoded] != best:
                return False
            decoded += 1
        last_class = best
    return bool(decoded == labels.size)
