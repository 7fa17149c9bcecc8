"""The parts of the engine; each is compiled to its own object file."""

from __future__ import annotations

from types import MappingProxyType

PARTS = MappingProxyType({"dense": "dense_entries", "planes": "planes_entries", "sequences": "sequences_entries"})
"""The parts of the engine, and the module of `pellucid.engine.programs` that lists the entry points of each."""

HOME = "dense"
"""The part with the kernels that all parts share."""
