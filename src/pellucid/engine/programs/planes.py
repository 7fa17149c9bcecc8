"""Run a table of any layers over one group of images, by one thread: forward and backward, row by row.

The first row holds the images themselves. Planes (see `pellucid.engine.kernels.planes`) become rows, one an image,
where a dense layer follows. The whole group stays in the cache from the images to the gradients.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from pellucid.engine.compiler.kernels import kernel
from pellucid.engine.kernels import conv2d, dense, dropout, planes, pool2d
from pellucid.engine.kernels import sparse as ink
from pellucid.engine.kernels import winograd as minimal
from pellucid.engine.kernels.activations import back
from pellucid.engine.kernels.conv2d import Description
from pellucid.engine.programs.dense import finish_layer, layer_sums
from pellucid.engine.programs.table import (
    ACTIVATION,
    AVG_POOL,
    BACKWARD,
    BIAS,
    CHANNELS,
    COLUMNS,
    CONV2D,
    DELTAS,
    DENSE,
    DROPOUT,
    FLATTEN,
    FORWARD,
    HEIGHT,
    IDENTITY,
    INK,
    INK_INPUT,
    INPUT_PLANES,
    INPUTS,
    MAX_POOL,
    MINIMAL,
    NOTHING,
    OPERATION,
    OUTPUTS,
    PACKED_INPUT,
    PLANE,
    RELU,
    SLOPE,
    SOURCE,
    SOURCE_STRIDE,
    STRIDE,
    SUMS,
    TRANSPOSED,
    VALUES,
    WEIGHT,
)
from pellucid.engine.records import Matrix, Part, Sizes, Vector
from pellucid.engine.simd.blocks import block_of, keep_block, outer
from pellucid.engine.simd.lanes import LANES

_ZERO = np.float32(0.0)
_LOWEST = np.float32(-np.inf)
_ALONE = 0
_ONLY = 1
_FIRST = 0


@kernel
def place_images(
    table: Any,
    work: Any,
    group: int,
    kind: int,
    starts: Any,
    columns: Any,
    values: Any,
    levels: Any,
    low: Any,
    span: Any,
    order: Any,
    first: int,
    n: int,
) -> None:
    """Lay the images ``order[first : first + n]`` out in the first row: in planes, or in rows for a dense layer."""
    in_planes = table[OPERATION] == INPUT_PLANES
    step = group if in_planes else _ONLY
    planes.clear(work, table[VALUES], table[CHANNELS] * table[PLANE] if in_planes else group * table[STRIDE])
    for i in range(n):
        place = i if in_planes else i * table[STRIDE]
        image = order[first + i]
        begin, end = starts[image], starts[image + 1]
        if kind == PACKED_INPUT:
            ink.unpack(Vector(work, table[SOURCE] - begin), levels, begin, end, low, span)
            planes.place_ink(table, _FIRST, work, columns, work, table[SOURCE] - begin, begin, end, place, step)
        elif kind == INK_INPUT:
            planes.place_ink(table, _FIRST, work, columns, values, _ALONE, begin, end, place, step)
        else:
            planes.place_line(table, _FIRST, work, values, image * table[OUTPUTS], place, step)
    if table[INK]:
        planes.find_ink(table, work)


@kernel
def convolve(table: Any, row: int, before: int, p: Any, work: Any, group: int, training: int) -> None:
    """A convolution's sums and activations; ReLU in place costs nothing."""
    at_once = table[row + SUMS] == table[row + VALUES] and table[row + ACTIVATION] == RELU
    if training and minimal.serves(table, row, work):
        minimal.forward(table, row, work)
    else:
        told, floor = Description(table, table[row + FORWARD]), _ZERO if at_once else _LOWEST
        region, length = conv2d.reach(work, table[before + INK], told)
        if length < table[told.at + conv2d.LENGTH]:
            conv2d.fill_paper(
                Vector(work, table[row + SUMS]), Vector(p, table[row + BIAS]), told, floor, region, length
            )
        conv2d.correlate(
            Vector(work, table[row + SUMS]),
            Matrix(p, table[row + BIAS], _ONLY),
            Vector(p, table[row + WEIGHT]),
            Vector(work, table[before + VALUES]),
            told,
            floor,
            region,
            length,
        )
    if table[row + SUMS] != table[row + VALUES]:
        planes.activate_planes(table[row + ACTIVATION], table, row, work, group)


