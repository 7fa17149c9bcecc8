"""The peers, one per file: each file lists its entrants in `PEERS`."""

from __future__ import annotations

from importlib import import_module

from pellucid.bench.peers.base import Peer, UnsuitedError

__all__ = ["FILES", "Peer", "UnsuitedError", "everyone"]

FILES = (
    "pellucid_",
    "torch_eager",
    "torch_compile",
    "jax_scan",
    "keras_jax",
    "tinygrad_jit",
    "sklearn_mlp",
    "numpy_loop",
    "native",
    "javascript",
    "onnx_runtime",
)
"""The modules with entrants, in the order of the tables."""


def everyone() -> list[Peer]:
    """Return every entrant, installed or not, without importing any peer's library."""
    return [peer for file in FILES for peer in import_module(f"{__name__}.{file}").PEERS]
