"""Planes: images laid out (channels, height, width, group of images), so that lanes are images; in, out and through.

Floats of a group that no image fills are zero on the way in, and have no gradient on the way back.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from pellucid.engine.compiler.kernels import kernel
from pellucid.engine.kernels.activations import activate, through_activation
from pellucid.engine.programs.table import (
    CHANNELS,
    DELTA_LINE,
    DELTA_PLANE,
    DELTA_STEP,
    DELTAS,
    HEIGHT,
    INK,
    LINE,
    PLANE,
    SUMS,
    VALUES,
    WIDTH,
)
from pellucid.engine.simd.barrier import lesser
from pellucid.engine.simd.lanes import LANES, all_zero, load, splat, store

_ZERO = np.float32(0.0)


@kernel
def clear(work: Any, at: int, count: int) -> None:
    """Set ``count`` floats, a multiple of the lane width, to zero."""
    for i in range(at, at + count, LANES):
        store(work, i, splat(_ZERO, LANES))


@kernel
def place_ink(
    table: Any,
    row: int,
    work: Any,
    columns: Any,
    values: Any,
    vi: int,
    begin: int,
    end: int,
    place: int,
    step: int,
) -> None:
    """Add one image's ink, entries ``begin`` to ``end`` with values from ``values[vi + begin]``, to its place.

    Entries come column by column; those that only fill up are paper in the column of the last.
    """
    width, line = table[row + WIDTH], table[row + LINE]
    at, past, y = table[row + VALUES] + place, width, 0
    for i in range(begin, end):
        column = np.int64(columns[i])
        while column >= past:
            past += width
            at += line
            y += 1
            if y == table[row + HEIGHT]:
                y = 0
                at += table[row + PLANE] - table[row + HEIGHT] * line
        work[at + (column - past + width) * step] += values[vi + i]


@kernel
def place_line(table: Any, row: int, work: Any, x: Any, xi: int, place: int, step: int) -> None:
    """Write one dense image at ``x[xi]`` to its place in the group."""
    for channel in range(table[row + CHANNELS]):
        for y in range(table[row + HEIGHT]):
            at = table[row + VALUES] + channel * table[row + PLANE] + y * table[row + LINE] + place
            for _ in range(table[row + WIDTH]):
                work[at] = x[xi]
                at += step
                xi += 1


@kernel
def find_ink(table: Any, work: Any) -> None:
    """Which lines and columns of the images in the first row have ink, in any of them: first and past of each."""
    height, width = table[HEIGHT], table[WIDTH]
    top, past, left, right = height, 0, width, 0
    for channel in range(table[CHANNELS]):
        for y in range(height):
            at = table[VALUES] + channel * table[PLANE] + y * table[LINE]
            x, end = 0, width
            while x < width and all_zero(load(work, at + x * LANES, LANES)):
                x += 1
            if x < width:
                while all_zero(load(work, at + (end - 1) * LANES, LANES)):
                    end -= 1
                top = lesser(top, y)
                past = y + 1 if past <= y else past
                left = lesser(left, x)
                right = end if right < end else right
    ink = table[INK]
    work[ink], work[ink + 1] = np.float32(top), np.float32(past)
    work[ink + 2], work[ink + 3] = np.float32(left), np.float32(right)


@kernel
def to_rows(table: Any, row: int, before: int, work: Any, stride: int, group: int, n: int) -> None:
    """Lay the planes ``before`` out in a line for each image: (images, stride) at the row's activations."""
    into = table[row + VALUES]
    for channel in range(table[before + CHANNELS]):
        for y in range(table[before + HEIGHT]):
            at = table[before + VALUES] + channel * table[before + PLANE] + y * table[before + LINE]
            for _ in range(table[before + WIDTH]):
                for i in range(n):
                    work[into + i * stride] = work[at + i]
                at += group
                into += 1


@kernel
def from_lanes(table: Any, before: int, work: Any, delta: int) -> None:
    """Lay gradients (features, lanes) at ``work[delta]`` out as the deltas of the planes ``before``."""
    for channel in range(table[before + CHANNELS]):
        for y in range(table[before + HEIGHT]):
            into = table[before + DELTAS] + channel * table[before + DELTA_PLANE] + y * table[before + DELTA_LINE]
            for _ in range(table[before + WIDTH]):
                store(work, into, load(work, delta, LANES))
                delta += LANES
                into += table[before + DELTA_STEP]


@kernel
def lanes_of_rows(work: Any, into: int, rows: int, stride: int, n: int, width: int) -> None:
    """From (images, stride) at ``work[rows]`` to (width, lanes) at ``work[into]``, zero in lanes without an image."""
    for j in range(width):
        for i in range(LANES):
            work[into + j * LANES + i] = work[rows + i * stride + j] if i < n else _ZERO


@kernel
def rows_of_lanes(y: Any, into: int, stride: int, work: Any, lanes: int, n: int, width: int) -> None:
    """From (width, lanes) at ``work[lanes]`` to (images, stride) at ``y[into]``."""
    for j in range(width):
        for i in range(n):
            y[into + i * stride + j] = work[lanes + j * LANES + i]


@kernel
def activate_planes(which: int, table: Any, row: int, work: Any, group: int) -> None:
    """From the weighted sums of a row of planes to its activations."""
    for channel in range(table[row + CHANNELS]):
        for y in range(table[row + HEIGHT]):
            at = channel * table[row + PLANE] + y * table[row + LINE]
            activate(which, work, table[row + VALUES] + at, work, table[row + SUMS] + at, table[row + WIDTH] * group)


@kernel
def through_planes(which: int, table: Any, row: int, work: Any) -> None:
    """Turn the deltas of a row of planes, by its activations, into those by sums that activation ``which`` made so."""
    step = table[row + DELTA_STEP]
    for channel in range(table[row + CHANNELS]):
        for y in range(table[row + HEIGHT]):
            delta = table[row + DELTAS] + channel * table[row + DELTA_PLANE] + y * table[row + DELTA_LINE]
            at = table[row + VALUES] + channel * table[row + PLANE] + y * table[row + LINE]
            if step == LANES:
                through_activation(which, work, delta, work, at, table[row + WIDTH] * LANES)
            else:
                for x in range(table[row + WIDTH]):
                    through_activation(which, work, delta + x * step, work, at + x * LANES, LANES)
