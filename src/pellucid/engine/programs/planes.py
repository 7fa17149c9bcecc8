"""Run a program table with layers of any kind over one group of images, on one thread: forward and backward.

The first row holds the images themselves. Where a dense layer follows planes (see `pellucid.engine.kernels.planes`),
they are laid out as one row per image. The whole group stays in the cache from the images to the gradients.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from pellucid.engine.compiler.kernels import kernel
from pellucid.engine.compiler.signature import Float32s, Int64s
from pellucid.engine.kernels import conv2d, dense, dropout, planes, pool2d, sparse, winograd
from pellucid.engine.kernels.activations import activate_backward
from pellucid.engine.kernels.conv2d import Layout
from pellucid.engine.kernels.sparse import Entries
from pellucid.engine.kernels.vectors import clear
from pellucid.engine.programs.dense import activate_layer, layer_sums
from pellucid.engine.programs.table import (
    ACTIVATION,
    AVG_POOL,
    BACKWARD,
    BIAS,
    BOUNDS,
    CHANNELS,
    COLUMNS,
    CONV2D,
    DELTAS,
    DENSE,
    DENSE_INPUT,
    DROPOUT,
    FLATTEN,
    FORWARD,
    HEIGHT,
    IDENTITY,
    INPUT_PLANES,
    INPUTS,
    MAX_POOL,
    OPERATION,
    OUTPUTS,
    PLANE,
    RELU,
    SOURCE,
    SOURCE_STRIDE,
    SPARSE_BYTES_INPUT,
    STRIDE,
    SUMS,
    TRANSPOSED,
    VALUES,
    WEIGHT,
    WEIGHT_GRADIENT,
    WINOGRAD,
    ZEROS,
)
from pellucid.engine.records import Draws, Images, Interval, Matrix, Part, PlanesLayer, Program, Sizes, Vector
from pellucid.engine.simd.blocks import outer, splat_block, store_clipped
from pellucid.engine.simd.lanes import LANES

_ZERO = np.float32(0.0)
_LOWEST = np.float32(-np.inf)
_ALONE = 0
_ONLY = 1


@kernel
def place_images(table: Int64s, work: Float32s, group: int, images: Images, order: Int64s, first: int, n: int) -> None:
    """Lay out the images ``order[first : first + n]`` in the first row: as planes, or as rows for a dense layer."""
    in_planes = table[OPERATION] == INPUT_PLANES
    step = group if in_planes else _ONLY
    clear(work, table[VALUES], table[CHANNELS] * table[PLANE] if in_planes else group * table[STRIDE])
    for i in range(n):
        place = i if in_planes else i * table[STRIDE]
        image = order[first + i]
        if images.kind == DENSE_INPUT:
            planes.place_dense(table, work, Vector(images.data, image * table[OUTPUTS]), place, step)
            continue
        begin, end = images.indptr[image], images.indptr[image + 1]
        if images.kind == SPARSE_BYTES_INPUT:
            to = Vector(work, table[SOURCE] - begin)
            sparse.normalize_entries(to, images.levels, begin, end, images.background, images.span)
            row = Entries(images.indices, work, table[SOURCE] - begin, begin, end)
            planes.place_sparse(table, work, row, place, step)
        else:
            planes.place_sparse(table, work, Entries(images.indices, images.data, _ALONE, begin, end), place, step)
    if table[BOUNDS]:
        planes.find_bounds(table, work)


@kernel
def convolve(layer: PlanesLayer, p: Float32s, group: int, training: int) -> None:
    """Compute the weighted sums and activations of a convolution; ReLU in place costs nothing."""
    table, row, before, work = layer
    at_once = table[row + SUMS] == table[row + VALUES] and table[row + ACTIVATION] == RELU
    if training and winograd.is_ready(table, row, work):
        winograd.forward(table, row, work)
    else:
        layout, floor = Layout(table, table[row + FORWARD]), _ZERO if at_once else _LOWEST
        region, length = conv2d.seen_region(work, table[before + BOUNDS], layout)
        if length < table[layout.at + conv2d.LENGTH]:
            conv2d.fill_background(
                Vector(work, table[row + SUMS]), Vector(p, table[row + BIAS]), layout, floor, region, length
            )
        conv2d.correlate(
            Vector(work, table[row + SUMS]),
            Matrix(p, table[row + BIAS], _ONLY),
            Vector(p, table[row + WEIGHT]),
            Vector(work, table[before + VALUES]),
            layout,
            floor,
            region,
            length,
        )
    if table[row + SUMS] != table[row + VALUES]:
        planes.activate_planes(table, row, work, group)


@kernel
def prepare(program: Program, work: Float32s) -> None:
    """Transform the weights for a step of training."""
    for i in range(1, program.rows):
        if program.table[i * COLUMNS + WINOGRAD]:
            winograd.prepare(program.table, i * COLUMNS, program.parameters, work)


@kernel
def dropout_forward(layer: PlanesLayer, group: int, n: int, training: int, draws: Draws) -> None:
    """Apply dropout to planes or rows in training; otherwise copy them."""
    table, row, before, work = layer
    if training:
        dropout.draw_factors(table, row, work, n, draws)
    if table[row + STRIDE] > 0:
        width = table[row + OUTPUTS]
        y = Matrix(work, table[row + VALUES], table[row + STRIDE])
        x = Matrix(work, table[before + VALUES], table[before + STRIDE])
        dropout.drop_rows(y, x, table[row + SUMS], n, width, training)
    else:
        dropout.drop_planes(layer, group, training)


@kernel
def forward(program: Program, work: Float32s, group: int, n: int, training: int, draws: Draws) -> None:
    """Compute the outputs in the last row from the images in the first."""
    table, rows, p = program
    for i in range(1, rows):
        row = i * COLUMNS
        layer = PlanesLayer(table, row, row - COLUMNS, work)
        which = table[row + OPERATION]
        if which == CONV2D:
            convolve(layer, p, group, training)
        elif which in (MAX_POOL, AVG_POOL):
            pool2d.pool(layer, group)
        elif which == FLATTEN:
            planes.planes_to_rows(layer, group, n)
        elif which == DROPOUT:
            dropout_forward(layer, group, n, training, draws)
        elif which == DENSE:
            images, part = Interval(0, n), Part(_ALONE, _ONLY)
            layer_sums(table, row, p, work, images, part)
            activate_layer(table, row, work, images, part)


def _lanes_product(rows: int) -> Any:
    @kernel
    def some(y: Vector, a: Matrix, b: Vector, depth: int) -> None:
        block = splat_block(b.memory, ZEROS, 0, rows, 1, LANES)
        ai, bi = a.at, b.at
        for _ in range(depth):
            block = outer(block, a.memory, ai, a.stride, b.memory, bi, 0)
            ai += 1
            bi += LANES
        store_clipped(y.memory, y.at, LANES, 0, block, _LOWEST)

    return some


_eight_rows, _one_row = _lanes_product(8), _lanes_product(1)


@kernel
def dense_backward(layer: PlanesLayer, p: Float32s, g: Vector, n: int) -> None:
    """Compute the gradients of a dense layer for a group: by bias and weights, added to ``g``, and by its input.

    The last is ``dx' = W delta'`` with the images in the lanes, so that weights are read in the order of memory.
    """
    table, row, before, work = layer
    delta, stride = table[row + DELTAS], table[row + STRIDE]
    d, k, weight = table[row + INPUTS], table[row + OUTPUTS], table[row + WEIGHT]
    x, x_stride = table[row + SOURCE], table[row + SOURCE_STRIDE]
    by_sums = Matrix(work, delta, stride)
    dense.bias_gradient(Vector(g.memory, g.at + table[row + BIAS]), by_sums, n, k, Part(_ALONE, _ONLY))
    inputs, sizes = Matrix(work, x, x_stride), Sizes(n, d, k)
    dense.weight_gradient(Vector(g.memory, g.at + weight), inputs, by_sums, sizes, Part(_ALONE, _ONLY))
    if table[before + DELTAS] == 0:
        return
    transposed = table[row + TRANSPOSED]
    flat = table[before + OPERATION] == FLATTEN
    into = table[before + DELTAS] if flat else transposed + k * LANES
    planes.rows_to_lanes(Vector(work, transposed), Matrix(work, delta, stride), n, k)
    i = 0
    while i < d:
        if i + 8 <= d:
            _eight_rows(Vector(work, into + i * LANES), Matrix(p, weight + i * k, k), Vector(work, transposed), k)
            i += 8
        else:
            _one_row(Vector(work, into + i * LANES), Matrix(p, weight + i * k, k), Vector(work, transposed), k)
            i += 1
    if not flat:
        deltas = Matrix(work, table[before + DELTAS], table[before + STRIDE])
        planes.lanes_to_rows(deltas, Vector(work, into), n, d)


@kernel
def convolve_backward(layer: PlanesLayer, p: Float32s, g: Vector) -> None:
    """Compute the gradients of a convolution for a group: by bias and weights, added to ``g``, and by its input."""
    table, row, before, work = layer
    delta, layout = Vector(work, table[row + DELTAS]), Layout(table, table[row + WEIGHT_GRADIENT])
    weight = Vector(g.memory, g.at + table[row + WEIGHT])
    propagate = table[before + DELTAS] > 0
    conv2d.bias_gradient(Vector(g.memory, g.at + table[row + BIAS]), delta, table[row + HEIGHT], layout)
    if winograd.is_ready(table, row, work):
        winograd.backward(table, row, weight, work, propagate)
        return
    region, length = conv2d.seen_region(work, table[before + BOUNDS], Layout(table, table[row + FORWARD]))
    conv2d.weight_gradient(weight, delta, Vector(work, table[before + VALUES]), layout, region, length // LANES)
    if propagate:
        backward_length = table[table[row + BACKWARD] + conv2d.LENGTH]
        conv2d.correlate(
            Vector(work, table[before + DELTAS]),
            Matrix(work, ZEROS, _ALONE),
            Vector(p, table[row + WEIGHT]),
            delta,
            Layout(table, table[row + BACKWARD]),
            _LOWEST,
            conv2d.EVERYWHERE,
            backward_length,
        )


@kernel
def dropout_backward(layer: PlanesLayer, n: int) -> None:
    """Compute the deltas of the layer before dropout from those of dropout."""
    table, row, before, work = layer
    if table[row + STRIDE] > 0:
        y = Matrix(work, table[before + DELTAS], table[before + STRIDE])
        x = Matrix(work, table[row + DELTAS], table[row + STRIDE])
        dropout.drop_rows(y, x, table[row + SUMS], n, table[row + OUTPUTS], _ONLY)
    else:
        dropout.drop_planes_backward(layer)


@kernel
def flatten_backward(layer: PlanesLayer, n: int, last: bool) -> None:
    """Copy the deltas of rows to the planes before; a dense layer has left them with the images in the lanes."""
    table, row, before, work = layer
    delta = table[row + DELTAS]
    if last:
        into, deltas = Vector(work, table[row + TRANSPOSED]), Matrix(work, delta, table[row + STRIDE])
        planes.rows_to_lanes(into, deltas, n, table[row + OUTPUTS])
        delta = table[row + TRANSPOSED]
    planes.lanes_to_planes(table, before, work, delta)


@kernel
def backward(program: Program, g: Vector, work: Float32s, n: int) -> None:
    """Propagate the deltas of the last row backward, adding the gradients of all parameters to ``g``.

    A row with DELTAS of 0, the images where only parameters are trained, gets none.
    """
    table, rows, p = program
    for i in range(rows - 1, 0, -1):
        row = i * COLUMNS
        before = row - COLUMNS
        layer = PlanesLayer(table, row, before, work)
        which = table[row + OPERATION]
        propagate = table[before + DELTAS] > 0
        activation = table[before + ACTIVATION]
        if which == DENSE:
            dense_backward(layer, p, g, n)
        elif which == CONV2D:
            convolve_backward(layer, p, g)
        elif not propagate:
            return
        elif which == FLATTEN:
            flatten_backward(layer, n, i == rows - 1)
        elif which == DROPOUT:
            dropout_backward(layer, n)
        else:
            if which == MAX_POOL:
                # The derivative at the maximum of a window follows from its activation.
                planes.activations_backward(activation, table, row, work)
                activation = IDENTITY
            pool2d.pool_backward(layer, LANES)
        if not propagate:
            return
        if table[before + STRIDE] > 0 and table[before + OPERATION] != FLATTEN:
            delta, stride = table[before + DELTAS], table[before + STRIDE]
            values = Matrix(work, table[before + VALUES], stride)
            activate_backward(activation, Vector(work, delta), values, n, table[before + OUTPUTS])
        elif activation != IDENTITY:
            planes.activations_backward(activation, table, before, work)
