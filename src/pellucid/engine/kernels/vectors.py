"""Short loops over vectors that several programs share."""

from __future__ import annotations

import numpy as np

from pellucid.engine.compiler.kernels import kernel
from pellucid.engine.compiler.signature import Float32s
from pellucid.engine.simd.lanes import LANES, splat, store

_ZERO = np.float32(0.0)


@kernel
def clear(memory: Float32s, at: int, count: int) -> None:
    """Set ``count`` floats to zero; ``count`` is a multiple of the lane width."""
    for i in range(at, at + count, LANES):
        store(memory, i, splat(_ZERO, LANES))


@kernel
def is_finite(x: float) -> bool:
    """Whether x is neither NaN nor infinite."""
    return bool(x - x == 0.0)
