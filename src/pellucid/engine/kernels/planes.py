"""Planes: images laid out (channels, height, width, group of images), so that each lane holds one image.

Lanes without an image hold zeros in the forward pass, and have no gradient in the backward pass.
"""

from __future__ import annotations

import numpy as np

from pellucid.engine.compiler.kernels import kernel
from pellucid.engine.compiler.signature import Float32s, Int64s
from pellucid.engine.kernels.activations import activate, elementwise_backward
from pellucid.engine.kernels.sparse import Entries
from pellucid.engine.programs.table import (
    ACTIVATION,
    BOUNDS,
    CHANNELS,
    DELTA_LINE,
    DELTA_PLANE,
    DELTA_STEP,
    DELTAS,
    HEIGHT,
    LINE,
    PLANE,
    STRIDE,
    SUMS,
    VALUES,
    WIDTH,
)
from pellucid.engine.records import Matrix, PlanesLayer, Vector
from pellucid.engine.simd.barrier import lesser
from pellucid.engine.simd.lanes import LANES, load, store
from pellucid.engine.simd.reductions import all_zero

_ZERO = np.float32(0.0)


@kernel
def place_sparse(table: Int64s, work: Float32s, image: Entries, place: int, step: int) -> None:
    """Add the entries of a sparse image to its place in the first row of the table.

    Entries are sorted by input. Entries that only pad the image have the value 0 and repeat the last input.
    """
    width, line = table[WIDTH], table[LINE]
    at, past, y = table[VALUES] + place, width, 0
    for i in range(image.begin, image.end):
        column = np.int64(image.indices[i])
        while column >= past:
            past += width
            at += line
            y += 1
            if y == table[HEIGHT]:
                y = 0
                at += table[PLANE] - table[HEIGHT] * line
        work[at + (column - past + width) * step] += image.data[image.at + i]


@kernel
def place_dense(table: Int64s, work: Float32s, x: Vector, place: int, step: int) -> None:
    """Write a dense image to its place in the first row of the table."""
    xi = x.at
    for channel in range(table[CHANNELS]):
        for y in range(table[HEIGHT]):
            at = table[VALUES] + channel * table[PLANE] + y * table[LINE] + place
            for _ in range(table[WIDTH]):
                work[at] = x.memory[xi]
                at += step
                xi += 1


@kernel
def find_bounds(table: Int64s, work: Float32s) -> None:
    """Find the bounds of the nonzero inputs of all images in the first row: first and past line, first and past column.

    They are stored at the row's BOUNDS, as floats.
    """
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
    bounds = table[BOUNDS]
    work[bounds], work[bounds + 1] = np.float32(top), np.float32(past)
    work[bounds + 2], work[bounds + 3] = np.float32(left), np.float32(right)


@kernel
def planes_to_rows(layer: PlanesLayer, group: int, n: int) -> None:
    """Lay the planes of the layer before out as one row an image: (images, stride), at the activations of this one."""
    table, row, before, work = layer
    into, stride = table[row + VALUES], table[row + STRIDE]
    for channel in range(table[before + CHANNELS]):
        for y in range(table[before + HEIGHT]):
            at = table[before + VALUES] + channel * table[before + PLANE] + y * table[before + LINE]
            for _ in range(table[before + WIDTH]):
                for i in range(n):
                    work[into + i * stride] = work[at + i]
                at += group
                into += 1


@kernel
def lanes_to_planes(table: Int64s, before: int, work: Float32s, delta: int) -> None:
    """Copy gradients (features, lanes) at ``work[delta]`` to the deltas of the planes of the layer before."""
    for channel in range(table[before + CHANNELS]):
        for y in range(table[before + HEIGHT]):
            into = table[before + DELTAS] + channel * table[before + DELTA_PLANE] + y * table[before + DELTA_LINE]
            for _ in range(table[before + WIDTH]):
                store(work, into, load(work, delta, LANES))
                delta += LANES
                into += table[before + DELTA_STEP]


@kernel
def rows_to_lanes(y: Vector, x: Matrix, n: int, width: int) -> None:
    """Transpose x (images, width) into y (width, lanes), with zeros in lanes without an image."""
    for j in range(width):
        for i in range(LANES):
            y.memory[y.at + j * LANES + i] = x.memory[x.at + i * x.stride + j] if i < n else _ZERO


@kernel
def lanes_to_rows(y: Matrix, x: Vector, n: int, width: int) -> None:
    """Transpose x (width, lanes) into y (images, width)."""
    for j in range(width):
        for i in range(n):
            y.memory[y.at + i * y.stride + j] = x.memory[x.at + j * LANES + i]


@kernel
def activate_planes(table: Int64s, row: int, work: Float32s, group: int) -> None:
    """Compute the activations of a row of planes from its weighted sums."""
    which = table[row + ACTIVATION]
    for channel in range(table[row + CHANNELS]):
        for line in range(table[row + HEIGHT]):
            at = channel * table[row + PLANE] + line * table[row + LINE]
            y, z = Vector(work, table[row + VALUES] + at), Vector(work, table[row + SUMS] + at)
            activate(which, y, z, table[row + WIDTH] * group)


@kernel
def activations_backward(which: int, table: Int64s, row: int, work: Float32s) -> None:
    """Multiply deltas by the derivative of activation ``which``: by activations before, by weighted sums after."""
    step = table[row + DELTA_STEP]
    for channel in range(table[row + CHANNELS]):
        for y in range(table[row + HEIGHT]):
            delta = table[row + DELTAS] + channel * table[row + DELTA_PLANE] + y * table[row + DELTA_LINE]
            at = table[row + VALUES] + channel * table[row + PLANE] + y * table[row + LINE]
            if step == LANES:
                elementwise_backward(which, Vector(work, delta), Vector(work, at), table[row + WIDTH] * LANES)
            else:
                for x in range(table[row + WIDTH]):
                    elementwise_backward(which, Vector(work, delta + x * step), Vector(work, at + x * LANES), LANES)