@kernel
def prepare(table: Any, rows: int, p: Any, work: Any) -> None:
    """What training has to know of the weights before it meets the first images of a step."""
    for i in range(1, rows):
        if table[i * COLUMNS + MINIMAL]:
            minimal.prepare(table, i * COLUMNS, p, work)


@kernel
def drop(
    table: Any, row: int, before: int, work: Any, group: int, n: int, training: int, serial: int, key0: int, key1: int
) -> None:
    """Dropout over planes or rows; as if it were not there where nobody trains."""
    if training:
        dropout.draw_factors(table, row, work, n, serial, key0, key1)
    if table[row + STRIDE] > 0:
        stride, source, width = table[row + STRIDE], table[before + STRIDE], table[row + OUTPUTS]
        at, x = table[row + VALUES], table[before + VALUES]
        dropout.drop_rows(work, at, stride, x, source, table[row + SUMS], n, width, training)
    else:
        dropout.drop_planes(table, row, before, work, group, training)


@kernel
def forward(
    table: Any, rows: int, p: Any, work: Any, group: int, n: int, training: int, serial: int, key0: int, key1: int
) -> None:
    """From the images in the first row to the network's outputs in the last."""
    for i in range(1, rows):
        row = i * COLUMNS
        before = row - COLUMNS
        which = table[row + OPERATION]
        if which == CONV2D:
            convolve(table, row, before, p, work, group, training)
        elif which in (MAX_POOL, AVG_POOL):
            pool2d.pool(table, row, before, work, group)
        elif which == FLATTEN:
            planes.to_rows(table, row, before, work, table[row + STRIDE], group, n)
        elif which == DROPOUT:
            drop(table, row, before, work, group, n, training, serial, key0, key1)
        elif which == DENSE:
            layer_sums(table, row, p, work, 0, n, _ALONE, _ONLY)
            finish_layer(table, row, work, 0, n, _ALONE, _ONLY)


def _lanes_product(rows: int) -> Any:
    @kernel
    def some(y: Any, yi: int, a: Any, ai: int, a_row: int, b: Any, bi: int, depth: int, zeros: int) -> None:
        block = block_of(b, zeros, 0, rows, 1, LANES)
        for _ in range(depth):
            block = outer(block, a, ai, a_row, b, bi, 0)
            ai += 1
            bi += LANES
        keep_block(y, yi, LANES, 0, block, _LOWEST)

    return some


_eight_rows, _one_row = _lanes_product(8), _lanes_product(1)


@kernel
def dense_back(table: Any, row: int, before: int, p: Any, g: Any, shift: int, work: Any, n: int) -> None:
    """A dense layer's gradients for a group: of bias and weights at ``g[shift]``, and of what came in.

    The last is ``dx' = W delta'`` with the images in the lanes, so that weights are read as they lie.
    """
    delta, stride = table[row + DELTAS], table[row + STRIDE]
    d, k, weight = table[row + INPUTS], table[row + OUTPUTS], table[row + WEIGHT]
    x, x_stride = table[row + SOURCE], table[row + SOURCE_STRIDE]
    by_sums = Matrix(work, delta, stride)
    dense.bias_gradient(Vector(g, shift + table[row + BIAS]), by_sums, n, k, Part(_ALONE, _ONLY))
    inputs, sizes = Matrix(work, x, x_stride), Sizes(n, d, k)
    dense.weight_gradient(Vector(g, shift + weight), inputs, by_sums, sizes, Part(_ALONE, _ONLY))
    if table[before + DELTAS] == 0:
        return
    turned = table[row + TRANSPOSED]
    flat = table[before + OPERATION] == FLATTEN
    into = table[before + DELTAS] if flat else turned + k * LANES
    planes.lanes_of_rows(work, turned, delta, stride, n, k)
    i = 0
    while i < d:
        if i + 8 <= d:
            _eight_rows(work, into + i * LANES, p, weight + i * k, k, work, turned, k, NOTHING)
            i += 8
        else:
            _one_row(work, into + i * LANES, p, weight + i * k, k, work, turned, k, NOTHING)
            i += 1
    if not flat:
        planes.rows_of_lanes(work, table[before + DELTAS], table[before + STRIDE], work, into, n, d)


