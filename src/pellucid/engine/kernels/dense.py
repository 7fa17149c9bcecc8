"""The dense layer, a = f(W x + b), over one tile of images: forward pass and gradients.

N images, D inputs, K outputs; weights are stored by input, (D, K). Every function computes one thread's ``part``.
Derivation: docs/derivations/dense.md
"""

from __future__ import annotations

from pellucid.engine.compiler.kernels import kernel, shared
from pellucid.engine.kernels.matmul import ROWS, WIDE, InitialRow, add_product, set_product, transpose
from pellucid.engine.records import Affine, Matrix, Part, Sizes, Strided, Team, Vector
from pellucid.engine.simd.barrier import share, wait
from pellucid.engine.simd.lanes import LANES, load_first, store_first


@shared
def sums(z: Matrix, x: Matrix, affine: Affine, sizes: Sizes, part: Part) -> None:
    """``z = x W + b``: z (N, K), x (N, D), W (D, K) and b (K,) of ``affine``; a share of the columns.

    Elements between column K and the next row of z may be overwritten.
    """
    k = sizes.k
    begin, end = share(part, k, WIDE)
    set_product(
        Matrix(z.memory, z.at + begin, z.stride),
        z.stride - end if end == k else 0,
        InitialRow(Vector(affine.parameters, affine.bias + begin), 1),
        Strided(x.memory, x.at, x.stride, 1),
        Matrix(affine.parameters, affine.weight + begin, k),
        sizes.n,
        end - begin,
        sizes.d,
    )


@shared
def bias_gradient(db: Vector, delta: Matrix, n: int, k: int, part: Part) -> None:
    """``db += sum over the images of delta``: db (K,), delta (N, K); a share of the columns."""
    begin, end = share(part, k, LANES)
    for j in range(begin, end, LANES):
        total = load_first(db.memory, db.at + j, end - j, LANES)
        for i in range(n):
            total = total + load_first(delta.memory, delta.at + i * delta.stride + j, end - j, LANES)
        store_first(db.memory, db.at + j, total, end - j)


@shared
def weight_gradient(dw: Vector, x: Matrix, delta: Matrix, sizes: Sizes, part: Part) -> None:
    """``dW += x' delta``: dW (D, K), x (N, D), delta (N, K); a share of the rows of dW."""
    k = sizes.k
    begin, end = share(part, sizes.d, ROWS)
    rows, inputs = Matrix(dw.memory, dw.at + begin * k, k), Strided(x.memory, x.at + begin, 1, x.stride)
    add_product(rows, inputs, delta, end - begin, k, sizes.n)


@shared
def input_gradient(dx: Matrix, delta: Matrix, transposed: Matrix, sizes: Sizes, part: Part) -> None:
    """``dx = delta W'``: dx (N, D), delta (N, K), W' (K, D) the transposed weights; a share of the columns.

    Elements between column D and the next row of dx may be overwritten.
    """
    d = sizes.d
    begin, end = share(part, d, WIDE)
    set_product(
        Matrix(dx.memory, dx.at + begin, dx.stride),
        dx.stride - end if end == d else 0,
        InitialRow(Vector(dx.memory, 0), 0),
        Strided(delta.memory, delta.at, delta.stride, 1),
        Matrix(transposed.memory, transposed.at + begin, transposed.stride),
        sizes.n,
        end - begin,
        sizes.k,
    )


@kernel
def by_images(sizes: Sizes) -> bool:
    """Whether transposing the deltas and dx costs less than transposing the weights (D, K) of a layer.

    If so, the images fill whole panels, and both fit in the place of the transposed weights.
    """
    n, d, k = sizes
    return n >= WIDE and 2 * whole_lanes(n) * (d + k) <= d * k


@kernel
def whole_lanes(n: int) -> int:
    """``n`` rounded up to whole lanes."""
    return (n + LANES - 1) // LANES * LANES


@kernel
def input_gradient_by_images(dx: Matrix, delta: Matrix, w: Vector, scratch: int, sizes: Sizes, team: Team) -> None:
    """`input_gradient` with the same bits from the untransposed weights W (D, K): ``dx' = W delta'``, images as lanes.

    From element ``scratch`` on, the memory of dx has room for dx' and delta': D + K rows of n, rounded up to whole
    lanes.
    """
    n, d, k = sizes
    width = whole_lanes(n)
    begin, end = share(team.part, k, LANES)
    transpose(
        Matrix(dx.memory, scratch + begin * width, width),
        Matrix(delta.memory, delta.at + begin, delta.stride),
        n,
        end - begin,
    )
    wait(team)
    begin, end = share(team.part, d, LANES)
    transposed = Matrix(dx.memory, scratch + (k + begin) * width, width)
    set_product(
        transposed,
        width - n,
        InitialRow(Vector(dx.memory, 0), 0),
        Strided(w.memory, w.at + begin * k, k, 1),
        Matrix(dx.memory, scratch, width),
        end - begin,
        n,
        k,
    )
    transpose(Matrix(dx.memory, dx.at + begin, dx.stride), transposed, end - begin, n)


@shared
def transpose_weights(transposed: Matrix, w: Vector, d: int, k: int, part: Part) -> None:
    """Copy the weights W (D, K) to their transpose W' (K, D); a share of the rows of W."""
    begin, end = share(part, d, ROWS)
    to = Matrix(transposed.memory, transposed.at + begin, transposed.stride)
    transpose(to, Matrix(w.memory, w.at + begin * k, k), end - begin, k)
