"""Pooling over planes, with the images in the lanes: the maximum or the mean of each window, and the backward pass.

A row of the program table gives the positions of planes and the strides of windows; ``before`` is the row of the
layer's input. Derivation: docs/derivations/pool2d.md
"""

from __future__ import annotations

from typing import Any

import numpy as np

from pellucid.engine.compiler.kernels import kernel
from pellucid.engine.compiler.signature import Float32s, Int64s
from pellucid.engine.programs.table import (
    CHANNELS,
    DELTA_LINE,
    DELTA_PLANE,
    DELTA_STEP,
    DELTAS,
    HEIGHT,
    LINE,
    MAX_POOL,
    OPERATION,
    PLANE,
    STEP_X,
    STEP_Y,
    VALUES,
    WIDTH,
    WINDOW_X,
    WINDOW_Y,
)
from pellucid.engine.records import PlanesLayer, Strided
from pellucid.engine.simd.lanes import LANES, load, load_first, splat, store, store_first, where_less

_ZERO = np.float32(0.0)
_ONE = np.float32(1.0)


@kernel
def pool(layer: PlanesLayer, group: int) -> None:
    """Compute the maximum (MAX_POOL; NaN if its first element is) or mean (AVG_POOL) of each window, for a group."""
    table, row, before, work = layer
    largest = table[row + OPERATION] == MAX_POOL
    share = splat(_ONE / np.float32(table[row + WINDOW_Y] * table[row + WINDOW_X]), LANES)
    x_line = table[before + LINE]
    for channel in range(table[row + CHANNELS]):
        for y in range(table[row + HEIGHT]):
            at = table[row + VALUES] + channel * table[row + PLANE] + y * table[row + LINE]
            window = table[before + VALUES] + channel * table[before + PLANE] + y * table[row + STEP_Y] * x_line
            for _ in range(table[row + WIDTH]):
                kept = load_first(work, window, group, LANES) if largest else splat(_ZERO, LANES)
                for i in range(table[row + WINDOW_Y]):
                    for j in range(table[row + WINDOW_X]):
                        v = load_first(work, window + i * x_line + j * group, group, LANES)
                        kept = where_less(kept, v, v, kept) if largest else kept + v
                store_first(work, at, kept if largest else kept * share, group)
                at += group
                window += table[row + STEP_X] * group


@kernel
def clear_deltas(table: Int64s, row: int, work: Float32s) -> None:
    """Set the deltas of a row of planes to zero, where windows overlap or leave a part uncovered."""
    for channel in range(table[row + CHANNELS]):
        for y in range(table[row + HEIGHT]):
            at = table[row + DELTAS] + channel * table[row + DELTA_PLANE] + y * table[row + DELTA_LINE]
            for _ in range(table[row + WIDTH]):
                store(work, at, splat(_ZERO, LANES))
                at += table[row + DELTA_STEP]


@kernel
def max_backward(into: Strided, window: Strided, rows: int, columns: int, largest: Any, d: Any, apart: bool) -> None:
    """Route ``d`` to the first element of a window that equals ``largest``; ``apart``: store it, not add it."""
    for i in range(rows):
        for j in range(columns):
            v = load(window.memory, window.at + i * window.row + j * window.step, LANES)
            place = into.at + i * into.row + j * into.step
            mine = where_less(v, largest, splat(_ZERO, LANES), d)
            d = where_less(v, largest, d, splat(_ZERO, LANES))
            store(into.memory, place, mine if apart else mine + load(into.memory, place, LANES))


@kernel
def mean_backward(into: Strided, rows: int, columns: int, d: Any) -> None:
    """Add ``d`` to all deltas of a window."""
    for i in range(rows):
        for j in range(columns):
            place = into.at + i * into.row + j * into.step
            store(into.memory, place, d + load(into.memory, place, LANES))


@kernel
def pool_backward(layer: PlanesLayer, group: int) -> None:
    """Compute the deltas of the layer before the pool from those of the pool.

    They are gradients by that layer's activations, or by its weighted sums if the pool's deltas already include the
    activation's derivative. If windows neither overlap nor leave a part uncovered, the deltas may overwrite the
    activations.
    """
    table, row, before, work = layer
    largest = table[row + OPERATION] == MAX_POOL
    across, down = table[row + WIDTH], table[row + HEIGHT]
    side_by_side = table[row + WINDOW_X] == table[row + STEP_X] and table[row + WINDOW_Y] == table[row + STEP_Y]
    whole = across * table[row + STEP_X] == table[before + WIDTH] and down * table[row + STEP_Y] == table[
        before + HEIGHT]  # fmt: skip
    apart = largest and side_by_side and whole
    if not apart:
        clear_deltas(table, before, work)
    share = splat(_ONE / np.float32(table[row + WINDOW_Y] * table[row + WINDOW_X]), LANES)
    x_line, d_line, d_step = table[before + LINE], table[before + DELTA_LINE], table[before + DELTA_STEP]
    rows, columns = table[row + WINDOW_Y], table[row + WINDOW_X]
    for channel in range(table[row + CHANNELS]):
        for y in range(down):
            top = y * table[row + STEP_Y]
            at = channel * table[row + PLANE] + y * table[row + LINE] + table[row + VALUES]
            delta = channel * table[row + DELTA_PLANE] + y * table[row + DELTA_LINE] + table[row + DELTAS]
            window = table[before + VALUES] + channel * table[before + PLANE] + top * x_line
            into = table[before + DELTAS] + channel * table[before + DELTA_PLANE] + top * d_line
            for _ in range(across):
                d = load(work, delta, LANES)
                deltas = Strided(work, into, d_line, d_step)
                if largest:
                    seen, m = Strided(work, window, x_line, group), load(work, at, LANES)
                    max_backward(deltas, seen, rows, columns, m, d, apart)
                else:
                    mean_backward(deltas, rows, columns, d * share)
                at += group
                delta += table[row + DELTA_STEP]
                window += table[row + STEP_X] * group
                into += table[row + STEP_X] * d_step
