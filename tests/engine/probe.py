"""Single kernels of the engine, callable from tests: compiled once as a separate library, or plain Python.

`probe()` returns an object with one function for each entry of `PROBES`, with the arguments of the kernel.
"""

from __future__ import annotations

import functools
import hashlib
import warnings
from pathlib import Path
from typing import Any

import numpy as np

from pellucid.engine.compiler.build import content_of
from pellucid.engine.compiler.cache import Cache, code_folder
from pellucid.engine.compiler.entry import PlainEntry
from pellucid.engine.compiler.kernels import kernel
from pellucid.engine.compiler.library import Engine, link
from pellucid.engine.compiler.signature import Float32s, Int64s, UInt8s
from pellucid.engine.kernels import activations, dense, losses, matmul, optimizers, sparse, sparse_scan
from pellucid.engine.kernels.gate_panels import gate_panels
from pellucid.engine.programs.sequence_table import GRU, LSTM, SHAPES
from pellucid.engine.records import DenseRow, Matrix, Part, Strided, Vector
from pellucid.engine.simd.barrier import share
from pellucid.engine.simd.lanes import (
    LANES,
    PLAIN,
    absolute,
    copysign,
    fill_rest,
    fma,
    load,
    load_bytes,
    load_first,
    maximum,
    minimum,
    splat,
    sqrt,
    store,
    store_first,
    where_less,
)
from pellucid.engine.simd.reductions import all_zero, max_lanes, sum_lanes


@kernel
def copy_first(y: Float32s, x: Float32s, count: int) -> None:
    """``y[:count] = x[:count]``, a vector at a time, in masked loads and stores."""
    for i in range(0, count, LANES):
        store_first(y, i, load_first(x, i, count - i, LANES), count - i)


@kernel
def pair(which: int, y: Float32s, a: Float32s, b: Float32s, c: Float32s) -> None:
    """One operation on one vector of each of a, b and c (LANES,)."""
    u, v, w = load(a, 0, LANES), load(b, 0, LANES), load(c, 0, LANES)
    if which == 0:
        store(y, 0, u + v)
    elif which == 1:
        store(y, 0, u - v)
    elif which == 2:
        store(y, 0, u * v)
    elif which == 3:
        store(y, 0, u / v)
    elif which == 4:
        store(y, 0, fma(u, v, w))
    elif which == 5:
        store(y, 0, minimum(u, v))
    elif which == 6:
        store(y, 0, maximum(u, v))
    elif which == 7:
        store(y, 0, where_less(u, v, w, splat(np.float32(-1.0), LANES)))
    elif which == 8:
        store(y, 0, sqrt(u))
    elif which == 9:
        store(y, 0, absolute(u))
    else:
        store(y, 0, copysign(u, v))


@kernel
def reduce(y: Float32s, x: Float32s, small: UInt8s, count: int) -> None:
    """For a vector x (LANES,): sum, maximum, maximum of the first ``count``, whether all are 0; and bytes to floats."""
    v = load(x, 0, LANES)
    y[0] = sum_lanes(v)
    y[1] = max_lanes(v)
    y[2] = max_lanes(fill_rest(v, count, np.float32(-np.inf)))
    y[3] = np.float32(1.0) if all_zero(v) else np.float32(0.0)
    store(y, 4, load_bytes(small, 0, LANES))


@kernel
def is_correct(y: Float32s, rows: int, width: int, targets: Int64s, answers: Int64s) -> None:
    """Whether the largest element of each row (width,) of y is at its target."""
    for n in range(rows):
        answers[n] = 1 if losses.is_correct(Vector(y, n * width), width, targets[n]) else 0


@kernel
def cut(y: Int64s, part: Part, count: int, unit: int) -> None:
    """The range of ``count`` items that belongs to one thread, to y (2,)."""
    begin, end = share(part, count, unit)
    y[0] = begin
    y[1] = end


@kernel
def find_quads(found: Int64s, quads: Vector, image: DenseRow) -> None:
    """The number of quads that are not all background, to found (1,), and a list of them."""
    found[0] = sparse_scan.find_quads(quads, image, 0)


FOUR_PACK, FOUR_UNPACK, FOUR_TRANSPOSE, FOUR_SUMS = gate_panels(*SHAPES[LSTM])
THREE_PACK, THREE_UNPACK, THREE_TRANSPOSE, THREE_SUMS = gate_panels(*SHAPES[GRU])


@kernel
def panel_sums(products: int, z: Matrix, start: Matrix, a: Strided, w: Matrix, n: int, k: int) -> None:
    """`Panels.sums` of panels with four or three products."""
    if products == 4:
        FOUR_SUMS(z, start, a, w, n, k)
    else:
        THREE_SUMS(z, start, a, w, n, k)


@kernel
def pack_panels(products: int, packed: Vector, parameters: Vector, d: int, h: int) -> None:
    """`Panels.pack`."""
    if products == 4:
        FOUR_PACK(packed, parameters, d, h)
    else:
        THREE_PACK(packed, parameters, d, h)


@kernel
def unpack_panels(products: int, parameters: Vector, packed: Vector, d: int, h: int) -> None:
    """`Panels.unpack`."""
    if products == 4:
        FOUR_UNPACK(parameters, packed, d, h)
    else:
        THREE_UNPACK(parameters, packed, d, h)


@kernel
def transpose_panels(products: int, transposed: Matrix, packed: Vector, panel: int, count: int, units: int) -> None:
    """`Panels.transpose`."""
    if products == 4:
        FOUR_TRANSPOSE(transposed, packed, panel, count, units)
    else:
        THREE_TRANSPOSE(transposed, packed, panel, count, units)


PROBES = {
    "cut": cut,
    "copy_first": copy_first,
    "pair": pair,
    "reduce": reduce,
    "is_correct": is_correct,
    "add_product": matmul.add_product,
    "transpose": matmul.transpose,
    "panel_sums": panel_sums,
    "pack_panels": pack_panels,
    "unpack_panels": unpack_panels,
    "transpose_panels": transpose_panels,
    "sparse_sums": sparse.weighted_sums,
    "half_sums": sparse.half_sums,
    "normalize_entries": sparse.normalize_entries,
    "scatter_add": sparse.scatter_add,
    "normalize_row": sparse_scan.normalize_row,
    "find_quads": find_quads,
    "normalize_quads": sparse_scan.normalize_quads,
    "scan_sums": sparse_scan.weighted_sums,
    "activate": activations.activate,
    "softmax": activations.softmax,
    "activate_backward": activations.activate_backward,
    "loss_backward": losses.loss_backward,
    "optimize": optimizers.optimize,
    "sums": dense.sums,
    "bias_gradient": dense.bias_gradient,
    "weight_gradient": dense.weight_gradient,
    "input_gradient": dense.input_gradient,
    "input_gradient_by_images": dense.input_gradient_by_images,
    "transpose_weights": dense.transpose_weights,
}


@functools.cache
def probe() -> Any:
    """The kernels of `PROBES`; compiled code is kept beside the engine's."""
    if PLAIN:
        return Engine({name: PlainEntry(entry) for name, entry in PROBES.items()})
    cache, name = Cache(code_folder()), f"probe-{hashlib.sha256(Path(__file__).read_bytes()).hexdigest()[:24]}"
    stored = cache.read(name)
    if stored is None:
        stored = content_of(PROBES)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)
            cache.write({name: stored})
    return link(stored)
