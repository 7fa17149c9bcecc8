"""Convolution over planes (channels, height, width, group of images), with the images in the lanes: forward, backward.

Each lane holds one image. Every layer therefore fills its vectors, whatever its number of channels: with channels in
the lanes, a first layer of six channels would leave ten of sixteen lanes empty. Weights are broadcast from memory, and
pooling, activations and gradients need no shuffles; only the gradient of a weight sums over lanes, once at its end. A
register block of a few output channels by five positions reaches 100 to 115 GFLOP/s on one core of an AMD EPYC with
AVX-512; with channels in the lanes it reached 80.

The weighted sums and the gradient by the input are the same loops over different strides. Both are described by a
`Layout`: integers stored behind the rows of the program table, which begin with the columns below. A *line* is one row
of a plane; the word *row* is kept for rows of the table. Derivation: docs/derivations/conv2d.md
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from pellucid.engine.compiler.kernels import kernel
from pellucid.engine.compiler.signature import Float32, Float32s, Int64s
from pellucid.engine.programs.table import ONES, ZEROS
from pellucid.engine.records import Matrix, Strided, Vector
from pellucid.engine.simd.barrier import lesser
from pellucid.engine.simd.blocks import add_sums, inner, outer, splat_block, store_clipped, store_first_clipped
from pellucid.engine.simd.lanes import LANES, splat, store, where_less

(
    TO_CHANNELS,  # output channels, and lines of each
    TO_LINES,
    LENGTH,  # floats in an output line
    Z_PLANE,  # distances in the output: between channels, lines, vectors
    Z_LINE,
    Z_STEP,
    W_TO,  # distances in the weights: between output channels, input channels, lines and columns of the kernel
    W_FROM,
    W_LINE,
    W_STEP,
    X_PLANE,  # distances in the input: between channels, lines under the kernel, vectors, columns of the kernel
    X_LINE,
    X_STEP,
    X_TAP,
    FROM_CHANNELS,
    TAPS,  # columns of the kernel
    B_LINE,  # distance in the bias between lines
    SPANS,  # then per output line: offsets of its weights and input, number of kernel lines used, first input line
) = range(18)

(
    D_CHANNELS,  # channels of the deltas, and the distances between them, their lines and vectors
    D_PLANE,
    D_LINE,
    D_STEP,
    I_CHANNELS,  # channels of the input, and the distances between them, its lines, vectors, columns of the kernel
    I_PLANE,
    I_LINE,
    I_STEP,
    I_TAP,
    KERNEL_LINES,
    KERNEL_TAPS,
    VECTORS,  # in a line of deltas
    GRADIENTS,  # how many are computed, and the distances between them in gradients, deltas and input
    G_NEXT,
    D_NEXT,
    I_NEXT,
    I_APART,  # input lines from one that is used to the next
    MEETINGS,  # then per kernel line: offsets of deltas and input, number of their lines used, first input line
) = range(18)

HIGH = 4 if LANES == 16 else 2
"""Output channels in a block. Processors with 16 lanes have 32 vector registers, others 16."""

ACROSS = 5
"""Positions, or columns of the kernel, in a block."""


class Layout(NamedTuple):
    """How the arrays of a convolution lie in memory: the columns above, from ``code[at]`` on."""

    code: Int64s
    at: int


class Region(NamedTuple):
    """The part to compute: input lines ``top`` up to ``past``, and positions of each line of sums from ``first`` on."""

    top: int
    past: int
    first: int


EVERYWHERE = Region(0, 1 << 40, 0)
"""All lines of an image of any size, and all positions."""

_ONE = 1
_STILL = 0


def _sums(rows: int, columns: int) -> Callable[..., None]:
    """Make the kernel for a block of ``rows`` output channels by ``columns`` vectors of a line."""

    @kernel
    def sums(
        z: Matrix, bias: Matrix, w: Matrix, x: Vector, lines: int, layout: Layout, floor: Float32, count: int
    ) -> None:
        code, at = layout
        block = splat_block(bias.memory, bias.at, bias.stride, rows, columns, LANES)
        w_step, x_step, x_tap = code[at + W_STEP], code[at + X_STEP], code[at + X_TAP]
        for channel in range(code[at + FROM_CHANNELS]):
            for line in range(lines):
                wi = w.at + channel * code[at + W_FROM] + line * code[at + W_LINE]
                xi = x.at + channel * code[at + X_PLANE] + line * code[at + X_LINE]
                for _ in range(code[at + TAPS]):
                    block = outer(block, w.memory, wi, w.stride, x.memory, xi, x_step)
                    wi += w_step
                    xi += x_tap
        if columns == 1:
            store_first_clipped(z.memory, z.at, z.stride, block, floor, count)
        else:
            store_clipped(z.memory, z.at, z.stride, code[at + Z_STEP], block, floor)

    return sums


def _band(rows: int) -> Callable[..., None]:
    """Make the kernel for one line of ``rows`` output channels, in blocks of five vectors and then of four.

    Single vectors come last, because each is one chain of dependent additions per channel.
    """
    several, four, one = _sums(rows, ACROSS), _sums(rows, ACROSS - 1), _sums(rows, 1)

    @kernel
    def band(
        z: Matrix, bias: Matrix, w: Matrix, x: Vector, lines: int, layout: Layout, floor: Float32, left: int
    ) -> None:
        code, at = layout
        while left > 0:
            whole = left // LANES
            if whole >= ACROSS and whole % (ACROSS - 1):
                several(z, bias, w, x, lines, layout, floor, left)
                taken = ACROSS
            elif whole >= ACROSS - 1:
                four(z, bias, w, x, lines, layout, floor, left)
                taken = ACROSS - 1
            else:
                one(z, bias, w, x, lines, layout, floor, left)
                taken = 1
            z = Matrix(z.memory, z.at + taken * code[at + Z_STEP], z.stride)
            x = Vector(x.memory, x.at + taken * code[at + X_STEP])
            left -= taken * LANES

    return band


_high_band = _band(HIGH)
_pair_band = _high_band if HIGH == 2 else _band(2)


@kernel
def clip(begin: int, lines: int, step: int, region: Region) -> tuple[int, int]:
    """Of ``lines`` lines, ``step`` apart from ``begin`` on: the number before the region, and the number inside it."""
    over, end = 0, lines
    if begin < region.top:
        over = lesser((region.top - begin + step - 1) // step, lines)
    if begin + (lines - 1) * step >= region.past:
        end = 0 if region.past <= begin else (region.past - begin + step - 1) // step
    return over, end - over if end > over else 0


@kernel
def correlate(
    z: Vector, bias: Matrix, w: Vector, x: Vector, layout: Layout, floor: Float32, region: Region, length: int
) -> None:
    """``z[o, y] = max(floor, bias[o] + sum over c, i, j of w[o, c, i, j] x[c, y's line i, columns from j on])``.

    The layout has all distances. Forward, z holds the weighted sums and x the layer's input; backward, z is the
    gradient by the input and x the deltas, correlated with the rotated kernel. Lines of x outside ``region`` are
    skipped; ``length`` floats of each line of z are computed, from position ``region.first`` on.
    """
    code, at = layout
    channels, w_to, z_plane = code[at + TO_CHANNELS], code[at + W_TO], code[at + Z_PLANE]
    zi = z.at + region.first * code[at + Z_STEP]
    xi = x.at + region.first * code[at + X_STEP]
    for y in range(code[at + TO_LINES]):
        span = at + SPANS + 4 * y
        over, lines = clip(code[span + 3], code[span + 2], 1, region)
        w_line, x_line = w.at + code[span] + over * code[at + W_LINE], xi + code[span + 1] + over * code[at + X_LINE]
        line, b_line = zi + y * code[at + Z_LINE], bias.at + y * code[at + B_LINE]
        seen = Vector(x.memory, x_line)
        o = 0
        while o < channels:
            wo, zo, bo = w_line + o * w_to, line + o * z_plane, b_line + o * bias.stride
            if o + HIGH <= channels:
                _high_band(
                    Matrix(z.memory, zo, z_plane), Matrix(bias.memory, bo, bias.stride), Matrix(w.memory, wo, w_to),
                    seen, lines, layout, floor, length,
                )  # fmt: skip
                o += HIGH
            else:
                # The last of an odd number of channels is computed as a pair with itself.
                more = 1 if o + 2 <= channels else 0
                _pair_band(
                    Matrix(z.memory, zo, more * z_plane), Matrix(bias.memory, bo, more * bias.stride),
                    Matrix(w.memory, wo, more * w_to), seen, lines, layout, floor, length,
                )  # fmt: skip
                o += 2


@kernel
def seen_region(work: Float32s, bounds: int, layout: Layout) -> tuple[Region, int]:
    """Return the region of a convolution that depends on nonzero inputs, and its length in floats.

    The bounds of the nonzero inputs are at ``work[bounds]`` (see `planes.find_bounds`); ``bounds`` is 0 where they are
    unknown, and the region is then everything.
    """
    code, at = layout
    if bounds == 0:
        return EVERYWHERE, code[at + LENGTH]
    # The first kernel line used begins the width of the padding before its input line.
    pad = (code[at + SPANS + 3] * code[at + X_LINE] - code[at + SPANS + 1]) // LANES
    step, before = code[at + X_STEP] // LANES, np.int64(work[bounds + 2]) + pad + 1 - code[at + TAPS]
    first = 0 if before <= 0 else (before + step - 1) // step
    end = lesser((np.int64(work[bounds + 3]) + pad - 1) // step + 1, code[at + LENGTH] // LANES)
    top: Any = np.int64(work[bounds])
    past: Any = np.int64(work[bounds + 1])
    return Region(top, past, first), (end - first) * LANES if end > first else 0


@kernel
def fill_background(z: Vector, bias: Vector, layout: Layout, floor: Float32, region: Region, length: int) -> None:
    """Set the sums outside the region, which depend on the bias alone: before it, and past its ``length`` floats."""
    code, at = layout
    end = region.first + length // LANES
    for o in range(code[at + TO_CHANNELS]):
        lowest, background = splat(floor, LANES), splat(bias.memory[bias.at + o], LANES)
        background = where_less(background, lowest, lowest, background)
        for y in range(code[at + TO_LINES]):
            line = z.at + o * code[at + Z_PLANE] + y * code[at + Z_LINE]
            for x in range(region.first):
                store(z.memory, line + x * LANES, background)
            for x in range(end, code[at + LENGTH] // LANES):
                store(z.memory, line + x * LANES, background)


def _products(rows: int, columns: int) -> Callable[..., None]:
    """Make the kernel that adds up the gradient for ``rows`` output channels by ``columns`` kernel columns."""

    @kernel
    def products(g: Matrix, d: Vector, x: Strided, zeros: Vector, lines: int, vectors: int, layout: Layout) -> None:
        code, at = layout
        block = splat_block(zeros.memory, zeros.at, 0, rows, columns, LANES)
        d_plane, d_step, x_tap = code[at + D_PLANE], code[at + D_STEP], code[at + I_TAP]
        for line in range(lines):
            di = d.at + line * code[at + D_LINE]
            xi = x.at + line * x.row
            for _ in range(vectors):
                block = inner(block, d.memory, di, d_plane, x.memory, xi, x_tap)
                di += d_step
                xi += x.step
        add_sums(g.memory, g.at, g.stride, 1, block)

    return products


_high_across, _high_three, _high_one = _products(HIGH, ACROSS), _products(HIGH, 3), _products(HIGH, 1)
_low_across, _low_one = _products(1, ACROSS), _products(1, 1)


@kernel
def weight_gradient(g: Vector, d: Vector, x: Vector, layout: Layout, region: Region, vectors: int) -> None:
    """``dW[o, c, i, j] += sum over images, y and x of delta[o, y, x] x[c, y's line i, x's column j]``.

    ``g`` is dW (O, C, KH, KW); deltas and input are in the arena. Lines of x outside ``region`` are skipped, and so
    are all positions of delta but ``vectors`` from ``region.first`` on.
    """
    code, at = layout
    taps = code[at + KERNEL_TAPS]
    one = code[at + KERNEL_LINES] * taps
    g_to = code[at + I_CHANNELS] * one
    x_line, x_step, x_tap = code[at + I_LINE], code[at + I_STEP], code[at + I_TAP]
    gi, di, xi = g.at, d.at + region.first * code[at + D_STEP], x.at + region.first * x_step
    zeros = Vector(x.memory, ZEROS)
    for _ in range(code[at + GRADIENTS]):
        o = 0
        while o < code[at + D_CHANNELS]:
            high = o + HIGH <= code[at + D_CHANNELS]
            for channel in range(code[at + I_CHANNELS]):
                for i in range(code[at + KERNEL_LINES]):
                    span = at + MEETINGS + 4 * i
                    over, lines = clip(code[span + 3], code[span + 2], code[at + I_APART], region)
                    xc = xi + channel * code[at + I_PLANE] + code[span + 1] + over * x_line
                    do = di + o * code[at + D_PLANE] + code[span] + over * code[at + D_LINE]
                    j = 0
                    while j < taps:
                        into = Matrix(g.memory, gi + o * g_to + channel * one + i * taps + j, g_to)
                        deltas, seen = Vector(d.memory, do), Strided(x.memory, xc + j * x_tap, x_line, x_step)
                        wide = j + ACROSS <= taps
                        if high and wide:
                            _high_across(into, deltas, seen, zeros, lines, vectors, layout)
                        elif high and j + 3 <= taps:
                            _high_three(into, deltas, seen, zeros, lines, vectors, layout)
                            j += 2
                        elif high:
                            _high_one(into, deltas, seen, zeros, lines, vectors, layout)
                        elif wide:
                            _low_across(into, deltas, seen, zeros, lines, vectors, layout)
                        else:
                            _low_one(into, deltas, seen, zeros, lines, vectors, layout)
                        j += ACROSS if wide else 1
            o += HIGH if high else 1
        gi += code[at + G_NEXT]
        di += code[at + D_NEXT]
        xi += code[at + I_NEXT]


@kernel
def bias_gradient(g: Vector, d: Vector, lines: int, layout: Layout) -> None:
    """``db[o] += sum over images, y and x of delta[o, y, x]``: products with the vector of ones in the arena."""
    code, at = layout
    ones, zeros = Strided(d.memory, ONES, _STILL, _STILL), Vector(d.memory, ZEROS)
    o, vectors = 0, code[at + VECTORS]
    while o < code[at + D_CHANNELS]:
        deltas = Vector(d.memory, d.at + o * code[at + D_PLANE])
        if o + HIGH <= code[at + D_CHANNELS]:
            _high_one(Matrix(g.memory, g.at + o, _ONE), deltas, ones, zeros, lines, vectors, layout)
            o += HIGH
        else:
            _low_one(Matrix(g.memory, g.at + o, _ONE), deltas, ones, zeros, lines, vectors, layout)
            o += 1