@kernel
def convolve_back(table: Any, row: int, before: int, p: Any, g: Any, shift: int, work: Any) -> None:
    """A convolution's gradients for a group: of bias and weights at ``g[shift]``, and of what came in."""
    delta, told = Vector(work, table[row + DELTAS]), Description(table, table[row + SLOPE])
    weight = Vector(g, shift + table[row + WEIGHT])
    asked = table[before + DELTAS] > 0
    conv2d.bias_gradient(Vector(g, shift + table[row + BIAS]), delta, table[row + HEIGHT], told)
    if minimal.serves(table, row, work):
        minimal.backward(table, row, weight, work, asked)
        return
    region, length = conv2d.reach(work, table[before + INK], Description(table, table[row + FORWARD]))
    conv2d.weight_gradient(weight, delta, Vector(work, table[before + VALUES]), told, region, length // LANES)
    if asked:
        everything = table[table[row + BACKWARD] + conv2d.LENGTH]
        conv2d.correlate(
            Vector(work, table[before + DELTAS]),
            Matrix(work, NOTHING, _ALONE),
            Vector(p, table[row + WEIGHT]),
            delta,
            Description(table, table[row + BACKWARD]),
            _LOWEST,
            conv2d.EVERYWHERE,
            everything,
        )


@kernel
def drop_back(table: Any, row: int, before: int, work: Any, n: int) -> None:
    """Dropout's deltas to those of what came in."""
    if table[row + STRIDE] > 0:
        at, x = table[before + DELTAS], table[row + DELTAS]
        stride, source, width = table[before + STRIDE], table[row + STRIDE], table[row + OUTPUTS]
        dropout.drop_rows(work, at, stride, x, source, table[row + SUMS], n, width, _ONLY)
    else:
        dropout.undrop_planes(table, row, before, work)


@kernel
def flat_back(table: Any, row: int, before: int, work: Any, n: int, last: bool) -> None:
    """From the deltas of rows to those of planes; a dense layer leaves them with the images in the lanes."""
    delta = table[row + DELTAS]
    if last:
        planes.lanes_of_rows(work, table[row + TRANSPOSED], delta, table[row + STRIDE], n, table[row + OUTPUTS])
        delta = table[row + TRANSPOSED]
    planes.from_lanes(table, before, work, delta)


@kernel
def backward(table: Any, rows: int, p: Any, g: Any, shift: int, work: Any, n: int) -> None:
    """From the deltas of the last row back, adding every gradient to ``g[shift]`` and on.

    A row with DELTAS of 0 is not asked for its own: the images, where only parameters learn.
    """
    for i in range(rows - 1, 0, -1):
        row = i * COLUMNS
        before = row - COLUMNS
        which = table[row + OPERATION]
        asked = table[before + DELTAS] > 0
        activation = table[before + ACTIVATION]
        if which == DENSE:
            dense_back(table, row, before, p, g, shift, work, n)
        elif which == CONV2D:
            convolve_back(table, row, before, p, g, shift, work)
        elif not asked:
            return
        elif which == FLATTEN:
            flat_back(table, row, before, work, n, i == rows - 1)
        elif which == DROPOUT:
            drop_back(table, row, before, work, n)
        else:
            if which == MAX_POOL:
                # The largest of a window has the slope that its activation tells.
                planes.through_planes(activation, table, row, work)
                activation = IDENTITY
            pool2d.unpool(table, row, before, work, LANES)
        if not asked:
            return
        if table[before + STRIDE] > 0 and table[before + OPERATION] != FLATTEN:
            delta, stride = table[before + DELTAS], table[before + STRIDE]
            back(activation, work, delta, work, table[before + VALUES], stride, n, table[before + OUTPUTS])
        elif activation != IDENTITY:
            planes.through_planes(activation, table, before, work)
