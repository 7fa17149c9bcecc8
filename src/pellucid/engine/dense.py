"""The dense layer, a = f(W x + b), over one tile: forward, and the gradients on the way back.

Letters: N images of the tile, D inputs, K outputs; weights by input, (D, K). Every function does the share of thread
``rank`` of ``crew``. Derivation: docs/derivations/dense.md
"""

from __future__ import annotations

from typing import Any

import numpy as np

from pellucid.engine.compiler import shared
from pellucid.engine.crew import share
from pellucid.engine.lanes import LANES, load_first, splat, store_first
from pellucid.engine.matmul import ROWS, WIDE, add_product, transpose

_ZERO = np.float32(0.0)


@shared("FiiFiiFiiiiiii")
def sums(
    z: Any,
    zi: int,
    stride: int,
    x: Any,
    xi: int,
    x_stride: int,
    p: Any,
    weight: int,
    bias: int,
    n: int,
    d: int,
    k: int,
    rank: int,
    crew: int,
) -> None:
    """``z = x W + b``: z (N, K), x (N, D), W (D, K) at ``p[weight]``, b (K,) at ``p[bias]``; a share of the columns."""
    begin, end = share(rank, crew, k, WIDE)
    for i in range(n):
        for j in range(begin, end, LANES):
            store_first(z, zi + i * stride + j, load_first(p, bias + j, end - j, LANES), end - j)
    add_product(z, zi + begin, stride, x, xi, x_stride, 1, p, weight + begin, k, n, end - begin, d)


@shared("FiFiiiiii")
def bias_gradient(g: Any, bias: int, delta: Any, di: int, stride: int, n: int, k: int, rank: int, crew: int) -> None:
    """``db += sum over the images of delta``: db (K,) at ``g[bias]``, delta (N, K); a share of the columns."""
    begin, end = share(rank, crew, k, LANES)
    for j in range(begin, end, LANES):
        total = load_first(g, bias + j, end - j, LANES)
        for i in range(n):
            total = total + load_first(delta, di + i * stride + j, end - j, LANES)
        store_first(g, bias + j, total, end - j)


@shared("FiFiiFiiiiiii")
def weight_gradient(
    g: Any,
    weight: int,
    x: Any,
    xi: int,
    x_stride: int,
    delta: Any,
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
    add_product(g, weight + begin * k, k, x, xi + begin, 1, x_stride, delta, di, stride, end - begin, k, n)


@shared("FiiFiiFiiiiiii")
def input_gradient(
    dx: Any,
    dxi: int,
    dx_stride: int,
    delta: Any,
    di: int,
    stride: int,
    w: Any,
    wi: int,
    w_row: int,
    n: int,
    d: int,
    k: int,
    rank: int,
    crew: int,
) -> None:
    """``dx = delta W'``: dx (N, D), delta (N, K), W' (K, D) the transposed weights; a share of the columns."""
    begin, end = share(rank, crew, d, WIDE)
    for i in range(n):
        for j in range(begin, end, LANES):
            store_first(dx, dxi + i * dx_stride + j, splat(_ZERO, LANES), end - j)
    add_product(dx, dxi + begin, dx_stride, delta, di, stride, 1, w, wi + begin, w_row, n, end - begin, k)


@shared("FiiFiiiii")
def turn_weights(w: Any, wi: int, w_row: int, p: Any, weight: int, d: int, k: int, rank: int, crew: int) -> None:
    """Copy the weights (D, K) at ``p[weight]`` to W' (K, D), rows ``w_row`` apart; a share of the rows of W."""
    begin, end = share(rank, crew, d, ROWS)
    transpose(w, wi + begin, w_row, p, weight + begin * k, k, end - begin, k)
