"""The dense layer, a = f(W x + b), over one tile: forward, and the gradients on the way back.

Letters: N images of the tile, D inputs, K outputs; weights by input, (D, K). Every function does the share of thread
``rank`` of ``crew``. Derivation: docs/derivations/dense.md
"""

from __future__ import annotations

from pellucid.engine.compiler.kernels import kernel, shared
from pellucid.engine.compiler.signature import Float32s, Int64s
from pellucid.engine.kernels.matmul import ROWS, WIDE, Start, add_product, set_product, transpose
from pellucid.engine.records import Matrix, Strided, Vector
from pellucid.engine.simd.barrier import meet, share
from pellucid.engine.simd.lanes import LANES, load_first, store_first


@shared
def sums(
    z: Float32s,
    zi: int,
    stride: int,
    x: Float32s,
    xi: int,
    x_stride: int,
    p: Float32s,
    weight: int,
    bias: int,
    n: int,
    d: int,
    k: int,
    rank: int,
    crew: int,
) -> None:
    """``z = x W + b``: z (N, K), x (N, D), W (D, K) at ``p[weight]``, b (K,) at ``p[bias]``; a share of the columns.

    What lies between K and the next row of z may be written too.
    """
    begin, end = share(rank, crew, k, WIDE)
    set_product(
        Matrix(z, zi + begin, stride),
        stride - end if end == k else 0,
        Start(Vector(p, bias + begin), 1),
        Strided(x, xi, x_stride, 1),
        Matrix(p, weight + begin, k),
        n,
        end - begin,
        d,
    )


@shared
def bias_gradient(
    g: Float32s, bias: int, delta: Float32s, di: int, stride: int, n: int, k: int, rank: int, crew: int
) -> None:
    """``db += sum over the images of delta``: db (K,) at ``g[bias]``, delta (N, K); a share of the columns."""
    begin, end = share(rank, crew, k, LANES)
    for j in range(begin, end, LANES):
        total = load_first(g, bias + j, end - j, LANES)
        for i in range(n):
            total = total + load_first(delta, di + i * stride + j, end - j, LANES)
        store_first(g, bias + j, total, end - j)


@shared
def weight_gradient(
    g: Float32s,
    weight: int,
    x: Float32s,
    xi: int,
    x_stride: int,
    delta: Float32s,
    di: int,
    stride: int,
    n: int,
    d: int,
    k: int,
    rank: int,
    crew: int,
) -> None:
    """``dW += x' delta``: dW (D, K) at ``g[weight]``, x (N, D), delta (N, K); a share of the rows of dW."""
    begin, end = share(rank, crew, d, ROWS)
    add_product(
        Matrix(g, weight + begin * k, k),
        Strided(x, xi + begin, 1, x_stride),
        Matrix(delta, di, stride),
        end - begin,
        k,
        n,
    )


@shared
def input_gradient(
    dx: Float32s,
    dxi: int,
    dx_stride: int,
    delta: Float32s,
    di: int,
    stride: int,
    w: Float32s,
    wi: int,
    w_row: int,
    n: int,
    d: int,
    k: int,
    rank: int,
    crew: int,
) -> None:
    """``dx = delta W'``: dx (N, D), delta (N, K), W' (K, D) the transposed weights; a share of the columns.

    What lies between D and the next row of dx may be written too.
    """
    begin, end = share(rank, crew, d, WIDE)
    set_product(
        Matrix(dx, dxi + begin, dx_stride),
        dx_stride - end if end == d else 0,
        Start(Vector(dx, 0), 0),
        Strided(delta, di, stride, 1),
        Matrix(w, wi + begin, w_row),
        n,
        end - begin,
        k,
    )


@kernel
def by_images(n: int, d: int, k: int) -> bool:
    """Whether turning n images and their gradients about costs less than turning the weights (D, K) of a layer.

    The images then fill whole panels, and both fit where the turned weights would stand.
    """
    return n >= WIDE and 2 * whole_lanes(n) * (d + k) <= d * k


@kernel
def whole_lanes(n: int) -> int:
    """``n`` filled up to whole lanes."""
    return (n + LANES - 1) // LANES * LANES


@kernel
def input_gradient_by_images(
    dx: Float32s,
    dxi: int,
    dx_stride: int,
    delta: Float32s,
    di: int,
    stride: int,
    p: Float32s,
    weight: int,
    scratch: int,
    n: int,
    d: int,
    k: int,
    rank: int,
    crew: int,
    point: Int64s,
) -> None:
    """The same as `input_gradient`, from the weights as they lie at ``p[weight]``: ``dx' = W delta'``, images as lanes.

    ``dx[scratch ...]`` has room for both turned, (D + K) whole lanes of n; the bits are the same.
    """
    width = whole_lanes(n)
    begin, end = share(rank, crew, k, LANES)
    transpose(Matrix(dx, scratch + begin * width, width), Matrix(delta, di + begin, stride), n, end - begin)
    meet(point, crew)
    begin, end = share(rank, crew, d, LANES)
    turned = scratch + (k + begin) * width
    set_product(
        Matrix(dx, turned, width),
        width - n,
        Start(Vector(dx, 0), 0),
        Strided(p, weight + begin * k, k, 1),
        Matrix(dx, scratch, width),
        end - begin,
        n,
        k,
    )
    transpose(Matrix(dx, dxi + begin, dx_stride), Matrix(dx, turned, width), end - begin, n)


@shared
def turn_weights(
    w: Float32s, wi: int, w_row: int, p: Float32s, weight: int, d: int, k: int, rank: int, crew: int
) -> None:
    """Copy the weights (D, K) at ``p[weight]`` to W' (K, D), rows ``w_row`` apart; a share of the rows of W."""
    begin, end = share(rank, crew, d, ROWS)
    transpose(Matrix(w, wi + begin, w_row), Matrix(p, weight + begin * k, k), end - begin, k)
