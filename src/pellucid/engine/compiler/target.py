"""The target that the engine is compiled for: the processor, and the number of floats in a register."""

from __future__ import annotations

import functools
import os

from pellucid.engine.compiler.ahead import library_ahead
from pellucid.errors import ConfigurationError

WIDTHS = (4, 8, 16)
"""Lane widths the engine can be built with: 128, 256 and 512 bits of float32."""


def plain_python() -> bool:
    """Whether the engine runs as plain Python (``NUMBA_DISABLE_JIT=1``), so that a debugger can step through it."""
    return os.environ.get("NUMBA_DISABLE_JIT", "0") not in ("", "0")


@functools.cache
def processor() -> tuple[str, str]:
    """Name and feature string of this processor, as LLVM spells them.

    ``PELLUCID_PROCESSOR`` selects another, such as ``x86-64`` or ``x86-64-v4,+avx512f``; instructions that it lacks are
    not used.
    """
    asked = os.environ.get("PELLUCID_PROCESSOR")
    if asked:
        name, _, features = asked.partition(",")
        return name, features
    import llvmlite.binding as llvm

    return llvm.get_host_cpu_name(), llvm.get_host_cpu_features().flatten()


def triple() -> str | None:
    """The system that the engine is compiled for, as LLVM spells it, from ``PELLUCID_TRIPLE``; None for this one."""
    return os.environ.get("PELLUCID_TRIPLE") or None


def is_windows() -> bool:
    """Whether the engine is compiled for Windows."""
    asked = triple()
    return os.name == "nt" if asked is None else "windows" in asked


@functools.cache
def lane_width() -> int:
    """Floats in one vector of lanes: 16 with AVX-512, 8 with AVX, otherwise 4; ``PELLUCID_LANES`` overrides it.

    An engine that was compiled ahead has lanes of its own.

    Any width is correct on any processor, since LLVM splits vectors that are wider than a register.
    """
    asked = os.environ.get("PELLUCID_LANES")
    if asked:
        if asked not in map(str, WIDTHS):
            raise ConfigurationError(
                f"PELLUCID_LANES expected one of {WIDTHS}, got {asked!r}: unset it, or choose one."
            )
        return int(asked)
    if plain_python():
        return 8
    ahead = library_ahead()
    if ahead is not None:
        return ahead.lanes
    features = processor()[1].split(",")
    if "+avx512f" in features:
        return 16
    return 8 if "+avx" in features else 4
