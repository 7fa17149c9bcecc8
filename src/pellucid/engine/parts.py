"""The parts that the engine is compiled in: each has an object file of its own."""

from __future__ import annotations

from types import MappingProxyType

PARTS = MappingProxyType({"engine": "entries", "tiles": "tile_entries", "sequences": "sequence_entries"})
"""The parts of the engine, and the module that lists the entry points of each."""

HOME = "engine"
"""The part that has the kernels which all parts share."""
