"""The parts that the engine is compiled in: each has an object file of its own."""

from __future__ import annotations

from types import MappingProxyType

PARTS = MappingProxyType({"dense": "dense_entries", "planes": "planes_entries", "sequences": "sequences_entries"})
"""The parts of the engine, and the module of `pellucid.engine.programs` that lists the entry points of each."""

HOME = "dense"
"""The part that has the kernels which all parts share."""
