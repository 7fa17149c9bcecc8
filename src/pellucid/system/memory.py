"""Memory for the engine."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def aligned(count: int) -> NDArray[np.float32]:
    """``count`` float32 zeros that begin on a cache line."""
    raw = np.zeros(count + 16, np.float32)
    begin = (-raw.ctypes.data % 64) // 4
    return raw[begin : begin + count]
