"""Augmentation: shift, rotate, scale, shear and distort images a little, and write the results as sparse rows.

Each pixel of the new image is interpolated in the old one, at the position given by an affine map of the pixel's own
position plus a smooth displacement, which is read from a *field*. Only pixels that can depend on a nonzero pixel of
the old image are computed. The random draws depend on the key and the number of the image alone.

The field is a torus of smooth noise, (side, side). Each image reads its displacements along x from one window of the
field, and those along y from another. The stored field repeats its beginning past its end, so that no window wraps.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from pellucid.engine.compiler.kernels import kernel
from pellucid.engine.compiler.signature import Float32, Float32s
from pellucid.engine.kernels import sparse
from pellucid.engine.kernels.augment_sizes import LANDING, PLACES, PROFILE
from pellucid.engine.kernels.random import ELASTIC, REACH, AffineMap, Displacement, draw_affine, draw_displacement
from pellucid.engine.kernels.sampling import bilinear
from pellucid.engine.programs.table import LEVELS
from pellucid.engine.records import Distortion, Grid, Matrix, Picked, Pixels, SparseRows, Vector
from pellucid.engine.simd.lanes import (
    LANES,
    fill_rest,
    fma,
    load,
    load_bytes,
    maximum,
    minimum,
    prefetch,
    splat,
    store,
)
from pellucid.engine.simd.reductions import all_zero

_ZERO = np.float32(0.0)
_ONE = np.float32(1.0)
_SLACK = np.float32(1.001)  # interpolation reaches less than a pixel far, except for rounding
_FLAT = np.float32(1e-6)
_WHOLE = np.float64(1.0)


class Box(NamedTuple):
    """The first and last nonzero column and row; for an empty image ``bottom < top``."""

    left: int
    right: int
    top: int
    bottom: int


class Places(NamedTuple):
    """The scratch, and the offsets of ``begins`` and ``ends`` (height,) and of the ``old`` image with its border."""

    scratch: Float32s
    begins: int
    ends: int
    old: int


@kernel
def copy_image(old: Vector, pixels: Pixels, xi: int, grid: Grid) -> Box:
    """Copy an image, minus the background level, inside the border of ``old``; return the box of its nonzero pixels.

    The image begins at element ``xi`` of the pixels, and has no level below the background.
    """
    height, width, pitch = grid
    scratch = old.memory
    kind, small, floats, background, _ = pixels
    base, nothing = splat(background, LANES), splat(_ZERO, LANES)
    top, bottom = height, -1
    for v in range(height):
        source, target = xi + v * pitch, old.at + (v + 1) * (pitch + 3) + 1
        most = nothing
        for i in range(0, width, LANES):
            # The last vector of a row overlaps the one before, so that it never reaches past the row.
            j = i if i + LANES <= pitch else pitch - LANES
            level = load_bytes(small, source + j, LANES) if kind == LEVELS else load(floats, source + j, LANES)
            store(scratch, target + j, level - base)
            most = maximum(most, level - base)
        if not all_zero(most):
            top, bottom = (v if v < top else top), v
    for j in range(0, width, LANES):
        most = nothing
        for v in range(top, bottom + 1):
            most = maximum(most, load(scratch, old.at + (v + 1) * (pitch + 3) + 1 + j, LANES))
        store(scratch, PROFILE + j, most)
    left, right = 0, width - 1
    while left < width and scratch[PROFILE + left] == _ZERO:
        left += 1
    while right > left and scratch[PROFILE + right] == _ZERO:
        right -= 1
    return Box(left, right, top, bottom)


@kernel
def crossing(start: Any, slope: Any, low: Any, high: Any) -> Any:
    """Return the bounds of u, in lanes, for which ``low < start + slope * u < high``.

    A slope near 0 moves no pixel visibly, and is replaced by one that allows the division.
    """
    if slope < _FLAT and slope > -_FLAT:
        slope = _FLAT
    over = splat(_ONE / slope, LANES)
    first, last = (splat(low, LANES) - start) * over, (splat(high, LANES) - start) * over
    return minimum(first, last), maximum(first, last)


@kernel
def plan_rows(places: Places, affine: AffineMap, box: Box, reach_x: Float32, reach_y: Float32, grid: Grid) -> None:
    """Compute the range of pixels in each row that can depend on nonzero pixels of the old image, within the reach."""
    scratch, begins, ends, _ = places
    xu, xv, x0, yu, yv, y0 = affine
    left, right, top, bottom = box
    zero, one, past = splat(_ZERO, LANES), splat(_ONE, LANES), splat(np.float32(grid.width), LANES)
    for v in range(0, grid.height, LANES):
        rows = load(scratch, 0, LANES) + splat(np.float32(v), LANES)
        x = fma(splat(np.float32(xv), LANES), rows, splat(np.float32(x0), LANES))
        y = fma(splat(np.float32(yv), LANES), rows, splat(np.float32(y0), LANES))
        first, last = crossing(x, np.float32(xu), np.float32(left) - reach_x, np.float32(right) + reach_x)
        begin, end = crossing(y, np.float32(yu), np.float32(top) - reach_y, np.float32(bottom) + reach_y)
        store(scratch, begins + v, minimum(maximum(maximum(first, begin) + one, zero), past))
        store(scratch, ends + v, minimum(maximum(minimum(last, end) + one, zero), past))


@kernel
def append_nonzero(rows: SparseRows, entry: int, column: int, lanes: Any, landing: Float32s) -> int:
    """Append the nonzero lanes to sparse rows, the first lane being ``column``; return the entry past the last."""
    store(landing, LANDING, lanes)
    for i in range(PLACES):
        # Always written, but kept only if it is not 0: there is no branch to mispredict.
        value = landing[LANDING + i]
        rows.indices[entry] = (column + i) & 0xFFFF
        rows.data[entry] = value
        entry += value != _ZERO
    return entry


@kernel
def resample(
    rows: SparseRows,
    entry: int,
    places: Places,
    affine: AffineMap,
    displacement: Displacement,
    field: Matrix,
    displaced: bool,
    grid: Grid,
) -> int:
    """Interpolate the planned pixels in the old image, and write the nonzero ones; return the entry past the last."""
    scratch, begins, ends, old = places
    height, width, pitch = grid
    row = field.stride
    xu, xv, x0, yu, yv, y0 = affine
    along_x, along_y, window_x, window_y = displacement
    x_step, y_step = splat(np.float32(xu), PLACES), splat(np.float32(yu), PLACES)
    x_displacement, y_displacement = splat(np.float32(along_x), PLACES), splat(np.float32(along_y), PLACES)
    zero, ramp = splat(_ZERO, PLACES), load(scratch, 0, PLACES)
    farthest_x, farthest_y = splat(np.float32(width + 1), PLACES), splat(np.float32(height + 1), PLACES)
    for v in range(height):
        # Plus one, for the border around the old image.
        x_begin = splat(np.float32(xv * np.float64(v) + x0 + _WHOLE), PLACES)
        y_begin = splat(np.float32(yv * np.float64(v) + y0 + _WHOLE), PLACES)
        end = np.int64(scratch[ends + v])
        for u in range(np.int64(scratch[begins + v]), end, PLACES):
            here = ramp + splat(np.float32(u), PLACES)
            x, y = fma(x_step, here, x_begin), fma(y_step, here, y_begin)
            if displaced:
                x = fma(x_displacement, load(field.memory, window_x + v * row + u, PLACES), x)
                y = fma(y_displacement, load(field.memory, window_y + v * row + u, PLACES), y)
            x = minimum(maximum(x, zero), farthest_x)
            y = minimum(maximum(y, zero), farthest_y)
            found = fill_rest(bilinear(Matrix(scratch, old, pitch + 3), x, y), end - u, _ZERO)
            entry = append_nonzero(rows, entry, v * width + u, found, scratch)
    return entry


@kernel
def warp(
    rows: SparseRows, entry: int, pixels: Pixels, image: int, grid: Grid, distortion: Distortion, scratch: Float32s
) -> int:
    """Write one augmented image as a sparse row, in levels above the background; return the entry past the last.

    The scratch holds a ramp 0, 1, 2, ..., a vector on its way to memory, the profile of columns, the range of each row,
    and the old image with a border of one pixel before it and two after it, which stay 0.
    """
    height, width, pitch = grid
    settings, field, side, key = distortion
    begins = PROFILE + width + LANES
    ends = begins + height + LANES
    old = ends + height + LANES
    places = Places(scratch, begins, ends, old)
    box = copy_image(Vector(scratch, old), pixels, image * height * pitch, grid)
    if box.bottom < box.top:
        return entry
    affine = draw_affine(settings, image, key, height, width)
    row = side + width + PLACES
    displacement = draw_displacement(settings, side, row, image, key)
    reach = np.float64(settings[REACH])
    reach_x = _SLACK + np.float32(abs(displacement.along_x) * reach)
    reach_y = _SLACK + np.float32(abs(displacement.along_y) * reach)
    plan_rows(places, affine, box, reach_x, reach_y, grid)
    displaced = settings[ELASTIC] != _ZERO
    return resample(rows, entry, places, affine, displacement, Matrix(field, 0, row), displaced, grid)


@kernel
def prefetch_image(pixels: Pixels, begin: int, end: int) -> None:
    """Prefetch one dense image while another is processed."""
    if pixels.kind == LEVELS:
        for i in range(begin, end, 64):
            prefetch(pixels.small, i)
    else:
        for i in range(begin, end, 16):
            prefetch(pixels.floats, i)


@kernel
def augment(
    rows: SparseRows, entry: int, pixels: Pixels, picked: Picked, grid: Grid, distortion: Distortion, scratch: Float32s
) -> None:
    """Write the picked images as sparse rows, each augmented by a draw of its own, from entry ``entry`` on.

    Images are (all, height, pitch), with background from ``width`` on. Fills ``indptr`` (size + 1,) and ``middles``
    (size,), and may write some lanes past the last entry. The field has the shape `field_shape`; ``scratch`` has
    `scratch_size` floats, zeros or as the last call for images of this shape left them.
    """
    chosen, count = picked
    span = pixels.span
    for i in range(LANDING):
        scratch[i] = np.float32(i)
    rows.indptr[0] = entry
    size = grid.height * grid.pitch
    for i in range(count):
        if i + 1 < count:
            prefetch_image(pixels, chosen[i + 1] * size, (chosen[i + 1] + 1) * size)
        begin = entry
        entry = warp(rows, entry, pixels, chosen[i], grid, distortion, scratch)
        if span != _ONE:
            for j in range(begin, entry, LANES):
                store(rows.data, j, load(rows.data, j, LANES) / splat(span, LANES))
        rows.indptr[i + 1] = entry
        rows.middles[i] = sparse.first_from(rows.indices, begin, entry, grid.height * grid.width // 2)
