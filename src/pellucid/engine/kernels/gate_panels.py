"""Panels of gates: the gates of LANES units side by side in a row, and matrix products over such rows.

Letters: D inputs, H hidden units, L = LANES. A row of gates holds a cell's ``slots``, L floats each. A row of weights
holds ``products`` vectors, since not every slot need be a sum over both the inputs and the hidden units: the weights by
input add to the last of the slots, those by hidden unit to the first. A layer's parameters are packed panel by panel:
D rows of weights by input, H rows by hidden unit, and one row of biases, which has all slots.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import NamedTuple

from pellucid.engine.compiler.kernels import kernel
from pellucid.engine.kernels.matmul import transpose
from pellucid.engine.records import Matrix, Strided, Vector
from pellucid.engine.simd.blocks import load_block, outer, store_block
from pellucid.engine.simd.lanes import LANES, load, load_first, store, store_first


class Panels(NamedTuple):
    """The kernels for panels of one shape."""

    pack: Callable[..., None]
    unpack: Callable[..., None]
    transpose: Callable[..., None]
    sums: Callable[..., None]


def block_of(products: int) -> tuple[int, int]:
    """Rows and columns, in vectors, of a block of sums in registers: AVX has 16 registers, the others have 32."""
    if LANES != 8:
        return 4, products
    return (4, 2) if products % 2 == 0 else (3, products)


@functools.cache
def gate_panels(slots: int, products: int) -> Panels:
    """The kernels for panels of ``slots`` gates and ``products`` vectors of weights."""
    pack, unpack = _packing(slots, products)

    @kernel
    def transpose_panels(transposed: Matrix, packed: Vector, panel: int, count: int, units: int) -> None:
        """Transpose the first ``count`` rows of weights of every panel (``panel`` floats): (products U, count)."""
        for number in range(units // LANES):
            transpose(
                Matrix(
                    transposed.memory, transposed.at + number * products * LANES * transposed.stride, transposed.stride
                ),
                Matrix(packed.memory, packed.at + number * panel, products * LANES),
                count,
                products * LANES,
            )

    return Panels(pack, unpack, transpose_panels, panel_sums(products))


def _packing(slots: int, products: int) -> tuple[Callable[..., None], Callable[..., None]]:
    """Make `pack` and `unpack`.

    Parameters are stored as weights (D + H, products, H) and biases (slots, H). The weights by hidden unit and the
    biases are rotated by the slots that the inputs do not reach, so that each vector is in the column of its slot.
    """
    rotation = slots - products

    @kernel
    def pack(packed: Vector, parameters: Vector, d: int, h: int) -> None:
        """Copy one direction's parameters into panels."""
        at = packed.at
        for j in range(0, h, LANES):
            for k in range(d + h):
                row = parameters.at + k * products * h + j
                turn = 0 if k < d else products - rotation
                for slot in range(products):
                    gate = (slot + turn) % products
                    store(packed.memory, at, load_first(parameters.memory, row + gate * h, h - j, LANES))
                    at += LANES
            row = parameters.at + (d + h) * products * h + j
            for slot in range(slots):
                gate = (slot + slots - rotation) % slots
                store(packed.memory, at, load_first(parameters.memory, row + gate * h, h - j, LANES))
                at += LANES

    @kernel
    def unpack(parameters: Vector, packed: Vector, d: int, h: int) -> None:
        """The inverse of `pack`."""
        at = packed.at
        for j in range(0, h, LANES):
            for k in range(d + h):
                row = parameters.at + k * products * h + j
                turn = 0 if k < d else products - rotation
                for slot in range(products):
                    gate = (slot + turn) % products
                    store_first(parameters.memory, row + gate * h, load(packed.memory, at, LANES), h - j)
                    at += LANES
            row = parameters.at + (d + h) * products * h + j
            for slot in range(slots):
                gate = (slot + slots - rotation) % slots
                store_first(parameters.memory, row + gate * h, load(packed.memory, at, LANES), h - j)
                at += LANES

    return pack, unpack


def _block_sums(rows: int, columns: int) -> Callable[..., None]:
    @kernel
    def sums(z: Matrix, start: Matrix, a: Strided, w: Matrix, k: int) -> None:
        ai = a.at
        wi = w.at
        block = load_block(start.memory, start.at, start.stride, LANES, rows, columns, LANES)
        for _ in range(k):
            block = outer(block, a.memory, ai, a.row, w.memory, wi, LANES)
            ai += a.step
            wi += w.stride
        store_block(z.memory, z.at, z.stride, LANES, block)

    return sums


def panel_sums(columns: int) -> Callable[..., None]:
    """Make the kernel for products of ``columns`` vectors."""
    block_rows, block = block_of(columns)
    some_sums, one_sums = _block_sums(block_rows, block), _block_sums(1, columns)

    @kernel
    def sums(z: Matrix, start: Matrix, a: Strided, w: Matrix, n: int, k: int) -> None:
        """``Z = S + A W``: Z and S (n, columns LANES), A (n, k), W (k, columns LANES)."""
        zi = z.at
        si = start.at
        ai = a.at
        s = 0
        while s < n:
            if s + block_rows <= n:
                for j in range(0, columns * LANES, block * LANES):
                    some_sums(
                        Matrix(z.memory, zi + j, z.stride),
                        Matrix(start.memory, si + j, start.stride),
                        Strided(a.memory, ai, a.row, a.step),
                        Matrix(w.memory, w.at + j, w.stride),
                        k,
                    )
                rows = block_rows
            else:
                one_sums(
                    Matrix(z.memory, zi, z.stride),
                    Matrix(start.memory, si, start.stride),
                    Strided(a.memory, ai, a.row, a.step),
                    w,
                    k,
                )
                rows = 1
            zi += rows * z.stride
            si += rows * start.stride
            ai += rows * a.row
            s += rows

    return sums
