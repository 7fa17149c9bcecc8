"""The engine compiled ahead: shared libraries that are installed with the package, one for each kind of processor.

They are used if they were compiled from this source and for this system. Then nothing is compiled here, and neither
Numba nor LLVM is needed. `pellucid.engine.compiler.build_ahead` makes them.
"""

from __future__ import annotations

import ctypes
import functools
import importlib
import json
import os
import platform
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from pellucid.engine.compiler.sources import LIBRARIES, digest_of

INDEX = "index.json"
"""The file that lists the libraries of a folder."""

OVERRIDES = ("PELLUCID_PROCESSOR", "PELLUCID_LANES")
"""Variables that ask for other machine code than that of the libraries."""


class Kind(NamedTuple):
    """A kind of processor: the ``processor`` as LLVM spells it, ``lanes``, and the ``needs`` as NumPy spells them."""

    name: str
    processor: str
    lanes: int
    needs: tuple[str, ...]


KINDS: Mapping[str, tuple[Kind, ...]] = {
    "x86_64": (
        Kind("x86-64-v4", "x86-64-v4,-prefer-256-bit", 16, ("AVX512_SKX",)),
        Kind("x86-64-v3", "x86-64-v3", 8, ("AVX2", "FMA3")),
        Kind("x86-64-v2", "x86-64-v2", 4, ("SSE42",)),
    ),
    "arm64": (Kind("arm64", "generic", 4, ()),),
}
"""The kinds of processor of each machine, fastest first."""


@dataclass(frozen=True)
class LibraryAhead:
    """A library for this machine: its lanes, and ``{name: [symbol, letters]}`` for each part of the engine."""

    path: Path
    lanes: int
    entries: Mapping[str, Mapping[str, tuple[str, str | None]]]

    def addresses(self, part: str) -> dict[str, tuple[int, str | None]]:
        """Address and letters of each entry point and shared function of a part."""
        loaded = self.loaded
        return {
            name: (ctypes.cast(getattr(loaded, symbol), ctypes.c_void_p).value or 0, letters)
            for name, (symbol, letters) in self.entries[part].items()
        }

    @functools.cached_property
    def loaded(self) -> ctypes.CDLL:
        """The library in this process."""
        return ctypes.CDLL(str(self.path))


def machine_name() -> str:
    """The kind of this machine: "x86_64", "arm64", or whatever the system calls it."""
    told = platform.machine().lower()
    return {"amd64": "x86_64", "aarch64": "arm64"}.get(told, told)


def features() -> frozenset[str]:
    """The features that NumPy finds in this processor."""
    try:
        found = importlib.import_module("numpy._core._multiarray_umath").__cpu_features__
    except (ImportError, AttributeError):  # it is not part of NumPy's interface
        return frozenset()
    return frozenset(name for name, present in found.items() if present)


@functools.cache
def library_ahead() -> LibraryAhead | None:
    """The fastest library that this machine can run; None if there is none, or a variable asks for other code."""
    return None if any(os.environ.get(name) for name in OVERRIDES) else find_library(LIBRARIES, features())


def find_library(folder: Path, present: frozenset[str]) -> LibraryAhead | None:
    """The first library of a folder that was compiled from this source and needs only features that are present."""
    index = read_index(folder)
    if index is None or not is_current(index, platform.system(), machine_name()):
        return None
    for each in index["libraries"]:
        if present.issuperset(each["needs"]):
            return LibraryAhead(folder / each["file"], each["lanes"], index["entries"])
    return None


def read_index(folder: Path) -> dict[str, Any] | None:
    """The index of a folder of libraries; None if there is none."""
    try:
        index = json.loads((folder / INDEX).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return index if isinstance(index, dict) else None


def is_current(index: Mapping[str, Any], system: str, machine: str) -> bool:
    """Whether libraries are for a system and a machine, and compiled from this source."""
    told = index.get("system"), index.get("machine"), index.get("source")
    return told[:2] == (system, machine) and told[2] == digest_of()
