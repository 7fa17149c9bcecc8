"""The limits of the machine, and what a workload needs of them: arithmetic, memory traffic and the share reached."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from pellucid.bench.machine import blas_threads, can_limit_blas, cores, last_level_cache
from pellucid.bench.work import Floats

_TRIES = 5
_BLOCK = 1 << 14


@dataclass(frozen=True)
class Limits:
    """Measured rates: float32 operations per second of a matrix product, bytes per second to and from memory.

    `sgemm_one` is None if NumPy's threads cannot be limited. `copy` moves two bytes for each byte copied; `triad`
    (a = b + s c) moves three streams.
    """

    cores: int
    sgemm_one: float | None
    sgemm_all: float
    copy_one: float
    copy_all: float
    triad_one: float
    triad_all: float


@dataclass(frozen=True)
class Cost:
    """The cost of one image.

    Attributes
    ----------
    flops
        Multiplications and additions of the weighted sums and their gradients.
    bytes
        Bytes from memory: the image and its label. Parameters stay in the cache.
    parameter_bytes
        Traffic of the parameters to and from the cache: read forward and backward once per batch, gradients written
        and read, parameters written.
    """

    flops: float
    bytes: float
    parameter_bytes: float


def cost(layers: tuple[int, ...], batch_size: int | None, ink: float | None = None, frames: int | None = None) -> Cost:
    """Count the cost of one image.

    With P weights in total and D K1 in the first layer, a forward pass is 2 P operations, the weights' gradients
    2 P more, and the gradients of the activations 2 (P - D K1). With ink, D is the number of pixels that are not
    zero: a zero adds nothing to a sum or to a gradient.

    Parameters
    ----------
    layers
        Sizes from input to output.
    batch_size
        For training; None for inference on all images at once.
    ink
        Average number of non-zero values per image, each stored as a float32 value and a 16-bit column; None: all
        values, without columns.
    frames
        Frames per sequence, if the layers are those of an LSTM trained on sequences; ink is then ignored.

    Examples
    --------
    >>> cost((784, 16, 16, 10), None).flops
    25920
    >>> cost((784, 16, 16, 10), 32).flops
    52672
    >>> cost((784, 16, 16, 10), 32, ink=150).flops, cost((784, 16, 16, 10), 32, ink=150).bytes
    (12096, 908)
    >>> cost((40, 64, 10), 32, frames=50).flops
    6967040
    """
    if frames is not None:
        return _sequence_cost(layers, batch_size or 1, frames)
    width = layers[0] if ink is None else ink
    first = width * layers[1]
    later = sum(fan_in * fan_out for fan_in, fan_out in pairwise(layers[1:]))
    stored = sum((fan_in + 1) * fan_out for fan_in, fan_out in pairwise(layers))
    image = 4 * width if ink is None else 6 * width
    if batch_size is None:
        return Cost(2 * (first + later), image, 0)
    return Cost(4 * first + 6 * later, image + 8, 5 * 4 * stored / batch_size)


def _sequence_cost(layers: tuple[int, ...], batch_size: int, frames: int) -> Cost:
    """Count the cost of one sequence: four gates for every unit at every frame."""
    d, h, k = layers
    first, later, stored = 4 * h * d * frames, 4 * h * h * frames + h * k, 4 * h * (d + h + 1) + (h + 1) * k
    return Cost(4 * first + 6 * later, 4 * d * frames + 8, 5 * 4 * stored / batch_size)


def measure_limits(size: int = 1536, megabytes: int | None = None) -> Limits:
    """Measure this machine; this takes some seconds on all cores.

    Parameters
    ----------
    size
        Rows of the square matrices multiplied.
    megabytes
        Size of each array copied; None: four times the largest cache, from 64 to 512.

    Examples
    --------
    >>> limits = measure_limits(size=64, megabytes=1)
    >>> limits.sgemm_all > 0 and limits.copy_one > 0
    True
    """
    if megabytes is None:
        megabytes = min(max(4 * last_level_cache() >> 20, 64), 512)
    a, b, c = (np.ones(megabytes << 18, np.float32) for _ in range(3))
    count = cores()
    return Limits(
        cores=count,
        sgemm_one=_sgemm(size, 1) if can_limit_blas() else None,
        sgemm_all=_sgemm(size, None),
        copy_one=2 * a.nbytes / _best(lambda: _spread(_copy, 1, a, b)),
        copy_all=2 * a.nbytes / _best(lambda: _spread(_copy, count, a, b)),
        triad_one=3 * a.nbytes / _best(lambda: _spread(_triad, 1, a, b, c)),
        triad_all=3 * a.nbytes / _best(lambda: _spread(_triad, count, a, b, c)),
    )


def _sgemm(size: int, threads: int | None) -> float:
    rng = np.random.default_rng(0)
    a, b = (rng.random((size, size), dtype=np.float32) for _ in range(2))
    out = np.empty_like(a)
    with blas_threads(threads):
        return 2 * size**3 / _best(lambda: np.matmul(a, b, out=out))


def _best(run: Callable[[], object]) -> float:
    """Return the shortest of some times: a limit is the speed of an otherwise idle machine."""
    times = []
    for _ in range(_TRIES + 1):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return min(times[1:])


def _spread(task: Callable[..., None], threads: int, *arrays: Floats) -> None:
    """Run the task on equal parts of the arrays, one thread each; NumPy releases the interpreter lock."""
    parts = list(zip(*(np.array_split(array, threads) for array in arrays), strict=True))
    if threads == 1:
        task(*parts[0])
        return
    with ThreadPoolExecutor(threads) as pool:
        for future in [pool.submit(task, *part) for part in parts]:
            future.result()


def _copy(a: Floats, b: Floats) -> None:
    np.copyto(a, b)


def _triad(a: Floats, b: Floats, c: Floats) -> None:
    # In blocks, so that the product stays in the cache, and memory traffic is three streams instead of five.
    product = np.empty(_BLOCK, np.float32)
    for start in range(0, len(a), _BLOCK):
        block = slice(start, start + _BLOCK)
        scaled = product[: len(a[block])]
        np.multiply(c[block], np.float32(3), out=scaled)
        np.add(b[block], scaled, out=a[block])
