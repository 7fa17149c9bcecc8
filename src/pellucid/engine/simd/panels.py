"""Panels: a few columns of a matrix, read and written whole or only the first ones."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pellucid.engine.compiler.kernels import kernel
from pellucid.engine.simd.lanes import LANES, load, load_first, store, store_first

NARROW = 16
"""Columns of a narrow panel: one AVX-512 register, or two AVX registers."""

BROAD = 4 * LANES
"""Columns of a broad panel."""


def access(width: int, masked: bool) -> tuple[Callable[..., Any], Callable[..., None]]:
    """Make ``fetch(memory, index, count)`` and ``put(memory, index, lanes, count)`` for panels of ``width`` columns.

    Masked, they access the first ``count`` columns only; otherwise all columns, and ignore ``count``.
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
