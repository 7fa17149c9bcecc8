"""Panels: a few columns of a matrix at a time, whole lanes of them or the first few."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pellucid.engine.compiler.kernels import kernel
from pellucid.engine.simd.lanes import LANES, load, load_first, store, store_first

NARROW = 16
"""Columns in one narrow panel: one AVX-512 register, two of AVX."""

BROAD = 4 * LANES
"""Columns in one broad panel."""


def access(width: int, masked: bool) -> tuple[Callable[..., Any], Callable[..., None]]:
    """Make ``fetch(memory, index, count)`` and ``put(memory, index, lanes, count)`` for panels of ``width`` columns.

    Masked, they touch the first ``count`` columns only; else all, whatever ``count`` is.
    """
    if masked:

        @kernel
        def fetch(memory: Any, index: int, count: int) -> Any:
            return load_first(memory, index, count, width)

        @kernel
        def put(memory: Any, index: int, lanes: Any, count: int) -> None:
            store_first(memory, index, lanes, count)

    else:

        @kernel
        def fetch(memory: Any, index: int, count: int) -> Any:
            return load(memory, index, width)

        @kernel
        def put(memory: Any, index: int, lanes: Any, count: int) -> None:
            store(memory, index, lanes)

    return fetch, put
