"""Recurrent layers over one group of sequences: the loops over directions and time that all of them share.

Letters: D inputs, H hidden units, U the same rounded up to whole lanes, n sequences of one time step. Frames are rows
ordered by time (see `pellucid.engine.programs.sequence_table`), so one time step is a block of rows. The hidden values
h, and the cells c of a layer that has them, are stored beside the frame that reads them: h and c one frame earlier.
Padding stays 0 throughout.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from pellucid.engine.compiler.kernels import kernel
from pellucid.engine.kernels.vectors import clear
from pellucid.engine.programs.sequence_table import (
    DIRECTIONS,
    GROUP,
    HIDDEN,
    PACKED_GRADIENTS,
    PACKED_SIZE,
    PREVIOUS_CELLS,
    PREVIOUS_HIDDEN,
    ROWS,
    SOURCE_GRADIENTS,
    SOURCE_STRIDE,
    STATE_GRADIENTS,
    UNITS,
)
from pellucid.engine.records import Vector
from pellucid.engine.sequence_records import Layer, Times
from pellucid.engine.simd.barrier import lesser
from pellucid.engine.simd.lanes import LANES, load, splat, store

_CHUNK = 96
"""Frames that are added to the weights' gradient at a time: they fit the first-level cache."""

_ZERO = np.float32(0.0)


class TimeStep(NamedTuple):
    """The rows ``first`` to ``first + size`` of one time step.

    ``recurrent`` is the number of hidden values that enter the sums: H, or 0 where all are 0. The new h and c of the
    first ``continuing`` rows go to the rows from ``next_first`` on; those of sequences that end here go past the last
    row.
    """

    first: int
    size: int
    recurrent: int
    next_first: int
    continuing: int


class Forward(NamedTuple):
    """The forward kernels of a kind of layer.

    ``input_sums(layer, direction, count)`` computes ``W x + b`` of ``count`` frames, the part of the sums that depends
    on no other frame; ``step(layer, direction, time_step)`` runs one time step.
    """

    input_sums: Callable[..., None]
    step: Callable[..., None]


class Backward(NamedTuple):
    """The backward kernels of a kind of layer.

    ``step(layer, direction, first, n, more)`` computes the gradients of one time step by its sums and, if there are
    ``more`` steps, by the previous state. ``parameter_gradients(layer, direction, first, n)`` adds the share of ``n``
    frames to the packed gradient, ``unpack(layer, direction, gradient)`` writes that to the gradient of all parameters,
    and ``input_gradients(layer, direction, count)`` adds one direction's share of the gradient by the inputs.
    """

    step: Callable[..., None]
    parameter_gradients: Callable[..., None]
    unpack: Callable[..., None]
    input_gradients: Callable[..., None]


@kernel
def set_initial_states(layer: Layer, direction: int, times: Times, carry: bool) -> None:
    """Set the initial h and c of each sequence: 0, or with ``carry`` the final state of the previous call."""
    table, row, work = layer
    ints, ti, longest = times
    units, rows = table[row + UNITS], table[ROWS]
    shift = direction * (rows + table[GROUP]) * units
    group = ints[ti + 1] - ints[ti]
    s = 0
    # In the backward direction the longest sequences begin first.
    for step in range(longest):
        t = longest - 1 - step if direction == 1 else 0
        n = ints[ti + t + 1] - ints[ti + t]
        while s < n:
            first = (ints[ti + t] + s) * units + shift
            last = (rows + s) * units + shift
            for j in range(0, units, LANES):
                for base in (table[row + PREVIOUS_HIDDEN], table[row + PREVIOUS_CELLS]):
                    if base >= 0:
                        v = load(work, base + last + j, LANES) if carry else splat(_ZERO, LANES)
                        store(work, base + first + j, v)
            s += 1
        if s == group:
            return


def run_forward(kernels: Forward) -> Callable[..., None]:
    """Make the forward pass of a layer from its kernels."""
    input_sums, step_forward = kernels

    @kernel
    def forward(layer: Layer, times: Times, carry: bool) -> None:
        """Run the layer over a group."""
        table, row, _ = layer
        ints, ti, longest = times
        for direction in range(table[row + DIRECTIONS]):
            set_initial_states(layer, direction, times, carry)
            input_sums(layer, direction, ints[ti + longest])
            for step in range(longest):
                t = longest - 1 - step if direction == 1 else step
                first, n = ints[ti + t], ints[ti + t + 1] - ints[ti + t]
                if direction == 1:
                    next_first = ints[ti + t - 1] if t > 0 else first
                    continuing = n if t > 0 else 0
                else:
                    next_first = ints[ti + t + 1]
                    continuing = ints[ti + t + 2] - next_first if t + 1 < longest else 0
                recurrent = table[row + HIDDEN] if step > 0 or carry else 0  # h is 0 before the first frame
                step_forward(layer, direction, TimeStep(first, n, recurrent, next_first, continuing))

    return forward


def run_backward(kernels: Backward) -> Callable[..., None]:
    """Make the backward pass of a layer from its kernels."""
    step_backward, parameter_gradients, unpack, input_gradients = kernels

    @kernel
    def backward_through_time(layer: Layer, direction: int, times: Times) -> None:
        """Backpropagation through time for one direction, then the gradient by its parameters."""
        table, row, work = layer
        ints, ti, longest = times
        states = 2 if table[row + PREVIOUS_CELLS] >= 0 else 1
        clear(work, table[row + STATE_GRADIENTS], states * table[GROUP] * table[row + UNITS])
        clear(work, table[row + PACKED_GRADIENTS] + direction * table[row + PACKED_SIZE], table[row + PACKED_SIZE])
        for step in range(longest):
            t = step if direction == 1 else longest - 1 - step
            first = ints[ti + t]
            step_backward(layer, direction, first, ints[ti + t + 1] - first, step + 1 < longest)
        for begin in range(0, ints[ti + longest], _CHUNK):
            parameter_gradients(layer, direction, begin, lesser(_CHUNK, ints[ti + longest] - begin))

    @kernel
    def backward(layer: Layer, gradient: Vector, times: Times) -> None:
        """The gradients by the inputs and, to ``gradient``, by all parameters, from those by the outputs."""
        table, row, work = layer
        count = times.ints[times.at + times.longest]
        into = table[row + SOURCE_GRADIENTS]
        if into >= 0:
            clear(work, into, count * table[row + SOURCE_STRIDE])
        for direction in range(table[row + DIRECTIONS]):
            backward_through_time(layer, direction, times)
            unpack(layer, direction, gradient)
            if into >= 0:
                input_gradients(layer, direction, count)

    return backward
